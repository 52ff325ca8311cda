package sandbox_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// nobody is the user that has no rights on most systems.
const nobody = 65534

// server answers on loopback as what only the worker may reach does: its API, or
// the address where a cloud gives out credentials (169.254.170.2, 169.254.169.254).
func server(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.0 200 OK\r\n\r\ns3cr3t\n")
			_ = conn.Close()
		}
	}()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// own is a network's inside: what a command serves it reaches itself.
const own = `
mkfifo up
node -e 'const s=require("net").createServer(c=>{c.end("mine\n");s.close()}).listen(4711,"127.0.0.1",()=>require("fs").writeFileSync("up","x"))' &
read -r x < up
cat < /dev/tcp/127.0.0.1/4711
`

func TestNetworkIsNotReached(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	without := func(c *sandbox.Command) { c.Confinement.NoNetwork = true }
	if err := (sandbox.Confinement{NoNetwork: true}).Check(); err != nil {
		t.Skip(err)
	}
	port := server(t)
	ask := fmt.Sprintf("exec 3<>/dev/tcp/127.0.0.1/%s; echo >&3; cat <&3", port)
	if _, output := y.run(t, ask); !strings.Contains(output, "s3cr3t") {
		t.Fatalf("with a network: %s; the test proves nothing", output)
	}
	if code, output := y.run(t, ask, without); code == 0 || strings.Contains(output, "s3cr3t") || !strings.Contains(output, "refused") {
		t.Errorf("got %d, %s; want a loopback of its own that nobody listens on", code, output)
	}
	for _, address := range []string{"tcp/169.254.170.2/80", "tcp/169.254.169.254/80", "udp/192.0.2.1/53"} {
		if code, output := y.run(t, "echo x >/dev/"+address, without); code == 0 || !strings.Contains(output, "unreachable") {
			t.Errorf("%s: got %d, %s", address, code, output)
		}
	}
	// Tools are told, or they try again for minutes.
	const told = `echo "$npm_config_offline $CARGO_NET_OFFLINE $GOPROXY $UV_OFFLINE"`
	if _, output := y.run(t, told, without); output != "true true off 1\n" {
		t.Errorf("tools are told %q", output)
	}
	if _, output := y.run(t, told); strings.Contains(output, "true") {
		t.Errorf("with a network tools are told %q", output)
	}
	if code, output := y.run(t, "ip link add dummy0 type dummy || unshare -n true || nsenter -t 1 -n true", without); code == 0 {
		t.Errorf("a command made itself another network: %s", output)
	}
	if _, err := exec.LookPath("node"); err == nil {
		if code, output := y.run(t, own, without); code != 0 || output != "mine\n" {
			t.Errorf("its own server: got %d, %q", code, output)
		}
	}
	if code, output := y.run(t, "cat ../../../../outside; echo x >../../2/tree/file; cat /proc/$PPID/environ; exit 7", without); code != 7 || strings.Contains(output, "s3cr3t") {
		t.Errorf("behind the wall: got %d, %s", code, output)
	}
}

// TestNetworkIsNotReachedByOthersThanRoot runs TestNetworkIsNotReached once more as
// a user without rights, who has to take another way.
func TestNetworkIsNotReachedByOthersThanRoot(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("we are one of them: TestNetworkIsNotReached is this test")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	copied := filepath.Join(folder, "test")
	if output, err := exec.Command("cp", self, copied).CombinedOutput(); err != nil { // in a process of its own: a file that is open for writing can't be run
		t.Fatalf("%v: %s", err, output)
	}
	if err := os.Chmod(filepath.Dir(folder), 0o711); err != nil { //nolint:gosec // the same
		t.Fatal(err)
	}
	if err := os.Chown(folder, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(copied, "-test.run=^TestNetworkIsNotReached$", "-test.v")
	c.Dir, c.Env = folder, append(os.Environ(), "TMPDIR="+folder, "HOME="+folder, "PATH=/usr/local/bin:/usr/bin:/bin")
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	output, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(output), "--- PASS") && !strings.Contains(string(output), "--- SKIP") {
		t.Errorf("%v\n%s", err, output)
	}
	t.Logf("%s", output)
}
