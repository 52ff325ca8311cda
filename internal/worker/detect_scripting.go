package worker

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Bounds of the search for tests.
const (
	maxTestFiles   = 50  // that are read to know what runs them
	maxTestFolders = 100 // that are looked into
)

var (
	pytestWord   = regexp.MustCompile(`\bpytest\b`)
	unittestWord = regexp.MustCompile(`(?m)^\s*(?:import|from)\s+unittest\b`)
	testFunction = regexp.MustCompile(`(?m)^(?:async\s+)?def\s+test_`)
	testFileName = regexp.MustCompile(`^(?:test_.*|.*_test)\.py$`)
	pyInstalls   = regexp.MustCompile(`(?m)^\s*\[\s*(?:project|build-system|tool\.poetry)\s*\]`)
	pyExtras     = regexp.MustCompile(`(?m)^\s*\[\s*project\.optional-dependencies\s*\]`)
	cfgExtras    = regexp.MustCompile(`(?m)^\[options\.extras_require\]`)
	pyGroups     = regexp.MustCompile(`(?m)^\s*\[\s*dependency-groups\s*\]`)
	pySection    = regexp.MustCompile(`(?m)^\s*\[[^\]\n]+\]\s*$`)
	pyExtra      = regexp.MustCompile(`(?m)^\s*(test|tests|testing|dev)\s*=`)
	toxInstalls  = regexp.MustCompile(`(?m)^\[testenv\][^\[]*\n(?:deps|extras)\s*=`)
	noxTests     = regexp.MustCompile(`(?m)^def\s+(tests?)\s*\(`)
)

// pyRequirements are files that "pip install -r" takes; the first is that of the
// program, and not of its tests.
func pyRequirements() []string {
	return []string{
		"requirements.txt", "requirements-dev.txt", "requirements_dev.txt", "requirements-test.txt", "dev-requirements.txt", "test-requirements.txt",
	}
}

// pyManifests are files that tell of a Python project.
func pyManifests() []string {
	return append([]string{"pyproject.toml", "setup.cfg", "tox.ini", "setup.py", "noxfile.py"}, pyRequirements()...)
}

// pyLocks are the files of programs that install what is locked.
func pyLocks() []string { return []string{"uv.lock", "poetry.lock"} }

// pythonProject runs pytest or unittest, with what the project needs in an
// environment of its own: in the home folder, which is new for every verification.
// What tests need may only be said to tox or nox; then these run them.
func pythonProject(f folder) project {
	because := f.first(pyManifests()...)
	run := f.pythonTests()
	manifest := f.read("pyproject.toml")
	switch {
	case because == "":
		return project{}
	case run == "" && f.unusable(because) != "":
		return project{because: because, idle: f.unusable(because)}
	case run == "":
		return project{because: because, idle: "is there, but no tests for pytest or unittest are to be seen"}
	}
	extras, groups := extrasOf(manifest, pyExtras), extrasOf(manifest, pyGroups)
	if len(extras) == 0 {
		extras = extrasOf(f.read("setup.cfg"), cfgExtras)
	}
	switch {
	case manifest != "" && f.has("uv.lock"):
		install := []string{"uv sync --quiet"}
		for _, extra := range extras {
			install = append(install, "--extra "+extra)
		}
		for _, group := range groups { // "dev" is installed anyway
			install = append(install, "--group "+group)
		}
		return project{because: "uv.lock", commands: []string{strings.Join(install, " "), "uv run --no-sync python " + run}}
	case manifest != "" && f.has("poetry.lock"):
		return project{because: "poetry.lock", commands: []string{"poetry install --quiet --no-interaction", "poetry run python " + run}}
	}
	environment := `"$HOME/` + path.Join("venv", f.name) + `"`
	program := environment + "/bin/python " + run
	var needs []string
	session := noxTests.FindStringSubmatch(f.read("noxfile.py"))
	saysNeeds := len(extras)+len(groups) > 0 || f.has(pyRequirements()[1:]...)
	switch {
	case saysNeeds:
	case toxInstalls.MatchString(f.read("tox.ini")):
		because, needs, program = "tox.ini", []string{"tox"}, environment+"/bin/tox -q -e py"
	case session != nil:
		because, needs, program = "noxfile.py", []string{"nox"}, environment+"/bin/nox --no-error-on-missing-interpreters -s "+session[1]
	}
	if len(needs) == 0 {
		needs = f.pythonNeeds(run, manifest, extras)
	}
	if len(needs) == 0 && len(groups) == 0 {
		return project{because: because, commands: []string{"python3 " + run}}
	}
	install := "python3 -m venv " + environment + " && "
	if len(groups) > 0 { // older ones know no groups
		install += environment + "/bin/pip install --quiet 'pip>=25.1' && "
		for _, group := range groups {
			needs = append(needs, "--group "+group)
		}
	}
	return project{because: because, commands: []string{install + environment + "/bin/pip install --quiet " + strings.Join(needs, " "), program}}
}

// pythonNeeds is what pip is to install.
func (f folder) pythonNeeds(run, manifest string, extras []string) []string {
	var needs []string
	if strings.HasPrefix(run, "-m pytest") {
		needs = append(needs, "pytest")
	}
	for _, name := range pyRequirements() {
		if f.has(name) {
			needs = append(needs, "-r "+name)
		}
	}
	switch {
	case len(extras) > 0:
		needs = append(needs, "-e '.["+strings.Join(extras, ",")+"]'")
	case pyInstalls.MatchString(manifest), f.has("setup.py"):
		needs = append(needs, "-e .")
	}
	return needs
}

// pythonTests is how the tests are run, or "" if there are none to be seen.
func (f folder) pythonTests() string {
	const pytest = "-m pytest -q"
	if f.has("pytest.ini", "conftest.py", "tests/conftest.py", "test/conftest.py") {
		return pytest
	}
	for _, name := range append([]string{"pyproject.toml", "setup.cfg", "tox.ini"}, pyRequirements()...) {
		if pytestWord.MatchString(f.read(name)) {
			return pytest
		}
	}
	unittest, read, searched := "", 0, 0
	// look reads the tests of a folder; what is deeper than unittest looks by itself
	// is for pytest, which runs both.
	var look func(dir string, depth int) string
	look = func(dir string, depth int) string {
		if searched++; searched > maxTestFolders {
			return ""
		}
		var below []string
		for _, entry := range f.list(dir) {
			name := path.Join(dir, entry.Name())
			switch {
			case entry.IsDir() && depth > 1 && plainName.MatchString(entry.Name()) && !slices.Contains(notProjects, entry.Name()):
				below = append(below, name)
			case !testFileName.MatchString(entry.Name()) || read == maxTestFiles:
			default:
				read++
				switch text := f.read(name); {
				case pytestWord.MatchString(text), testFunction.MatchString(text):
					return pytest
				case unittest != "" || !unittestWord.MatchString(text):
				case dir == "." || f.has(dir+"/__init__.py"):
					unittest = "-m unittest discover"
				case dir == "tests" || dir == "test":
					unittest = "-m unittest discover -s " + dir
				default:
					unittest = pytest
				}
			}
		}
		for _, dir := range below {
			if run := look(dir, depth-1); run != "" {
				return run
			}
		}
		return ""
	}
	for _, dir := range []string{".", "tests", "test", "src"} {
		depth := 3
		if dir == "." {
			depth = 1
		}
		if run := look(dir, depth); run != "" {
			return run
		}
	}
	return unittest
}

// extrasOf lists the groups of optional dependencies that tests need by their name,
// in the section that begins like this.
func extrasOf(manifest string, begins *regexp.Regexp) []string {
	at := begins.FindStringIndex(manifest)
	if at == nil {
		return nil
	}
	section := manifest[at[1]:]
	if end := pySection.FindStringIndex(section); end != nil {
		section = section[:end[0]]
	}
	var extras []string
	for _, match := range pyExtra.FindAllStringSubmatch(section, 4) {
		if !slices.Contains(extras, match[1]) {
			extras = append(extras, match[1])
		}
	}
	return extras
}

var (
	rakeTest     = regexp.MustCompile(`TestTask|config/application|(?m:^\s*task\s*\(?\s*:?["']?test\b)`)
	rubySpecName = regexp.MustCompile(`_spec\.rb$`)
	rubyTestName = regexp.MustCompile(`^test_.*\.rb$|_test\.rb$`)
)

// rubyProject takes the gems that are installed, and installs into the home folder
// what is missing: the system's gems belong to others.
func rubyProject(f folder) project {
	if !f.has("Gemfile") {
		return project{because: "Gemfile", idle: f.unusable("Gemfile")}
	}
	const gems = `GEM_HOME="$HOME/gems" `
	const install = gems + "bundle check >/dev/null 2>&1 || " + gems + "bundle install --quiet"
	var run string
	switch {
	case f.has(".rspec", "spec/spec_helper.rb"), f.holds("spec", rubySpecName):
		run = "rspec"
	case rakeTest.MatchString(f.read("Rakefile")):
		run = "rake test"
	case f.holds("test", rubyTestName):
		run = `ruby -Ilib -Itest -e 'Dir["./test/**/{test_*,*_test}.rb"].sort.each { |file| require file }'`
	default:
		return project{because: "Gemfile", idle: "is there, but no specs, no tests and no Rakefile with a test task are to be seen"}
	}
	return project{because: "Gemfile", commands: []string{install, gems + "bundle exec " + run}}
}

// holds reports whether a file of such a name is in a folder, or in one of its folders.
func (f folder) holds(dir string, name *regexp.Regexp) bool {
	searched := 0
	for _, entry := range f.list(dir) {
		if !entry.IsDir() && name.MatchString(entry.Name()) {
			return true
		}
		if !entry.IsDir() || !plainName.MatchString(entry.Name()) {
			continue
		}
		if searched++; searched > maxTestFolders {
			return false
		}
		if slices.ContainsFunc(f.list(path.Join(dir, entry.Name())), func(inside fs.DirEntry) bool { return !inside.IsDir() && name.MatchString(inside.Name()) }) {
			return true
		}
	}
	return false
}
