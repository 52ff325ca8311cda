package codybatch

import (
	"cmp"
	"context"
	"slices"
)

// Estimate is what a job would be, before anything is started.
type Estimate struct {
	Admitted []RepositoryName
	Refused  []Refusal
	MaxCost  *Money // the most that it can cost; nil: without a limit
	Usual    *Money // what finished jobs with the same agent and model cost, scaled; nil: no history
}

// EstimateJob looks at a job without creating it. Repositories that can't be had
// are part of the answer; everything else that is wrong is a *ValidationError.
func (s *Service) EstimateJob(ctx context.Context, spec JobSpec) (Estimate, error) {
	spec = spec.WithDefaults()
	if err := cmp.Or(spec.Validate(), s.available(spec.Agent)); err != nil {
		return Estimate{}, err
	}
	var estimate Estimate
	var err error
	if estimate.Admitted, estimate.Refused, err = s.admit(ctx, spec.Repositories); err != nil {
		return Estimate{}, err
	}
	estimate.MaxCost = mostCost(spec, len(estimate.Admitted))
	estimate.Usual, err = s.usualCost(ctx, spec.Agent, len(estimate.Admitted))
	return estimate, err
}

func mostCost(spec JobSpec, tasks int) *Money {
	if spec.Agent.Type == AgentScript {
		return new(Money)
	}
	most := *spec.Agent.MaxCost * Money(tasks)
	if spec.MaxCost != nil {
		most = min(most, *spec.MaxCost)
	}
	return &most
}

// usualCost is the median cost per repository of the latest 100 jobs' finished
// ones with the same agent and model, times the number of repositories.
func (s *Service) usualCost(ctx context.Context, agent AgentSpec, tasks int) (*Money, error) {
	page, err := s.store.Jobs(ctx, JobQuery{Limit: 100})
	if err != nil {
		return nil, err
	}
	var perTask []Money
	for _, job := range page.Jobs {
		alike := job.Agent.Type == agent.Type && job.Agent.Model == agent.Model
		if alike && job.Finished() && !job.Usage.CostUnknown && job.RepositoryCount > 0 {
			perTask = append(perTask, job.Usage.Cost/Money(job.RepositoryCount))
		}
	}
	if len(perTask) == 0 {
		return nil, nil
	}
	slices.Sort(perTask)
	usual := perTask[len(perTask)/2] * Money(tasks)
	return &usual, nil
}
