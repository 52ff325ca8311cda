package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/liamzdenek/cody-batch/internal/app"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/config"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// The exit codes. The job definition has AWS Batch try again after exitTryAgain
// (sysexits.h calls it EX_TEMPFAIL), and after nothing else that this program says.
const (
	exitDone     = 0
	exitFailed   = 1
	exitTryAgain = 75
)

// run does what the environment asks for, until SIGTERM asks it to put the task back.
func run(ctx context.Context, lookup func(string) (string, bool), log *slog.Logger) int {
	if err := sandbox.Hide(); err != nil {
		log.ErrorContext(ctx, "can't hide the environment from agents", "error", err)
		return exitFailed
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		<-signals
		stop(codybatch.ErrStopped)
	}()
	err := work(ctx, lookup, log)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, codybatch.ErrStopped):
		log.InfoContext(ctx, "stopped; AWS Batch is asked to try again", "reason", err)
		return exitTryAgain
	default:
		log.ErrorContext(ctx, "the task was not run to its end; see docs/operations.md", "error", err)
		return exitFailed
	}
}

func work(ctx context.Context, lookup func(string) (string, bool), log *slog.Logger) error {
	c, err := config.ReadBatch(lookup)
	if err != nil {
		return err
	}
	job, err := app.ReadBatchJob(lookup)
	if err != nil {
		return err
	}
	return app.RunBatchJob(ctx, app.Options{
		Config: c, Data: filepath.Join(os.TempDir(), "codybatch"), Forge: app.ForgeGitHub, Now: time.Now,
		Log: log.With("batchJob", job.ID, "try", job.Attempt),
	}, job)
}
