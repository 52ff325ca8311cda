package worker

import (
	"path"
	"regexp"
	"strings"
)

// maxTestFiles is how many test files are read to know what runs them.
const maxTestFiles = 50

var (
	pytestWord   = regexp.MustCompile(`\bpytest\b`)
	unittestWord = regexp.MustCompile(`(?m)^\s*(?:import|from)\s+unittest\b`)
	testFunction = regexp.MustCompile(`(?m)^(?:async\s+)?def\s+test_`)
	testFileName = regexp.MustCompile(`^(?:test_.*|.*_test)\.py$`)
	pyInstalls   = regexp.MustCompile(`(?m)^\s*\[\s*(?:project|build-system|tool\.poetry)\s*\]`)
	pyExtras     = regexp.MustCompile(`(?m)^\s*\[\s*project\.optional-dependencies\s*\]`)
	pySection    = regexp.MustCompile(`(?m)^\s*\[[^\]\n]+\]\s*$`)
	pyExtra      = regexp.MustCompile(`(?m)^\s*(test|tests|testing|dev)\s*=`)
)

// pyRequirements are files that "pip install -r" takes.
var pyRequirements = []string{
	"requirements.txt", "requirements-dev.txt", "requirements_dev.txt", "requirements-test.txt", "dev-requirements.txt", "test-requirements.txt",
}

// pythonProject runs pytest or unittest, with what the project needs in an
// environment of its own: in the home folder, which is new for every verification.
func pythonProject(f folder) project {
	because := f.first(append([]string{"pyproject.toml", "setup.cfg", "tox.ini", "setup.py"}, pyRequirements...)...)
	run := f.pythonTests()
	if because == "" || run == "" {
		return project{}
	}
	manifest := f.read("pyproject.toml")
	extras := extrasOf(manifest)
	switch {
	case manifest != "" && f.has("uv.lock"):
		install := []string{"uv sync --quiet"}
		for _, extra := range extras {
			install = append(install, "--extra "+extra)
		}
		return project{"uv.lock", []string{strings.Join(install, " "), "uv run --no-sync python " + run}}
	case manifest != "" && f.has("poetry.lock"):
		return project{"poetry.lock", []string{"poetry install --quiet --no-interaction", "poetry run python " + run}}
	}
	var needs []string
	if strings.HasPrefix(run, "-m pytest") {
		needs = append(needs, "pytest")
	}
	for _, name := range pyRequirements {
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
	if len(needs) == 0 {
		return project{because, []string{"python3 " + run}}
	}
	environment := `"$HOME/` + path.Join("venv", f.name) + `"`
	return project{because, []string{
		"python3 -m venv " + environment + " && " + environment + "/bin/pip install --quiet " + strings.Join(needs, " "),
		environment + "/bin/python " + run,
	}}
}

// pythonTests is how the tests are run, or "" if there are none to be seen.
func (f folder) pythonTests() string {
	const pytest = "-m pytest -q"
	if f.has("pytest.ini", "conftest.py", "tests/conftest.py", "test/conftest.py") {
		return pytest
	}
	for _, name := range append([]string{"pyproject.toml", "setup.cfg", "tox.ini"}, pyRequirements...) {
		if pytestWord.MatchString(f.read(name)) {
			return pytest
		}
	}
	unittest, read := "", 0
	for _, dir := range []string{".", "tests", "test"} {
		for _, entry := range f.list(dir) {
			if !testFileName.MatchString(entry.Name()) || read == maxTestFiles {
				continue
			}
			read++
			switch text := f.read(path.Join(dir, entry.Name())); {
			case pytestWord.MatchString(text), testFunction.MatchString(text):
				return pytest
			case unittest != "" || !unittestWord.MatchString(text):
			case dir == "." || f.has(dir+"/__init__.py"):
				unittest = "-m unittest discover"
			default:
				unittest = "-m unittest discover -s " + dir
			}
		}
	}
	return unittest
}

// extrasOf lists the groups of optional dependencies that tests need by their name.
func extrasOf(manifest string) []string {
	at := pyExtras.FindStringIndex(manifest)
	if at == nil {
		return nil
	}
	section := manifest[at[1]:]
	if end := pySection.FindStringIndex(section); end != nil {
		section = section[:end[0]]
	}
	var extras []string
	for _, match := range pyExtra.FindAllStringSubmatch(section, 4) {
		extras = append(extras, match[1])
	}
	return extras
}

var rakeTest = regexp.MustCompile(`TestTask|config/application|(?m:^\s*task\s*\(?\s*:?["']?test\b)`)

// rubyProject installs into the home folder: the system's gems belong to others.
func rubyProject(f folder) project {
	if !f.has("Gemfile") {
		return project{}
	}
	const bundle = `BUNDLE_PATH="$HOME/bundle" bundle `
	switch {
	case f.has(".rspec", "spec/spec_helper.rb"):
		return project{"Gemfile", []string{bundle + "install --quiet", bundle + "exec rspec"}}
	case rakeTest.MatchString(f.read("Rakefile")):
		return project{"Gemfile", []string{bundle + "install --quiet", bundle + "exec rake test"}}
	default:
		return project{}
	}
}
