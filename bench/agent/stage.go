package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/agent/claude"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const prompt = `The package io/ioutil is deprecated. Replace every use of it by what its documentation names: the functions of io and os. Change nothing else, keep the order of imports as gofmt has it, and do not touch generated files. Where a test covers a place that you change, run it.`

// stage is the agent, and the rehearsal that it talks to.
type stage struct {
	agent *claude.Agent
	wire  *wire
	dir   string
	close func() error
}

func newStage(ctx context.Context, dir, scenario string) (*stage, error) {
	address, stop, err := startRehearsal(ctx, scenario)
	if err != nil {
		return nil, err
	}
	s := &stage{wire: newWire(), dir: filepath.Join(dir, scenario), close: stop}
	s.agent, err = claude.New(claude.Options{BaseURL: address, HTTPClient: &http.Client{Transport: s.wire}, Rehearsal: true})
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return s, nil
}

// files and lines are the size of a workspace: 240 KB of text.
const files, lines = 40, 100

func fileName(i int) string { return fmt.Sprintf("part%02d.go", i%files) }

func lineOf(file, line int) string {
	return fmt.Sprintf("// part %02d, line %03d: some words of a comment, as long as code.", file%files, line)
}

func (s *stage) place(number int) (string, string) {
	root := filepath.Join(s.dir, fmt.Sprintf("r%02d", number))
	return filepath.Join(root, "tree"), filepath.Join(root, "home")
}

// prepare makes a workspace.
func (s *stage) prepare(number int) error {
	dir, home := s.place(number)
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	return writeFiles(dir)
}

// writeFiles fills a folder with what every repository has.
func writeFiles(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for file := range files {
		var text strings.Builder
		for line := range lines {
			text.WriteString(lineOf(file, line) + "\n")
		}
		if err := os.WriteFile(filepath.Join(dir, fileName(file)), []byte(text.String()), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// run runs the agent in a workspace, to the end of the script: any other end is an
// error, and so is a tool that refuses.
func (s *stage) run(ctx context.Context, number int) (codybatch.AgentResult, error) {
	dir, home := s.place(number)
	name := codybatch.RepositoryName(fmt.Sprintf("acme/r%02d", number))
	refused := 0
	result, err := s.agent.Run(ctx, codybatch.AgentRun{
		Key: codybatch.TaskKey{JobID: "bench", Repository: name}, BaseCommit: fmt.Sprintf("%040d", number),
		Prompt: prompt, Dir: dir, Home: home,
		Spec: codybatch.AgentSpec{Type: codybatch.AgentClaude, Model: claude.DefaultModel, MaxTurns: 2 * sessionTurns},
		Record: func(_ context.Context, e codybatch.ThreadEvent) error {
			if e.IsError {
				refused++
			}
			return nil
		},
		Log: io.Discard,
	})
	if err == nil && (result.Outcome != codybatch.OutcomeChanged || refused > 0) {
		err = fmt.Errorf("%s ended as %q (%s), and %d tools refused", name, result.Outcome, result.Reason, refused)
	}
	return result, err
}
