package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// TestAgentsAndVerificationAreKeptIn runs a whole job, as a person would: its
// script and its verification look for what is not theirs.
func TestAgentsAndVerificationAreKeptIn(t *testing.T) {
	t.Parallel()
	if err := (sandbox.Confinement{Mode: sandbox.Require}).Check(); err != nil {
		t.Skip(err)
	}
	s := newSite(t, 1)
	if err := os.WriteFile(filepath.Join(s.folder, ".netrc"), []byte("s3cr3t\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// The verification passes as it is before, so that it counts; what it finds is
	// in its output.
	look := fmt.Sprintf("cat %[1]s/.netrc; head -c 6 %[1]s/data/codybatch.db; ls %[1]s %[1]s/data %[1]s/data/artifacts %[1]s/data/workspaces; "+
		"cat /proc/$PPID/environ; git log --format=%%s; git status --short; echo x >%[1]s/data/left; true", s.folder)
	job := filepath.Join(s.folder, "job.json")
	document, err := json.Marshal(map[string]any{
		"name": "Look around", "repositories": []string{"acme/r00"}, "verify": []string{look},
		"agent": map[string]string{"type": "script", "script": "{ " + look + "; } 2>&1 | tee README.md; echo $PPID"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(job, document, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(mode, data string) string {
		c := exec.Command("codybatch", "run", "-f", job, "--forge-root", "forge", "--data", data, "--json")
		c.Dir = s.folder
		for _, variable := range s.environment() {
			if !strings.HasPrefix(variable, "SANDBOX_WRITE=") {
				c.Env = append(c.Env, variable)
			}
		}
		c.Env = append(c.Env, "SANDBOX="+mode, "CLAUDE_API_KEY=s3cr3t-key")
		output, err := c.Output()
		if err != nil && mode != "off" { // without a wall the diff holds the key, and is refused
			t.Fatalf("%v\n%s", err, output)
		}
		var patches strings.Builder
		for _, pattern := range []string{"artifacts/*/*/*/*", "artifacts/*/*/*/*/*", "artifacts/*/*/*/*/*/*"} {
			files, err := filepath.Glob(filepath.Join(s.folder, data, pattern))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				content, _ := os.ReadFile(file) // folders can't be read
				patches.Write(content)
			}
		}
		return string(output) + patches.String()
	}
	found := run("require", "data")
	if strings.Contains(found, "s3cr3t") || strings.Contains(found, "SQLite") || strings.Contains(found, `codybatch.db\n`) || !strings.Contains(found, "Permission denied") {
		t.Errorf("behind the wall they found\n%s", found)
	}
	if _, err := os.Stat(filepath.Join(s.folder, "data", "left")); err == nil {
		t.Error("a file was left in the data folder")
	}
	if !strings.Contains(found, "First version") {
		t.Errorf("the lent git does not work:\n%s", found)
	}
	if found := run("off", "other"); !strings.Contains(found, "s3cr3t") || !strings.Contains(found, "SQLite") || !strings.Contains(found, `codybatch.db\n`) {
		t.Errorf("without the wall there was nothing to find, so the test proves nothing:\n%s", found)
	}
}
