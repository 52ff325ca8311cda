package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// exitKilled is what shells count for a program that SIGINT ended: 128 + 2.
const exitKilled = 130

// Process runs the command that this process was started for, and returns its
// exit code. The first Ctrl-C or SIGTERM stops gently: what runs is put back in
// line, and nothing is lost. The second one ends the process at once.
func Process() int {
	sandbox.Inside() // returns, unless this process is the first step of an agent's command
	if err := sandbox.Hide(); err != nil {
		fmt.Fprintln(os.Stderr, "codybatch: can't hide the environment from agents:", err)
		return exitError
	}
	ctx, stop := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		stop(codybatch.ErrStopped)
		<-signals
		os.Exit(exitKilled)
	}()
	return Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.LookupEnv)
}
