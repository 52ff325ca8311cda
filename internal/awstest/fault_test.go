package awstest_test

import (
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/app"
	"github.com/liamzdenek/cody-batch/internal/awstest/lambdatest"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/config"
	"github.com/liamzdenek/cody-batch/internal/dispatch/awsbatch/batchtest"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

// A worker that is killed at any step loses nothing: the event about its job has the
// task queued again, the next attempt goes on, no answer of Claude that was heard is paid
// for twice, and there is one pull request.
func TestAWorkerIsKilledAtEachStep(t *testing.T) {
	t.Parallel()
	phases := []codybatch.Phase{
		codybatch.PhaseResolving, codybatch.PhaseCloning, codybatch.PhaseAgent, codybatch.PhaseVerifying,
		codybatch.PhaseStoring, codybatch.PhasePublishing, "finishing",
	}
	for _, phase := range phases {
		t.Run(string(phase), func(t *testing.T) {
			t.Parallel()
			all, names := repositories(1)
			c := newCloud(t, cloudOptions{turns: colours()}, all...)
			c.batch.KillAt(`"attempt":1,"phase":"` + string(phase) + `"`)
			job := spec(names...)
			job.CreatePullRequests = true
			id := c.create(job)
			ended := c.ended(id)
			task, err := c.client.Task(t.Context(), codybatch.TaskKey{JobID: id, Repository: names[0]})
			if err != nil || ended.Status != "succeeded" || task.Attempt != 2 || task.PullRequest == nil {
				t.Fatalf("the job is %+v, the task %+v, %v", ended, task, err)
			}
			if got := len(c.hub.PullRequests(string(names[0]))); got != 1 {
				t.Errorf("there are %d pull requests", got)
			}
			most := 2
			if phase == codybatch.PhaseAgent {
				most = 3 // nobody heard the answer that was under way
			}
			if got := len(c.claude.Requests()); got > most {
				t.Errorf("Claude was asked %d times, want at most %d", got, most)
			}
		})
	}
}

func TestASpotReclaim(t *testing.T) {
	t.Parallel()
	all, names := repositories(2)
	c := newCloud(t, cloudOptions{turns: []rehearsal.Turn{
		colours()[0],
		rehearsal.Finish("changed", "Done.", "Spell colour", "As asked.").AndFail(rehearsal.Fault{Kind: rehearsal.FaultSilence}),
	}, workers: 2}, all...)
	id := c.create(spec(names...))
	c.until(id, func(job httpapi.Job) bool { return len(c.claude.Requests()) == 4 }) // both wait for the second answer
	for _, job := range c.batch.Jobs() {
		if !job.IsArray && !c.batch.Reclaim(job.ID) {
			t.Errorf("%s does not run", job)
		}
	}
	ended := c.ended(id)
	if ended.Status != "succeeded" || ended.Counts.Changed != 2 {
		t.Fatalf("the job is %+v", ended)
	}
	for _, name := range names {
		task, err := c.client.Task(t.Context(), codybatch.TaskKey{JobID: id, Repository: name})
		if err != nil || task.Attempt != 1 {
			t.Errorf("a stop costs no attempt, but %s is at %d, %v", name, task.Attempt, err)
		}
	}
	for _, job := range c.batch.Jobs() {
		if !job.IsArray && job.Attempts != 2 {
			t.Errorf("AWS Batch tried %s %d times", job, job.Attempts)
		}
	}
}

// What no event tells of, the sweep finds: tasks that AWS Batch has no job for, and
// workers that fell silent.
func TestTheSweepFindsWhatNoEventToldOf(t *testing.T) {
	all, names := repositories(2)
	c := newCloud(t, cloudOptions{turns: colours(), noEvents: true, workers: 2}, all...)
	c.batch.Fail("SubmitJob", 1, batchtest.Fault{Status: 400, Code: "ClientException"})
	id := c.create(spec(names...)) // the job is there although nothing could be submitted
	if jobs := c.batch.Jobs(); len(jobs) != 0 {
		t.Fatalf("AWS Batch has %v", jobs)
	}
	c.sweep() // they have not waited for long
	if jobs := c.batch.Jobs(); len(jobs) != 0 {
		t.Fatalf("AWS Batch has %v", jobs)
	}
	c.batch.KillAt(`"attempt":1,"phase":"agent"`)
	c.sweepLater(10 * time.Minute)
	if err := c.batch.AwaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if job, err := c.client.Job(t.Context(), id); err != nil || job.Counts.Succeeded != 1 || job.Counts.Running != 1 {
		t.Fatalf("the job is %+v, %v", job, err)
	}
	c.batch.Forget()
	c.sweepLater(10 * time.Minute) // the lease has run out by then
	if job := c.ended(id); job.Status != "succeeded" || job.Counts.Changed != 2 {
		t.Errorf("the job is %+v", job)
	}
	if got := len(c.claude.Requests()); got != 4 {
		t.Errorf("Claude was asked %d times, want twice a repository", got)
	}
}

// sweepLater sweeps as the function would after a while. The test must not be
// parallel: it sets the environment.
func (c *cloud) sweepLater(after time.Duration) {
	c.t.Helper()
	for _, pair := range c.function {
		name, value, _ := strings.Cut(pair, "=")
		if name != "PATH" && name != "HOME" && name != "TMPDIR" {
			c.t.Setenv(name, value)
		}
	}
	read, err := config.ReadLambda(os.LookupEnv)
	if err != nil {
		c.t.Fatal(err)
	}
	a, err := app.Open(c.t.Context(), app.Options{
		Config: read, Forge: app.ForgeGitHub, Log: slog.New(slog.NewTextHandler(&c.log, nil)),
		Now: func() time.Time { return time.Now().Add(after) },
	})
	if err == nil {
		err = a.Sweep(c.t.Context())
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// Two children of one task: one of them does it.
func TestTwoWorkersOfOneTask(t *testing.T) {
	t.Parallel()
	all, names := repositories(1)
	c := newCloud(t, cloudOptions{turns: []rehearsal.Turn{
		colours()[0],
		rehearsal.Finish("changed", "Done.", "Spell colour", "As asked.").AndFail(rehearsal.Fault{Kind: rehearsal.FaultSlow, DelayMS: 500}),
	}, workers: 2}, all...)
	id := c.create(spec(names...))
	c.until(id, func(job httpapi.Job) bool { return job.Counts.Running == 1 })
	first := c.batch.Jobs()
	if len(first) != 1 {
		t.Fatalf("AWS Batch has %v", first)
	}
	twin := c.submitAgain(first[0].Name)
	if job := c.ended(id); job.Status != "succeeded" {
		t.Errorf("the job is %+v", job)
	}
	if err := c.batch.AwaitIdle(t.Context()); err != nil {
		t.Error(err)
	}
	for _, job := range c.batch.Jobs() {
		if job.ExitCode == nil || *job.ExitCode != 0 {
			t.Errorf("%s (the twin is %s) ended with %v", job, twin, job.ExitCode)
		}
	}
	if got := len(c.claude.Requests()); got != 2 {
		t.Errorf("Claude was asked %d times, want twice", got)
	}
}

func TestAFunctionThatLacksSomethingSaysWhat(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cloudOptions{})
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	// A parameter that holds more than the secret: what was copied has a second line.
	pasted := c.parameter("/pasted", "ghp_first\nexport GITHUB_TOKEN")
	for name, variable := range map[string]struct{ env, says string }{
		"no table":             {"DYNAMODB_JOBS_TABLE=", "DYNAMODB_JOBS_TABLE: is not set"},
		"no queue":             {"AWS_BATCH_JOB_QUEUE=", "AWS_BATCH_JOB_QUEUE: is not set"},
		"no such parameter":    {"GITHUB_TOKEN_PARAMETER=/nowhere/token", "GITHUB_TOKEN_PARAMETER: there is no parameter /nowhere/token in SSM"},
		"no token of GitHub's": {"GITHUB_TOKEN_PARAMETER=", "GITHUB_TOKEN"},
		"an empty parameter":   {"GITHUB_TOKEN_PARAMETER=" + c.parameter("/empty", " "), "GITHUB_TOKEN_PARAMETER: there is no parameter"},
		"more than the secret": {"GITHUB_TOKEN_PARAMETER=" + pasted, "GITHUB_TOKEN_PARAMETER: parameter " + pasted + " in SSM holds a blank or a control character"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log lockedBuffer
			_, err := lambdatest.Start(t.Context(), lambdatest.Options{
				Program: dir + "/api", Env: append(c.function[:len(c.function):len(c.function)], variable.env), Timeout: time.Second, Stderr: &log,
			})
			if err == nil || !strings.Contains(log.String(), variable.says) || strings.Contains(log.String(), "ghp_first") {
				t.Errorf("got %v, want it to say %q:\n%s", err, variable.says, log.String())
			}
		})
	}
}
