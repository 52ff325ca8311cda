package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/app"
	"github.com/liamzdenek/cody-batch/internal/config"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// diagnosis is what doctor prints with --json.
type diagnosis struct {
	Version     string           `json:"version"`
	Platform    string           `json:"platform"`
	Sandbox     string           `json:"sandbox"`
	Layers      []diagnosedLayer `json:"layers"`
	GitVersion  *string          `json:"gitVersion"` // null: there is no git
	HasClaude   bool             `json:"hasClaudeKey"`
	ClaudeCode  *string          `json:"claudeCodeVersion"` // null: it is not there, or does not run
	DataFolder  string           `json:"dataFolder"`
	DataFreeGiB *float64         `json:"dataFreeGiB"` // null: unknown

	noClaudeCode string // why not
}

type diagnosedLayer struct {
	Name  string `json:"name"`
	Holds bool   `json:"holds"`
	Stops string `json:"stops"`
	Seen  string `json:"seen,omitempty"`
	Get   string `json:"get,omitempty"`
}

func (p *program) doctor() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Tell what keeps agents in on this machine, and what is missing",
		Long: `Tell what keeps agents in on this machine, and what is missing.

Every layer is tried out by running small programs as an agent's commands are run.
SANDBOX=auto (the default) takes what the kernel has, SANDBOX=off goes without the file
system's layer and the limits, and with SANDBOX=require nothing is run without the file
system's layer: then the exit code is 1 if it is missing.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.runDoctor(c.Context(), data) },
	}
	c.Flags().StringVar(&data, "data", "", "`folder` for jobs, diffs and threads, as of serve and run")
	p.json.add(c, diagnosis{})
	return c
}

func (p *program) runDoctor(ctx context.Context, data string) error {
	read, err := config.Read(p.lookup)
	if err != nil {
		return err
	}
	confinement := app.Confinement(read)
	missing := confinement.Check()
	if missing != nil {
		confinement.Mode = sandbox.Auto // the trials are made all the same
	}
	layers, err := sandbox.Layers(ctx, confinement)
	if err != nil {
		return err
	}
	d := diagnosis{
		Version: versionText(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Sandbox: cmp.Or(read.Sandbox, "auto"),
		HasClaude: read.ClaudeAPIKey.IsSet(), DataFolder: data,
	}
	if d.DataFolder == "" && read.DataHome != "" {
		d.DataFolder = filepath.Join(read.DataHome, "codybatch")
	}
	for _, l := range layers {
		d.Layers = append(d.Layers, diagnosedLayer(l))
		if l.Name == sandbox.FileSystem && !l.Holds && missing == nil && read.Sandbox == config.SandboxRequire {
			missing = sandbox.ErrNoWall
		}
	}
	if output, err := exec.CommandContext(ctx, "git", "version").Output(); err == nil {
		version := strings.TrimSpace(strings.TrimPrefix(string(output), "git version "))
		d.GitVersion = &version
	}
	if version, err := app.ClaudeCodeVersion(ctx, read); err == nil {
		d.ClaudeCode = &version
	} else {
		d.noClaudeCode = err.Error()
	}
	if free, err := freeSpace(d.DataFolder); err == nil {
		d.DataFreeGiB = &free
	}
	if p.json.set {
		err = p.json.write(p.out, d)
	} else {
		err = d.table().write(p.out, p.terminal(p.out))
	}
	if missing != nil {
		missing = fmt.Errorf("%s=%s: %w", config.Sandbox, config.SandboxRequire, missing)
	}
	return errors.Join(err, missing)
}

func (d diagnosis) table() *table {
	t := &table{head: []string{"", "here", "what it means"}}
	for _, l := range d.Layers {
		here := cell{"holds", green}
		if !l.Holds {
			here = cell{"does not hold", yellow}
		}
		text := l.Stops
		if l.Seen != "" {
			text += " (" + l.Seen + ")"
		}
		if l.Get != "" {
			text += "; to get it: " + l.Get
		}
		t.add(cell{text: l.Name}, here, cell{text: text})
	}
	git := []cell{{text: "git"}, {"missing", red}, {text: "nothing runs without it: install git"}}
	if d.GitVersion != nil {
		git = []cell{{text: "git"}, {*d.GitVersion, green}, {text: "clones and pushes"}}
	}
	t.add(git...)
	if d.HasClaude {
		t.add(cell{text: "Claude"}, cell{"has a key", green}, cell{text: "jobs with agent.type claude can run"})
	} else {
		t.add(cell{text: "Claude"}, cell{"no key", yellow}, cell{text: "jobs with agent.type claude can't run: set " + config.ClaudeAPIKey})
	}
	code := []cell{{text: "Claude Code"}, {"not here", yellow}, {text: fmt.Sprintf("jobs with agent.type claude-code can't run: %s; to get it: install Claude Code, or set %s", d.noClaudeCode, config.ClaudeCodePath)}}
	if d.ClaudeCode != nil {
		code = []cell{{text: "Claude Code"}, {*d.ClaudeCode, green}, {text: "jobs with agent.type claude-code can run, if there is a key"}}
	}
	t.add(code...)
	space := "unknown"
	if d.DataFreeGiB != nil {
		space = fmt.Sprintf("%.1f GiB free", *d.DataFreeGiB)
	}
	t.add(cell{text: "data"}, cell{text: space}, cell{text: cmp.Or(d.DataFolder, "no folder: there is neither XDG_DATA_HOME nor HOME; say --data")})
	return t
}

// existing is the folder, or the closest one above it that is there.
func existing(folder string) (string, error) {
	if folder == "" {
		return "", errors.New("no folder is known")
	}
	path, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(path); err == nil || path == filepath.Dir(path) {
			return path, err
		}
		path = filepath.Dir(path)
	}
}
