package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/cursor"
)

// Task implements codybatch.Store.
func (s *Store) Task(ctx context.Context, key codybatch.TaskKey) (codybatch.Task, error) {
	var document string
	if err := s.reading[selectTask].QueryRowContext(ctx, key.JobID, key.Repository).Scan(&document); err != nil {
		return codybatch.Task{}, fmt.Errorf("read task %s: %w", key, notFound(err))
	}
	return decodeTask(document)
}

// Tasks implements codybatch.Store.
func (s *Store) Tasks(ctx context.Context, q codybatch.TaskQuery) (codybatch.TaskPage, error) {
	page, err := s.tasks(ctx, q)
	if err != nil {
		return codybatch.TaskPage{}, fmt.Errorf("list tasks of job %s: %w", q.JobID, err)
	}
	return page, nil
}

func (s *Store) tasks(ctx context.Context, q codybatch.TaskQuery) (codybatch.TaskPage, error) {
	if err := cursor.CheckLimit(q.Limit); err != nil {
		return codybatch.TaskPage{}, err
	}
	list := cursor.Tasks(q)
	from, err := cursor.Decode(q.Cursor, list, tasksStart)
	if err != nil {
		return codybatch.TaskPage{}, err
	}
	var statement string
	var args []any
	switch {
	case q.Outcome != "" && q.Status != "":
		statement, args = selectTasksByOutcomeAndStatus, []any{q.JobID, q.Outcome, from.Position, q.Status}
	case q.Outcome != "":
		statement, args = selectTasksByOutcome, []any{q.JobID, q.Outcome, from.Position}
	case q.Status != "":
		statement, args = selectTasksByStatus, []any{q.JobID, q.Status, from.Position}
	default:
		statement, args = selectTasks, []any{q.JobID, from.Position}
	}
	var page codybatch.TaskPage
	return page, s.read(ctx, func(tx transaction) error {
		if err := tx.row(selectJobExists, q.JobID).Scan(new(int)); err != nil {
			return notFound(err)
		}
		tasks, err := tx.selectTasks(statement, append(args, q.Limit+1)...)
		page = pageOf(tasks, q.Limit, list)
		return err
	})
}

// Changes implements codybatch.Store. Job and tasks are of one moment, so a
// reader that got fewer than limit tasks may go on from the job's Seq.
func (s *Store) Changes(ctx context.Context, id codybatch.JobID, after int64, limit int) (codybatch.Job, []codybatch.Task, error) {
	var job codybatch.Job
	var tasks []codybatch.Task
	err := s.read(ctx, func(tx transaction) error {
		var err error
		if err := cursor.CheckLimit(limit); err != nil {
			return err
		}
		if job, err = scanJob(tx.row(selectJob, id), id); err != nil {
			return err
		}
		if after > job.Seq {
			return fmt.Errorf("%d is beyond %d: %w", after, job.Seq, codybatch.ErrCursor)
		}
		tasks, err = tx.selectTasks(selectChanges, id, after, limit)
		return err
	})
	if err != nil {
		return codybatch.Job{}, nil, fmt.Errorf("list changes of job %s: %w", id, err)
	}
	return job, tasks, nil
}

// DueTasks implements codybatch.Store.
func (s *Store) DueTasks(ctx context.Context, q codybatch.DueQuery) (codybatch.TaskPage, error) {
	page, err := s.dueTasks(ctx, q)
	if err != nil {
		return codybatch.TaskPage{}, fmt.Errorf("list due tasks: %w", err)
	}
	return page, nil
}

func (s *Store) dueTasks(ctx context.Context, q codybatch.DueQuery) (codybatch.TaskPage, error) {
	if err := cursor.CheckLimit(q.Limit); err != nil {
		return codybatch.TaskPage{}, err
	}
	list := cursor.Due(q)
	from, err := cursor.Decode(q.Cursor, list, dueStart)
	if err != nil {
		return codybatch.TaskPage{}, err
	}
	var page codybatch.TaskPage
	return page, s.read(ctx, func(tx transaction) error {
		tasks, err := tx.selectTasks(selectDue, q.Status, q.Before.UnixNano(), from.Time, from.JobID, from.Position, q.Limit+1)
		page = pageOf(tasks, q.Limit, list)
		return err
	})
}

// pageOf makes a page of at most limit tasks. If there are more, there is another
// page.
func pageOf(tasks []codybatch.Task, limit int, list cursor.Listing) codybatch.TaskPage {
	if len(tasks) <= limit {
		return codybatch.TaskPage{Tasks: tasks}
	}
	last := tasks[limit-1]
	next := place{JobID: last.JobID, Position: last.Index}
	if due := last.DueAt(); !due.IsZero() {
		next.Time = due.UnixNano()
	}
	return codybatch.TaskPage{Tasks: tasks[:limit], NextCursor: cursor.Encode(list, next)}
}

func (t transaction) selectTasks(statement string, args ...any) ([]codybatch.Task, error) {
	var tasks []codybatch.Task
	err := t.each(statement, args, func(rows *sql.Rows) error {
		var document string
		if err := rows.Scan(&document); err != nil {
			return err
		}
		task, err := decodeTask(document)
		tasks = append(tasks, task)
		return err
	})
	return tasks, err
}

func decodeTask(document string) (codybatch.Task, error) {
	var task codybatch.Task
	if err := json.Unmarshal([]byte(document), &task); err != nil {
		return codybatch.Task{}, fmt.Errorf("decode task: %w", err)
	}
	return task, nil
}

// dueAt is the column of Task.DueAt, null for never.
func dueAt(task codybatch.Task) any {
	if due := task.DueAt(); !due.IsZero() {
		return due.UnixNano()
	}
	return nil
}

func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return codybatch.ErrNotFound
	}
	return err
}
