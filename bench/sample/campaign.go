package main

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Each file is a campaign: a prompt, and for each language what there was before
// and after, with {{placeholders}} for what differs between repositories.
//
//go:embed campaigns/*.txtar
var campaignFiles embed.FS

// campaign is one change over many repositories.
type campaign struct {
	title, description, branch, search string
	verify                             []string
	prompt, script, body               string
	variants                           map[string]*variant // by language, "any" for all
}

type variant struct {
	plan, summary, broken, passed string
	files                         []file
}

func loadCampaigns() (map[string]campaign, error) {
	names, err := fs.Glob(campaignFiles, "campaigns/*.txtar")
	if err != nil {
		return nil, err
	}
	campaigns := map[string]campaign{}
	for _, name := range names {
		data, err := campaignFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		c, err := parseCampaign(txtar.Parse(data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		campaigns[strings.TrimSuffix(path.Base(name), ".txtar")] = c
	}
	return campaigns, nil
}

func parseCampaign(archive *txtar.Archive) (campaign, error) {
	c := campaign{variants: map[string]*variant{}}
	for line := range strings.Lines(string(archive.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "title":
			c.title = value
		case "description":
			c.description = value
		case "branch":
			c.branch = value
		case "verify":
			c.verify = append(c.verify, value)
		case "search":
			c.search = value
		default:
			return c, fmt.Errorf("unknown field %q", key)
		}
	}
	for _, f := range archive.Files {
		text := string(f.Data)
		switch f.Name {
		case "prompt":
			c.prompt = text
			continue
		case "script":
			c.script = text
			continue
		case "body":
			c.body = text
			continue
		}
		language, part, _ := strings.Cut(f.Name, "/")
		if c.variants[language] == nil {
			c.variants[language] = &variant{}
		}
		if err := c.variants[language].add(part, text); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (v *variant) add(part, text string) error {
	side, name, _ := strings.Cut(part, "/")
	switch side {
	case "plan":
		v.plan = strings.TrimSpace(text)
	case "summary":
		v.summary = strings.TrimSpace(text)
	case "broken":
		v.broken = text
	case "passed":
		v.passed = text
	case "before":
		v.files = append(v.files, file{path: name, before: text})
	case "after":
		for i := range v.files {
			if v.files[i].path == name {
				v.files[i].after = text
				return nil
			}
		}
		v.files = append(v.files, file{path: name, after: text})
	default:
		return fmt.Errorf("unknown part %q", part)
	}
	return nil
}

// on is the campaign's change in a repository. Other languages than those that it
// knows get the one of Go.
func (c campaign) on(repository codybatch.Repository) change {
	v := c.variants[strings.ToLower(repository.Language)]
	for _, other := range []string{"any", "go", "java", "python", "typescript"} {
		if v == nil {
			v = c.variants[other]
		}
	}
	name := repository.Name
	svc := service(name)
	fill := strings.NewReplacer("{{svc}}", svc, "{{pkg}}", svc, "{{SVC}}", strings.ToUpper(svc),
		"{{Svc}}", strings.ToUpper(svc[:1])+svc[1:], "{{repo}}", name.Name(), "{{org}}", name.Owner()).Replace
	filled := change{
		plan: fill(v.plan), summary: fill(v.summary), broken: fill(v.broken), passed: fill(v.passed),
		title: c.title, body: fill(c.body), search: c.search,
	}
	for _, f := range v.files {
		filled.files = append(filled.files, file{path: fill(f.path), before: fill(f.before), after: fill(f.after)})
	}
	return filled
}

// spec is the job that a person would make of the campaign.
func (c campaign) spec(repositories []codybatch.Repository) codybatch.JobSpec {
	spec := codybatch.JobSpec{
		Name: c.title, Description: c.description, Prompt: c.prompt, Verify: c.verify,
		PullRequest: codybatch.PullRequestSpec{Title: c.title, Body: c.body, Branch: c.branch, Labels: []string{"cody-batch"}},
	}
	if c.script != "" {
		spec.Prompt, spec.Agent = "", codybatch.AgentSpec{Type: codybatch.AgentScript, Script: c.script}
	}
	for _, repository := range repositories {
		spec.Repositories = append(spec.Repositories, repository.Name)
	}
	return spec
}
