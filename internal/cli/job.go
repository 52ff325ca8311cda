package cli

import (
	"context"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/config"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// defaultServer is where codybatch serve listens by itself.
const defaultServer = "http://127.0.0.1:8080"

// serverFlag is the server that a command talks to.
type serverFlag struct{ address string }

func (f *serverFlag) add(c *cobra.Command) {
	c.PersistentFlags().StringVar(&f.address, "server", "", "`address` of the server (default $"+config.Server+", or "+defaultServer+")")
}

// client makes a client of the server, with the token of the environment.
func (p *program) client(ctx context.Context, f *serverFlag) (*httpapi.Client, error) {
	environment, err := config.ReadClient(p.lookup)
	if err != nil {
		return nil, err
	}
	address := defaultServer
	if environment.Server != "" {
		address = environment.Server
	}
	if f.address != "" {
		address = f.address
	}
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	p.contact.address = address
	transport := &http.Client{Transport: p.contact}
	api, err := httpapi.Discover(ctx, address, transport)
	if err != nil {
		if lost := unreachable(err); lost != nil {
			return nil, withHint(lost, "is there a server? codybatch serve starts one; --server or %s says where it is", config.Server)
		}
		return nil, err
	}
	client, err := httpapi.NewClient(api, environment.APIToken.Reveal(), transport)
	if err != nil {
		return nil, err
	}
	client.Reconnecting = p.contact.reconnecting
	return client, nil
}

func (p *program) jobs() *cobra.Command {
	var server serverFlag
	c := &cobra.Command{
		Use:   "job",
		Short: "Create, watch and finish jobs on a server",
		Long: `Create, watch and finish jobs on a server.

<job> is the id of a job, or "latest". A <job> that was run by "codybatch run" is on the
server that has the same --data. API_TOKEN is the token, where the server wants one.`,
		Args: onlySubcommands,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	server.add(c)
	c.AddCommand(
		p.jobCreate(&server), p.jobList(&server), p.jobView(&server), p.jobWatch(&server), p.jobDiff(&server),
		p.jobThread(&server), p.jobLog(&server), p.jobCancel(&server), p.jobRetry(&server), p.jobPublish(&server), p.jobReview(&server),
		p.jobFeedback(&server),
	)
	return c
}
