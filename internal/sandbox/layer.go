package sandbox

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Layer is one of the things that keep a program from harm.
type Layer struct {
	Name  string
	Holds bool
	Stops string // what it stops
	Seen  string // what the trial showed; empty: nothing that is worth a word
	Get   string // what to do to get it; empty: it holds, or nothing helps
}

// FileSystem is the name of the layer that Mode is about.
const FileSystem = "file system"

// trialTime is for each program of an examination.
const trialTime = 10 * time.Second

// Layers tries out on this machine what a program can do, and tells which layers
// hold. It runs small programs, and leaves nothing behind.
func Layers(ctx context.Context, c Confinement) ([]Layer, error) {
	root, err := os.MkdirTemp("", "codybatch-doctor-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for trials: %w", err)
	}
	defer func() { _ = os.RemoveAll(root) }()
	t := trial{
		root: root, tree: filepath.Join(root, "workspace", "tree"), home: filepath.Join(root, "workspace", "home"),
		confinement: Confinement{Mode: c.Mode, NoNetwork: c.NoNetwork, UID: c.UID, Memory: c.Memory}, // without what is opened besides, or the trial's own folder could be
	}
	for _, dir := range []string{t.tree, t.home} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make a folder for trials: %w", err)
		}
	}
	if c.changesUser() {
		for _, dir := range []string{root, filepath.Dir(t.tree)} {
			if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // the other user has to get through
				return nil, fmt.Errorf("make a folder for trials: %w", err)
			}
		}
	}
	if err := os.WriteFile(t.outside(), []byte("outside\n"), 0o600); err != nil {
		return nil, fmt.Errorf("make a file for trials: %w", err)
	}
	var layers []Layer
	for _, try := range []func(context.Context) (Layer, error){
		t.environment, t.fileTools, t.leftovers, t.group, t.memory, t.user, t.files, t.limits, t.network,
	} {
		layer, err := try(ctx)
		if err != nil {
			return nil, fmt.Errorf("try out a layer: %w", err)
		}
		if layer.Holds {
			layer.Get = ""
		}
		layers = append(layers, layer)
	}
	return layers, nil
}

type trial struct {
	root, tree, home string
	confinement      Confinement
}

func (t trial) outside() string { return filepath.Join(t.root, "outside") }

// bash runs a script as an agent's.
func (t trial) bash(ctx context.Context, c Confinement, script string) (int, string, error) {
	output := NewCapture(64<<10, 64<<10)
	result, err := Run(ctx, Command{
		Args: []string{"bash", "--noprofile", "--norc", "-c", script}, Dir: t.tree, Env: Environment(t.home),
		Writable: []string{t.tree, t.home}, Confinement: c, Output: output, Timeout: trialTime,
	})
	return result.ExitCode, strings.TrimSpace(output.String()), err
}

func (t trial) environment(ctx context.Context) (Layer, error) {
	layer := Layer{Name: "clean environment", Stops: "commands do not get tokens and keys from the environment"}
	allowed := map[string]bool{"PWD": true, "OLDPWD": true, "SHLVL": true, "_": true} // the shell's own
	for _, variable := range Environment(t.home) {
		name, _, _ := strings.Cut(variable, "=")
		allowed[name] = true
	}
	_, output, err := t.bash(ctx, t.confinement, "compgen -e")
	layer.Holds = output != ""
	for name := range strings.FieldsSeq(output) {
		if _, ours := os.LookupEnv(name); ours && !allowed[name] {
			layer.Holds, layer.Seen = false, name+" got through"
		}
	}
	return layer, err
}

func (t trial) fileTools(context.Context) (Layer, error) {
	layer := Layer{Name: "file tools", Stops: "the agent's own tools for files do not leave the workspace, not by .. nor by links"}
	if err := os.Symlink(t.outside(), filepath.Join(t.tree, "link")); err != nil {
		return layer, err
	}
	root, err := os.OpenRoot(t.tree)
	if err != nil {
		return layer, err
	}
	defer func() { _ = root.Close() }()
	_, byLink := root.Open("link")
	_, byName := root.Open("../../outside")
	layer.Holds = byLink != nil && byName != nil
	return layer, nil
}

func (t trial) leftovers(ctx context.Context) (Layer, error) {
	layer := Layer{Name: "process tree", Stops: "nothing that a command started outlives it", Get: "run on Linux; elsewhere only the process group is ended"}
	_, output, err := t.bash(ctx, t.confinement, `env -i PATH="$PATH" setsid sleep 60 >/dev/null 2>&1 & echo $!`)
	if err != nil {
		return layer, err
	}
	pid, err := strconv.Atoi(output)
	if err != nil {
		layer.Seen = "setsid is not there to try it with"
		return layer, nil //nolint:nilerr // what was seen says it
	}
	layer.Holds = hasEnded(pid)
	return layer, nil
}

func (t trial) group(context.Context) (Layer, error) {
	layer := Layer{
		Name: "control group", Stops: "a fork bomb is killed with one stroke, also root's",
		Get: "let the server write to its own control group: Delegate=yes for a unit of systemd; for a container without that, docker run --pids-limit; or SANDBOX_UID=auto",
	}
	switch {
	case t.confinement.Mode == Off:
		layer.Seen, layer.Get = "switched off", "unset SANDBOX"
	case !hasGroup():
		layer.Seen = "none that may be written to; processes are found in /proc"
	default:
		layer.Holds = true
		layer.Seen = "processes are counted by the server"
		if countsThreads() {
			layer.Seen = fmt.Sprintf("the kernel allows a command %d threads", 2*t.confinement.processes())
		}
	}
	return layer, nil
}

func (t trial) memory(ctx context.Context) (Layer, error) {
	layer := Layer{
		Name: "hidden memory", Stops: "commands do not read the server's memory and environment, by PR_SET_DUMPABLE",
		Get: "run on Linux, as another user than root",
	}
	if runtime.GOOS != "linux" {
		return layer, nil
	}
	code, _, err := t.bash(ctx, Confinement{Mode: Off}, fmt.Sprintf("cat /proc/%d/environ >/dev/null", os.Getpid()))
	layer.Holds = code != 0
	if layer.Holds || err != nil {
		return layer, err
	}
	code, _, err = t.bash(ctx, t.confinement, fmt.Sprintf("cat /proc/%d/environ >/dev/null", os.Getpid()))
	if code != 0 {
		layer.Seen = "root reads it; the layer \"file system\" stops commands all the same"
	}
	return layer, err
}

func (t trial) user(ctx context.Context) (Layer, error) {
	layer := Layer{
		Name: "own user", Stops: "commands have no rights of the server's user",
		Get: "set SANDBOX_UID=auto, which takes root; else run the server as a user of its own, in a container or a virtual machine",
	}
	_, output, err := t.bash(ctx, t.confinement, "echo $UID")
	layer.Holds = output != strconv.Itoa(os.Getuid())
	layer.Seen = "commands run as user " + output
	return layer, err
}

func (t trial) files(ctx context.Context) (Layer, error) {
	layer := Layer{
		Name:  FileSystem,
		Stops: "commands do not read your home, the data folder and other workspaces, and change nothing outside their own",
		Get:   "Linux 5.19 or later, with landlock among the security modules (cat /sys/kernel/security/lsm)",
		Seen:  fmt.Sprintf("Landlock version %d", wallVersion()),
	}
	switch err := t.confinement.Check(); {
	case err != nil:
		return layer, nil //nolint:nilerr // it does not hold, and that is the answer
	case t.confinement.Mode == Off:
		layer.Seen, layer.Get = "switched off", "unset SANDBOX"
	case wallVersion() == 0:
		layer.Seen = "no Landlock here"
	}
	layer.Holds = true
	for _, script := range []string{
		"cat ../../outside", "ls ../..", "echo x >>../../outside", "echo x >../../new", fmt.Sprintf("cat /proc/%d/environ", os.Getpid()),
	} {
		code, _, err := t.bash(ctx, t.confinement, script)
		if err != nil {
			return layer, err
		}
		layer.Holds = layer.Holds && code != 0
	}
	return layer, nil
}

func (t trial) limits(ctx context.Context) (Layer, error) {
	layer := Layer{
		Name: "resource limits", Stops: "no file over 1 GiB, no core dumps, no end of open files, of processes, of memory",
		Get: "run on Linux, and unset SANDBOX if that is off",
	}
	_, output, err := t.bash(ctx, t.confinement, "echo $(ulimit -H -c) $(ulimit -H -f)")
	core, size, _ := strings.Cut(output, " ")
	kib, notNumber := strconv.ParseInt(size, 10, 64)
	layer.Holds = core == "0" && notNumber == nil && kib <= 1<<20 && t.confinement.Mode != Off
	layer.Seen = fmt.Sprintf("%d MiB of memory for a command", t.confinement.memory()>>20)
	return layer, err
}

func (t trial) network(ctx context.Context) (Layer, error) {
	layer := Layer{
		Name: "network", Stops: "commands do not send away what they read",
		Get: "set SANDBOX_NETWORK=off, if your builds can do without; else limit where the server's machine or container may connect to",
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return layer, err
	}
	defer func() { _ = listener.Close() }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return layer, err
	}
	code, _, err := t.bash(ctx, t.confinement, "exec 3<>/dev/tcp/127.0.0.1/"+port)
	layer.Holds = code != 0
	if !layer.Holds {
		layer.Seen = "open"
	}
	return layer, err
}
