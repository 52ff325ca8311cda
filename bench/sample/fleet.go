package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
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
		case p.outcome == codybatch.OutcomeChanged && p.repository.Language == "Python":
			if doubt := doubts()[i%5]; doubt.rule != "" { // in those whose patches differ anyway
				p.change.files = append(p.change.files, doubt.file)
				p.gates = []codybatch.GateFinding{{Rule: doubt.rule, Level: codybatch.GateWarn, Message: doubt.message, Paths: []string{doubt.file.path}}}
			}
		case i%29 == 7 && p.outcome == codybatch.OutcomeChanged:
			p.again = true
		}
	})
	afterwards(&steps, w, job, repositories, outcomes, endOf(stories))
	return steps.run(ctx)
}

// A doubt is a file that a gate objects to, and with it the objection.
type doubt struct {
	rule, message string
	file          file
}

func doubts() []doubt {
	const workflow = "name: ci\non: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    env:\n      TOKEN_HEADER: X-Auth-Token\n    steps:\n      - uses: actions/checkout@v4\n      - run: make test\n"
	var snapshot strings.Builder
	for i := range 6_000 {
		fmt.Fprintf(&snapshot, "{\"case\": %d, \"headers\": {\"authorization\": \"Bearer t0k3n\"}, \"status\": 200}\n", i)
	}
	return []doubt{
		{"", "", file{}},
		{"deleted_tests", "deletes tests, or gives them names and forms that no test has", file{
			"tests/test_legacy_header.py",
			"def test_old_header_still_works(client):\n    answer = client.get(\"/status\", headers={\"X-Auth-Token\": \"t0k3n\"})\n    assert answer.status_code == 200\n", "",
		}},
		{"protected_path", "changes files that decide what runs elsewhere; name them in the prompt to allow that", file{
			".github/workflows/ci.yml", workflow, strings.Replace(workflow, "      TOKEN_HEADER: X-Auth-Token\n", "      TOKEN_SCHEME: Bearer\n", 1),
		}},
		{"large_diff", fmt.Sprintf("is %.1f MiB long", float64(snapshot.Len())/(1<<20)), file{"tests/snapshots/requests.jsonl", "", snapshot.String()}},
		{"suppression", "silences a linter or a check", file{
			"scripts/smoke.py", "TOKEN = \"t0k3n\"\nHEADERS = {\"X-Auth-Token\": TOKEN}\n",
			"TOKEN = \"t0k3n\"  # noqa: S105\nHEADERS = {\"Authorization\": f\"Bearer {TOKEN}\"}\n",
		}},
	}
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
