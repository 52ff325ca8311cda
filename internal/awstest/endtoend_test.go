package awstest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

// colours is a conversation that changes the repository and finishes.
func colours() []rehearsal.Turn {
	return []rehearsal.Turn{
		rehearsal.Call("bash", map[string]string{"command": "sed -i s/color/colour/ README.md"}),
		rehearsal.Finish("changed", "Spelled it the British way.", "Spell colour", "As asked."),
	}
}

func spec(names ...codybatch.RepositoryName) codybatch.JobSpec {
	return codybatch.JobSpec{
		Name: "Spell colour", Prompt: "Spell color the British way.", Repositories: names,
		Agent: codybatch.AgentSpec{Type: codybatch.AgentClaude, MaxTurns: 10}, Verify: []string{"grep -q colour README.md"},
	}
}

// The whole way of a job at AWS: API Gateway, the function, both tables, an array job
// with a real process for each repository, the bucket, and back through the API.
func TestAJobOfThirtyRepositories(t *testing.T) {
	t.Parallel()
	all, names := repositories(30)
	c := newCloud(t, cloudOptions{turns: colours(), workers: 4}, all...)
	id := c.create(spec(names...))
	job := c.ended(id)
	if job.Status != "succeeded" || job.Counts.Succeeded != 30 || job.Counts.Changed != 30 || job.Usage.CostUSD == nil || *job.Usage.CostUSD == 0 || job.ExpiresAt == nil {
		t.Fatalf("the job is %+v\n%s", job, c.log.String())
	}
	if got := c.batch.Requests()["SubmitJob"]; got != 1 {
		t.Errorf("%d jobs were submitted, want one array", got)
	}
	if got := len(c.claude.Requests()); got != 60 {
		t.Errorf("Claude was asked %d times, want twice a repository", got)
	}
	for i, name := range names {
		key := codybatch.TaskKey{JobID: id, Repository: name}
		task, err := c.client.Task(t.Context(), key)
		if err != nil || task.Status != "succeeded" || task.Attempt != 1 || len(task.Verification) != 2 { // before and after
			t.Fatalf("%s: %+v, %v", name, task, err)
		}
		diff, err := c.client.Diff(t.Context(), key)
		if got := text(t, diff, err); !strings.Contains(got, "-Any color.\n+Any colour.\n") {
			t.Errorf("%s: the diff is %q", name, got)
		}
		thread, err := c.client.Thread(t.Context(), key, 0, 0)
		if err != nil || !thread.Complete || len(thread.Messages) == 0 {
			t.Errorf("%s: the thread is %+v, %v", name, thread, err)
		}
		if i == 0 {
			c.bothSpellings(key)
		}
	}
	published, err := c.client.PublishTask(t.Context(), codybatch.TaskKey{JobID: id, Repository: names[7]})
	if err != nil || published.Status != "queued" {
		t.Fatalf("publishing gave %+v, %v", published, err)
	}
	c.ended(id)
	if task, err := c.client.Task(t.Context(), codybatch.TaskKey{JobID: id, Repository: names[7]}); err != nil || task.PullRequest == nil || len(c.hub.PullRequests(string(names[7]))) != 1 {
		t.Errorf("the published task is %+v, %v", task, err)
	}
	if got := len(c.claude.Requests()); got != 60 {
		t.Errorf("publishing asked Claude: %d requests", got)
	}
}

// bothSpellings asks for a diff as owner/name and as owner%2Fname.
func (c *cloud) bothSpellings(key codybatch.TaskKey) {
	c.t.Helper()
	var bodies []string
	for _, name := range []string{string(key.Repository), strings.ReplaceAll(string(key.Repository), "/", "%2F")} {
		r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, fmt.Sprintf("https://api.example/jobs/%s/repositories/%s/diff", key.JobID, name), nil)
		if err != nil {
			c.t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+apiToken)
		response, err := c.gateway.RoundTrip(r)
		if err != nil {
			c.t.Fatal(err)
		}
		if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/x-diff; charset=utf-8" {
			c.t.Errorf("%s: got %d with %v", name, response.StatusCode, response.Header)
		}
		bodies = append(bodies, text(c.t, response.Body, nil))
	}
	if bodies[0] == "" || bodies[0] != bodies[1] {
		c.t.Errorf("the spellings differ: %q", bodies)
	}
}

func TestACancelInTheMiddle(t *testing.T) {
	t.Parallel()
	all, names := repositories(12)
	c := newCloud(t, cloudOptions{turns: []rehearsal.Turn{
		rehearsal.Call("bash", map[string]string{"command": "sed -i s/color/colour/ README.md"}).AndFail(rehearsal.Fault{Kind: rehearsal.FaultSilence}),
		rehearsal.Finish("changed", "Done.", "Spell colour", "As asked."),
	}, workers: 2}, all...)
	id := c.create(spec(names...))
	c.until(id, func(job httpapi.Job) bool { return job.Counts.Running > 0 })
	if _, err := c.client.CancelJob(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	job := c.ended(id)
	if job.Status != "canceled" || job.Counts.Canceled == 0 || job.Counts.Queued+job.Counts.Running != 0 {
		t.Errorf("the job is %+v", job)
	}
	if err := c.batch.AwaitIdle(t.Context()); err != nil {
		t.Error(err)
	}
	for _, child := range c.batch.Jobs() {
		if !child.Finished() {
			t.Errorf("it still runs: %s", child)
		}
	}
}

func TestTheFunctionWantsItsToken(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cloudOptions{})
	stranger, err := httpapi.NewClient("https://api.example", "another", &http.Client{Transport: c.gateway})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.Jobs(t.Context(), "", httpapi.Page{Limit: 1}); err == nil || !strings.Contains(err.Error(), "API token") {
		t.Errorf("a stranger was answered: %v", err)
	}
	health, err := c.client.Health(t.Context())
	if err != nil || health.Status != "ok" {
		t.Errorf("health is %+v, %v", health, err)
	}
}

// A diff that is larger than a function's answers may be comes from the bucket.
func TestALargeDiff(t *testing.T) {
	t.Parallel()
	all, names := repositories(1)
	c := newCloud(t, cloudOptions{}, all...)
	id := c.create(codybatch.JobSpec{
		Name: "Large", Repositories: names,
		Agent: codybatch.AgentSpec{Type: codybatch.AgentScript, Script: "seq 400000 >numbers.txt"},
	})
	if job := c.ended(id); job.Counts.Changed != 1 {
		t.Fatalf("the job is %+v\n%s", job, c.log.String())
	}
	key := codybatch.TaskKey{JobID: id, Repository: names[0]}
	diff, err := c.client.Diff(t.Context(), key)
	if got := text(t, diff, err); !strings.HasSuffix(got, "+399999\n+400000\n") || len(got) < 3_000_000 {
		t.Errorf("the diff has %d bytes and ends with %q", len(got), got[max(0, len(got)-40):])
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("https://api.example/jobs/%s/repositories/%s/diff", id, names[0]), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+apiToken)
	response, err := c.gateway.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close() // there is none
	if to := response.Header.Get("Location"); response.StatusCode != http.StatusTemporaryRedirect || !strings.Contains(to, "X-Amz-Signature=") || !strings.Contains(to, "X-Amz-Expires=300") {
		t.Errorf("got %d to %q", response.StatusCode, to)
	}
}
