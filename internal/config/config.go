// Package config turns the environment into a Config, once, at the start of a
// program. It is the only place that knows the names of the variables; whoever
// needs a value is handed it.
package config

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// The variables, by the names of the published contract.
const (
	GitHubToken         = "GITHUB_TOKEN"
	GitHubAPIURL        = "GITHUB_API_URL" // GitHub Enterprise Server, and tests
	ClaudeAPIKey        = "CLAUDE_API_KEY"
	AnthropicAPIKey     = "ANTHROPIC_API_KEY" // read if CLAUDE_API_KEY is not set
	AnthropicBaseURL    = "ANTHROPIC_BASE_URL"
	ClaudeCodePath      = "CLAUDE_CODE_PATH"
	ClaudeProvider      = "CLAUDE_PROVIDER"
	ClaudePrices        = "CLAUDE_PRICES"
	AWSRegion           = "AWS_REGION"
	AllowedRepositories = "ALLOWED_REPOSITORIES"
	APIToken            = "API_TOKEN"
	APIAuthorization    = "API_AUTHORIZATION"
	CORSAllowedOrigins  = "CORS_ALLOWED_ORIGINS"
	Sandbox             = "SANDBOX"
	SandboxRead         = "SANDBOX_READ"
	SandboxWrite        = "SANDBOX_WRITE"
	SandboxNetwork      = "SANDBOX_NETWORK"
	SandboxUID          = "SANDBOX_UID"
	SandboxMemory       = "SANDBOX_MEMORY"
	Server              = "CODYBATCH_SERVER"
	Version             = "CODYBATCH_VERSION"
	xdgDataHome         = "XDG_DATA_HOME"
	home                = "HOME"
)

// Config is what the environment says to a program that runs jobs.
type Config struct {
	GitHubToken         Secret
	GitHubAPIURL        string // empty: github.com
	ClaudeAPIKey        Secret
	AnthropicBaseURL    string   // empty: Anthropic's own
	ClaudeCodePath      string   // the program, absolute; empty: "claude" on PATH
	Bedrock             bool     // CLAUDE_PROVIDER=bedrock
	AWSRegion           string   // empty: not said
	AWSCredentials      []Secret // those of AWS's variables that are set: for AWS's SDK to use, and for nobody to see
	ClaudePrices        string   // a file; empty: the list that is built in
	AllowedRepositories string   // patterns "host/owner/name", comma-separated; empty: none
	APIToken            Secret
	OpenToAll           bool     // API_AUTHORIZATION=none
	CORSAllowedOrigins  []string // "https://dashboard.example"
	Sandbox             string   // SandboxOff or SandboxRequire; empty: what the kernel has
	SandboxRead         []string // absolute paths that programs of agents may read as well
	SandboxWrite        []string // and those that they may change
	SandboxNoNetwork    bool     // SANDBOX_NETWORK=off
	SandboxUID          int      // the user that they run as; 0: the server's own, -1: one for each command
	SandboxMemory       int64    // bytes that a command may use; 0: half of the machine's
	DataHome            string   // where programs of this user keep their data; empty: unknown
	Version             string   // of the source, where the deployment knows it and the program does not; empty: not said
	AWS                 AWS
	Parameters          Parameters
}

// The values of SANDBOX beside "auto".
const (
	SandboxOff     = "off"
	SandboxRequire = "require"
)

// Client is what the environment says to a program that talks to a server.
type Client struct {
	Server   string // empty: not said
	APIToken Secret
}

// Read reads every variable that a worker or a server needs. The error lists all
// that is wrong, each with the name of its variable and never with the value of a
// secret. Lookup is os.LookupEnv, or a test's own; an empty value counts as none.
func Read(lookup func(string) (string, bool)) (Config, error) {
	r := reader{lookup: lookup}
	c := Config{
		GitHubToken:         r.secret(GitHubToken),
		GitHubAPIURL:        r.address(GitHubAPIURL),
		ClaudeAPIKey:        r.secret(ClaudeAPIKey),
		AnthropicBaseURL:    r.address(AnthropicBaseURL),
		ClaudeCodePath:      r.path(ClaudeCodePath),
		Bedrock:             r.provider(),
		AWSRegion:           r.text(AWSRegion),
		AWSCredentials:      r.awsCredentials(),
		ClaudePrices:        r.text(ClaudePrices),
		AllowedRepositories: r.patterns(AllowedRepositories),
		APIToken:            r.secret(APIToken),
		OpenToAll:           r.authorization(),
		CORSAllowedOrigins:  r.origins(CORSAllowedOrigins),
		Sandbox:             r.sandbox(),
		SandboxRead:         r.paths(SandboxRead),
		SandboxWrite:        r.paths(SandboxWrite),
		SandboxNoNetwork:    r.network(),
		SandboxUID:          r.uid(),
		SandboxMemory:       r.memory(),
		DataHome:            r.dataHome(),
		Version:             r.text(Version),
		AWS:                 r.aws(),
		Parameters:          r.parameters(),
	}
	if c.Bedrock && !regionPattern.MatchString(c.AWSRegion) {
		r.problem(AWSRegion, "%s=bedrock needs the region, such as eu-central-1", ClaudeProvider)
	}
	if !c.ClaudeAPIKey.IsSet() {
		c.ClaudeAPIKey = r.secret(AnthropicAPIKey)
	}
	return c, errors.Join(r.problems...)
}

// ReadClient reads the variables of a program that talks to a server.
func ReadClient(lookup func(string) (string, bool)) (Client, error) {
	r := reader{lookup: lookup}
	c := Client{Server: r.address(Server), APIToken: r.secret(APIToken)}
	return c, errors.Join(r.problems...)
}

// reader reads variables and collects what is wrong with them.
type reader struct {
	lookup   func(string) (string, bool)
	problems []error
}

func (r *reader) problem(name, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf(name+": "+format, args...))
}

// text reads a value. Blanks around it come from files and from quoting; no
// variable of ours means them.
func (r *reader) text(name string) string {
	value, _ := r.lookup(name)
	return strings.TrimSpace(value)
}

func (r *reader) secret(name string) Secret {
	secret, err := ParseSecret(r.text(name))
	if err != nil {
		r.problem(name, "%w", err)
	}
	return secret
}

// awsCredentials are AWS's to judge: whatever they hold, they are none of our problems.
func (r *reader) awsCredentials() []Secret {
	var credentials []Secret
	for _, name := range []string{"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"} {
		if value := r.text(name); value != "" {
			credentials = append(credentials, NewSecret(value))
		}
	}
	return credentials
}

func (r *reader) address(name string) string {
	value := r.text(name)
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		// The value is not quoted: people do put credentials into addresses.
		r.problem(name, "want an address such as https://host/path, without credentials, query or fragment")
		return ""
	}
	return strings.TrimRight(value, "/")
}

func (r *reader) patterns(name string) string {
	value := r.text(name)
	for pattern := range strings.SplitSeq(value, ",") {
		pattern = strings.TrimSpace(pattern)
		if pattern == "" {
			continue
		}
		if _, err := path.Match(pattern, ""); err != nil || strings.Count(pattern, "/") != 2 {
			r.problem(name, "pattern %q: want host/owner/name, for example github.com/acme/*", pattern)
		}
	}
	return value
}

func (r *reader) authorization() bool {
	switch value := r.text(APIAuthorization); value {
	case "", "token":
		return false
	case "none":
		return true
	default:
		r.problem(APIAuthorization, "%q is unknown; use %q (the default) or %q", value, "token", "none")
		return false
	}
}

// regionPattern keeps what becomes part of an address to what regions look like.
var regionPattern = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$`)

// provider reports whether Claude is asked through Bedrock.
func (r *reader) provider() bool {
	switch value := r.text(ClaudeProvider); value {
	case "", "anthropic":
		return false
	case "bedrock":
		return true
	default:
		r.problem(ClaudeProvider, "%q is unknown; use %q (the default) or %q", value, "anthropic", "bedrock")
		return false
	}
}

func (r *reader) sandbox() string {
	switch value := r.text(Sandbox); value {
	case "", "auto":
		return ""
	case SandboxOff, SandboxRequire:
		return value
	default:
		r.problem(Sandbox, "%q is unknown; use %q (the default), %q or %q", value, "auto", SandboxOff, SandboxRequire)
		return ""
	}
}

// path reads one absolute path.
func (r *reader) path(name string) string {
	value := r.text(name)
	if value != "" && !filepath.IsAbs(value) {
		r.problem(name, "path %q: want an absolute path", value)
		return ""
	}
	return value
}

func (r *reader) network() bool {
	switch value := r.text(SandboxNetwork); value {
	case "", "on":
		return false
	case "off":
		return true
	default:
		r.problem(SandboxNetwork, "%q is unknown; use %q (the default) or %q", value, "on", "off")
		return false
	}
}

func (r *reader) uid() int {
	switch value := r.text(SandboxUID); value {
	case "", "off":
		return 0
	case "auto":
		return -1
	default:
		number, err := strconv.ParseUint(value, 10, 31)
		if err != nil || number == 0 {
			r.problem(SandboxUID, "%q is unknown; use %q (the default), %q or the number of a user that is not root", value, "off", "auto")
		}
		return int(number)
	}
}

// memory reads a number of bytes such as 4GiB.
func (r *reader) memory() int64 {
	value := r.text(SandboxMemory)
	if value == "" {
		return 0
	}
	digits, shift := value, 0
	for unit, bits := range map[string]int{"MiB": 20, "GiB": 30} {
		if number, ok := strings.CutSuffix(value, unit); ok {
			digits, shift = strings.TrimSpace(number), bits
		}
	}
	number, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || shift == 0 || number <= 0 || number<<shift < 64<<20 {
		r.problem(SandboxMemory, "%q: want what a command may use with all that it starts, such as 4GiB or 512MiB, and 64MiB at least", value)
		return 0
	}
	return number << shift
}

// paths reads a list as PATH is one.
func (r *reader) paths(name string) []string {
	var paths []string
	for _, path := range filepath.SplitList(r.text(name)) {
		switch {
		case path == "":
		case !filepath.IsAbs(path):
			r.problem(name, "path %q: want absolute paths, parted by %q", path, string(filepath.ListSeparator))
		default:
			paths = append(paths, path)
		}
	}
	return paths
}

func (r *reader) origins(name string) []string {
	var origins []string
	for origin := range strings.SplitSeq(r.text(name), ",") {
		origin = strings.TrimRight(strings.TrimSpace(origin), "/")
		if origin == "" {
			continue
		}
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || origin != u.Scheme+"://"+u.Host {
			r.problem(name, "origin %q: want scheme://host or scheme://host:port, for example https://dashboard.example", origin)
			continue
		}
		origins = append(origins, origin)
	}
	return origins
}

// dataHome follows the XDG Base Directory Specification 0.8: $XDG_DATA_HOME if
// absolute, else ~/.local/share.
func (r *reader) dataHome() string {
	if folder := r.text(xdgDataHome); filepath.IsAbs(folder) {
		return folder
	}
	if folder := r.text(home); folder != "" {
		return filepath.Join(folder, ".local", "share")
	}
	return ""
}
