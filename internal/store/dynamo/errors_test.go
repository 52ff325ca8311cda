package dynamo_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/awstest"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/dynamo"
)

// wantPlain checks that an error is none of the domain's, and says all of texts.
func wantPlain(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, answer := range []error{codybatch.ErrConflict, codybatch.ErrNotFound, codybatch.ErrNotNow, codybatch.ErrCanceled, codybatch.ErrCursor} {
		if errors.Is(err, answer) {
			t.Errorf("the error %v is taken for an answer of the store: %v", err, answer)
		}
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error %q does not say %q", err, text)
		}
	}
}

func TestMissingTableIsNamed(t *testing.T) {
	t.Parallel()
	store, err := dynamo.New(awstest.Dynoxide(t).Config(nil), dynamo.Options{JobsTable: "cody-batch-jobs", RepositoriesTable: "cody-batch-repositories"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Job(t.Context(), "job")
	wantPlain(t, err, "read job job", "cody-batch-jobs or cody-batch-repositories", "deploy the stack", "DYNAMODB_JOBS_TABLE")
	wantPlain(t, store.Ping(t.Context()), "cody-batch-jobs")
	_, err = store.Jobs(t.Context(), codybatch.JobQuery{Limit: 1})
	wantPlain(t, err, "list jobs", "no table cody-batch-jobs in this account")
	for _, opts := range []dynamo.Options{{RepositoriesTable: "r"}, {JobsTable: "j"}} {
		if _, err := dynamo.New(awstest.Cloud{Endpoint: "http://127.0.0.1:1", Account: "1"}.Config(nil), opts); err == nil || !strings.Contains(err.Error(), "DYNAMODB_") {
			t.Errorf("error %v, want one that names the variable", err)
		}
	}
}

func TestMissingRightIsNamed(t *testing.T) {
	t.Parallel()
	denied := &wire{answer: func(string, int, []byte) (*http.Response, error) { return refusal("AccessDeniedException", nil), nil }}
	store, err := dynamo.New(awstest.Cloud{Endpoint: "http://127.0.0.1:1", Account: "1"}.Config(denied), dynamo.Options{JobsTable: "j", RepositoriesTable: "r"})
	if err != nil {
		t.Fatal(err)
	}
	wantPlain(t, store.Ping(t.Context()), "may not use table j or r", "docs/adr/0019-dynamodb.md")
}

// Eight requests of a creation are under way at once, and fail for the same reason.
func TestReasonIsGivenOnce(t *testing.T) {
	t.Parallel()
	store := open(t, awstest.Dynoxide(t), &wire{answer: func(operation string, _ int, _ []byte) (*http.Response, error) {
		if operation == "BatchWriteItem" {
			return refusal("AccessDeniedException", nil), nil
		}
		return nil, nil
	}})
	_, _, err := store.CreateJob(t.Context(), newJob("job"), names(400), codybatch.IdempotencyKey{})
	if err == nil || strings.Count(err.Error(), "may not use") != 1 {
		t.Errorf("error %v; want the reason once", err)
	}
}

func TestWhatDoesNotFitARowIsAClearError(t *testing.T) {
	t.Parallel()
	store, task := openTask(t, nil)
	next, err := finished(task)
	if err != nil {
		t.Fatal(err)
	}
	dice := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 600_000) // letters that do not pack well
	for i := range noise {
		noise[i] = byte('!' + dice.IntN(90))
	}
	next.Summary = string(noise)
	_, err = store.UpdateTask(t.Context(), task, next)
	wantPlain(t, err, "update task job/some-organization/repository-0", "a row of DynamoDB holds 390000", "make it shorter")
	job := newJob("other")
	job.Prompt = string(noise)
	_, _, err = store.CreateJob(t.Context(), job, names(1), codybatch.IdempotencyKey{})
	wantPlain(t, err, "encode job other", "a row of DynamoDB holds 390000")
	if now, err := store.Task(t.Context(), task.Key()); err != nil || now.Seq != task.Seq {
		t.Errorf("the task is at %d, error %v; want %d", now.Seq, err, task.Seq)
	}

	// The most that a worker leaves behind: 20 commands, run twice, each with 8 KiB.
	next.Summary = ""
	for i := range 40 {
		next.Verified = append(next.Verified, codybatch.VerificationResult{Command: fmt.Sprintf("make check-%d", i), Tail: string(noise[i*8<<10:][:8<<10])})
	}
	if _, err := store.UpdateTask(t.Context(), task, next); err != nil {
		t.Errorf("the most that a worker leaves behind: %v", err)
	}
}
