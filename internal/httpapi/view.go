package httpapi

import (
	"unicode/utf8"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// ViewChoice asks for tasks with everything, or with what a row of a table needs.
type ViewChoice struct {
	View string `query:"view" doc:"brief keeps long lists small: summary and verification[].tail come empty, other long texts are cut to 300 bytes. The task itself, and view=full, have all." enum:"full,brief" default:"full"`
}

func (v ViewChoice) task(t codybatch.Task) Task {
	task := newTask(t)
	if v.View == "brief" {
		return briefTask(task)
	}
	return task
}

// briefBytes bounds the texts of a brief task.
const briefBytes = 300

// briefTask is the task without what only its own page shows, so that 10,000 of
// them stay small. No field is missing. The lists are the task's own: newTask has
// made them.
func briefTask(t Task) Task {
	t.Summary = ""
	for i := range t.Verification {
		t.Verification[i].Tail = ""
		t.Verification[i].Command = shortened(t.Verification[i].Command)
	}
	for i := range t.Gates {
		t.Gates[i].Message = shortened(t.Gates[i].Message)
		t.Gates[i].Paths = mapped(t.Gates[i].Paths, shortened)
	}
	if t.Review != nil {
		t.Review.Note = shortened(t.Review.Note)
	}
	if t.Feedback != nil {
		t.Feedback.Message = shortened(t.Feedback.Message)
	}
	if t.Error != nil {
		t.Error.Message = shortened(t.Error.Message)
	}
	return t
}

// shortened cuts a text to briefBytes, between characters, and shows that it did.
func shortened(text string) string {
	const ellipsis = "…"
	if len(text) <= briefBytes {
		return text
	}
	end := briefBytes - len(ellipsis)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}
