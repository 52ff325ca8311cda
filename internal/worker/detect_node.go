package worker

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Bounds of a workspace of packages.
const (
	maxPackages     = 50 // that are read
	maxPackagesEach = 5  // that a script is run in one by one
)

// watches is a script that does not end by itself.
var watches = regexp.MustCompile(`(^|\s)(--watch|--watchAll)(\s|=true|$)|\btsc\b.*\s-w(\s|$)`)

// nodeManifest is what is read of a package.json.
type nodeManifest struct {
	Scripts        map[string]json.RawMessage `json:"scripts"`
	PackageManager json.RawMessage            `json:"packageManager"`
	Workspaces     json.RawMessage            `json:"workspaces"`
}

// check tells whether there is a script of a name, and whether it checks: it ends by
// itself, and mends nothing.
func (m nodeManifest) check(name string) (bool, bool) {
	text := stringOf(m.Scripts[name])
	switch {
	case strings.TrimSpace(text) == "":
		return false, false
	case watches.MatchString(text):
		return true, false
	case name == "test":
		return true, !strings.Contains(text, "no test specified") // what "npm init" writes
	default:
		return true, !strings.Contains(text, "--fix") // it would mend what it is to find
	}
}

// nodeProject runs the scripts that check something, after what they need is
// installed: those of the root, and where the root of a workspace has none, those of
// its packages. A lint script alone is no reason to install the world.
func nodeProject(f folder) project {
	p := project{because: "package.json", idle: f.unusable("package.json")}
	text := f.read("package.json")
	if text == "" {
		return p
	}
	var manifest nodeManifest
	if json.Unmarshal([]byte(text), &manifest) != nil {
		p.idle = "is passed over: it is not the JSON that npm wants"
		return p
	}
	manager, install := f.packageManager(stringOf(manifest.PackageManager))
	var packages map[string]nodeManifest
	if workspaces := string(manifest.Workspaces); workspaces != "" && workspaces != "null" || f.has("pnpm-workspace.yaml") {
		packages = f.packages()
	}
	commands := []string{install}
	worth := false
	for _, name := range []string{"typecheck", "lint", "build", "test"} {
		runs, left := []string(nil), 0
		switch isThere, checks := manifest.check(name); {
		case checks:
			runs = []string{manager + " run " + name}
		case !isThere || name == "test": // a workspace keeps what "npm init" wrote
			runs, left = inPackages(packages, manager, name)
		}
		worth = worth || name != "lint" && len(runs) > 0
		for _, run := range runs {
			if name == "test" {
				run = withCI(run)
			}
			commands = append(commands, run)
		}
		p.left += left
	}
	if !worth {
		p.idle, p.left = "has no script typecheck, build or test that ends by itself", 0
		return p
	}
	p.idle, p.commands = "", commands
	return p
}

// withCI tells test runners not to watch.
func withCI(run string) string {
	if rest, ok := strings.CutPrefix(run, "cd "); ok {
		at, script, _ := strings.Cut(rest, " && ")
		return "cd " + at + " && CI=true " + script
	}
	return "CI=true " + run
}

// packages are those in the folders of a workspace, and in those below. Which of
// them belong to it is not asked: nearly all do.
func (f folder) packages() map[string]nodeManifest {
	packages := map[string]nodeManifest{}
	searched := 0
	var look func(parent folder, at string, depth int)
	look = func(parent folder, at string, depth int) {
		for _, sub := range parent.folders() {
			if searched++; searched > maxSearchedFolders || len(packages) == maxPackages {
				return
			}
			name := path.Join(at, path.Base(sub.name))
			var manifest nodeManifest
			if text := sub.read("package.json"); text != "" && json.Unmarshal([]byte(text), &manifest) == nil {
				packages[name] = manifest
			}
			if depth > 1 {
				look(sub, name, depth-1)
			}
		}
	}
	look(f, "", 2)
	return packages
}

// inPackages is how a script is run in all packages of a workspace that have it; at
// once where the package manager can do that and every such script checks. The
// number is that of the packages that are left out.
func inPackages(packages map[string]nodeManifest, manager, script string) ([]string, int) {
	var at []string
	all := true
	for name, manifest := range packages {
		switch isThere, checks := manifest.check(script); {
		case checks:
			at = append(at, name)
		case isThere:
			all = false
		}
	}
	slices.Sort(at)
	switch {
	case len(at) == 0:
		return nil, 0
	case all && manager == "npm":
		return []string{"npm run " + script + " --workspaces --if-present"}, 0
	case all && manager == "pnpm":
		return []string{"pnpm --recursive --if-present run " + script}, 0
	}
	var runs []string
	for _, name := range at[:min(len(at), maxPackagesEach)] {
		runs = append(runs, "cd "+name+" && "+manager+" run "+script)
	}
	return runs, len(at) - len(runs)
}

// packageManager is what package.json names, or else what wrote the lock file; the
// second is how it installs exactly what is locked. Without a lock file pnpm and yarn
// have to be told that one may be written: in CI they refuse.
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
		if manager == "npm" && f.has("pnpm-workspace.yaml") {
			manager = "pnpm"
		}
	}
	locked := f.has(locks[manager]...)
	modernYarn := manager == "yarn" && (f.has(".yarnrc.yml") || version != "" && !strings.HasPrefix(version, "1.") || strings.Contains(f.read("yarn.lock"), "__metadata:"))
	switch {
	case manager == "npm" && locked:
		return manager, "npm ci --no-audit --no-fund"
	case manager == "npm":
		return manager, "npm install --no-audit --no-fund --no-package-lock"
	case modernYarn && locked:
		return manager, "yarn install --immutable"
	case modernYarn:
		return manager, "yarn install --no-immutable"
	case locked:
		return manager, manager + " install --frozen-lockfile"
	case manager == "pnpm":
		return manager, "pnpm install --no-frozen-lockfile"
	default:
		return manager, manager + " install"
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
