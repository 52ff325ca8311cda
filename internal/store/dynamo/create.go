package dynamo

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	// keyLifetime is how long an idempotency key is remembered.
	keyLifetime = 24 * time.Hour
	// creationLifetime is how long the head of a creation stays that was cut off.
	creationLifetime = 24 * time.Hour
	// creationTime is more than a creation takes. Lambda gives it half a minute.
	creationTime = time.Hour
	// discardTime is how long a creation that failed takes back what it wrote.
	discardTime = 10 * time.Second
)

// isCreating holds for the head of the creation with the token, before it is a job's.
const isCreating = "creation = :token AND attribute_not_exists(totals)"

// creation is a job on its way into the tables. Its head, which reserves the id, is
// no job yet; all other rows follow; then one transaction makes the head a job's
// and uses the idempotency key. Until then no reader sees any of it.
type creation struct {
	*Store
	job   codybatch.Job
	names []codybatch.RepositoryName
	key   codybatch.IdempotencyKey
	token string // tells this creation from another one of the same id
}

// CreateJob implements codybatch.Store. The job's totals are the store's: what
// job holds there is not looked at.
func (s *Store) CreateJob(ctx context.Context, job codybatch.Job, names []codybatch.RepositoryName, key codybatch.IdempotencyKey) (codybatch.Job, bool, error) {
	c := creation{Store: s, names: names, key: key, token: rand.Text(), job: totals{
		RepositoryCount: len(names), Counts: codybatch.Counts{Queued: len(names)}, Seq: int64(len(names)),
	}.in(job)}
	stored, created, err := c.run(ctx)
	if err != nil {
		return codybatch.Job{}, false, fmt.Errorf("create job %s: %w", job.ID, err)
	}
	return stored, created, nil
}

func (c creation) run(ctx context.Context) (codybatch.Job, bool, error) {
	if err := c.check(); err != nil {
		return codybatch.Job{}, false, err
	}
	if ctx.Err() != nil {
		return codybatch.Job{}, false, ctx.Err()
	}
	if earlier, err := c.earlier(ctx); err != nil || earlier != "" {
		return c.existing(ctx, earlier, err)
	}
	rows, err := c.rows()
	if err != nil {
		return codybatch.Job{}, false, err
	}
	if err := c.reserve(ctx); err != nil {
		return codybatch.Job{}, false, err
	}
	err = c.writeAll(ctx, rows)
	var earlier codybatch.JobID
	if err == nil {
		earlier, err = c.show(ctx)
	}
	if err != nil || earlier != "" {
		c.discard(ctx)
		return c.existing(ctx, earlier, err)
	}
	return c.job, true, nil
}

// existing answers with an earlier job instead of this one.
func (c creation) existing(ctx context.Context, id codybatch.JobID, err error) (codybatch.Job, bool, error) {
	if err != nil {
		return codybatch.Job{}, false, err
	}
	// Both became visible in one transaction, and still the key may do so before the job.
	for attempt := range requestAttempts {
		job, err := c.Job(ctx, id)
		if !errors.Is(err, codybatch.ErrNotFound) {
			return job, false, err
		}
		if err := c.wait(ctx, attempt); err != nil {
			return codybatch.Job{}, false, err
		}
	}
	return codybatch.Job{}, false, fmt.Errorf("job %s, which the idempotency key stands for: %w", id, codybatch.ErrNotFound)
}

func (c creation) check() error {
	if id := string(c.job.ID); !isJobID(c.job.ID) {
		return fmt.Errorf("%.100q can't be a job's id", id)
	}
	seen := make(map[codybatch.RepositoryName]bool, len(c.names))
	for _, name := range c.names {
		switch {
		case !isTaskName(name):
			return fmt.Errorf("%.100q can't be a repository's name", name)
		case seen[name]:
			return fmt.Errorf("repository %s is named twice", name)
		}
		seen[name] = true
	}
	return nil
}

// rows are all rows of the job but its head.
func (c creation) rows() ([]types.WriteRequest, error) {
	specification, err := specificationRow(c.job)
	if err != nil {
		return nil, err
	}
	rows, err := nameRows(c.job, c.names)
	if err != nil {
		return nil, err
	}
	rows = append(rows, specification)
	for i, name := range c.names {
		r, err := taskRow(codybatch.Task{
			JobID: c.job.ID, Repository: name, Index: i, Status: codybatch.TaskQueued, Attempt: 1,
			QueuedAt: c.job.CreatedAt, UpdatedAt: c.job.CreatedAt,
			Seq: int64(i) + 1, // each its own, so that Changes can stop after any of them
		}, c.job.ExpiresAt)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	requests := make([]types.WriteRequest, len(rows))
	for i, r := range rows {
		requests[i].PutRequest = &types.PutRequest{Item: r}
	}
	return requests, nil
}

// reserve takes the job's id, so that no other creation writes into its rows.
func (c creation) reserve(ctx context.Context) error {
	now := c.now()
	r := row{
		attrJobID: text(string(c.job.ID)), attrCreation: text(c.token), attrStartedAt: number(now.Unix()),
	}.expiring(now.Add(creationLifetime))
	for attempt := 0; ; attempt++ {
		_, err := c.client.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: aws.String(c.jobs), Item: r,
			// Its own token: of an attempt whose answer was lost.
			ConditionExpression:       aws.String("attribute_not_exists(jobId) OR " + isCreating),
			ExpressionAttributeValues: map[string]types.AttributeValue{":token": text(c.token)},
		})
		var taken *types.ConditionalCheckFailedException
		switch {
		case errors.As(err, &taken):
			return errors.New("the id is taken")
		case err == nil || !isMoved(err) || attempt == changeAttempts:
			return failure(ctx, err, c.jobs)
		}
		if err := c.wait(ctx, attempt); err != nil {
			return err
		}
	}
}

// show makes the job visible and uses its key. If the key was used meanwhile, it
// returns the job that it stands for.
func (c creation) show(ctx context.Context) (codybatch.JobID, error) {
	shown, err := headRow(head{Job: c.job})
	if err != nil {
		return "", err
	}
	shown[attrCreation] = text(c.token)
	writes := []types.TransactWriteItem{
		c.put(c.jobs, shown, &condition{isCreating, map[string]types.AttributeValue{":token": text(c.token)}}),
	}
	if c.key.Key != "" {
		writes = append(writes, c.put(c.jobs, c.keyRow(), &condition{
			"attribute_not_exists(jobId) OR usedAt <= :oldest",
			map[string]types.AttributeValue{":oldest": number(c.oldestKey())},
		}))
	}
	var last refusal
	for attempt := range changeAttempts {
		refusal, err := c.transact(ctx, writes...)
		if err != nil || refusal == nil {
			return "", err
		}
		last = *refusal
		if refusal.of(0) == reasonCondition {
			return "", c.isShown(ctx)
		}
		earlier, err := c.earlier(ctx)
		switch {
		case err == nil && earlier == c.job.ID: // the transaction was made, and its answer lost
			return "", nil
		case err != nil || earlier != "":
			return earlier, err
		}
		if err := c.wait(ctx, attempt); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("DynamoDB refused it %d times (%s); try again later", changeAttempts, last)
}

// isShown tells whether the head is this creation's job already: the answer of the
// attempt that made it one was lost.
func (c creation) isShown(ctx context.Context) error {
	found, err := c.get(ctx, c.headKey(c.job.ID))
	if err != nil {
		return err
	}
	if head := found[c.headKey(c.job.ID)]; head[attrTotals] != nil && head.text(attrCreation) == c.token {
		return nil
	}
	return fmt.Errorf("it was not stored within %s and has been given up; send it again", creationTime)
}

// discard takes back what a creation wrote, as far as it comes in discardTime. Rows
// that it leaves are never seen; see Store.sweep.
func (c creation) discard(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardTime)
	defer cancel()
	keys := []rowKey{c.rowKey(c.job.ID, specificationKey)}
	for chunk := range (len(c.names) + namesInRow - 1) / namesInRow {
		keys = append(keys, c.rowKey(c.job.ID, namesKey(chunk)))
	}
	for _, name := range c.names {
		keys = append(keys, c.rowKey(c.job.ID, name))
	}
	_ = c.abandon(ctx, c.job.ID, c.token, keys) // the caller has an error already, or the earlier job
}

// abandon deletes the head of a creation and then the rows. If the head is a job's
// by now, or about to be, it stays, and so do the rows.
func (s *Store) abandon(ctx context.Context, id codybatch.JobID, token string, keys []rowKey) error {
	if token != "" {
		_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: aws.String(s.jobs), Key: s.headKey(id).attributes(),
			ConditionExpression:       aws.String("attribute_not_exists(jobId) OR " + isCreating),
			ExpressionAttributeValues: map[string]types.AttributeValue{":token": text(token)},
		})
		if isMoved(err) {
			return nil
		}
		if err != nil {
			return failure(ctx, err, s.jobs)
		}
	}
	requests := make([]types.WriteRequest, len(keys))
	for i, key := range keys {
		requests[i].DeleteRequest = &types.DeleteRequest{Key: key.attributes()}
	}
	return s.writeAll(ctx, requests)
}

// keyID is where an idempotency key lies: a caller's text is no key of DynamoDB's.
func (c creation) keyID() codybatch.JobID {
	digest := sha256.Sum256([]byte(c.key.Key))
	return codybatch.JobID(idempotencyKey + hex.EncodeToString(digest[:]))
}

func (c creation) oldestKey() int64 { return c.key.Now.Add(-keyLifetime).UnixNano() }

func (c creation) keyRow() row {
	return row{
		attrJobID: text(string(c.keyID())), attrRequest: text(c.key.Request), attrKeyJob: text(string(c.job.ID)),
		attrUsedAt: number(c.key.Now.UnixNano()),
	}.expiring(c.key.Now.Add(keyLifetime + time.Hour))
}

// earlier is the job that the key stands for, or none.
func (c creation) earlier(ctx context.Context) (codybatch.JobID, error) {
	if c.key.Key == "" {
		return "", nil
	}
	found, err := c.get(ctx, c.headKey(c.keyID()))
	if err != nil {
		return "", fmt.Errorf("look up the idempotency key: %w", err)
	}
	used := found[c.headKey(c.keyID())]
	switch {
	case used == nil || used.number(attrUsedAt) <= c.oldestKey():
		return "", nil
	case used.text(attrRequest) != c.key.Request:
		return "", codybatch.ErrIdempotencyMismatch
	default:
		return codybatch.JobID(used.text(attrKeyJob)), nil
	}
}
