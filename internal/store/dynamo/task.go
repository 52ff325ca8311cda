package dynamo

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/cursor"
)

// Task implements codybatch.Store.
func (s *Store) Task(ctx context.Context, key codybatch.TaskKey) (codybatch.Task, error) {
	task, _, err := s.readTask(ctx, key)
	if err != nil {
		return codybatch.Task{}, fmt.Errorf("read task %s: %w", key, err)
	}
	return task, nil
}

// readTask returns a task and the head of its job, see Store.head. A task of a job that is not there is not there either.
func (s *Store) readTask(ctx context.Context, key codybatch.TaskKey) (codybatch.Task, head, error) {
	if !isJobID(key.JobID) || !isTaskName(key.Repository) {
		return codybatch.Task{}, head{}, codybatch.ErrNotFound
	}
	headKey, taskKey := s.headKey(key.JobID), s.rowKey(key.JobID, key.Repository)
	rows, err := s.get(ctx, headKey, taskKey)
	if err != nil {
		return codybatch.Task{}, head{}, err
	}
	job, err := s.head(rows[headKey], key.JobID)
	if err != nil {
		return codybatch.Task{}, head{}, err
	}
	task, ok, err := rows[taskKey].task()
	if err == nil && !ok {
		err = codybatch.ErrNotFound
	}
	return task, job, err
}

// Tasks implements codybatch.Store. Without a filter the list is exact; with one, a
// task that changed its status within some milliseconds may be missing, as the
// index lags behind.
func (s *Store) Tasks(ctx context.Context, q codybatch.TaskQuery) (codybatch.TaskPage, error) {
	page, err := s.listTasks(ctx, q)
	if err != nil {
		return codybatch.TaskPage{}, fmt.Errorf("list tasks of job %s: %w", q.JobID, err)
	}
	return page, nil
}

func (s *Store) listTasks(ctx context.Context, q codybatch.TaskQuery) (codybatch.TaskPage, error) {
	if err := cursor.CheckLimit(q.Limit); err != nil {
		return codybatch.TaskPage{}, err
	}
	list := cursor.Tasks(q)
	from, err := startOr(q.Cursor, list, tasksStart)
	if err != nil {
		return codybatch.TaskPage{}, err
	}
	var tasks []codybatch.Task
	if q.Status == "" && q.Outcome == "" {
		tasks, err = s.tasksAfter(ctx, q.JobID, from.Position, q.Limit+1)
	} else {
		tasks, err = s.filteredAfter(ctx, q, from.Position)
	}
	if err != nil || len(tasks) <= q.Limit {
		return codybatch.TaskPage{Tasks: tasks}, err
	}
	from.Position = tasks[q.Limit-1].Index
	return codybatch.TaskPage{Tasks: tasks[:q.Limit], NextCursor: cursor.Encode(list, from)}, nil
}

// tasksAfter reads at most limit tasks behind a place in the job's list.
func (s *Store) tasksAfter(ctx context.Context, id codybatch.JobID, after, limit int) ([]codybatch.Task, error) {
	if !isJobID(id) {
		return nil, codybatch.ErrNotFound
	}
	first := after + 1
	keys := []rowKey{s.headKey(id)}
	for chunk := first / namesInRow; chunk <= (first+limit-1)/namesInRow; chunk++ {
		keys = append(keys, s.rowKey(id, namesKey(chunk)))
	}
	rows, err := s.get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	if _, err := s.head(rows[keys[0]], id); err != nil {
		return nil, err
	}
	names, err := namesIn(rows, keys[1:])
	if err != nil {
		return nil, fmt.Errorf("decode the names of job %s: %w", id, err)
	}
	skip := min(first%namesInRow, len(names))
	names = names[skip:min(skip+limit, len(names))]
	return s.tasksNamed(ctx, id, names)
}

// namesIn joins the names in rows of names.
func namesIn(rows map[rowKey]row, keys []rowKey) ([]codybatch.RepositoryName, error) {
	var names []codybatch.RepositoryName
	for _, key := range keys {
		if rows[key] == nil {
			return names, nil // behind the last one
		}
		var chunk []codybatch.RepositoryName
		if err := rows[key].decode(&chunk); err != nil {
			return nil, err
		}
		names = append(names, chunk...)
	}
	return names, nil
}

// tasksNamed reads tasks of one job in the order of names, but for those that are
// gone.
func (s *Store) tasksNamed(ctx context.Context, id codybatch.JobID, names []codybatch.RepositoryName) ([]codybatch.Task, error) {
	keys := make([]rowKey, len(names))
	for i, name := range names {
		keys[i] = s.rowKey(id, name)
	}
	rows, err := s.get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	var tasks []codybatch.Task
	for _, key := range keys {
		task, ok, err := rows[key].task()
		if err != nil {
			return nil, err
		}
		if ok {
			tasks = append(tasks, task)
		}
	}
	return tasks, nil
}

// filteredAfter reads one more task than the page holds, of those that fit. The
// index tells which to read; what is read must fit as well.
func (s *Store) filteredAfter(ctx context.Context, q codybatch.TaskQuery, after int) ([]codybatch.Task, error) {
	if !isJobID(q.JobID) {
		return nil, codybatch.ErrNotFound
	}
	rows, err := s.get(ctx, s.headKey(q.JobID))
	if err != nil {
		return nil, err
	}
	if _, err := s.head(rows[s.headKey(q.JobID)], q.JobID); err != nil {
		return nil, err
	}
	status := q.Status
	if status == "" {
		status = q.Outcome.Status() // each outcome has one
	}
	input := dynamodb.QueryInput{
		TableName: aws.String(s.repositories), IndexName: aws.String(tasksByStatus),
		KeyConditionExpression:   aws.String("jobStatus = :status AND #position > :after"),
		ExpressionAttributeNames: map[string]string{"#position": attrPosition},
	}
	values := map[string]types.AttributeValue{":status": text(jobStatusKey(q.JobID, status))}
	if q.Outcome != "" {
		input.FilterExpression, values[":outcome"] = aws.String("outcome = :outcome"), text(string(q.Outcome))
	}
	input.ExpressionAttributeValues = values
	var tasks []codybatch.Task
	for round := 0; len(tasks) <= q.Limit; round++ {
		wanted := placesAfter(round, q.Limit+1-len(tasks))
		values[":after"] = number(after)
		places, err := s.query(ctx, input, wanted)
		if err != nil {
			return nil, err
		}
		names := make([]codybatch.RepositoryName, len(places))
		for i, place := range places {
			names[i] = repository(place)
		}
		found, err := s.tasksNamed(ctx, q.JobID, names)
		if err != nil {
			return nil, err
		}
		for _, task := range found {
			if task.Status == status && (q.Outcome == "" || task.Outcome == q.Outcome) {
				tasks = append(tasks, task)
			}
		}
		if len(places) < wanted {
			break
		}
		after = int(places[len(places)-1].number(attrPosition))
	}
	return tasks, nil
}
