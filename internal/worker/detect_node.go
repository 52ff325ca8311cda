package worker

import (
	"encoding/json"
	"regexp"
	"strings"
)

// watches is a script that does not end by itself.
var watches = regexp.MustCompile(`(^|\s)(--watch|--watchAll)(\s|=true|$)|\btsc\b.*\s-w(\s|$)`)

// nodeProject runs the scripts that check something, after what they need is
// installed. A lint script alone is no reason to install the world.
func nodeProject(f folder) project {
	var manifest struct {
		Scripts        map[string]json.RawMessage `json:"scripts"`
		PackageManager json.RawMessage            `json:"packageManager"`
	}
	if json.Unmarshal([]byte(f.read("package.json")), &manifest) != nil {
		return project{}
	}
	script := func(name string) bool {
		text := stringOf(manifest.Scripts[name])
		switch {
		case strings.TrimSpace(text) == "", watches.MatchString(text):
			return false
		case name == "test":
			return !strings.Contains(text, "no test specified") // what "npm init" writes
		default:
			return !strings.Contains(text, "--fix") // it would mend what it is to find
		}
	}
	manager, install := f.packageManager(stringOf(manifest.PackageManager))
	commands := []string{install}
	worth := false
	for _, name := range []string{"typecheck", "lint", "build", "test"} {
		if !script(name) {
			continue
		}
		worth = worth || name != "lint"
		command := manager + " run " + name
		if name == "test" {
			command = "CI=true " + command // test runners watch without it
		}
		commands = append(commands, command)
	}
	if !worth {
		return project{}
	}
	return project{"package.json", commands}
}

// packageManager is what package.json names, or else what wrote the lock file; the
// second is how it installs exactly what is locked.
func (f folder) packageManager(named string) (string, string) {
	manager, version, _ := strings.Cut(named, "@")
	locks := map[string][]string{
		"pnpm": {"pnpm-lock.yaml"}, "yarn": {"yarn.lock"}, "bun": {"bun.lock", "bun.lockb"}, "npm": {"package-lock.json", "npm-shrinkwrap.json"},
	}
	if locks[manager] == nil {
		manager, version = "npm", ""
		for _, other := range []string{"pnpm", "yarn", "bun"} {
			if f.has(locks[other]...) {
				manager = other
				break
			}
		}
	}
	locked := f.has(locks[manager]...)
	switch {
	case manager == "npm" && locked:
		return manager, "npm ci --no-audit --no-fund"
	case manager == "npm":
		return manager, "npm install --no-audit --no-fund --no-package-lock"
	case !locked:
		return manager, manager + " install"
	case manager == "yarn" && (f.has(".yarnrc.yml") || version != "" && !strings.HasPrefix(version, "1.") || strings.Contains(f.read("yarn.lock"), "__metadata:")):
		return manager, "yarn install --immutable"
	default:
		return manager, manager + " install --frozen-lockfile"
	}
}

// stringOf is a JSON string, or "" for anything else.
func stringOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}
