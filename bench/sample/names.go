package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// random gives the same numbers for the same name, whatever else is seeded.
func random(name string) *rand.Rand {
	var seed [32]byte
	copy(seed[:], name)
	return rand.New(rand.NewChaCha8(seed))
}

var domains = strings.Fields(`accounts audit billing booking cart catalog checkout claims compliance consent contracts
	coupons credit customers delivery disputes documents email events exports fees feeds fraud fulfillment gateway geo
	identity imports inventory invoices kyc labels ledger limits loyalty media messaging metering notifications offers
	onboarding orders partners payments payouts permissions pricing profiles promotions quotas ratings refunds reports
	returns reviews risk routing search sessions settlement shipping stock subscriptions support tax tenants tickets
	tracking transfers vouchers webhooks wishlist`)

// A kind is what a repository holds: the end of its name, its language, and words
// about it.
var kinds = []struct{ suffix, language, about string }{
	{"api", "Go", "Public HTTP API for %s"},
	{"service", "Java", "Core %s service (Spring Boot)"},
	{"worker", "Go", "Asynchronous jobs around %s"},
	{"web", "TypeScript", "Web front end for %s"},
	{"pipeline", "Python", "Batch pipeline that aggregates %s"},
	{"client-go", "Go", "Go client of the %s API"},
	{"sdk", "TypeScript", "JavaScript SDK for %s"},
	{"admin", "TypeScript", "Back office screens for %s"},
	{"events", "Go", "Event schemas and consumers for %s"},
	{"batch", "Java", "Nightly batch runs for %s"},
	{"model", "Python", "Models and features for %s"},
	{"proxy", "Go", "Edge proxy in front of %s"},
	{"infra", "HCL", "Terraform for %s"},
	{"docs", "", "Runbooks and decisions about %s"},
	{"mobile", "Kotlin", "Android module for %s"},
	{"contract-tests", "Go", "Contract tests between %s and its callers"},
	{"mock", "Go", "A stand-in for %s in other teams' tests"},
}

// listed is how many repositories the forge shows.
const listed = 1_200

// makeRepositories invents what the forge has, in the order of names' making.
func makeRepositories() []codybatch.Repository {
	r := random("repositories")
	pushed := time.Date(2026, 10, 30, 16, 0, 0, 0, time.UTC)
	var all []codybatch.Repository
	hostile := hostileRepositories()
	for _, kind := range kinds {
		for _, domain := range domains {
			if len(all) == listed-len(hostile) {
				return append(all, hostile...)
			}
			owner := "acme"
			switch r.IntN(20) {
			case 0:
				owner = "acme-labs"
			case 1:
				owner = "acme-platform"
			}
			name := codybatch.RepositoryName(owner + "/" + domain + "-" + kind.suffix)
			repository := codybatch.Repository{
				Name: name, URL: "https://github.com/" + string(name), DefaultBranch: "main", Language: kind.language,
				Description: fmt.Sprintf(kind.about, domain), Private: r.IntN(4) > 0, Archived: r.IntN(24) == 0, Fork: r.IntN(40) == 0,
				PushedAt: pushed.Add(-time.Duration(r.ExpFloat64()*500*3600) * time.Second),
			}
			if r.IntN(9) == 0 {
				repository.Description = ""
			}
			if r.IntN(15) == 0 {
				repository.DefaultBranch = "master"
			}
			all = append(all, repository)
		}
	}
	return all
}

// service is the name of what a repository is about: "billing" of acme/billing-api.
func service(name codybatch.RepositoryName) string {
	domain, _, _ := strings.Cut(name.Name(), "-")
	return strings.ToLower(domain)
}

// commit is a hash that belongs to the name.
func commit(name string) string { return blobID("commit of " + name) }
