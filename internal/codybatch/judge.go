package codybatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Judge takes a second look at a change, after gates and verification: one
// question about the job's request, the diff, and how the verification ended. It
// never sees the conversation that led to the change.
//
// The promises, each a test in its adapter:
//
//   - What a diff holds is quoted as data; nothing in it ends the quotation.
//   - An answer that is no judgement is asked for once more, and then told as
//     what it is: JudgeResult.Judgement is nil.
//   - What is spent is reserved from JudgeRequest.Budget before the question, and
//     reported by Spent and in the thread, whatever comes of the answer.
//   - The context's cause comes back as the error.
type Judge interface {
	Judge(ctx context.Context, request JudgeRequest) (JudgeResult, error)
}

// JudgeRequest is what a judge is asked about.
type JudgeRequest struct {
	Key      TaskKey
	Prompt   string // what was asked for
	Model    string
	Engine   string    // what answered the agent; empty: not known
	Diff     io.Reader // the unified patch, however long
	DiffSHA  string    // its SHA-256 in hex; the thread's judge events have it
	Verified []VerificationResult
	Budget   *Money // what the judge may spend; nil: no limit is known

	// Record appends to the thread: every answer is an EventJudge.
	Record func(ctx context.Context, event ThreadEvent) error

	// Spent reports the usage of this call so far; it is quick.
	Spent func(Usage)
}

// JudgeResult is what came of the question.
type JudgeResult struct {
	Judgement *Judgement // nil: there is none, and Reason says why
	// Outcome is what the task ends with if there is no judgement: OutcomeGateBlocked
	// when the model gave none, else the limit or error that kept it from being asked.
	Outcome Outcome
	Reason  string
	Usage   Usage
}

// Verdict is what a judge says about a change as a whole.
type Verdict string

// The verdicts.
const (
	VerdictAccept Verdict = "accept"
	VerdictRevise Verdict = "revise" // the agent is to mend it
	VerdictReject Verdict = "reject"
)

// Verdicts lists every verdict.
func Verdicts() []Verdict { return []Verdict{VerdictAccept, VerdictRevise, VerdictReject} }

// Judgement is a judge's answer about a diff.
type Judgement struct {
	Verdict      Verdict  `json:"verdict"`
	FollowsTask  bool     `json:"followsTask"`
	WeakensTests bool     `json:"weakensTests"`
	Suspicious   bool     `json:"suspicious"` // it does what nobody asked for, and may be meant to harm
	OutOfScope   []string `json:"outOfScope"` // what was changed without need, at most 10
	Reasons      []string `json:"reasons"`    // at most 10, of 1 KiB at most

	// LeftOut is how many bytes of the diff the judge was not shown, because it is
	// too long.
	LeftOut int64 `json:"leftOut,omitempty"`
}

// Bounds of what a judge may say.
const (
	maxJudgeEntries = 10
	maxJudgeEntry   = 1 << 10 // bytes
)

// ParseJudgement reads a model's answer. The answer is a stranger's: what is not
// exactly a judgement is an error, which says why without a word of the answer.
func ParseJudgement(text string) (Judgement, error) {
	var answer struct {
		FollowsTask  *bool     `json:"followsTask"`
		OutOfScope   *[]string `json:"outOfScope"`
		WeakensTests *bool     `json:"weakensTests"`
		Suspicious   *bool     `json:"suspicious"`
		Verdict      Verdict   `json:"verdict"`
		Reasons      *[]string `json:"reasons"`
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&answer); err != nil {
		return Judgement{}, errors.New("it is not the JSON that was asked for")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Judgement{}, errors.New("something stands after its JSON")
	}
	if answer.FollowsTask == nil || answer.OutOfScope == nil || answer.WeakensTests == nil || answer.Suspicious == nil || answer.Reasons == nil {
		return Judgement{}, errors.New("a field is missing")
	}
	j := Judgement{
		Verdict: answer.Verdict, FollowsTask: *answer.FollowsTask, WeakensTests: *answer.WeakensTests, Suspicious: *answer.Suspicious,
	}
	var err error
	if j.OutOfScope, err = judgeEntries("outOfScope", *answer.OutOfScope); err != nil {
		return Judgement{}, err
	}
	if j.Reasons, err = judgeEntries("reasons", *answer.Reasons); err != nil {
		return Judgement{}, err
	}
	return j, j.check()
}

// check refuses a verdict that is unknown, that has no reason, or that the rest of
// the answer speaks against.
func (j Judgement) check() error {
	switch j.Verdict {
	case VerdictAccept:
		if !j.FollowsTask || j.Suspicious {
			return errors.New("it accepts a change that it calls suspicious, or that it says does not follow the task")
		}
		return nil
	case VerdictRevise, VerdictReject:
		if len(j.Reasons) == 0 {
			return errors.New("its verdict has no reasons")
		}
		return nil
	default:
		return errors.New("its verdict is none of accept, revise and reject")
	}
}

// judgeEntries cleans lines for people, and refuses what nobody would read.
func judgeEntries(field string, entries []string) ([]string, error) {
	if len(entries) > maxJudgeEntries {
		return nil, fmt.Errorf("%s has more than %d entries", field, maxJudgeEntries)
	}
	clean := make([]string, 0, len(entries))
	for _, entry := range entries {
		if len(entry) > maxJudgeEntry {
			return nil, fmt.Errorf("an entry of %s is longer than %d bytes", field, maxJudgeEntry)
		}
		if entry = oneLine(entry); entry != "" {
			clean = append(clean, entry)
		}
	}
	return clean, nil
}

// oneLine makes a line of a text, without what could pass for something else on a
// terminal or a page.
func oneLine(text string) string {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
}

// String tells people the verdict and its reasons.
func (j Judgement) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "The judge's verdict: %s.", j.Verdict)
	for _, reason := range j.Reasons {
		text.WriteString("\n- " + reason)
	}
	for _, what := range j.OutOfScope {
		text.WriteString("\n- Out of scope: " + what)
	}
	if !j.FollowsTask {
		text.WriteString("\n- It does not follow the task.")
	}
	if j.WeakensTests {
		text.WriteString("\n- It weakens tests.")
	}
	if j.Suspicious {
		text.WriteString("\n- It is suspicious.")
	}
	if j.LeftOut > 0 {
		fmt.Fprintf(&text, "\n- The judge was not shown the whole diff: %d bytes were left out.", j.LeftOut)
	}
	return text.String()
}
