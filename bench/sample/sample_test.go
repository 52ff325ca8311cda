package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// epoch is when the servers of tests start.
var epoch = time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC)

// sample is a running server, and its standard input and output.
type sample struct {
	ready
	in  io.Writer
	out *bufio.Scanner
}

func start(t *testing.T, scenes string) *sample {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	inRead, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, outWrite := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		o := options{address: "127.0.0.1:0", scenes: scenes, now: epoch}
		ended <- run(ctx, o, inRead, outWrite)
		outWrite.Close()
	}()
	t.Cleanup(func() {
		in.Close() // as when whoever started it goes away
		if err := <-ended; err != nil {
			t.Error(err)
		}
		cancel()
	})
	s := &sample{in: in, out: bufio.NewScanner(out)}
	if !s.out.Scan() {
		t.Fatal("it ended before it was ready")
	}
	if err := json.Unmarshal(s.out.Bytes(), &s.ready); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *sample) fetch(t *testing.T, path string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s, %v: %.300s", path, answer.Status, err, body)
	}
	return body
}

func get[T any](t *testing.T, s *sample, path string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(s.fetch(t, path), &v); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	return v
}

func (s *sample) tasks(t *testing.T, job codybatch.JobID) []httpapi.Task {
	t.Helper()
	var all []httpapi.Task
	for cursor := ""; ; {
		page := get[httpapi.TaskPage](t, s, fmt.Sprintf("/jobs/%s/repositories?limit=100&cursor=%s", job, cursor))
		all = append(all, page.Repositories...)
		if cursor = string(page.NextCursor); cursor == "" {
			return all
		}
	}
}

func (s *sample) command(t *testing.T, line string) answer {
	t.Helper()
	if _, err := fmt.Fprintln(s.in, line); err != nil {
		t.Fatal(err)
	}
	var a answer
	if !s.out.Scan() {
		t.Fatalf("%s: no answer", line)
	}
	if err := json.Unmarshal(s.out.Bytes(), &a); err != nil || !a.OK {
		t.Fatalf("%s: %v: %s", line, err, s.out.Bytes())
	}
	return a
}

func TestFleet(t *testing.T) {
	t.Parallel()
	s := start(t, "fleet")
	id := s.Jobs["fleet"]
	path := "/jobs/" + string(id)

	t.Run("has the counts that its tasks have", func(t *testing.T) {
		want := httpapi.Counts{Succeeded: 169, Failed: 12, Canceled: 3, Changed: 155, Published: 28}
		job := get[httpapi.Job](t, s, path)
		if job.Counts != want || job.CompletedAt == nil || *job.Usage.CostUSD <= 0 {
			t.Errorf("the job has %+v, cost %v, completed %v; want %+v", job.Counts, *job.Usage.CostUSD, job.CompletedAt, want)
		}
		outcomes := map[string]int{}
		reviews, gates := 0, 0
		for _, task := range s.tasks(t, id) {
			outcomes[string(task.Outcome)]++
			if task.Review != nil {
				reviews++
			}
			gates += len(task.Gates)
		}
		wantOutcomes := map[string]int{"changed": 155, "no_changes": 14, "verify_failed": 6, "api_error": 4, "blocked": 2, "canceled": 3}
		if fmt.Sprint(outcomes) != fmt.Sprint(wantOutcomes) || reviews != 44 || gates == 0 {
			t.Errorf("outcomes %v, want %v; %d reviews, %d gates", outcomes, wantOutcomes, reviews, gates)
		}
	})

	t.Run("has groups of identical patches, and of failures", func(t *testing.T) {
		groups := get[httpapi.Groups](t, s, path+"/groups")
		var sizes, failures []int
		for _, group := range groups.Patches {
			sizes = append(sizes, group.RepositoryCount)
		}
		for _, group := range groups.Failures {
			failures = append(failures, group.RepositoryCount)
		}
		if !slices.Equal(sizes[:3], []int{fleetGo, fleetJava, fleetTypeScript}) || sizes[4] != 1 || len(sizes) != 4+fleetPython || !slices.Equal(failures, []int{6, 4, 2}) {
			t.Errorf("groups of %v and %v", sizes, failures)
		}
	})

	t.Run("has diffs that git applies", func(t *testing.T) {
		if _, err := exec.LookPath("git"); err != nil {
			if slices.Contains(strings.Split(os.Getenv("CODYBATCH_TEST_REQUIRE"), ","), "git") {
				t.Fatal(err)
			}
			t.Skip("git is not installed")
		}
		bearer := loaded(t)["bearer"]
		seen := map[string]bool{}
		for _, task := range s.tasks(t, id) {
			if task.DiffStat.Files == 0 || seen[string(task.Fingerprint)] {
				continue
			}
			seen[string(task.Fingerprint)] = true
			repository, err := newForge().find(codybatch.RepositoryName(task.RepositoryName))
			if err != nil {
				t.Fatal(err)
			}
			patch := s.fetch(t, path+"/repositories/"+task.RepositoryName+"/diff")
			if stat := httpapi.DiffStat(statOf(patch)); stat != task.DiffStat {
				t.Errorf("%s: the diff has %+v, the task says %+v", task.RepositoryName, stat, task.DiffStat)
			}
			change := bearer.on(repository)
			for _, doubt := range doubts() {
				if len(task.Gates) > 0 && task.Gates[0].Rule == doubt.rule {
					change.files = append(change.files, doubt.file)
				}
			}
			apply(t, change, patch)
		}
	})

	t.Run("has threads whose edits are the diff", func(t *testing.T) {
		for _, task := range s.tasks(t, id)[:30] {
			events := s.events(t, path+"/repositories/"+task.RepositoryName+"/claude-thread?format=jsonl")
			edits := 0
			for _, event := range events {
				if event.Type == codybatch.EventTool && event.Name == "edit" {
					edits++
				}
			}
			if len(events) < 10 || task.Outcome == "changed" && edits < 2 {
				t.Errorf("%s has %d events with %d edits", task.RepositoryName, len(events), edits)
			}
		}
	})
}

func loaded(t *testing.T) map[string]campaign {
	t.Helper()
	campaigns, err := loadCampaigns()
	if err != nil {
		t.Fatal(err)
	}
	return campaigns
}

// apply checks a patch against the files that the change begins with.
func apply(t *testing.T, c change, patch []byte) {
	t.Helper()
	tree := t.TempDir()
	for _, f := range c.files {
		if f.before == "" {
			continue
		}
		name := filepath.Join(tree, f.path)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(f.before), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), "git", "apply", "--check", "-")
	command.Dir, command.Stdin = tree, bytes.NewReader(patch)
	command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_CEILING_DIRECTORIES="+filepath.Dir(tree))
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("git apply --check: %v: %s\n%s", err, output, patch)
	}
}

// events decodes a stored thread, and wants its numbers without gaps.
func (s *sample) events(t *testing.T, path string) []codybatch.ThreadEvent {
	t.Helper()
	var events []codybatch.ThreadEvent
	for line := range bytes.Lines(s.fetch(t, path)) {
		var event codybatch.ThreadEvent
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatalf("%s: %v in %.200s", path, err, line)
		}
		events = append(events, event)
		if event.Seq != int64(len(events)) || event.Time.IsZero() || event.Attempt == 0 {
			t.Fatalf("%s: event %d is %.200s", path, len(events), line)
		}
	}
	return events
}

func TestCampaigns(t *testing.T) {
	t.Parallel()
	for name, c := range loaded(t) {
		for language := range c.variants {
			t.Run(name+" has a diff that git applies, in "+language, func(t *testing.T) {
				t.Parallel()
				change := c.on(codybatch.Repository{Name: "acme/billing-api", Language: language})
				apply(t, change, change.patch())
				if text := string(change.patch()); strings.Contains(text, "{{") && !strings.Contains(text, "${{") {
					t.Errorf("a placeholder is left:\n%s", text)
				}
			})
		}
	}
}

func TestScenes(t *testing.T) {
	t.Parallel()
	scenes := "tryon,empty-result,canceled,queued,script,bigdiff,hostile,longthread,history"
	s := start(t, scenes)
	for name, id := range s.Jobs {
		for _, task := range s.tasks(t, id) {
			if task.UpdatedAt.After(epoch) {
				t.Errorf("%s, %s: it changed at %s, which is to come", name, task.RepositoryName, task.UpdatedAt)
			}
			path := fmt.Sprintf("/jobs/%s/repositories/%s", id, task.RepositoryName)
			if task.StartedAt != nil {
				s.events(t, path+"/claude-thread?format=jsonl")
			}
			if task.DiffStat.Files > 0 {
				if patch := s.fetch(t, path+"/diff"); httpapi.DiffStat(statOf(patch)) != task.DiffStat && !strings.HasSuffix(path, "/no-patch") {
					t.Errorf("%s, %s: the diff is not what the task says", name, task.RepositoryName)
				}
			}
		}
	}
	for name, want := range map[string]string{
		"tryon": "succeeded", "empty-result": "succeeded", "canceled": "canceled", "queued": "queued", "script": "succeeded", "longthread": "running",
	} {
		if job := get[httpapi.Job](t, s, "/jobs/"+string(s.Jobs[name])); job.Status != want {
			t.Errorf("%s is %s, want %s", name, job.Status, want)
		}
	}
	if list := get[httpapi.JobPage](t, s, "/jobs?limit=100"); len(list.Jobs) != 48 {
		t.Errorf("%d jobs are listed", len(list.Jobs))
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	s := start(t, "running")
	id := s.Jobs["running"]
	path := "/jobs/" + string(id)
	byStatus := map[string][]string{}
	for _, task := range s.tasks(t, id) {
		byStatus[task.Status] = append(byStatus[task.Status], task.RepositoryName)
		if task.UpdatedAt.After(epoch) {
			t.Errorf("%s changed at %s, which is to come", task.RepositoryName, task.UpdatedAt)
		}
	}
	before := get[httpapi.Job](t, s, path)
	if want := (httpapi.Counts{Queued: 28, Running: 8, Succeeded: 22, Failed: 2, Changed: before.Counts.Changed}); before.Counts != want {
		t.Fatalf("it begins with %+v, want %+v", before.Counts, want)
	}
	thread := func(repository string) []codybatch.ThreadEvent {
		return s.events(t, path+"/repositories/"+repository+"/claude-thread?format=jsonl")
	}
	first, last := byStatus["running"][3], byStatus["running"][4]
	had := len(thread(first))
	if a := s.command(t, "grow-thread running "+first+" 250"); a.Count != 250 || len(thread(first)) != had+250 || a.Event != int64(had+250) {
		t.Errorf("the thread had %d events and has %d after %+v", had, len(thread(first)), a)
	}
	s.command(t, "phase "+string(id)+" "+first+" verifying the disk")
	if task := get[httpapi.Task](t, s, path+"/repositories/"+first); task.Phase != "verifying" || task.WaitingFor != "the disk" {
		t.Errorf("it is %s and waits for %q", task.Phase, task.WaitingFor)
	}
	s.command(t, "finish running "+first)
	s.command(t, "fail running "+last)
	s.command(t, "start running "+byStatus["queued"][0])
	want := before.Counts
	want.Queued, want.Running, want.Succeeded, want.Failed, want.Changed = 27, 7, 23, 3, want.Changed+1
	if job := get[httpapi.Job](t, s, path); job.Counts != want {
		t.Errorf("after three commands it has %+v, want %+v", job.Counts, want)
	}
	s.fetch(t, path+"/repositories/"+first+"/diff")
	thread(byStatus["queued"][0])
	if a := s.command(t, "storm running 200"); a.Count == 0 || a.Seq <= before.Seq {
		t.Errorf("the storm is %+v", a)
	}
	if job := get[httpapi.Job](t, s, path); job.Counts.Queued+job.Counts.Running != 0 {
		t.Errorf("after the storm it has %+v", job.Counts)
	}
}
