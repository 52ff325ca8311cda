package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/liamzdenek/cody-batch/internal/app"
	"github.com/liamzdenek/cody-batch/internal/config"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// version is what the API tells when the deployment does not say more: the program has to
// be the same bytes for the same source, so that only what changed is deployed.
const version = "dev"

// function answers what Lambda hands it, one event at a time. It keeps nothing between
// two of them but what opening made.
type function struct {
	app *app.App
	api http.Handler
}

// open makes the function: it reads the environment and the secrets, and opens every
// part. It calls nobody but SSM.
func open(ctx context.Context, lookup func(string) (string, bool), log *slog.Logger) (*function, error) {
	c, err := config.ReadLambda(lookup)
	if err != nil {
		return nil, err
	}
	a, err := app.Open(ctx, app.Options{Config: c, Forge: app.ForgeGitHub, Now: time.Now, Log: log})
	if err != nil {
		return nil, err
	}
	c = a.Config() // with the secrets
	return &function{app: a, api: httpapi.New(a.Service, httpapi.Options{
		Version: cmp.Or(c.Version, version), LinkFrom: linkFrom, Token: httpapi.Token(c.APIToken.Reveal()), Open: c.OpenToAll,
		CORSOrigins: c.CORSAllowedOrigins, AgentStatus: a.AgentStatus(),
		Models: a.Models(), PricesAsOf: a.PricesAsOf(), Now: time.Now, Log: log,
	})}, nil
}

// Invoke answers one event. An error makes Lambda try an event of EventBridge again,
// and put it aside after the third time.
func (f *function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var kind struct {
		Method     string `json:"httpMethod"`
		DetailType string `json:"detail-type"`
	}
	if err := json.Unmarshal(payload, &kind); err != nil {
		return nil, fmt.Errorf("read the event: %w", err)
	}
	switch {
	case kind.Method != "":
		var request events.APIGatewayProxyRequest
		if err := json.Unmarshal(payload, &request); err != nil {
			return nil, fmt.Errorf("read the request of API Gateway: %w", err)
		}
		return answer(ctx, f.api, request), nil
	case kind.DetailType == "Batch Job State Change":
		return nil, f.app.JobEnded(ctx, payload)
	case kind.DetailType == "Scheduled Event":
		return nil, f.app.Sweep(ctx)
	default:
		return nil, fmt.Errorf("event of type %.100q: the function takes requests of a REST API, state changes of AWS Batch and scheduled events", kind.DetailType)
	}
}
