// Command sample is a server full of sample jobs: what the dashboard's measurements,
// screenshots and browser tests look at. Store, artifacts, service and API are the
// real ones; only the forge is made up, and nothing works on the jobs but what is
// asked for on standard input (see control.go).
//
//	go run ./bench/sample                     every scene, on a free port
//	go run ./bench/sample -jobs fleet,tryon   some of them
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

type options struct {
	address, data, scenes, token string
	now                          time.Time
}

func main() {
	var o options
	flag.StringVar(&o.address, "addr", "127.0.0.1:0", "`host:port` to listen on")
	flag.StringVar(&o.data, "data", "", "an empty `folder` for the data; a temporary one, removed at the end, if left out")
	flag.StringVar(&o.scenes, "jobs", "all", "the scenes to seed, separated by commas: "+strings.Join(sceneNames(), ", "))
	flag.StringVar(&o.token, "token", "", "the API `token` that clients have to send; none if left out")
	flag.Func("now", "what `time` the server takes it to be at its start (RFC 3339); the real one if left out", func(text string) error {
		var err error
		o.now, err = time.Parse(time.RFC3339, text)
		return err
	})
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sample:", err)
		os.Exit(1)
	}
}

// ready is the line that says that requests are taken.
type ready struct {
	URL  string                     `json:"url"`
	Jobs map[string]codybatch.JobID `json:"jobs"`
}

func run(ctx context.Context, o options, in io.Reader, out io.Writer) error {
	if o.data == "" {
		folder, err := os.MkdirTemp("", "codybatch-sample-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(folder) }()
		o.data = folder
	}
	w, err := openWorld(ctx, o)
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.seed(ctx, o.scenes); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.address)
	if err != nil {
		return err
	}
	serving, cancel := context.WithCancel(ctx)
	defer cancel()
	server := &http.Server{
		Handler: w.handler(listener.Addr(), o.token), ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return serving }, // ends the streams of events
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if err := json.NewEncoder(out).Encode(ready{URL: "http://" + listener.Addr().String(), Jobs: w.jobs}); err != nil {
		return err
	}
	ended := make(chan error, 1)
	if !isNull(in) {
		go func() { ended <- w.obey(serving, in, out) }() // can't be interrupted while it reads; ends with the process
	}
	select {
	case err = <-served:
	case err = <-ended:
	case <-ctx.Done():
	}
	cancel()
	return errors.Join(err, server.Close())
}

// isNull tells a server without anybody at its standard input from one whose
// owner has gone.
func isNull(in io.Reader) bool {
	file, ok := in.(*os.File)
	if !ok {
		return false
	}
	null, err := os.Stat(os.DevNull)
	if err != nil {
		return false
	}
	info, err := file.Stat()
	return err == nil && os.SameFile(info, null)
}
