package claude

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// bench is a workspace to try single tools in.
type bench struct {
	*session
	dir string
}

func newBench(t *testing.T, files map[string]string) bench {
	t.Helper()
	root := t.TempDir()
	b := bench{dir: filepath.Join(root, "workspace")}
	home := filepath.Join(root, "home")
	for _, dir := range []string{b.dir, home} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		b.write(t, name, content)
	}
	w, err := openWorkspace(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	b.session = &session{
		run:   codybatch.AgentRun{Dir: b.dir, Home: home},
		agent: &Agent{}, tools: tools(), workspace: w, environment: sandbox.Environment(home),
	}
	return b
}

func (b bench) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (b bench) file(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// use calls a tool as the model does.
func (b bench) use(t *testing.T, name string, input map[string]any) toolResult {
	t.Helper()
	raw, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	result, err := b.call(t.Context(), name, raw)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return result
}

// wants checks that the result is no error and has all pieces in its text.
func wants(t *testing.T, r toolResult, pieces ...string) {
	t.Helper()
	if r.isError {
		t.Errorf("got the error %q", r.text)
	}
	has(t, r, pieces...)
}

// refuses checks that the result is an error with all pieces in its text.
func refuses(t *testing.T, r toolResult, pieces ...string) {
	t.Helper()
	if !r.isError {
		t.Errorf("got %q, want an error", r.text)
	}
	has(t, r, pieces...)
}

func has(t *testing.T, r toolResult, pieces ...string) {
	t.Helper()
	for _, piece := range pieces {
		if !strings.Contains(r.text, piece) {
			t.Errorf("%q is not in %q", piece, r.text)
		}
	}
}
