package worker_test

import (
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func TestAJobSetsTheLevelsOfItsGates(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		gates codybatch.GateSettings
		want  codybatch.Outcome
		level codybatch.GateLevel
		shown int
	}{
		"default": {nil, codybatch.OutcomeChanged, codybatch.GateWarn, 1},
		"allow":   {codybatch.GateSettings{codybatch.RuleDeletedTests: codybatch.GateAllow}, codybatch.OutcomeChanged, codybatch.GateAllow, 0},
		"warn":    {codybatch.GateSettings{codybatch.RuleDeletedTests: codybatch.GateWarn}, codybatch.OutcomeChanged, codybatch.GateWarn, 1},
		"block":   {codybatch.GateSettings{codybatch.RuleDeletedTests: codybatch.GateBlock}, codybatch.OutcomeGateBlocked, codybatch.GateBlock, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.repository("site", map[string]string{"a.txt": "x\n", "a_test.go": "package a\n"})
			spec := scriptJob("rm a_test.go", "site")
			spec.Gates = test.gates
			task := w.runOne(spec)
			wantOutcome(t, task, test.want)
			if len(task.Gates) != 1 || task.Gates[0].Level != test.level || len(codybatch.Objections(task.Gates)) != test.shown {
				t.Errorf("got %+v", task.Gates)
			}
			if thread := w.thread(task); !strings.Contains(thread, `"type":"gate"`) || !strings.Contains(thread, `"level":"`+string(test.level)+`"`) {
				t.Errorf("the thread does not tell the level:\n%s", thread)
			}
			if !task.HasDiff || task.Accepted != (test.want == codybatch.OutcomeChanged) {
				t.Errorf("the task is %+v", task)
			}
		})
	}

	t.Run("a known result is held up to the levels of the job that takes it over", func(t *testing.T) {
		t.Parallel()
		agent := &scripted{rounds: []session{edit(t, "blob", "a\x00b")}}
		w := newWorld(t, withAgent(agent))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		mild, strict, milder := promptJob("site"), promptJob("site"), promptJob("site")
		mild.Gates = codybatch.GateSettings{codybatch.RuleBinary: codybatch.GateAllow}
		strict.Gates = codybatch.GateSettings{codybatch.RuleBinary: codybatch.GateBlock}
		strict.CreatePullRequests = true
		first := w.runOne(mild)
		wantOutcome(t, first, codybatch.OutcomeChanged)

		task := w.runOne(strict)
		wantOutcome(t, task, codybatch.OutcomeGateBlocked)
		if task.ReusedFrom != first.JobID || len(task.Gates) != 1 || task.Gates[0].Level != codybatch.GateBlock || task.PullRequest != nil || task.Accepted {
			t.Errorf("the task is %+v", task)
		}
		if task.Error == nil || task.Error.Code != "gate_blocked" || !strings.Contains(w.thread(task), `"level":"block"`) {
			t.Errorf("error %+v, thread\n%s", task.Error, w.thread(task))
		}
		task = w.runOne(milder) // the default
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if task.ReusedFrom != first.JobID || task.Gates[0].Level != codybatch.GateWarn {
			t.Errorf("the task is %+v", task)
		}
		if agent.runs.Load() != 1 {
			t.Errorf("the agent ran %d times", agent.runs.Load())
		}
	})
}
