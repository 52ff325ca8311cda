package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// settings are given to every process as -c options, which nothing in a
// repository can override.
func settings() []string {
	return []string{
		"core.hooksPath=/dev/null",
		"core.fsmonitor=false",
		"core.attributesFile=/dev/null",
		"core.excludesFile=/dev/null",
		"core.autocrlf=false",
		"core.eol=lf",
		"core.safecrlf=false",
		"core.symlinks=true",
		"core.fileMode=true",
		"core.untrackedCache=false",
		"core.splitIndex=false",
		"core.sparseCheckout=false",
		"core.logAllRefUpdates=false",
		"core.fsync=none",
		"index.version=2",
		"index.sparse=false",
		"feature.manyFiles=false",
		"gc.auto=0",
		"maintenance.auto=false",
		"submodule.recurse=false",
		"fetch.recurseSubmodules=false",
		"push.recurseSubmodules=no",
		"push.gpgSign=false",
		"fetch.unpackLimit=1",
		"fetch.writeCommitGraph=false",
		"fetch.fsckObjects=false",
		"diff.suppressBlankEmpty=false",
		"diff.renameLimit=1000",
		"credential.helper=",
		"protocol.allow=never",
		"protocol.file.allow=always",
		"protocol.http.allow=always",
		"protocol.https.allow=always",
		"protocol.version=2",
		"http.followRedirects=false",
		"http.lowSpeedLimit=1000", // bytes per second …
		"http.lowSpeedTime=60",    // … for seconds: a dead server
		"safe.directory=*",
		"advice.detachedHead=false",
	}
}

// process is one run of git.
type process struct {
	gitDir   string // "": none
	globs    bool   // the command takes no literal path specifications
	workTree string // also where it runs; "": none
	args     []string
	stdin    io.Reader
	stdout   io.Writer
	remote   *Remote // set: the process talks to it
	piped    bool    // the caller reads running.out to its end, then waits
	asked    bool    // the caller writes to running.in and closes it
}

// run waits for the process to end. A failure is an *Error, or wraps the cause
// of the context's end.
func (p process) run(ctx context.Context) error {
	running, err := p.start(ctx)
	if err != nil {
		return err
	}
	return running.wait()
}

// running is a process that was started.
type running struct {
	ctx     context.Context //nolint:containedctx // lives as long as the process that it kills
	cmd     *exec.Cmd
	name    string
	stderr  limitedBuffer
	private privateConfig
	in      io.WriteCloser
	out     io.ReadCloser
}

func (p process) start(ctx context.Context) (*running, error) {
	r := &running{ctx: ctx, name: p.args[0]}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("git %s: %w", r.name, context.Cause(ctx))
	}
	var args []string
	for _, setting := range settings() {
		args = append(args, "-c", setting)
	}
	cmd := exec.CommandContext(ctx, "git", append(args, p.args...)...)
	cmd.Env = p.environment()
	cmd.Dir = "/"
	if p.workTree != "" {
		cmd.Dir = p.workTree
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.stdin, p.stdout, &r.stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second // a grandchild that left the group may hold the pipes
	r.cmd = cmd
	var err1, err2 error
	if p.piped {
		r.out, err1 = cmd.StdoutPipe()
	}
	if p.asked {
		r.in, err2 = cmd.StdinPipe()
	}
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("start git %s: %w", r.name, err)
	}
	if p.remote != nil {
		private, err := openPrivateConfig(ctx, *p.remote)
		if err != nil {
			return nil, fmt.Errorf("git %s: %w", r.name, err)
		}
		cmd.ExtraFiles = []*os.File{private.file}
		cmd.Env = append(cmd.Env, "GIT_CONFIG_GLOBAL="+private.path)
		r.private = private
	}
	if err := cmd.Start(); err != nil {
		r.private.close()
		return nil, fmt.Errorf("start git %s: %w", r.name, err)
	}
	return r, nil
}

// kill ends the process and its children; wait still has to be called.
func (r *running) kill() { _ = r.cmd.Cancel() }

func (r *running) wait() error {
	err := r.cmd.Wait()
	r.private.close()
	if err == nil {
		return nil
	}
	if r.ctx.Err() != nil {
		return fmt.Errorf("git %s: %w", r.name, context.Cause(r.ctx))
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("git %s: %w", r.name, err) // a reader or writer of the caller's
	}
	stderr := clean(r.stderr.String(), r.private.secrets)
	return &Error{Command: r.name, ExitCode: exit.ExitCode(), Stderr: stderr, cause: classify(stderr)}
}

// environment is all that git sees: nothing of the worker's own but the search
// path and, for remotes, how this machine reaches the network.
func (p process) environment() []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=/nonexistent",
		"LC_ALL=C",
		"TZ=UTC",
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_ATTR_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_ASKPASS=",
		"SSH_ASKPASS=",
		"GIT_EDITOR=false",
		"GIT_PAGER=cat",
		"GIT_NO_REPLACE_OBJECTS=1",
		"GIT_NO_LAZY_FETCH=1",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_ALLOW_PROTOCOL=file:http:https",
		"GIT_CEILING_DIRECTORIES=/",
	}
	if !p.globs {
		env = append(env, "GIT_LITERAL_PATHSPECS=1")
	}
	if p.gitDir != "" {
		env = append(env, "GIT_DIR="+p.gitDir)
	}
	if p.workTree != "" {
		env = append(env, "GIT_WORK_TREE="+p.workTree)
	}
	if p.remote != nil && p.remote.isHTTP() {
		for _, name := range []string{
			"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
			"SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH",
		} {
			if value, ok := os.LookupEnv(name); ok {
				env = append(env, name+"="+value)
			}
		}
	}
	return env
}

// limitedBuffer keeps the beginning and the end of what is written to it.
type limitedBuffer struct {
	head, tail bytes.Buffer
}

const limitedHalf = 16 << 10

// Write takes everything and keeps at most 48 KiB of it.
func (b *limitedBuffer) Write(p []byte) (int, error) {
	n := len(p)
	if room := limitedHalf - b.head.Len(); room > 0 {
		taken := min(room, len(p))
		b.head.Write(p[:taken])
		p = p[taken:]
	}
	if len(p) > limitedHalf {
		p = p[len(p)-limitedHalf:]
	}
	b.tail.Write(p)
	if extra := b.tail.Len() - limitedHalf; extra > limitedHalf {
		b.tail.Next(extra)
	}
	return n, nil
}

func (b *limitedBuffer) String() string {
	var text strings.Builder
	text.Write(b.head.Bytes())
	text.Write(b.tail.Bytes())
	return text.String()
}
