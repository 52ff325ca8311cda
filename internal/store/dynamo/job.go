package dynamo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/cursor"
)

// isJobID reports whether a head of that id can be a job's.
func isJobID(id codybatch.JobID) bool {
	return id != "" && len(id) <= longestKey/2 && !strings.Contains(string(id), "#")
}

// Job implements codybatch.Store.
func (s *Store) Job(ctx context.Context, id codybatch.JobID) (codybatch.Job, error) {
	job, err := s.readJob(ctx, id)
	if err != nil {
		return codybatch.Job{}, fmt.Errorf("read job %s: %w", id, err)
	}
	return job.Job, nil
}

func (s *Store) readJob(ctx context.Context, id codybatch.JobID) (head, error) {
	if !isJobID(id) {
		return head{}, codybatch.ErrNotFound
	}
	headKey, specification := s.headKey(id), s.rowKey(id, specificationKey)
	rows, err := s.get(ctx, headKey, specification)
	if err != nil {
		return head{}, err
	}
	return s.job(rows[headKey], rows[specification], id)
}

// Jobs implements codybatch.Store. It merges one list for each status; the index
// tells which jobs to read and where, and the rows themselves what they are.
func (s *Store) Jobs(ctx context.Context, q codybatch.JobQuery) (codybatch.JobPage, error) {
	page, err := s.listJobs(ctx, q)
	if err != nil {
		return codybatch.JobPage{}, fmt.Errorf("list jobs: %w", err)
	}
	return page, nil
}

func (s *Store) listJobs(ctx context.Context, q codybatch.JobQuery) (codybatch.JobPage, error) {
	if err := cursor.CheckLimit(q.Limit); err != nil {
		return codybatch.JobPage{}, err
	}
	list := cursor.Jobs(q)
	from, err := startOr(q.Cursor, list, jobsStart)
	if err != nil {
		return codybatch.JobPage{}, err
	}
	statuses := codybatch.JobStatuses()
	if q.Status != "" {
		statuses = []codybatch.JobStatus{q.Status}
	}
	var jobs []codybatch.Job
	before := from.After
	for round := 0; len(jobs) <= q.Limit; round++ {
		wanted := placesAfter(round, q.Limit+1-len(jobs)) // the one after the page tells that there is another page
		places, more, err := s.jobPlaces(ctx, statuses, before, wanted)
		if err != nil {
			return codybatch.JobPage{}, err
		}
		found, err := s.jobsAt(ctx, places)
		if err != nil {
			return codybatch.JobPage{}, err
		}
		for _, job := range found {
			if q.Status == "" || job.Status() == q.Status {
				jobs = append(jobs, job)
			}
		}
		if !more {
			break
		}
		before = places[len(places)-1].createdAt
	}
	if len(jobs) <= q.Limit {
		return codybatch.JobPage{Jobs: jobs}, nil
	}
	from.After = createdKey(jobs[q.Limit-1])
	return codybatch.JobPage{Jobs: jobs[:q.Limit], NextCursor: cursor.Encode(list, from)}, nil
}

// jobPlace is a job's entry in the index.
type jobPlace struct {
	id        codybatch.JobID
	createdAt string
}

// jobPlaces are the newest jobs of the statuses that are older than before, at most
// limit, and whether there may be more.
func (s *Store) jobPlaces(ctx context.Context, statuses []codybatch.JobStatus, before string, limit int) ([]jobPlace, bool, error) {
	lists := make([][]row, len(statuses))
	err := atOnce(ctx, len(statuses), func(ctx context.Context, i int) error {
		var err error
		lists[i], err = s.query(ctx, dynamodb.QueryInput{
			TableName: aws.String(s.jobs), IndexName: aws.String(jobsByStatus), ScanIndexForward: aws.Bool(false),
			KeyConditionExpression:   aws.String("#status = :status AND createdAt < :before"),
			ExpressionAttributeNames: map[string]string{"#status": attrStatus},
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":status": text(string(statuses[i])), ":before": text(before),
			},
		}, limit)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	var places []jobPlace
	for _, r := range slices.Concat(lists...) {
		places = append(places, jobPlace{jobID(r), r.text(attrCreatedAt)})
	}
	slices.SortFunc(places, func(a, b jobPlace) int { return cmp.Compare(b.createdAt, a.createdAt) })
	more := len(places) >= limit
	places = slices.Compact(places) // a job that changed its status just now may be in two lists
	return places[:min(limit, len(places))], more, nil
}

// jobsAt reads the jobs at the places, in their order, but for those that are gone.
func (s *Store) jobsAt(ctx context.Context, places []jobPlace) ([]codybatch.Job, error) {
	var keys []rowKey
	for _, place := range places {
		keys = append(keys, s.headKey(place.id), s.rowKey(place.id, specificationKey))
	}
	rows, err := s.get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	var jobs []codybatch.Job
	for _, place := range places {
		job, err := s.job(rows[s.headKey(place.id)], rows[s.rowKey(place.id, specificationKey)], place.id)
		switch {
		case errors.Is(err, codybatch.ErrNotFound): // it has expired
		case err != nil:
			return nil, err
		default:
			jobs = append(jobs, job.Job)
		}
	}
	return jobs, nil
}

// CancelJob implements codybatch.Store.
func (s *Store) CancelJob(ctx context.Context, id codybatch.JobID, requested bool) (codybatch.Job, error) {
	job, err := s.cancelJob(ctx, id, requested)
	if err != nil {
		return codybatch.Job{}, fmt.Errorf("set cancel flag of job %s: %w", id, err)
	}
	return job, nil
}

func (s *Store) cancelJob(ctx context.Context, id codybatch.JobID, requested bool) (codybatch.Job, error) {
	for attempt := range changeAttempts {
		prev, err := s.readJob(ctx, id)
		if err != nil || prev.CancelRequested == requested {
			return prev.Job, err
		}
		job := prev.Job
		job.CancelRequested = requested
		next := prev.moved(job, -1)
		write, err := s.updateHead(prev, next)
		if err != nil {
			return codybatch.Job{}, err
		}
		refusal, err := s.transact(ctx, write)
		if err != nil || refusal == nil {
			return next.Job, err
		}
		if err := s.wait(ctx, attempt); err != nil {
			return codybatch.Job{}, err
		}
	}
	return codybatch.Job{}, errBusy(id)
}

// updateHead writes what moves in a job, if the head is still prev.
func (s *Store) updateHead(prev, next head) (types.TransactWriteItem, error) {
	r, err := headRow(next)
	if err != nil {
		return types.TransactWriteItem{}, err
	}
	return types.TransactWriteItem{Update: &types.Update{
		TableName: aws.String(s.jobs), Key: s.headKey(next.ID).attributes(),
		UpdateExpression:         aws.String("SET #status = :status, totals = :totals, seq = :seq"),
		ConditionExpression:      aws.String("seq = :prev"),
		ExpressionAttributeNames: map[string]string{"#status": attrStatus},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":status": r[attrStatus], ":totals": r[attrTotals], ":seq": r[attrSeq], ":prev": number(prev.Seq),
		},
	}}, nil
}

func errBusy(id codybatch.JobID) error {
	return fmt.Errorf("job %s was changed by others in each of %d attempts; try again later", id, changeAttempts)
}
