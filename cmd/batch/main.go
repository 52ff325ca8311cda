// Batch is the program of AWS Batch's containers: one task, one attempt. It exits with
// 0 when the task's end, whatever it is, was recorded, or is somebody else's to record;
// with 75 when it was stopped and AWS Batch should try again; with 1 when something is
// wrong with the deployment.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

func main() {
	sandbox.Inside()                                                                                                                         // returns, unless this process is the first step of an agent's command
	os.Exit(run(context.Background(), os.LookupEnv, slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})))) // a container does one task
}
