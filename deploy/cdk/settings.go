package main

import (
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// settings are what whoever deploys may choose, each with `--context name=value`.
type settings struct {
	open                bool     // authorization=none: everybody may do everything
	fargate             bool     // compute=fargate, in place of ec2
	spot                bool     // spot=true
	bedrock             bool     // claude=bedrock, in place of anthropic
	parameters          string   // the path in Parameter Store below which the secrets are
	allowedRepositories string   // patterns host/owner/name, comma-separated; empty: none
	corsOrigins         []string // origins of other web pages that may use the API
	alarmEmail          string   // who is told of alarms; empty: nobody
	budgetUSD           float64  // of a month, for the whole account; 0: no budget
	version             string   // of the source, which the API tells; empty: unknown
	unknown             []string // names that were given and mean nothing; a slip of the pen, perhaps
}

var (
	parametersPattern = regexp.MustCompile(`^(/[A-Za-z0-9_.-]+)+$`)
	allowedPattern    = regexp.MustCompile(`^[^/,\s]+/[^/,\s]+/[^/,\s]+$`)
	versionPattern    = regexp.MustCompile(`^[A-Za-z0-9._+-]{1,64}$`)
	originPattern     = regexp.MustCompile(`^https?://[A-Za-z0-9.-]+(:[0-9]+)?$`)
)

// readSettings reads the context of the app. The error lists all that is wrong.
func readSettings(node constructs.Node) (settings, error) {
	r := contextReader{node: node}
	s := settings{
		open:                r.choice("authorization", "token", "none"),
		fargate:             r.choice("compute", "ec2", "fargate"),
		spot:                r.choice("spot", "false", "true"),
		bedrock:             r.choice("claude", "anthropic", "bedrock"),
		parameters:          r.text("parameters", "/cody-batch"),
		allowedRepositories: r.text("allowed-repositories", ""),
		corsOrigins:         r.list("cors-origins"),
		alarmEmail:          r.text("alarm-email", ""),
		budgetUSD:           r.amount("budget-usd"),
		version:             r.text("version", ""),
	}
	r.check("parameters", parametersPattern, "want a path such as /cody-batch", s.parameters)
	r.check("allowed-repositories", allowedPattern, "want host/owner/name, for example github.com/acme/*", r.list("allowed-repositories")...)
	r.check("cors-origins", originPattern, "want an origin such as https://cody.example", s.corsOrigins...)
	if s.version != "" {
		r.check("version", versionPattern, "want at most 64 letters, digits, dots, hyphens and plus signs", s.version)
	}
	for _, pattern := range r.list("allowed-repositories") { // what the programs would not start with
		if _, err := path.Match(pattern, ""); err != nil {
			r.problem("allowed-repositories", "%q: want host/owner/name, for example github.com/acme/*: %w", pattern, err)
		}
	}
	// SNS takes the address alone, without a name.
	if address, err := mail.ParseAddress(s.alarmEmail); s.alarmEmail != "" && (err != nil || address.Address != s.alarmEmail) {
		r.problem("alarm-email", "%q is no address of e-mail", s.alarmEmail)
	}
	if s.budgetUSD > 0 && s.alarmEmail == "" {
		r.problem("budget-usd", "nobody would be told; add --context alarm-email=you@example.com")
	}
	s.unknown = r.unknown()
	return s, errors.Join(r.problems...)
}

// sourceVersion names the commit that is deployed, as `make build` does; empty without
// git. Programs are not stamped with it: they are the same bytes for the same source.
func sourceVersion() string {
	output, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "" // a copy of the source, say
	}
	return strings.TrimSpace(string(output))
}

// checkPackages says which of the packages of `nx build` is missing in a folder.
func checkPackages(folder string) error {
	for _, file := range []string{"api/bootstrap", "batch/batch", "batch/Dockerfile", "frontend/index.html"} {
		if _, err := os.Stat(filepath.Join(folder, file)); err != nil {
			return fmt.Errorf("the package %s is not built: run `npx nx run-many -t build` first: %w", filepath.Dir(file), err)
		}
	}
	return nil
}

// contextReader reads values of the context and collects what is wrong with them.
type contextReader struct {
	node     constructs.Node
	problems []error
	known    []string
}

// unknown lists the names in the context that nobody has asked for. CDK's own have a
// colon, but for two of its command.
func (r *contextReader) unknown() []string {
	all, _ := r.node.GetAllContext(nil).(map[string]any)
	known := append([]string{"cli-telemetry", "acknowledged-issue-numbers"}, r.known...)
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !strings.Contains(name, ":") && !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

func (r *contextReader) problem(name, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf("--context "+name+": "+format, args...))
}

// text reads a value; the command line makes all of them strings, cdk.json does not.
func (r *contextReader) text(name, byDefault string) string {
	r.known = append(r.known, name)
	value := r.node.TryGetContext(jsii.String(name))
	if text := strings.TrimSpace(fmt.Sprint(value)); value != nil && text != "" {
		return text
	}
	return byDefault
}

// choice reports whether the value is the other one, not the default.
func (r *contextReader) choice(name, byDefault, other string) bool {
	value := r.text(name, byDefault)
	if value != byDefault && value != other {
		r.problem(name, "%q is unknown; use %s (the default) or %s", value, byDefault, other)
	}
	return value == other
}

func (r *contextReader) list(name string) []string {
	var values []string
	for value := range strings.SplitSeq(r.text(name, ""), ",") {
		if value = strings.TrimSpace(value); value != "" {
			values = append(values, value)
		}
	}
	return values
}

func (r *contextReader) amount(name string) float64 {
	text := r.text(name, "0")
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || value < 0 || value > 1e9 {
		r.problem(name, "%q is no amount of US dollars", text)
		return 0
	}
	return value
}

func (r *contextReader) check(name string, pattern *regexp.Regexp, want string, values ...string) {
	for _, value := range values {
		if !pattern.MatchString(value) {
			r.problem(name, "%q: %s", value, want)
		}
	}
}
