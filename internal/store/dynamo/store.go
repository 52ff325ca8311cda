// Package dynamo keeps jobs and tasks in two DynamoDB tables; see Tables. Any
// number of processes anywhere may use the same two.
//
// Whoever changes a task also changes its job, in one transaction that holds only
// if neither was changed since it was read; the loser reads again. What must be
// exact is read consistently by its key. Indexes lag behind by some milliseconds,
// so they only tell which rows to read. Nothing scans a table.
// docs/adr/0019-dynamodb.md has the reasons.
package dynamo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

var _ codybatch.Store = (*Store)(nil)

// Options name the tables. All but Now are required.
type Options struct {
	JobsTable         string
	RepositoriesTable string
	Now               func() time.Time // tells which rows have expired; nil: time.Now
}

// Store is a codybatch.Store in DynamoDB. Its methods may be called at once.
type Store struct {
	client             *dynamodb.Client
	jobs, repositories string // the tables
	now                func() time.Time
	pause              func(attempt int) time.Duration // before the next attempt
}

const (
	// attempts of one request that is throttled or lost, and of one change of a
	// job that others change as well.
	requestAttempts = 8
	changeAttempts  = 60

	minPause = 10 * time.Millisecond
	maxPause = 500 * time.Millisecond
)

// New returns a store that talks to DynamoDB with config. It asks nothing yet; Ping
// does.
func New(config aws.Config, opts Options) (*Store, error) {
	switch {
	case opts.JobsTable == "":
		return nil, errors.New("DynamoDB store: no table of jobs is named; set DYNAMODB_JOBS_TABLE")
	case opts.RepositoriesTable == "":
		return nil, errors.New("DynamoDB store: no table of repositories is named; set DYNAMODB_REPOSITORIES_TABLE")
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	s := &Store{jobs: opts.JobsTable, repositories: opts.RepositoriesTable, now: opts.Now, pause: pause}
	s.client = dynamodb.NewFromConfig(config, func(o *dynamodb.Options) {
		o.RetryMaxAttempts = 0 // the retryer's
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = requestAttempts
			o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) { return s.pause(attempt), nil })
			// A full table is no reason to stop asking slowly: the 400 requests that
			// store a job would use up the tokens that the SDK gives a process.
			o.RateLimiter = ratelimit.None
		})
	})
	return s, nil
}

// Ping reads from both tables.
func (s *Store) Ping(ctx context.Context) error {
	if _, err := s.get(ctx, s.headKey("#ping"), s.rowKey("#ping", "#ping")); err != nil {
		return fmt.Errorf("read tables %s and %s: %w", s.jobs, s.repositories, err)
	}
	return nil
}

// pause is how long to wait before the next attempt: at random, so that those who
// met do not meet again, and longer every time.
func pause(attempt int) time.Duration {
	longest := maxPause
	if attempt < 6 {
		longest = minPause << attempt
	}
	return rand.N(longest) + 1
}

// wait waits for the pause before the next attempt, or for the end of ctx.
func (s *Store) wait(ctx context.Context, attempt int) error {
	timer := time.NewTimer(s.pause(attempt))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
