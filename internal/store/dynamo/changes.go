package dynamo

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/cursor"
)

// changeRounds is how often Changes reads what was changed while it read.
const changeRounds = 100

// change is a row that says which task has a Seq. It is put, and the one of the
// task's Seq before it deleted, in the transaction that changes the task. The tasks
// that never changed since their creation have none: theirs are the places in the
// job's list, from 1.
type change struct {
	seq        int64
	repository codybatch.RepositoryName
}

func changeRow(task codybatch.Task, job codybatch.Job) row {
	return row{
		attrJobID: text(string(task.JobID)), attrRepository: text(string(changeKey(task.Seq))),
		attrSeq: number(task.Seq), attrChanged: text(string(task.Repository)),
	}.expiring(job.ExpiresAt)
}

// changesBetween lists changes of a job whose Seq is greater than after and at most
// last, consistently.
func (s *Store) changesBetween(ctx context.Context, id codybatch.JobID, after, last int64, newestFirst bool, limit int) ([]change, error) {
	if after >= last {
		return nil, nil
	}
	rows, err := s.query(ctx, dynamodb.QueryInput{
		TableName: aws.String(s.repositories), ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(!newestFirst),
		KeyConditionExpression: aws.String("jobId = :job AND repositoryName BETWEEN :first AND :last"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":job": text(string(id)), ":first": text(string(changeKey(after + 1))), ":last": text(string(changeKey(last))),
		},
	}, limit)
	if err != nil {
		return nil, err
	}
	changes := make([]change, len(rows))
	for i, r := range rows {
		changes[i] = change{r.number(attrSeq), codybatch.RepositoryName(r.text(attrChanged))}
	}
	return changes, nil
}

// changeReader collects the tasks that changed after a number.
type changeReader struct {
	*Store
	job   head
	after int64
	limit int
	tasks map[codybatch.RepositoryName]codybatch.Task
}

// Changes implements codybatch.Store. No request of DynamoDB reads a job and a
// thousand of its tasks at one moment. So it reads the job, what changed up to
// then, and then what changed meanwhile, until that is nothing.
func (s *Store) Changes(ctx context.Context, id codybatch.JobID, after int64, limit int) (codybatch.Job, []codybatch.Task, error) {
	r := changeReader{Store: s, after: max(0, after), limit: limit, tasks: map[codybatch.RepositoryName]codybatch.Task{}}
	if err := r.read(ctx, id); err != nil {
		return codybatch.Job{}, nil, fmt.Errorf("list changes of job %s: %w", id, err)
	}
	tasks := r.sorted()
	return r.job.Job, tasks[:min(limit, len(tasks))], nil
}

func (r *changeReader) sorted() []codybatch.Task {
	return slices.SortedFunc(maps.Values(r.tasks), func(a, b codybatch.Task) int { return cmp.Compare(a.Seq, b.Seq) })
}

func (r *changeReader) read(ctx context.Context, id codybatch.JobID) error {
	if err := cursor.CheckLimit(r.limit); err != nil {
		return err
	}
	var err error
	if r.job, err = r.readJob(ctx, id); err != nil {
		return err
	}
	seq, created := r.job.Seq, int64(r.job.RepositoryCount)
	switch {
	case r.after > seq:
		return fmt.Errorf("%d is beyond %d: %w", r.after, seq, codybatch.ErrCursor)
	case r.after == seq: // the usual answer to who asks again and again
		return nil
	case r.after >= created && seq-r.after < int64(r.limit):
		return r.catchUp(ctx, r.after, seq) // it is few
	}
	if err := r.readUnchanged(ctx); err != nil || r.full() {
		return err
	}
	if err := r.readChanged(ctx); err != nil || r.full() {
		return err
	}
	from := seq
	if len(r.tasks) >= r.limit { // enough, but up to a recent change
		from = r.sorted()[r.limit-1].Seq
	}
	return r.catchUp(ctx, from, seq)
}

// full reports whether there are enough tasks for a page, all of them older than the
// recent changes of the job as it was read first. What such a page lacks has a larger
// Seq than its last task, so it comes on the next page, whatever else changes.
func (r *changeReader) full() bool {
	return len(r.tasks) >= r.limit && r.sorted()[r.limit-1].Seq <= r.job.Seq-int64(len(r.job.recent))
}

// take collects the tasks that are what the changes say. The others were changed
// again, which has a larger Seq, or their change is still being applied; see lacking.
func (r *changeReader) take(changes []change, tasks map[codybatch.RepositoryName]codybatch.Task) {
	for _, c := range changes {
		delete(r.tasks, c.repository)
		if task := tasks[c.repository]; task.Seq == c.seq {
			r.tasks[c.repository] = task
		}
	}
}

// lacking is the least Seq of the recent changes that are not among the tasks, or
// none.
func (r *changeReader) lacking() int64 {
	have := make(map[int]int64, len(r.tasks))
	for _, task := range r.tasks {
		have[task.Index] = task.Seq
	}
	missing := none
	for place, seq := range r.job.latest() {
		if seq > r.after && have[place] != seq {
			missing = min(missing, seq)
		}
	}
	return missing
}

// readUnchanged reads the tasks that are as they were created, in their order. Those are
// queued, so that a job which has none queued has none of them.
func (r *changeReader) readUnchanged(ctx context.Context) error {
	if r.job.Counts.Queued == 0 {
		return nil
	}
	for first := int(min(r.after, int64(r.job.RepositoryCount))); first < r.job.RepositoryCount && len(r.tasks) < r.limit; {
		tasks, err := r.tasksAfter(ctx, r.job.ID, first-1, max(keysInRead, r.limit-len(r.tasks)))
		if err != nil {
			return err
		}
		for _, task := range tasks {
			if task.Seq == int64(task.Index)+1 && len(r.tasks) < r.limit {
				r.tasks[task.Repository] = task
			}
		}
		if len(tasks) == 0 {
			return nil
		}
		first = tasks[len(tasks)-1].Index + 1
	}
	return nil
}

// readChanged reads the tasks that changed later, up to the job that was read.
func (r *changeReader) readChanged(ctx context.Context) error {
	for after := max(r.after, int64(r.job.RepositoryCount)); len(r.tasks) < r.limit; {
		wanted := r.limit - len(r.tasks)
		changes, err := r.changesBetween(ctx, r.job.ID, after, r.job.Seq, false, wanted)
		if err != nil {
			return err
		}
		_, tasks, err := r.readChanges(ctx, changes)
		if err != nil {
			return err
		}
		r.take(changes, tasks)
		if len(changes) < wanted {
			return nil
		}
		after = changes[len(changes)-1].seq
	}
	return nil
}

// catchUp collects what changed after seq, until nothing does any more; the job was
// at known before that, at least.
//
// The newest change is read first. So if the job, which is read after all of them,
// is still where the newest of them left it, and none of its recent changes is
// lacking, there was no change meanwhile: they are all, and all is of one moment.
func (r *changeReader) catchUp(ctx context.Context, seq, known int64) error {
	for range changeRounds {
		changes, err := r.changesBetween(ctx, r.job.ID, seq, latestSeq, true, 0)
		if err != nil {
			return err
		}
		if len(changes) > 0 {
			seq = changes[0].seq
		}
		read, tasks, err := r.readChanges(ctx, changes)
		if err != nil {
			return err
		}
		r.take(changes, tasks)
		r.job = head{totalsOf(read.Job).in(r.job.Job), read.recent}
		missing := r.lacking()
		if missing == none && read.Seq == max(seq, known) {
			return nil
		}
		if missing <= seq { // it is looked for again
			seq = missing - 1
			if err := r.wait(ctx, 0); err != nil {
				return err
			}
		}
		known = read.Seq
	}
	return fmt.Errorf("it changed in each of %d rounds; try again later", changeRounds)
}

const (
	latestSeq = int64(1e16) - 1 // as long as changeKey's numbers
	none      = int64(math.MaxInt64)
)

// readChanges reads the changed tasks, and the job's head with the same request if
// they fit one.
func (r *changeReader) readChanges(ctx context.Context, changes []change) (head, map[codybatch.RepositoryName]codybatch.Task, error) {
	headKey := r.headKey(r.job.ID)
	var keys []rowKey
	for _, c := range changes {
		keys = append(keys, r.rowKey(r.job.ID, c.repository))
	}
	rows, err := r.get(ctx, append(keys, headKey)...)
	if err != nil {
		return head{}, nil, err
	}
	read, err := r.head(rows[headKey], r.job.ID)
	if err != nil {
		return head{}, nil, err
	}
	tasks := make(map[codybatch.RepositoryName]codybatch.Task, len(keys))
	for _, key := range keys {
		task, ok, err := rows[key].task()
		if err != nil {
			return head{}, nil, err
		}
		if ok {
			tasks[key.repository] = task
		}
	}
	return read, tasks, nil
}
