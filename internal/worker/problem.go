package worker

import (
	"fmt"
	"regexp"
	"strings"
)

// What programs say when something is not there. The names in it are the
// repository's as well as ours: they are plain words, or not repeated.
var (
	missingProgram = []*regexp.Regexp{
		regexp.MustCompile(`(?m)^\S*sh: (?:line )?\d+: ([\w.+/-]{1,60}): (?:command )?not found$`),
		regexp.MustCompile(`(?m)^\S*sh: (?:line )?\d+: ([\w.+/-]{1,60}): No such file or directory$`),
		regexp.MustCompile(`(?m)^make(?:\[\d+\])?: ([\w.+/-]{1,60}): No such file or directory$`),
		regexp.MustCompile(`(?m)^(?:/usr/bin/)?env: ['‘]?([\w.+/-]{1,60})['’]?: No such file or directory$`),
	}
	// Those that say so with another exit code than 127.
	missingHelper = []*regexp.Regexp{
		regexp.MustCompile("(?m)^error: linker `([\\w.+-]{1,60})` not found$"),
		regexp.MustCompile(`exec: "([\w.+-]{1,60})": executable file not found in \$PATH`),
		regexp.MustCompile(`no '(java)' command could be found in your PATH`),
	}
	make127     = regexp.MustCompile(`(?m)^make.* Error 127$`)
	npm127      = regexp.MustCompile(`(?mi)^npm err(?:or|!) code 127$`)
	noVenv      = regexp.MustCompile(`ensurepip is not\s+available|No module named '?(?:venv|ensurepip)`)
	unreachable = regexp.MustCompile(`(?i)could not resolve|temporary failure in name resolution|name or service not known|network is unreachable|\bno such host\b|could not reach host|unknown ?host|\bENOTFOUND\b|\bEAI_AGAIN\b|\bENETUNREACH\b|failed to establish a new connection|failed to resolve|dns error`)
	// What tools say whose cache has not enough (sandbox: offline).
	notCached = regexp.MustCompile(`(?i)\bENOTCACHED\b|cache mode is 'only-if-cached'|ERR_PNPM_NO_OFFLINE|disabled by GOPROXY=off|attempting to make an HTTP request, but --offline|network was disabled|network connectivity is disabled|No matching distribution found|you're offline|\(offline\)`)
	closedTmp = regexp.MustCompile(`(?i)/tmp/.*(?:permission denied|not permitted|denied by)|(?:permission denied|not permitted|EACCES|accessdenied).*/tmp/`)
)

// problemOf tells why a command that failed before the change could check nothing
// where it ran, and what a person may do about it; "" if that can't be seen. Its
// output is what it is known by, so it is a hint: it decides nothing. root is the
// place of the attempt;
// afterFailure says that a command before it failed, which may have been to install
// what is missing.
func problemOf(code int, output, root string, noNetwork, afterFailure bool) string {
	if code == 0 {
		return ""
	}
	helpers := missingHelper
	if code == 127 || make127.MatchString(output) || npm127.MatchString(output) {
		helpers = append(append([]*regexp.Regexp(nil), missingProgram...), missingHelper...)
	}
	for _, said := range helpers {
		match := said.FindStringSubmatch(output)
		switch {
		case match == nil:
		case strings.Contains(match[1], "/"):
			return "a program is not there that an earlier command was to make, or that is not in the repository"
		case afterFailure:
			return fmt.Sprintf("%q is not there; a command before it failed, and may have been to install it", match[1])
		default:
			return fmt.Sprintf("%q is not on the PATH of the machine that verifies; install it there, or name commands in verify that do without it", match[1])
		}
	}
	if code == 127 { // a name that is not plain, or an output that does not tell
		return "a program that it wants is not on the PATH of the machine that verifies"
	}
	switch elsewhere := strings.ReplaceAll(output, root, ""); {
	case noVenv.MatchString(output):
		return "Python can make no virtual environments on the machine that verifies; install its venv module (python3-venv) there"
	case noNetwork && (unreachable.MatchString(output) || notCached.MatchString(output)):
		return "it wanted the network, which SANDBOX_NETWORK=off keeps from all commands; docs/operations.md says how caches are filled before"
	case unreachable.MatchString(output):
		return "it wanted the network and did not get through; if that takes a proxy, set HTTPS_PROXY for the server"
	case closedTmp.MatchString(elsewhere):
		return "it wanted to write to /tmp, which is closed to commands (TMPDIR names a folder that is open); SANDBOX_WRITE=/tmp opens it to all of them"
	}
	return ""
}
