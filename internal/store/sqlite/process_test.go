package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/sqlite"
)

// childPath is the variable that makes the test program a worker on the database
// that it names.
const childPath = "CODYBATCH_TEST_SQLITE_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		if err := work(context.Background(), path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const childTasks = 400

func childRepositories() []codybatch.RepositoryName {
	names := make([]codybatch.RepositoryName, childTasks)
	for i := range names {
		names[i] = codybatch.RepositoryName(fmt.Sprintf("acme/site-%d", i))
	}
	return names
}

// work makes sure of a job, runs all tasks that it gets hold of, and prints each
// after the store said that its end is stored.
func work(ctx context.Context, path string) error {
	store, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	worker := fmt.Sprintf("process-%d", os.Getpid())
	key := codybatch.IdempotencyKey{Key: "key", Request: "digest", Now: created}
	job, _, err := store.CreateJob(ctx, newJob(codybatch.JobID("of-"+worker)), childRepositories(), key)
	if err != nil {
		return err
	}
	for _, name := range childRepositories() {
		key := codybatch.TaskKey{JobID: job.ID, Repository: name}
		claim := codybatch.Claim{Key: key, Attempt: 1, Worker: worker, Now: created, LeaseUntil: created.Add(time.Hour)}
		task, _, err := store.ClaimTask(ctx, claim)
		if errors.Is(err, codybatch.ErrConflict) {
			continue
		}
		if err != nil {
			return err
		}
		next, err := task.Finished(worker, 1, codybatch.TaskResult{Outcome: codybatch.OutcomeNoChanges}, created)
		if err != nil {
			return err
		}
		if _, err := store.UpdateTask(ctx, task, next); err != nil {
			return err
		}
		fmt.Println(name)
	}
	return nil
}

// child is a process that works on a database.
type child struct {
	command *exec.Cmd
	lines   *bufio.Scanner
}

func startChild(t *testing.T, path string) child {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program)
	command.Env = append(os.Environ(), childPath+"="+path)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return child{command: command, lines: bufio.NewScanner(output)}
}

func TestProcessesShareTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "codybatch.db")
	children := []child{startChild(t, path), startChild(t, path), startChild(t, path)}
	done := map[string]int{}
	for _, child := range children {
		for child.lines.Scan() {
			done[child.lines.Text()]++
		}
		if err := child.command.Wait(); err != nil {
			t.Error(err)
		}
	}
	for _, name := range childRepositories() {
		if done[string(name)] != 1 {
			t.Errorf("%s was run %d times, want once", name, done[string(name)])
		}
	}
	page, err := open(t, path).Jobs(t.Context(), codybatch.JobQuery{Limit: 10})
	if err != nil || len(page.Jobs) != 1 || page.Jobs[0].Counts != (codybatch.Counts{Succeeded: childTasks}) {
		t.Errorf("the jobs are %+v, %v; want one with all tasks done", page.Jobs, err)
	}
}

func TestKilledProcessLosesNothingThatItWasToldIsStored(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "codybatch.db")
	child := startChild(t, path)
	var done []string
	for child.lines.Scan() {
		if done = append(done, child.lines.Text()); len(done) == childTasks/4 {
			if err := child.command.Process.Kill(); err != nil { // SIGKILL: nothing is closed or flushed
				t.Fatal(err)
			}
		}
	}
	if err := child.command.Wait(); err == nil {
		t.Log("the child was quicker than its end")
	}

	store := open(t, path)
	page, err := store.Jobs(t.Context(), codybatch.JobQuery{Limit: 10})
	if err != nil || len(page.Jobs) != 1 {
		t.Fatalf("%d jobs, %v; want the one", len(page.Jobs), err)
	}
	job := page.Jobs[0]
	for _, name := range done {
		task, err := store.Task(t.Context(), codybatch.TaskKey{JobID: job.ID, Repository: codybatch.RepositoryName(name)})
		if err != nil || task.Status != codybatch.TaskSucceeded {
			t.Errorf("%s was stored as succeeded and is %s, %v", name, task.Status, err)
		}
	}
	tasks, err := store.Tasks(t.Context(), codybatch.TaskQuery{JobID: job.ID, Limit: 1_000})
	if err != nil {
		t.Fatal(err)
	}
	counted := codybatch.Job{RepositoryCount: childTasks}
	for _, task := range tasks.Tasks {
		counted = counted.Apply(codybatch.Task{}, task)
	}
	if counted.Counts != job.Counts || len(tasks.Tasks) != childTasks {
		t.Errorf("the job counts %+v and its %d tasks %+v", job.Counts, len(tasks.Tasks), counted.Counts)
	}
	wantIntact(t, path)
}

func wantIntact(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("the file is damaged: %s, %v", verdict, err)
	}
}
