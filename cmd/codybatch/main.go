// Codybatch runs one prompt over many repositories and opens one reviewed pull
// request in each. This is the program that people install.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/liamzdenek/cody-batch/internal/cli"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// main lets the first Ctrl-C or SIGTERM stop gently: what runs is put back in
// line, and nothing is lost. The second one ends the program at once.
func main() {
	ctx, stop := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		stop(codybatch.ErrStopped)
		<-signals
		os.Exit(130) // 128 + SIGINT, as shells count
	}()
	os.Exit(cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.LookupEnv))
}
