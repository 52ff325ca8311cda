package codybatch

import (
	"errors"
	"testing"
)

func TestModelWithoutAPriceIsRefused(t *testing.T) {
	t.Parallel()
	s := &Service{ServiceOptions: ServiceOptions{HasPrice: func(model string) bool { return model == DefaultModel }}}
	if err := s.available(AgentSpec{Type: AgentClaude, Model: DefaultModel}); err != nil {
		t.Error(err)
	}
	var invalid *ValidationError
	err := s.available(AgentSpec{Type: AgentClaude, Model: "claude-sonet-5-5"})
	if !errors.As(err, &invalid) || invalid.Fields[0].Field != "agent.model" {
		t.Errorf("got %v", err)
	}
	if err := s.available(AgentSpec{Type: AgentScript}); err != nil {
		t.Errorf("a script needs no price: %v", err)
	}
}
