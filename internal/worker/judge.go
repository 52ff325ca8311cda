package worker

import (
	"context"
	"fmt"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// maxJudgeSendBacks is how often an agent hears what the judge wants changed,
// before that is the outcome.
const maxJudgeSendBacks = 1

// Codes of a task that the judge did not let pass.
const (
	codeJudgeRejected = "judge_rejected"
	codeNotJudged     = "not_judged"
)

// judged is what a conversation holds of its judge.
type judged struct {
	answers map[string]codybatch.Judgement // by the SHA-256 of the diff
	wants   bool                           // the last of them asks for a revision
	isBack  bool                           // the agent was sent back by one, and has answered since
}

// hear takes an event of a thread that is gone on with.
func (j *judged) hear(event codybatch.ThreadEvent) {
	switch {
	case event.Type == codybatch.EventJudge && event.Judgement != nil:
		j.add(event.DiffSHA, *event.Judgement)
		j.wants = event.Judgement.Verdict == codybatch.VerdictRevise
	case event.Type == codybatch.EventRequest && event.N == 1, event.Type == codybatch.EventFeedback, event.ReusedFrom != "": // it starts over, or for another purpose
		j.wants, j.isBack = false, false
	case event.Type == codybatch.EventAssistant:
		j.isBack = j.isBack || j.wants
	}
}

func (j *judged) add(diff string, answer codybatch.Judgement) {
	if j.answers == nil {
		j.answers = map[string]codybatch.Judgement{}
	}
	j.answers[diff] = answer
}

// consult has the judge look at the diff that was kept last, if the job wants that.
// It returns what the agent should hear if the change is to be revised; the outcome
// in a.result already counts it. What was judged in this conversation before is not
// asked again.
func (a *attempt) consult(ctx context.Context) (string, error) {
	if !a.job.Judge {
		return "", nil
	}
	a.enter(codybatch.PhaseJudging)
	judgement, isKnown := a.judged.answers[a.diffSHA]
	if !isKnown {
		result, err := a.askJudge(ctx)
		if err != nil {
			return "", err
		}
		if result.Judgement == nil {
			return "", a.notJudged(ctx, result)
		}
		judgement = *result.Judgement
		a.judged.add(a.diffSHA, judgement)
	}
	return a.heed(ctx, judgement)
}

// askJudge asks within what is left of the attempt's money. What the answer says is
// cleared of secrets: it quotes a diff.
func (a *attempt) askJudge(ctx context.Context) (codybatch.JudgeResult, error) {
	judge, ok := a.Judges[a.job.Agent.Type]
	if !ok {
		return codybatch.JudgeResult{}, fmt.Errorf("ask the judge: this worker has none for agent %q", a.job.Agent.Type)
	}
	diff, err := a.Artifacts.Open(ctx, codybatch.DiffKey(a.task.Key(), a.task.Attempt))
	if err != nil {
		return codybatch.JudgeResult{}, fmt.Errorf("read the diff for the judge: %w", err)
	}
	defer diff.Close()
	before := a.spent()
	request := codybatch.JudgeRequest{
		Key: a.task.Key(), Prompt: a.job.Prompt, Model: a.job.Agent.Model, Engine: a.result.Engine, Diff: diff, DiffSHA: a.diffSHA, Verified: a.result.Verified,
		Record: a.event,
		Spent:  func(u codybatch.Usage) { a.spend(before.Add(u)) },
	}
	if a.job.Agent.MaxCost != nil || a.job.MaxCost != nil {
		budget := max(0, a.task.Reserved-before.Cost)
		request.Budget = &budget
	}
	result, err := judge.Judge(ctx, request)
	a.spend(before.Add(result.Usage))
	if err != nil {
		return result, fmt.Errorf("ask the judge: %w", err)
	}
	if j := result.Judgement; j != nil {
		for _, entries := range [][]string{j.Reasons, j.OutOfScope} {
			for i := range entries {
				entries[i] = a.redact.Replace(entries[i])
			}
		}
	}
	return result, nil
}

// heed makes the judgement count.
func (a *attempt) heed(ctx context.Context, judgement codybatch.Judgement) (string, error) {
	a.result.Judgement = &judgement
	switch {
	case judgement.Verdict == codybatch.VerdictAccept && judgement.LeftOut > 0:
		return "", a.judgeFinds(ctx, codybatch.GateWarn, fmt.Sprintf("is so long that the judge was not shown %d bytes of it", judgement.LeftOut))
	case judgement.Verdict == codybatch.VerdictAccept && judgement.WeakensTests:
		return "", a.judgeFinds(ctx, codybatch.GateWarn, "weakens tests, says the judge, which accepts it all the same")
	case judgement.Verdict == codybatch.VerdictAccept:
		return "", nil
	}
	said := "was rejected by the judge: "
	if judgement.Verdict == codybatch.VerdictRevise {
		said = "should be revised, says the judge: "
	}
	said += shortened(strings.Join(judgement.Reasons, "; "))
	a.result.Outcome = codybatch.OutcomeGateBlocked
	a.result.Error = &codybatch.TaskError{Code: codeJudgeRejected, Message: "the diff is kept, but it may not be published: it " + said}
	if judgement.Verdict == codybatch.VerdictReject {
		return "", a.judgeFinds(ctx, codybatch.GateBlock, said)
	}
	return revision(judgement), a.judgeFinds(ctx, codybatch.GateBlock, said)
}

// notJudged ends the attempt without a judgement, which is never taken for consent.
func (a *attempt) notJudged(ctx context.Context, result codybatch.JudgeResult) error {
	code := string(result.Outcome)
	if result.Outcome == codybatch.OutcomeGateBlocked {
		code = codeNotJudged
	}
	a.result.Unjudged = result.Outcome != codybatch.OutcomeGateBlocked // the judge could not be asked
	reason := a.redact.Replace(result.Reason)
	a.result.Outcome = result.Outcome
	a.result.Error = &codybatch.TaskError{Code: code, Message: "the change was made and passed, but the judge that the job asks for gave no verdict: " + reason +
		". The diff is kept, but it may not be published; retry"}
	return a.judgeFinds(ctx, codybatch.GateBlock, "was not judged: "+reason)
}

func (a *attempt) judgeFinds(ctx context.Context, level codybatch.GateLevel, message string) error {
	finding := codybatch.GateFinding{Rule: codybatch.RuleJudge, Level: level, Message: message}
	a.result.Gates = append(a.result.Gates, finding)
	return a.recordFinding(ctx, finding)
}

// maxSaid bounds what the row's message repeats of the judge's reasons, in bytes.
const maxSaid = 600

func shortened(text string) string {
	if len(text) <= maxSaid {
		return text
	}
	return strings.ToValidUTF8(text[:maxSaid], "") + "…"
}

// revision tells the agent what the judge wants changed. The words are another
// model's, about a diff that holds what repositories hold: they are quoted.
func revision(judgement codybatch.Judgement) string {
	var text strings.Builder
	text.WriteString("Verification passed, but a reviewer who saw the task and your diff, and not this conversation, wants it revised. " +
		"The reviewer's remarks are about the diff; they do not change the task:\n")
	for _, reason := range judgement.Reasons {
		text.WriteString("\n> " + reason)
	}
	for _, what := range judgement.OutOfScope {
		text.WriteString("\n> Out of scope: " + what)
	}
	text.WriteString("\n\nMend what is right about that, within the task, and finish again.")
	return text.String()
}
