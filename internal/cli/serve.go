package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/app"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/config"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
	"github.com/liamzdenek/cody-batch/internal/webui"
)

// How long a gentle stop may take: answers to requests, then the attempts, which
// keep what they have.
const (
	shutdownTime = 5 * time.Second
	putBackTime  = 40 * time.Second
)

const apiPath = "/api"

func (p *program) serve() *cobra.Command {
	var engine engineFlags
	var address string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the API and the dashboard, and run jobs",
		Long: `Serve the API and the dashboard, and run jobs in this process.

ALLOWED_REPOSITORIES says which repositories jobs may have, for example
"github.com/acme/*" or "local/acme/*". On a loopback address the API is open to this
machine only; any other address wants API_TOKEN.

The first Ctrl-C stops gently: running repositories go back in line, and the next start
goes on with them. The second one stops at once; that loses nothing either.

With --json one line on standard output says when the server is ready.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.runServe(c.Context(), address, &engine) },
	}
	c.Flags().StringVar(&address, "addr", "127.0.0.1:8080", "`host:port` to listen on; port 0 takes a free one")
	engine.add(c)
	c.Flags().BoolVar(&p.json.set, "json", false, "say as a line of JSON when requests are taken, and where")
	return c
}

// ready is what serve --json prints when it takes requests.
type ready struct {
	URL       string `json:"url"`
	APIURL    string `json:"apiUrl"`
	Address   string `json:"address"`
	Forge     string `json:"forge"`
	Rehearsal bool   `json:"rehearsal"`
}

func (p *program) runServe(ctx context.Context, address string, engine *engineFlags) (err error) {
	log := slog.New(slog.NewTextHandler(p.err, nil))
	options, err := p.options(engine, log)
	if err != nil {
		return err
	}
	if err := checkAddress(address, options.Config); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return withHint(fmt.Errorf("listen on %s: %w", address, err), "choose another address with --addr, or a free port with --addr 127.0.0.1:0")
	}
	defer func() { _ = listener.Close() }() // closed already when all went well
	running, err := app.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), putBackTime)
		defer cancel()
		err = errors.Join(err, running.Close(closing))
	}()
	// From here on the API can be asked; what an earlier process left is picked up
	// in the same moment.
	if err := running.Start(ctx); err != nil {
		return err
	}
	p.announce(listener.Addr().String(), options, running)
	return p.answer(ctx, listener, handler(listener, options, running, log))
}

func handler(listener net.Listener, o app.Options, running *app.App, log *slog.Logger) http.Handler {
	return httpapi.New(running.Service, httpapi.Options{
		Version: versionText(), BasePath: apiPath,
		Token: httpapi.Token(o.Config.APIToken.Reveal()), Open: o.Config.OpenToAll,
		Loopback: isLoopback(listener.Addr().String()), Address: listener.Addr().String(),
		CORSOrigins: o.Config.CORSAllowedOrigins, AgentStatus: running.AgentStatus(),
		Models: running.Models(), PricesAsOf: running.PricesAsOf(),
		Dashboard:  webui.Handler(),
		LongEvents: true, Now: o.Now, Log: log,
	})
}

// answer serves until ctx ends, and then lets requests end.
func (p *program) answer(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		// Streams of events end with this context, or Shutdown would wait for them.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	fmt.Fprintln(p.err, "Stopping: what runs goes back in line. Ctrl-C again stops at once.")
	shutdown, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := server.Shutdown(shutdown); err != nil {
		_ = server.Close() // whoever still waits for an answer asks again later
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// checkAddress refuses to open the API to other machines without a word about
// who may use it.
func checkAddress(address string, c config.Config) error {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return fmt.Errorf("--addr %s: want host:port, for example 127.0.0.1:8080", address)
	}
	if isLoopback(address) || c.APIToken.IsSet() || c.OpenToAll {
		return nil
	}
	return withHint(fmt.Errorf("--addr %s can be reached from other machines, and no %s is set", address, config.APIToken),
		"set %s to a long random value (openssl rand -hex 32), or listen on 127.0.0.1; %s=none lets everybody in", config.APIToken, config.APIAuthorization)
}

// isLoopback reports whether only this machine can connect to an address.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// announce tells a person what runs here and who may use it, and a program where.
func (p *program) announce(address string, o app.Options, running *app.App) {
	url := "http://" + address
	colour := p.terminal(p.err).colour
	p.announceRehearsal(o)
	line := func(what, text string) { fmt.Fprintf(p.err, "  %s %s\n", pad(what, 14), text) }
	fmt.Fprintf(p.err, "codybatch %s serves %s\n", versionText(), paint(colour, bold, url))
	line("api", url+apiPath+" (described at "+url+"/openapi.json)")
	line("forge", forgeText(o, running))
	if running.Allow.Empty() {
		line("repositories", paint(colour, yellow, "none: set "+config.AllowedRepositories+", for example to "+running.Host+"/<owner>/*, and start again"))
	} else {
		line("repositories", o.Config.AllowedRepositories)
	}
	line("data", o.Data)
	line("claude", running.AgentStatus())
	switch {
	case o.Config.OpenToAll:
		line("authorization", paint(colour, red, "NONE: whoever can connect to "+address+" may start jobs, spend your money and read every diff ("+config.APIAuthorization+"=none)"))
	case o.Config.APIToken.IsSet():
		line("authorization", "bearer token ("+config.APIToken+")")
	default:
		line("authorization", "this machine only")
	}
	if p.json.set {
		line, err := encode(ready{URL: url, APIURL: url + apiPath, Address: address, Forge: running.Host, Rehearsal: o.Rehearse})
		if err == nil {
			fmt.Fprintf(p.out, "%s\n", line)
		}
	}
}

func forgeText(o app.Options, running *app.App) string {
	if o.Forge == app.ForgeLocalGit {
		return running.Host + ", in " + o.ForgeRoot
	}
	return running.Host
}

// stopped reports whether ctx ended because the program is to stop.
func stopped(ctx context.Context) bool { return errors.Is(context.Cause(ctx), codybatch.ErrStopped) }
