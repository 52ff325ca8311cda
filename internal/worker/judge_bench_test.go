package worker_test

import (
	"context"
	"encoding/json"
	"io"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

type answer = func(context.Context, codybatch.JudgeRequest) (codybatch.JudgeResult, error)

// bench is a judge whose answers are functions. It keeps what it was asked.
type bench struct {
	answers []answer
	asked   []codybatch.JudgeRequest
	diffs   []string
}

func (b *bench) Judge(ctx context.Context, request codybatch.JudgeRequest) (codybatch.JudgeResult, error) {
	diff, err := io.ReadAll(request.Diff)
	if err != nil {
		return codybatch.JudgeResult{}, err
	}
	n := len(b.asked)
	b.asked, b.diffs = append(b.asked, request), append(b.diffs, string(diff))
	return b.answers[min(n, len(b.answers)-1)](ctx, request)
}

func withJudge(judge codybatch.Judge) func(*worker.Options) {
	return func(o *worker.Options) {
		o.Judges = map[codybatch.AgentType]codybatch.Judge{codybatch.AgentClaude: judge}
	}
}

// says is a judge's answer, recorded and paid for as the real one's.
func says(verdict codybatch.Verdict, reasons ...string) answer {
	return func(ctx context.Context, request codybatch.JudgeRequest) (codybatch.JudgeResult, error) {
		j := codybatch.Judgement{Verdict: verdict, FollowsTask: true, Reasons: reasons, OutOfScope: []string{}}
		usage := codybatch.Usage{InputTokens: 50, Cost: codybatch.USD(0.05)}
		request.Spent(usage)
		err := request.Record(ctx, codybatch.ThreadEvent{
			Type: codybatch.EventJudge, Judgement: &j, DiffSHA: request.DiffSHA, Reason: j.String(), Usage: &usage, Content: json.RawMessage(`[]`),
		})
		return codybatch.JudgeResult{Judgement: &j, Usage: usage}, err
	}
}

func judgedJob() codybatch.JobSpec {
	spec := promptJob("site")
	spec.Judge = true
	return spec
}

func findings(task codybatch.Task, rule string) []codybatch.GateFinding {
	var found []codybatch.GateFinding
	for _, f := range task.Gates {
		if f.Rule == rule {
			found = append(found, f)
		}
	}
	return found
}
