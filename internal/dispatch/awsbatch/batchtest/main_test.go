package batchtest_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// doVariable makes this program a job's instead of the tests.
const doVariable = "BATCHTEST_DO"

func TestMain(m *testing.M) {
	if do := os.Getenv(doVariable); do != "" {
		os.Exit(program(do))
	}
	os.Exit(m.Run())
}

// programTime ends a program that nobody ends, in case of a fault.
const programTime = time.Minute

// program is what jobs run. Each verb is for one kind of test.
func program(do string) int {
	verb, argument, _ := strings.Cut(do, " ")
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	switch verb {
	case "exit": // exit 1
		code, _ := strconv.Atoi(argument)
		return code
	case "print":
		for _, variable := range os.Environ() {
			fmt.Println(variable)
		}
		return 0
	case "again": // again 3: until the third attempt
		if os.Getenv("AWS_BATCH_JOB_ATTEMPT") < argument {
			return 75
		}
		return 0
	case "wait": // until it is told to stop, or to go on by a line in a pipe
		fmt.Println("ready")
		select {
		case <-stop:
			fmt.Println("stopping")
			return 75
		case <-line(argument):
			return 0
		case <-time.After(programTime):
			return 3
		}
	case "stubborn": // with a child of its own
		signal.Ignore(syscall.SIGTERM)
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), doVariable+"=orphan")
		child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := child.Start(); err != nil {
			return 4
		}
		fmt.Println("child", child.Process.Pid)
		time.Sleep(programTime)
		return 3
	case "orphan":
		signal.Ignore(syscall.SIGTERM)
		time.Sleep(programTime)
		return 3
	}
	return 2
}

// line yields when a line comes from a named pipe; without one, never.
func line(pipe string) <-chan struct{} {
	lines := make(chan struct{})
	if pipe == "" {
		return lines
	}
	go func() {
		file, err := os.Open(pipe)
		if err != nil {
			return
		}
		defer file.Close()
		if _, err := bufio.NewReader(file).ReadString('\n'); err == nil {
			close(lines)
		}
	}()
	return lines
}
