package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// How the 184 repositories of the fleet end. The first three make groups of
// identical patches; those in Python differ from each other.
const (
	fleetGo, fleetJava, fleetTypeScript, fleetPython  = 96, 31, 12, 16
	fleetNoChanges, fleetBroken, fleetBusy, fleetStop = 14, 6, 4, 2
	fleetCanceled                                     = 3
)

// fleet is the job that most screenshots show: finished, partly reviewed and
// published.
func (w *world) fleet(ctx context.Context, s scene, at time.Time) error {
	c := w.campaigns["bearer"]
	var repositories []codybatch.Repository
	outcomes := map[codybatch.RepositoryName]codybatch.Outcome{}
	take := func(language string, skip, count int, outcome codybatch.Outcome) {
		for _, repository := range w.forge.some(language, skip, count) {
			repositories = append(repositories, repository)
			outcomes[repository.Name] = outcome
		}
	}
	take("Go", 0, fleetGo, codybatch.OutcomeChanged)
	take("Java", 0, fleetJava, codybatch.OutcomeChanged)
	take("TypeScript", 0, fleetTypeScript, codybatch.OutcomeChanged)
	take("Python", 0, fleetPython, codybatch.OutcomeChanged)
	take("Kotlin", 0, fleetNoChanges, codybatch.OutcomeNoChanges)
	take("Go", fleetGo, fleetBroken, codybatch.OutcomeVerifyFailed)
	take("TypeScript", fleetTypeScript, fleetBusy, codybatch.OutcomeAPIError)
	take("Java", fleetJava, fleetStop, codybatch.OutcomeBlocked)
	take("Go", fleetGo+fleetBroken, fleetCanceled, codybatch.OutcomeCanceled)
	slices.SortFunc(repositories, func(a, b codybatch.Repository) int { return cmp.Compare(a.Name, b.Name) })

	spec := c.spec(repositories)
	budget := codybatch.USD(120)
	spec.MaxCost = &budget
	job, err := w.create(ctx, s.rank, s.name, at, spec)
	if err != nil {
		return err
	}
	var steps steps
	stories := w.plays(&steps, job, c, repositories, 12, func(i int, p *plot) {
		p.outcome = outcomes[p.repository.Name]
		switch {
		case p.outcome == codybatch.OutcomeVerifyFailed:
			p.change.files = p.change.files[:1] // the test that it breaks is not mended
		case p.outcome == codybatch.OutcomeChanged && i%11 == 3:
			p.gates = fleetGates[i/11%len(fleetGates)]
		}
	})
	afterwards(&steps, w, job, repositories, outcomes, endOf(stories))
	return steps.run(ctx)
}

var fleetGates = [][]codybatch.GateFinding{
	{{Rule: "deleted_tests", Level: codybatch.GateWarn, Message: "deletes tests, or gives them names and forms that no test has", Paths: []string{"client/legacy_auth_test.go"}}},
	{{Rule: "protected_path", Level: codybatch.GateWarn, Message: "changes files that decide what runs elsewhere; name them in the prompt to allow that", Paths: []string{".github/workflows/ci.yml", "CODEOWNERS"}}},
	{{Rule: "large_diff", Level: codybatch.GateWarn, Message: "is 5.2 MiB long", Paths: []string{"diff.patch"}}},
	{
		{Rule: "suppression", Level: codybatch.GateWarn, Message: "silences a linter or a check", Paths: []string{"client/client.go"}},
		{Rule: "skipped_tests", Level: codybatch.GateWarn, Message: "skips tests", Paths: []string{"client/client_test.go"}},
	},
}

// afterwards is what people do when the job has ended: they look at some of the
// diffs, and publish those that they like.
func afterwards(steps *steps, w *world, job codybatch.Job, repositories []codybatch.Repository, outcomes map[codybatch.RepositoryName]codybatch.Outcome, ended time.Time) {
	notes := []string{"", "Same as in billing, fine.", "Checked against the gateway's log, works.", ""}
	states := []codybatch.PullRequestState{
		codybatch.PullRequestMerged, codybatch.PullRequestMerged, codybatch.PullRequestOpen, codybatch.PullRequestOpen, codybatch.PullRequestClosed,
	}
	at := ended.Add(20 * time.Minute)
	changed := 0
	for _, repository := range repositories {
		if outcomes[repository.Name] != codybatch.OutcomeChanged {
			continue
		}
		changed++
		at = at.Add(40 * time.Second)
		now, n := at, changed
		k := key(job, repository)
		steps.add(now, func(ctx context.Context) error {
			switch {
			case n <= 40:
				if err := w.review(ctx, k, now, codybatch.ReviewApproved, notes[n%len(notes)]); err != nil || n > 28 {
					return err
				}
				return w.publish(ctx, k, now.Add(5*time.Second), states[n%len(states)])
			case n <= 44:
				return w.review(ctx, k, now, codybatch.ReviewRejected, "The token is logged two lines below, and now with its scheme. Take the log line out, too.")
			default:
				return nil
			}
		})
	}
}
