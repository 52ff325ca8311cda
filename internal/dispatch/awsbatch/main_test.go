package awsbatch_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/artifacts/dir"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/dispatch/awsbatch"
)

// What a child of a test finds in its environment.
const (
	folderVariable  = "AWSBATCH_TEST_FOLDER"  // of the artifacts
	addressVariable = "AWSBATCH_TEST_ADDRESS" // of the test that runs the tasks
)

// exitAgain asks AWS Batch to run a child again.
const exitAgain = 75

func TestMain(m *testing.M) {
	if os.Getenv(addressVariable) == "" {
		os.Exit(m.Run())
	}
	code, err := child()
	if err != nil {
		fmt.Println("child:", err)
	}
	os.Exit(code)
}

// child is what a job runs: it finds its task as cmd/batch does, and has the test
// run it.
func child() (int, error) {
	artifacts, err := dir.Open(os.Getenv(folderVariable))
	if err != nil {
		return 1, err
	}
	defer artifacts.Close()
	manifest, err := awsbatch.ReadManifest(context.Background(), artifacts, codybatch.ArtifactKey(os.Getenv(awsbatch.ManifestVariable)))
	if err != nil {
		return 1, err
	}
	index := 0
	if text, ok := os.LookupEnv(awsbatch.IndexVariable); ok {
		if index, err = strconv.Atoi(text); err != nil {
			return 1, err
		}
	}
	ref, err := manifest.Ref(index)
	if err != nil {
		return 1, err
	}
	return callBack(ref)
}

// callBack says which task it is, says if it is told to stop, and exits as the test
// says. It ends with the connection.
func callBack(ref codybatch.TaskRef) (int, error) {
	conn, err := net.Dial("tcp", os.Getenv(addressVariable))
	if err != nil {
		return 1, err
	}
	defer conn.Close()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	if err := json.NewEncoder(conn).Encode(ref); err != nil {
		return 1, err
	}
	go func() { // ends with the process
		<-stop
		fmt.Fprintln(conn, "stop")
	}()
	text, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return 1, err
	}
	return strconv.Atoi(text[:len(text)-1])
}

// runs has the tasks of children run by a runner of this process.
type runs struct {
	listener net.Listener
	runner   codybatch.Runner
}

// serveRuns listens until the test is over.
func serveRuns(t *testing.T, runner codybatch.Runner) *runs {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	r := &runs{listener, runner}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // the test is over
			}
			go r.serve(conn)
		}
	}()
	return r
}

func (r *runs) serve(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewReader(conn)
	text, err := lines.ReadString('\n')
	if err != nil {
		return
	}
	var ref codybatch.TaskRef
	if err := json.Unmarshal([]byte(text), &ref); err != nil {
		return
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	go func() { // ends with the connection
		if _, err := lines.ReadString('\n'); err == nil {
			cancel(codybatch.ErrCanceled) // a worker asks the row; here nobody else stops a child
		} else {
			cancel(errGone)
		}
	}()
	fmt.Fprintln(conn, exitCode(call(ctx, r.runner, ref)))
}

var errGone = errors.New("the child is gone")

func call(ctx context.Context, runner codybatch.Runner, ref codybatch.TaskRef) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v", value)
		}
	}()
	return runner(ctx, ref)
}

// exitCode is what cmd/batch makes of a run.
func exitCode(err error) int {
	switch {
	case err == nil, errors.Is(err, codybatch.ErrConflict):
		return 0
	case errors.Is(err, codybatch.ErrNotNow):
		return exitAgain
	default:
		return 1
	}
}
