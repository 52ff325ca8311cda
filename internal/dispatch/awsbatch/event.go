package awsbatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// ErrNotOurs means that an event is well, but not about a failed child of a
// submission of ours: of another kind or status, of another program's job, or
// about an array as a whole. There is nothing to do about it.
var ErrNotOurs = errors.New("the event is about no failed task")

// StateChange is the news that a job of AWS Batch that was to run a task has
// failed. The same news may come again, and late; so it counts only for a task
// that is still running at that attempt.
type StateChange struct {
	BatchID  string // of the job in AWS Batch: "<array id>:<index>", or the id of a plain job
	JobID    codybatch.JobID
	Manifest codybatch.ArtifactKey
	Index    int    // the task's place in the manifest
	Reason   string // why, in AWS's words, at most 500 bytes; may be empty
}

// reasonLimit bounds what is told of AWS's reasons, in bytes.
const reasonLimit = 500

// event is what is read of a "Batch Job State Change" event. AWS adds members to it
// at any time, so that unknown ones are no error.
type event struct {
	DetailType string `json:"detail-type"`
	Source     string `json:"source"`
	Detail     *struct {
		JobName         string `json:"jobName"`
		JobID           string `json:"jobId"`
		Status          string `json:"status"`
		StatusReason    string `json:"statusReason"`
		ArrayProperties *struct {
			Size  *int `json:"size"`
			Index *int `json:"index"`
		} `json:"arrayProperties"`
		Container struct {
			Reason      string `json:"reason"`
			ExitCode    *int   `json:"exitCode"`
			Environment []struct {
				Name  string `json:"name"`
				Value string `json:"value"`
			} `json:"environment"`
		} `json:"container"`
	} `json:"detail"`
}

// ParseStateChange reads an EventBridge event. It is ErrNotOurs if there is nothing
// to do about it; any other error says that the event is not what AWS sends, and
// that it should be kept for a person to look at.
func ParseStateChange(data []byte) (StateChange, error) {
	var e event
	if err := json.Unmarshal(data, &e); err != nil {
		return StateChange{}, fmt.Errorf("parse an event of AWS Batch: %w", err)
	}
	if e.Source != "aws.batch" || e.DetailType != "Batch Job State Change" {
		return StateChange{}, fmt.Errorf("%.100q of %.100q: %w", e.DetailType, e.Source, ErrNotOurs)
	}
	change, err := e.change()
	if err != nil {
		return StateChange{}, fmt.Errorf("parse an event of AWS Batch: %w", err)
	}
	return change, nil
}

func (e event) change() (StateChange, error) {
	d := e.Detail
	if d == nil || d.JobID == "" || d.JobName == "" || d.Status == "" {
		return StateChange{}, errors.New("it has no detail with jobId, jobName and status")
	}
	id, digest, ok := splitName(d.JobName)
	if !ok || d.Status != "FAILED" {
		return StateChange{}, fmt.Errorf("job %.200q is %.20s: %w", d.JobName, d.Status, ErrNotOurs)
	}
	if len(d.JobID) > 200 {
		return StateChange{}, fmt.Errorf("its jobId has %d bytes", len(d.JobID))
	}
	change := StateChange{BatchID: d.JobID, JobID: id, Manifest: codybatch.ManifestKey(id, digest), Reason: e.reason()}
	// The environment repeats what the name says. If it says otherwise, somebody
	// else made this job.
	for _, variable := range d.Container.Environment {
		if variable.Name == ManifestVariable && variable.Value != string(change.Manifest) {
			return StateChange{}, fmt.Errorf("job %s is named %s but %s is %.200q", d.JobID, d.JobName, ManifestVariable, variable.Value)
		}
	}
	parent, index, isChild := strings.Cut(d.JobID, ":")
	if !isChild {
		if d.ArrayProperties != nil && (d.ArrayProperties.Size != nil || d.ArrayProperties.Index != nil) {
			return StateChange{}, fmt.Errorf("job %s is an array: %w", d.JobID, ErrNotOurs)
		}
		return change, nil
	}
	var err error
	if change.Index, err = strconv.Atoi(index); err != nil || parent == "" || strconv.Itoa(change.Index) != index || change.Index < 0 || change.Index >= arrayLimit {
		return StateChange{}, fmt.Errorf("jobId %q is no child of an array", d.JobID)
	}
	if d.ArrayProperties != nil && d.ArrayProperties.Index != nil && *d.ArrayProperties.Index != change.Index {
		return StateChange{}, fmt.Errorf("jobId %q has array index %d", d.JobID, *d.ArrayProperties.Index)
	}
	return change, nil
}

// reason is what a person can make something of: how the program ended says more
// than that it did.
func (e event) reason() string {
	parts := []string{e.Detail.StatusReason}
	if reason := e.Detail.Container.Reason; reason != "" && reason != e.Detail.StatusReason {
		parts = append(parts, reason)
	}
	if code := e.Detail.Container.ExitCode; code != nil {
		parts = append(parts, fmt.Sprintf("exit status %d", *code))
	}
	text := strings.TrimPrefix(strings.Join(parts, "; "), "; ")
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
	return strings.ToValidUTF8(text[:min(len(text), reasonLimit)], "")
}

// Ref reads which task failed from the manifest of its submission.
func (c StateChange) Ref(ctx context.Context, artifacts codybatch.Artifacts) (codybatch.TaskRef, error) {
	m, err := ReadManifest(ctx, artifacts, c.Manifest)
	if err != nil {
		return codybatch.TaskRef{}, err
	}
	return m.Ref(c.Index)
}
