package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// pingTimeout is how long a part may take to say that it is well.
const pingTimeout = 5 * time.Second

func (a *api) registerHealth(h huma.API) {
	op := operation("getHealth", http.MethodGet, "/health", tagHealth,
		"Get the server's health", "How the server and the parts that it needs are. 503 only when the store can't be reached. It never calls a model, and needs no token.")
	op.Security = []map[string][]string{{}}
	describeHealth(h, &op)
	register(a, h, op, a.health)
}

type healthOutput struct {
	Status       int
	CacheControl string `header:"Cache-Control"`
	Body         Health
}

func (a *api) health(ctx context.Context, _ *struct{}) (*healthOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	found := a.service.Health(ctx)
	part := func(name string) Dependency {
		err, isKnown := found[name]
		switch {
		case !isKnown:
			return Dependency{Status: "unknown", Detail: "can't be asked"}
		case err == nil:
			return Dependency{Status: "ok"}
		}
		// What exactly is wrong may hold names and addresses: that is for the log.
		a.Log.WarnContext(ctx, "a part is not well", "part", name, "error", err)
		if errors.Is(err, codybatch.ErrUnauthorized) {
			return Dependency{Status: "down", Detail: "refuses the server's credentials"}
		}
		return Dependency{Status: "down", Detail: "can't be reached; the server's log has the details"}
	}
	health := Health{
		Status: "ok", Version: a.Version, Time: moment(a.Now()),
		Dependencies: Dependencies{
			Store: part("store"), Artifacts: part("artifacts"), Forge: part("forge"),
			Dispatcher: part("dispatcher"), Agent: a.agentHealth(),
		},
	}
	out := &healthOutput{Status: http.StatusOK, CacheControl: "no-store", Body: health}
	switch d := health.Dependencies; {
	case d.Store.Status != "ok":
		out.Status, out.Body.Status = http.StatusServiceUnavailable, "down"
	case d.Artifacts.Status != "ok" || d.Forge.Status != "ok" || d.Dispatcher.Status == "down" || d.Agent.Status != "ok":
		out.Body.Status = "degraded"
	}
	return out, nil
}

// agentRehearsal is the AgentStatus of a server where a script answers in the model's place.
const agentRehearsal = "rehearsal"

// agentHealth goes by how the server was set up.
func (a *api) agentHealth() Dependency {
	switch a.AgentStatus {
	case "ready":
		return Dependency{Status: "ok"}
	case agentRehearsal:
		return Dependency{Status: "ok", Detail: "rehearsal: no model is asked, answers are scripted"}
	case "":
		return Dependency{Status: "down", Detail: "is not set up"}
	default:
		return Dependency{Status: "down", Detail: a.AgentStatus}
	}
}
