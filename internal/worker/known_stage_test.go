package worker_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/claude"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

// A test that is gone is what all these jobs disagree about.
var (
	strictGates = codybatch.GateSettings{codybatch.RuleDeletedTests: codybatch.GateBlock}
	dropTest    = rehearsal.Call("bash", map[string]string{"command": "rm a_test.go; echo y >a.txt"})
	done        = rehearsal.Finish("changed", "Dropped it.", "Drop", "Dropped.")
)

func strictJob() codybatch.JobSpec {
	spec := promptJob("site")
	spec.Gates = strictGates
	return spec
}

// mildJob differs from strictJob in nothing but the levels of its gates.
func mildJob(verify ...string) (codybatch.JobSpec, codybatch.JobSpec) {
	mild, strict := promptJob("site"), strictJob()
	mild.Verify, strict.Verify = verify, verify
	return mild, strict
}

// withRehearsal is a world whose model plays the turns, in each conversation.
func withRehearsal(t *testing.T, turns ...rehearsal.Turn) (*world, *rehearsal.Server) {
	t.Helper()
	server, err := rehearsal.New(rehearsal.Play(turns...), rehearsal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	agent, err := claude.New(claude.Options{BaseURL: web.URL, HTTPClient: web.Client(), Rehearsal: true})
	if err != nil {
		t.Fatal(err)
	}
	engines := map[codybatch.AgentType]string{codybatch.AgentClaude: claude.EngineRehearsal}
	var allow codybatch.AllowList
	w := newWorld(t, withAgent(agent), func(o *worker.Options) { o.Engines, allow = engines, o.Allow })
	var ids atomic.Int64
	w.service = codybatch.NewService(w.store, w.artifacts, w.sent, w.forge, codybatch.ServiceOptions{
		Allow: allow, Now: time.Now, Log: slog.New(slog.DiscardHandler), Engines: engines,
		NewID: func() codybatch.JobID { return codybatch.JobID(fmt.Sprintf("job-%03d", ids.Add(1))) },
	})
	w.repository("site", map[string]string{"a.txt": "x\n", "a_test.go": "package a\n"})
	return w, server
}

// tells is a round of an agent that changes files, and tells of one answer, as agents do
// whose conversation can be gone on with.
func tells(change func(dir string)) session {
	return func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
		answer := answered(codybatch.USD(0.1))
		change(run.Dir)
		var errs []error
		for _, event := range []codybatch.ThreadEvent{
			{Type: codybatch.EventRunStart, Engine: "claude", BaseCommit: run.BaseCommit}, answer,
			{Type: codybatch.EventRunEnd, Outcome: codybatch.OutcomeChanged, Usage: answer.Usage},
		} {
			errs = append(errs, run.Record(ctx, event))
		}
		return codybatch.AgentResult{Outcome: codybatch.OutcomeChanged, Summary: "Did it.", Session: "a session", Usage: *answer.Usage}, errors.Join(errs...)
	}
}

// drops is an agent that deletes a test in every conversation, and has nothing to add to
// one that is over.
func drops(t *testing.T) (*scripted, *atomic.Int64) {
	var did atomic.Int64
	work := tells(func(dir string) {
		writeFile(t, filepath.Join(dir, "a.txt"), fmt.Sprintf("y%d\n", did.Add(1)))
		if err := os.RemoveAll(filepath.Join(dir, "a_test.go")); err != nil {
			t.Error(err)
		}
	})
	return &scripted{rounds: []session{func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
		if len(run.Earlier) > 0 {
			return codybatch.AgentResult{Outcome: codybatch.OutcomeChanged, Summary: "Did it.", Session: "a session"}, nil
		}
		return work(ctx, run)
	}}}, &did
}

func dropsInSite(t *testing.T, change ...func(*worker.Options)) (*world, *atomic.Int64) {
	agent, did := drops(t)
	w := newWorld(t, append([]func(*worker.Options){withAgent(agent)}, change...)...)
	w.repository("site", map[string]string{"a.txt": "x\n", "a_test.go": "package a\n"})
	return w, did
}

func costOf(task codybatch.Task) codybatch.Money { return task.Spent.Add(task.Usage).Cost }
