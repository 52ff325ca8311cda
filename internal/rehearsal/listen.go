package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Start serves on a free port of 127.0.0.1. Requests that wait end when ctx
// does; stop ends them too, and returns when the last one is done or its own
// context is. It must be called.
func (s *Server) Start(ctx context.Context) (string, func(context.Context) error, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("start the rehearsal: %w", err)
	}
	running, cancel := context.WithCancel(ctx)
	server := &http.Server{
		Handler:           s.until(running),
		ReadHeaderTimeout: 10 * time.Second,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	stop := func(ctx context.Context) error {
		cancel()
		err := server.Shutdown(ctx)
		if err != nil {
			err = errors.Join(err, server.Close())
		}
		if end := <-served; !errors.Is(end, http.ErrServerClosed) {
			err = errors.Join(err, end)
		}
		if err != nil {
			return fmt.Errorf("stop the rehearsal: %w", err)
		}
		return nil
	}
	return "http://" + listener.Addr().String(), stop, nil
}

// until ends the requests that are being answered when running ends.
func (s *Server) until(running context.Context) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx, cancel := context.WithCancel(req.Context())
		defer cancel()
		defer context.AfterFunc(running, cancel)()
		s.ServeHTTP(w, req.WithContext(ctx))
	})
}
