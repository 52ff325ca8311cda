package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/cursor"
)

// totals is the part of a job that changes after its creation, kept apart from
// the rest; see migrations/0001.
type totals struct {
	StartedAt       time.Time        `json:"startedAt,omitzero"`
	CompletedAt     time.Time        `json:"completedAt,omitzero"`
	CancelRequested bool             `json:"cancelRequested,omitempty"`
	RepositoryCount int              `json:"repositoryCount"`
	Counts          codybatch.Counts `json:"counts"`
	Usage           codybatch.Usage  `json:"usage"`
	Reserved        codybatch.Money  `json:"reserved"`
	Seq             int64            `json:"seq"`
}

func totalsOf(j codybatch.Job) totals {
	return totals{
		StartedAt: j.StartedAt, CompletedAt: j.CompletedAt, CancelRequested: j.CancelRequested,
		RepositoryCount: j.RepositoryCount, Counts: j.Counts, Usage: j.Usage, Reserved: j.Reserved, Seq: j.Seq,
	}
}

// in returns the job with these totals.
func (t totals) in(j codybatch.Job) codybatch.Job {
	j.StartedAt, j.CompletedAt, j.CancelRequested = t.StartedAt, t.CompletedAt, t.CancelRequested
	j.RepositoryCount, j.Counts, j.Usage, j.Reserved, j.Seq = t.RepositoryCount, t.Counts, t.Usage, t.Reserved, t.Seq
	return j
}

// Job implements codybatch.Store.
func (s *Store) Job(ctx context.Context, id codybatch.JobID) (codybatch.Job, error) {
	job, err := scanJob(s.reading[selectJob].QueryRowContext(ctx, id), id)
	if err != nil {
		return codybatch.Job{}, fmt.Errorf("read job %s: %w", id, err)
	}
	return job, nil
}

// Jobs implements codybatch.Store.
func (s *Store) Jobs(ctx context.Context, q codybatch.JobQuery) (codybatch.JobPage, error) {
	page, err := s.jobs(ctx, q)
	if err != nil {
		return codybatch.JobPage{}, fmt.Errorf("list jobs: %w", err)
	}
	return page, nil
}

func (s *Store) jobs(ctx context.Context, q codybatch.JobQuery) (codybatch.JobPage, error) {
	if err := cursor.CheckLimit(q.Limit); err != nil {
		return codybatch.JobPage{}, err
	}
	list := cursor.Jobs(q)
	from, err := cursor.Decode(q.Cursor, list, jobsStart)
	if err != nil {
		return codybatch.JobPage{}, err
	}
	statement, args := selectJobs, []any{from.Time, from.JobID, q.Limit + 1}
	if q.Status != "" {
		statement, args = selectJobsByStatus, append([]any{q.Status}, args...)
	}
	var page codybatch.JobPage
	last := from
	return page, s.read(ctx, func(tx transaction) error {
		return tx.each(statement, args, func(rows *sql.Rows) error {
			var document, sums string
			var createdAt int64
			if err := rows.Scan(&document, &sums, &createdAt); err != nil {
				return err
			}
			if len(page.Jobs) == q.Limit { // the row after the page: there is another page
				page.NextCursor = cursor.Encode(list, last)
				return nil
			}
			job, err := decodeJob(document, sums)
			page.Jobs = append(page.Jobs, job)
			last.Time, last.JobID = createdAt, job.ID
			return err
		})
	})
}

// CancelJob implements codybatch.Store.
func (s *Store) CancelJob(ctx context.Context, id codybatch.JobID, requested bool) (codybatch.Job, error) {
	var job codybatch.Job
	err := s.write(ctx, func(tx transaction) error {
		var err error
		if job, err = scanJob(tx.row(selectJob, id), id); err != nil || job.CancelRequested == requested {
			return err
		}
		job.CancelRequested = requested
		job.Seq++
		return tx.updateTotals(job)
	})
	if err != nil {
		return codybatch.Job{}, fmt.Errorf("set cancel flag of job %s: %w", id, err)
	}
	return job, nil
}

// updateTotals writes what moves in a job; of the rest of it only the id counts.
func (t transaction) updateTotals(job codybatch.Job) error {
	sums, err := json.Marshal(totalsOf(job))
	if err != nil {
		return err
	}
	return t.exec(updateTotals, job.Status(), string(sums), job.ID)
}

func scanJob(row *sql.Row, id codybatch.JobID) (codybatch.Job, error) {
	var document, sums string
	if err := row.Scan(&document, &sums); errors.Is(err, sql.ErrNoRows) {
		return codybatch.Job{}, fmt.Errorf("job %s: %w", id, codybatch.ErrNotFound)
	} else if err != nil {
		return codybatch.Job{}, err
	}
	return decodeJob(document, sums)
}

func decodeJob(document, sums string) (codybatch.Job, error) {
	var job codybatch.Job
	if err := json.Unmarshal([]byte(document), &job); err != nil {
		return codybatch.Job{}, fmt.Errorf("decode job: %w", err)
	}
	return decodeTotals(sums, job)
}

func decodeTotals(sums string, job codybatch.Job) (codybatch.Job, error) {
	var t totals
	if err := json.Unmarshal([]byte(sums), &t); err != nil {
		return codybatch.Job{}, fmt.Errorf("decode totals of a job: %w", err)
	}
	return t.in(job), nil
}
