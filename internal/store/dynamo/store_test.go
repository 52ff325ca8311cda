package dynamo_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/awstest"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/dynamo"
	"github.com/liamzdenek/cody-batch/internal/store/storetest"
)

func TestStoreOnDynoxide(t *testing.T) {
	t.Parallel()
	runSuite(t, awstest.Dynoxide)
}

func TestStoreOnMoto(t *testing.T) {
	t.Parallel()
	runSuite(t, awstest.Moto)
}

// TestStoreOnAnother runs on a DynamoDB that somebody has started, and is skipped without.
func TestStoreOnAnother(t *testing.T) {
	t.Parallel()
	runSuite(t, awstest.Other)
}

// runSuite also looks at all that goes over the wire: no Scan does, nor anything else
// that Actions does not list, and nothing is listed in vain.
func runSuite(t *testing.T, start func(testing.TB) awstest.Cloud) {
	t.Helper()
	start(t) // or skip
	var all wire
	t.Run("suite", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) codybatch.Store { return open(t, start(t), &all) })
	})
	wantActions(t, all.actions, dynamo.Actions())
}

// begun is before the stories of all tests: their jobs have not expired.
var begun = time.Date(2026, time.March, 4, 0, 0, 0, 0, time.UTC)

// tables are those of one test.
type tables struct {
	cloud              awstest.Cloud
	jobs, repositories string
}

func newTables(t testing.TB, cloud awstest.Cloud) tables {
	t.Helper()
	jobs, repositories := cloud.Tables(t)
	return tables{cloud, jobs, repositories}
}

// store opens the tables, as if at the time. Its requests go through transport.
func (own tables) store(t testing.TB, now time.Time, transport http.RoundTripper) *dynamo.Store {
	t.Helper()
	store, err := dynamo.New(own.cloud.Config(transport), dynamo.Options{
		JobsTable: own.jobs, RepositoriesTable: own.repositories, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// open returns a store on new tables.
func open(t testing.TB, cloud awstest.Cloud, transport http.RoundTripper) *dynamo.Store {
	t.Helper()
	return newTables(t, cloud).store(t, begun, transport)
}

// openTask returns a store with a running task of a job of many.
func openTask(t *testing.T, transport http.RoundTripper) (*dynamo.Store, codybatch.Task) {
	t.Helper()
	store := open(t, awstest.Dynoxide(t), transport)
	create(t, store, "job", 3)
	task, _, err := store.ClaimTask(t.Context(), claimOf(codybatch.TaskKey{JobID: "job", Repository: names(1)[0]}))
	if err != nil {
		t.Fatal(err)
	}
	return store, task
}

func names(n int) []codybatch.RepositoryName {
	list := make([]codybatch.RepositoryName, n)
	for i := range list {
		list[i] = codybatch.RepositoryName(fmt.Sprintf("some-organization/repository-%d", i))
	}
	return list
}

func newJob(id codybatch.JobID) codybatch.Job {
	return codybatch.Job{
		ID: id, Name: "Replace io/ioutil", Prompt: "Replace io/ioutil.", CreatedAt: begun.Add(time.Minute), ExpiresAt: begun.Add(30 * 24 * time.Hour),
		Agent: codybatch.AgentSpec{Type: codybatch.AgentClaude, Timeout: time.Hour},
	}
}

func create(t testing.TB, store codybatch.Store, id codybatch.JobID, n int) codybatch.Job {
	t.Helper()
	job, created, err := store.CreateJob(t.Context(), newJob(id), names(n), codybatch.IdempotencyKey{})
	if err != nil || !created {
		t.Fatalf("created %t, error %v", created, err)
	}
	return job
}

func claimOf(key codybatch.TaskKey) codybatch.Claim {
	now := begun.Add(2 * time.Minute)
	return codybatch.Claim{Key: key, Attempt: 1, Worker: "worker of " + string(key.Repository), Now: now, LeaseUntil: now.Add(time.Minute)}
}

func finished(task codybatch.Task) (codybatch.Task, error) {
	return task.Finished(task.Worker, task.Attempt, codybatch.TaskResult{Outcome: codybatch.OutcomeNoChanges}, begun.Add(3*time.Minute))
}
