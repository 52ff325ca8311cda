package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// tree makes files of lines such as "go.mod: module x", or of names alone.
func tree(lines ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for _, line := range lines {
		name, content, _ := strings.Cut(line, ": ")
		files[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o644}
	}
	return files
}

func TestDetect(t *testing.T) {
	t.Parallel()
	const goMod = "go.mod: module example.com/site\n"
	const bundle = `GEM_HOME="$HOME/gems" bundle check >/dev/null 2>&1 || GEM_HOME="$HOME/gems" bundle install --quiet`
	const npmTest = `package.json: {"scripts":{"test":"node --test"}}`
	for name, test := range map[string]struct {
		files fstest.MapFS
		want  []string // the commands, and after # why
	}{
		"nothing": {tree("README.md: hello"), nil},
		"Go":      {tree(goMod), []string{"go build ./...", "go test ./... # go.mod"}},
		"a workspace of Go": {
			tree("go.work: go 1.21\n\nuse (\n\t.\n\t./b\n)\n", goMod, "b/"+goMod),
			[]string{"go build $(go list -m -f '{{.Path}}/...')", "go test $(go list -m -f '{{.Path}}/...') # go.work"},
		},
		"no real go.mod": {tree("go.mod: "), nil},

		"npm with a lock file":       {tree(npmTest, "package-lock.json"), []string{"npm ci --no-audit --no-fund", "CI=true npm run test # package.json"}},
		"npm without a lock file":    {tree(npmTest), []string{"npm install --no-audit --no-fund --no-package-lock", "CI=true npm run test # package.json"}},
		"pnpm":                       {tree(npmTest, "pnpm-lock.yaml"), []string{"pnpm install --frozen-lockfile", "CI=true pnpm run test # package.json"}},
		"yarn 1":                     {tree(npmTest, "yarn.lock: # yarn lockfile v1"), []string{"yarn install --frozen-lockfile", "CI=true yarn run test # package.json"}},
		"yarn 4":                     {tree(npmTest, "yarn.lock: __metadata:\n"), []string{"yarn install --immutable", "CI=true yarn run test # package.json"}},
		"bun":                        {tree(npmTest, "bun.lock"), []string{"bun install --frozen-lockfile", "CI=true bun run test # package.json"}},
		"packageManager wins":        {tree(`package.json: {"packageManager":"pnpm@9.1.0","scripts":{"test":"vitest run"}}`, "package-lock.json"), []string{"pnpm install --no-frozen-lockfile", "CI=true pnpm run test # package.json"}},
		"packageManager that is odd": {tree(`package.json: {"packageManager":"sh -c evil@1","scripts":{"test":"x"}}`, "yarn.lock"), []string{"yarn install --frozen-lockfile", "CI=true yarn run test # package.json"}},
		"all scripts, in order": {
			tree(`package.json: {"scripts":{"test":"jest","build":"tsc","lint":"eslint .","typecheck":"tsc --noEmit","dev":"vite"}}`, "package-lock.json"),
			[]string{"npm ci --no-audit --no-fund", "npm run typecheck", "npm run lint", "npm run build", "CI=true npm run test # package.json"},
		},
		"scripts that watch or mend": {tree(`package.json: {"scripts":{"test":"jest --watch","build":"tsc -p . -w","lint":"eslint --fix ."}}`), nil},
		"a watcher that is off":      {tree(`package.json: {"scripts":{"test":"jest --watch=false -w 2"}}`, "package-lock.json"), []string{"npm ci --no-audit --no-fund", "CI=true npm run test # package.json"}},
		"npm's own test":             {tree(`package.json: {"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}`), nil},
		"a workspace of npm": {
			tree(`package.json: {"workspaces":["packages/*"],"scripts":{"test":"echo no test specified"}}`, "package-lock.json", "packages/a/"+npmTest, `packages/b/package.json: {"scripts":{"build":"tsc"}}`),
			[]string{"npm ci --no-audit --no-fund", "npm run build --workspaces --if-present", "CI=true npm run test --workspaces --if-present # package.json"},
		},
		"a workspace of npm that has a test": {
			tree(`package.json: {"workspaces":["a"],"scripts":{"test":"turbo test"}}`, "package-lock.json", "a/"+npmTest),
			[]string{"npm ci --no-audit --no-fund", "CI=true npm run test # package.json"},
		},
		"a workspace where a package has no test": {
			tree(`package.json: {"workspaces":["*"]}`, "package-lock.json", "a/"+npmTest, `b/package.json: {"scripts":{"test":"echo no test specified"}}`, "c d/"+npmTest),
			[]string{"npm ci --no-audit --no-fund", "cd a && CI=true npm run test # package.json"},
		},
		"a workspace of pnpm": {
			tree(`package.json: {"private":true}`, "pnpm-workspace.yaml: packages: [packages/*]", "packages/a/"+npmTest),
			[]string{"pnpm install --no-frozen-lockfile", "CI=true pnpm --recursive --if-present run test # package.json"},
		},
		"a workspace of yarn, in a folder": {
			tree(`web/package.json: {"workspaces":{"packages":["a"]}}`, "web/yarn.lock: # yarn lockfile v1", "web/a/"+npmTest),
			[]string{"cd web && yarn install --frozen-lockfile", "cd web && cd a && CI=true yarn run test # web/package.json"},
		},
		"yarn 4 without a lock file": {tree(npmTest, ".yarnrc.yml", `package.json: {"packageManager":"yarn@4.5.0","scripts":{"test":"x"}}`), []string{"yarn install --no-immutable", "CI=true yarn run test # package.json"}},
		"lint alone":                 {tree(`package.json: {"scripts":{"lint":"eslint ."}}`), nil},

		"Maven":                   {tree("pom.xml: <project/>"), []string{"mvn -B -q verify # pom.xml"}},
		"Maven with a wrapper":    {tree("pom.xml: <project/>", "mvnw"), []string{"sh ./mvnw -B -q verify # pom.xml"}},
		"Gradle":                  {tree("build.gradle"), []string{"gradle --no-daemon --console=plain check # build.gradle"}},
		"Gradle, Kotlin, wrapper": {tree("build.gradle.kts", "gradlew"), []string{"sh ./gradlew --no-daemon --console=plain check # build.gradle.kts"}},
		"Gradle, only settings":   {tree("settings.gradle.kts"), []string{"gradle --no-daemon --console=plain check # settings.gradle.kts"}},

		"pytest in pyproject": {
			tree("pyproject.toml: [build-system]\nrequires = []\n[project.optional-dependencies]\ndocs = []\ntest = [\"pytest\"]\n[tool.x]\ndev = 1\n"),
			[]string{`python3 -m venv "$HOME/venv" && "$HOME/venv"/bin/pip install --quiet pytest -e '.[test]'`, `"$HOME/venv"/bin/python -m pytest -q # pyproject.toml`},
		},
		"pytest by requirements": {
			tree("requirements.txt: flask\n", "requirements-dev.txt: pytest-cov\n"),
			[]string{`python3 -m venv "$HOME/venv" && "$HOME/venv"/bin/pip install --quiet pytest -r requirements.txt -r requirements-dev.txt`, `"$HOME/venv"/bin/python -m pytest -q # requirements.txt`},
		},
		"pytest by tox.ini": {
			tree("tox.ini: [pytest]\naddopts = -v\n"),
			[]string{`python3 -m venv "$HOME/venv" && "$HOME/venv"/bin/pip install --quiet pytest`, `"$HOME/venv"/bin/python -m pytest -q # tox.ini`},
		},
		"pytest by a function": {tree("setup.cfg", "setup.py", "tests/test_a.py: def test_a(): pass"), []string{`python3 -m venv "$HOME/venv" && "$HOME/venv"/bin/pip install --quiet pytest -e .`, `"$HOME/venv"/bin/python -m pytest -q # setup.cfg`}},
		"tests whose needs only tox knows": {
			tree("tox.ini: [tox]\n[testenv]\ncommands = pytest\ndeps =\n\tpytest\n", "setup.py", "requirements.txt: x", "tests/test_a.py: import pytest"),
			[]string{`python3 -m venv "$HOME/venv" && "$HOME/venv"/bin/pip install --quiet tox`, `"$HOME/venv"/bin/tox -q -e py # tox.ini`},
		},
		"tests whose needs only nox knows": {
			tree("noxfile.py: import nox\n\n@nox.session\ndef tests(session):\n", "tests/test_a.py: import pytest"),
			[]string{`python3 -m venv "$HOME/venv" && "$HOME/venv"/bin/pip install --quiet nox`, `"$HOME/venv"/bin/nox --no-error-on-missing-interpreters -s tests # noxfile.py`},
		},
		"pytest by a dependency group": {
			tree("pyproject.toml: [project]\nname = \"a\"\n[dependency-groups]\ntest = [\"pytest\"]\n", "tox.ini: [testenv]\ndeps = x\n"),
			[]string{`python3 -m venv "$HOME/venv" && "$HOME/venv"/bin/pip install --quiet 'pip>=25.1' && "$HOME/venv"/bin/pip install --quiet pytest -e . --group test`, `"$HOME/venv"/bin/python -m pytest -q # pyproject.toml`},
		},
		"pytest by setup.cfg": {
			tree("setup.cfg: [metadata]\nname = a\n[options.extras_require]\ntest =\n  pytest\n", "setup.py"),
			[]string{`python3 -m venv "$HOME/venv" && "$HOME/venv"/bin/pip install --quiet pytest -e '.[test]'`, `"$HOME/venv"/bin/python -m pytest -q # setup.cfg`},
		},
		"tests deep in folders": {
			tree("setup.py", "tests/unit/a/test_a.py: import unittest"),
			[]string{`python3 -m venv "$HOME/venv" && "$HOME/venv"/bin/pip install --quiet pytest -e .`, `"$HOME/venv"/bin/python -m pytest -q # setup.py`},
		},
		"uv":                             {tree("pyproject.toml: [tool.pytest.ini_options]", "uv.lock"), []string{"uv sync --quiet", "uv run --no-sync python -m pytest -q # uv.lock"}},
		"Poetry":                         {tree("pyproject.toml: [tool.pytest.ini_options]", "poetry.lock"), []string{"poetry install --quiet --no-interaction", "poetry run python -m pytest -q # poetry.lock"}},
		"unittest":                       {tree("setup.cfg", "tests/test_a.py: import unittest"), []string{"python3 -m unittest discover -s tests # setup.cfg"}},
		"unittest in a package":          {tree("setup.cfg", "tests/__init__.py", "tests/test_a.py: from unittest import TestCase"), []string{"python3 -m unittest discover # setup.cfg"}},
		"Python without tests":           {tree("pyproject.toml: [project]\nname = \"a\"", "main.py"), nil},
		"tests without a Python project": {tree("tests/test_a.py: import pytest"), nil},

		"Rust":              {tree("Cargo.toml: [package]\nname = \"a\""), []string{"cargo build --workspace", "cargo test --workspace # Cargo.toml"}},
		"RSpec":             {tree("Gemfile", ".rspec"), []string{bundle, `GEM_HOME="$HOME/gems" bundle exec rspec # Gemfile`}},
		"RSpec, only specs": {tree("Gemfile", "spec/models/a_spec.rb"), []string{bundle, `GEM_HOME="$HOME/gems" bundle exec rspec # Gemfile`}},
		"Rake":              {tree("Gemfile", "Rakefile: Rake::TestTask.new"), []string{bundle, `GEM_HOME="$HOME/gems" bundle exec rake test # Gemfile`}},
		"Minitest, no Rakefile": {
			tree("Gemfile", "test/test_a.rb"),
			[]string{bundle, `GEM_HOME="$HOME/gems" bundle exec ruby -Ilib -Itest -e 'Dir["./test/**/{test_*,*_test}.rb"].sort.each { |file| require file }' # Gemfile`},
		},
		"Ruby without tests":   {tree("Gemfile", "Rakefile: task :deploy"), nil},
		".NET":                 {tree("Site.csproj"), []string{"dotnet build -m:1 --nologo -v quiet", "dotnet test -m:1 --nologo -v quiet # Site.csproj"}},
		".NET with a solution": {tree("A.csproj", "My Site.sln"), []string{"dotnet build 'My Site.sln' -m:1 --nologo -v quiet", "dotnet test 'My Site.sln' -m:1 --nologo -v quiet # My Site.sln"}},
		".NET with a trap":     {tree("a'$(evil).sln"), nil},

		"Makefile with test and check": {tree("Makefile: check: test lint\n\ttrue\n.PHONY: test\ntest: build\n\tgo test\n"), []string{"make test # Makefile"}},
		"Makefile with check":          {tree("Makefile: all check::\n\ttrue\n"), []string{"make check # Makefile"}},
		"Makefile without either":      {tree("Makefile: .PHONY: test check\ntest := 1\ncheck ?= 2\nlatest:\n\ttrue\ntest::= 3\n"), nil},
		"GNUmakefile goes first":       {tree("Makefile: test:\n", "GNUmakefile: check:\n"), []string{"make check # GNUmakefile"}},

		"several, in a fixed order": {
			tree("Makefile: test:\n", "Cargo.toml: [workspace]\n", npmTest, "package-lock.json", goMod),
			[]string{"go build ./...", "go test ./... # go.mod", "npm ci --no-audit --no-fund", "CI=true npm run test # package.json", "cargo build --workspace", "cargo test --workspace # Cargo.toml"},
		},
		"folders, where the root has none": {
			tree("web/"+npmTest, "web/package-lock.json", "api/"+goMod, "node_modules/x/"+npmTest, "node_modules/"+npmTest, ".hidden/"+goMod, "a b/"+goMod, "a/b/"+goMod, "a/b/c/"+goMod, "d/e/f/"+goMod, "lib/Makefile: test:\n"),
			[]string{"cd a/b && go build ./...", "cd a/b && go test ./... # a/b/go.mod", "cd api && go build ./...", "cd api && go test ./... # api/go.mod", "cd lib && make test # lib/Makefile", "cd web && npm ci --no-audit --no-fund", "cd web && CI=true npm run test # web/package.json"},
		},
		"folders have their own environments": {
			tree("py/tox.ini: pytest"),
			[]string{`cd py && python3 -m venv "$HOME/venv/py" && "$HOME/venv/py"/bin/pip install --quiet pytest`, `cd py && "$HOME/venv/py"/bin/python -m pytest -q # py/tox.ini`},
		},
		"the root is enough": {tree(goMod, "web/"+npmTest), []string{"go build ./...", "go test ./... # go.mod"}},

		"broken JSON":          {tree("package.json: {\"scripts\":{\"test\":", goMod), []string{"go build ./...", "go test ./... # go.mod"}},
		"JSON of other shapes": {tree(`package.json: {"scripts":{"test":["a"],"build":7},"packageManager":{}}`), nil},
		"scripts are no map":   {tree(`package.json: {"scripts":"test"}`), nil},
		"deep JSON":            {tree("package.json: " + strings.Repeat("[", 200_000)), nil},
		"binary TOML":          {tree("pyproject.toml: \x00\xff[project.optional-dependencies]\ntest = \xff", "Cargo.toml: \xff\xfe"), nil},
		"a large file":         {tree("go.mod: module x\n" + strings.Repeat("/", maxProjectFile)), nil},
		"folders with names of files": {
			tree("go.mod/x", "package.json/x", "pom.xml/x", "build.gradle/x", "Makefile/x", "A.sln/x", "Gemfile/x", "tests: no folder"), nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range detect(test.files, 20).projects {
				got = append(got, p.commands...)
				got[len(got)-1] += " # " + p.because
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(test.want, "\n\t"))
			}
		})
	}
}

func TestDetectIsBounded(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	for i := range 120 {
		files[fmt.Sprintf("m%03d/go.mod", i)] = &fstest.MapFile{Data: []byte("module x\n")}
	}
	d := detect(files, 20)
	if len(d.projects) != maxProjectFolders || d.left != maxSearchedFolders-maxProjectFolders || !strings.Contains(d.String(), "too many: 95.") {
		t.Errorf("got %s", d)
	}
	if d := detect(files, 3); len(d.commands()) != 2 {
		t.Errorf("%q do not fit in 3", d.commands())
	}
	if d := detect(files, 1); len(d.commands()) != 0 || !strings.HasPrefix(d.String(), "No detected verification is used.") {
		t.Errorf("got %s", d)
	}
}

// What was seen and is not checked is told, so that nobody takes a silence for a test.
func TestDetectTellsWhatIsNotChecked(t *testing.T) {
	t.Parallel()
	const goMod, npmTest = "go.mod: module example.com/site\n", `package.json: {"scripts":{"test":"node --test"}}`
	for name, test := range map[string]struct {
		files      fstest.MapFS
		want, hide string
	}{
		"a script that npm init wrote": {tree(`package.json: {"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}`), "No verification was detected. package.json has no script typecheck, build or test that ends by itself.", "known kind"},
		"no JSON":                      {tree("package.json: {"), "package.json is passed over: it is not the JSON that npm wants.", "known kind"},
		"a large file":                 {tree("package.json: {}" + strings.Repeat(" ", maxProjectFile)), "package.json is passed over: it is larger than 1 MiB.", "known kind"},
		"Python without tests":         {tree("pyproject.toml: [project]"), "pyproject.toml is there, but no tests for pytest or unittest are to be seen.", "known kind"},
		"Ruby without tests":           {tree("Gemfile"), "Gemfile is there, but no specs", "known kind"},
		"a Makefile without test":      {tree("Makefile: all:\n"), "Makefile has no target test or check.", "known kind"},
		"nothing at all":               {tree("a.txt"), "there is no project of a known kind", "passed over"},
		"other projects in folders":    {tree(goMod, "web/"+npmTest, "tools/"+goMod), "Not checked, because the root has a project: web/package.json; name commands in verify", "tools"},
		"the folders of a Maven build": {tree("pom.xml: <project/>", "core/pom.xml: <project/>", "app/build.gradle"), "(pom.xml).", "Not checked"},
		"an idle root":                 {tree(`package.json: {"scripts":{"lint":"x"}}`, "api/"+goMod), "(api/go.mod). package.json has no script", "Not checked"},
		"packages that are too many": {
			tree(`package.json: {"workspaces":["*"]}`, "yarn.lock", "a/"+npmTest, "b/"+npmTest, "c/"+npmTest, "d/"+npmTest, "e/"+npmTest, "f/"+npmTest), "Projects left out, because there are too many: 1.", "cd f",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := detect(test.files, 20).String(); !strings.Contains(got, test.want) || strings.Contains(got, test.hide) {
				t.Errorf("got %s", got)
			}
		})
	}
}

// A link in the workspace shows what it leads to only if that is in the workspace.
func TestDetectFollowsNoLinkOut(t *testing.T) {
	t.Parallel()
	outside, inside := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "go.mod"), []byte("module x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{
		"go.mod": filepath.Join(outside, "go.mod"), "package.json": "/dev/zero", "Makefile": "Makefile", "sub": outside,
		"pom.xml": "../../etc/passwd", "Cargo.toml": "nowhere",
	} {
		if err := os.Symlink(to, filepath.Join(inside, name)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if d := detect(root.FS(), 20); len(d.projects) != 0 || !strings.Contains(d.String(), "go.mod is passed over: it is a link to something that is not in the repository") {
		t.Errorf("got %s", d)
	}
}

// FuzzDetect feeds one text to every file that is read.
func FuzzDetect(f *testing.F) {
	for _, text := range []string{"", "{}", `{"scripts":{"test":"x"}}`, "module x", "[package]", "test:\n", "\xff\x00", "[project.optional-dependencies]\ntest="} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		files := fstest.MapFS{}
		for _, name := range []string{"go.mod", "package.json", "yarn.lock", "pnpm-workspace.yaml", "go.work", "pom.xml", "pyproject.toml", "setup.cfg", "tox.ini", "noxfile.py", "tests/test_a.py", "Cargo.toml", "Gemfile", "Rakefile", "Makefile"} {
			files[name] = &fstest.MapFile{Data: []byte(text)}
			files["sub/"+name] = files[name]
		}
		first := detect(files, 20)
		if again := detect(files, 20); first.String() != again.String() || len(first.commands()) > 20 {
			t.Errorf("%s, and then %s", first, again)
		}
	})
}
