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
	const npmTest = `package.json: {"scripts":{"test":"node --test"}}`
	for name, test := range map[string]struct {
		files fstest.MapFS
		want  []string // the commands, and after # why
	}{
		"nothing":        {tree("README.md: hello"), nil},
		"Go":             {tree(goMod), []string{"go build ./...", "go test ./... # go.mod"}},
		"no real go.mod": {tree("go.mod: "), nil},

		"npm with a lock file":       {tree(npmTest, "package-lock.json"), []string{"npm ci --no-audit --no-fund", "CI=true npm run test # package.json"}},
		"npm without a lock file":    {tree(npmTest), []string{"npm install --no-audit --no-fund --no-package-lock", "CI=true npm run test # package.json"}},
		"pnpm":                       {tree(npmTest, "pnpm-lock.yaml"), []string{"pnpm install --frozen-lockfile", "CI=true pnpm run test # package.json"}},
		"yarn 1":                     {tree(npmTest, "yarn.lock: # yarn lockfile v1"), []string{"yarn install --frozen-lockfile", "CI=true yarn run test # package.json"}},
		"yarn 4":                     {tree(npmTest, "yarn.lock: __metadata:\n"), []string{"yarn install --immutable", "CI=true yarn run test # package.json"}},
		"bun":                        {tree(npmTest, "bun.lock"), []string{"bun install --frozen-lockfile", "CI=true bun run test # package.json"}},
		"packageManager wins":        {tree(`package.json: {"packageManager":"pnpm@9.1.0","scripts":{"test":"vitest run"}}`, "package-lock.json"), []string{"pnpm install", "CI=true pnpm run test # package.json"}},
		"packageManager that is odd": {tree(`package.json: {"packageManager":"sh -c evil@1","scripts":{"test":"x"}}`, "yarn.lock"), []string{"yarn install --frozen-lockfile", "CI=true yarn run test # package.json"}},
		"all scripts, in order": {
			tree(`package.json: {"scripts":{"test":"jest","build":"tsc","lint":"eslint .","typecheck":"tsc --noEmit","dev":"vite"}}`, "package-lock.json"),
			[]string{"npm ci --no-audit --no-fund", "npm run typecheck", "npm run lint", "npm run build", "CI=true npm run test # package.json"},
		},
		"scripts that watch or mend": {tree(`package.json: {"scripts":{"test":"jest --watch","build":"tsc -p . -w","lint":"eslint --fix ."}}`), nil},
		"a watcher that is off":      {tree(`package.json: {"scripts":{"test":"jest --watch=false -w 2"}}`, "package-lock.json"), []string{"npm ci --no-audit --no-fund", "CI=true npm run test # package.json"}},
		"npm's own test":             {tree(`package.json: {"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}`), nil},
		"lint alone":                 {tree(`package.json: {"scripts":{"lint":"eslint ."}}`), nil},

		"Maven":                   {tree("pom.xml: <project/>"), []string{"mvn -B -q verify # pom.xml"}},
		"Maven with a wrapper":    {tree("pom.xml: <project/>", "mvnw"), []string{"sh ./mvnw -B -q verify # pom.xml"}},
		"Gradle":                  {tree("build.gradle"), []string{"gradle --no-daemon --console=plain -q check # build.gradle"}},
		"Gradle, Kotlin, wrapper": {tree("build.gradle.kts", "gradlew"), []string{"sh ./gradlew --no-daemon --console=plain -q check # build.gradle.kts"}},
		"Gradle, only settings":   {tree("settings.gradle.kts"), []string{"gradle --no-daemon --console=plain -q check # settings.gradle.kts"}},

		"pytest in pyproject": {
			tree("pyproject.toml: [build-system]\nrequires = []\n[project.optional-dependencies]\ndocs = []\ntest = [\"pytest\"]\n[tool.x]\ndev = 1\n"),
			[]string{`python3 -m venv "$HOME/venv" && "$HOME/venv"/bin/pip install --quiet pytest -e '.[test]'`, `"$HOME/venv"/bin/python -m pytest -q # pyproject.toml`},
		},
		"pytest by requirements": {
			tree("requirements.txt: flask\n", "requirements-dev.txt: pytest-cov\n"),
			[]string{`python3 -m venv "$HOME/venv" && "$HOME/venv"/bin/pip install --quiet pytest -r requirements.txt -r requirements-dev.txt`, `"$HOME/venv"/bin/python -m pytest -q # requirements.txt`},
		},
		"pytest by tox.ini": {
			tree("tox.ini: [testenv]\ndeps = pytest\n"),
			[]string{`python3 -m venv "$HOME/venv" && "$HOME/venv"/bin/pip install --quiet pytest`, `"$HOME/venv"/bin/python -m pytest -q # tox.ini`},
		},
		"pytest by a function":           {tree("setup.cfg", "setup.py", "tests/test_a.py: def test_a(): pass"), []string{`python3 -m venv "$HOME/venv" && "$HOME/venv"/bin/pip install --quiet pytest -e .`, `"$HOME/venv"/bin/python -m pytest -q # setup.cfg`}},
		"uv":                             {tree("pyproject.toml: [tool.pytest.ini_options]", "uv.lock"), []string{"uv sync --quiet", "uv run --no-sync python -m pytest -q # uv.lock"}},
		"Poetry":                         {tree("pyproject.toml: [tool.pytest.ini_options]", "poetry.lock"), []string{"poetry install --quiet --no-interaction", "poetry run python -m pytest -q # poetry.lock"}},
		"unittest":                       {tree("setup.cfg", "tests/test_a.py: import unittest"), []string{"python3 -m unittest discover -s tests # setup.cfg"}},
		"unittest in a package":          {tree("setup.cfg", "tests/__init__.py", "tests/test_a.py: from unittest import TestCase"), []string{"python3 -m unittest discover # setup.cfg"}},
		"Python without tests":           {tree("pyproject.toml: [project]\nname = \"a\"", "main.py"), nil},
		"tests without a Python project": {tree("tests/test_a.py: import pytest"), nil},

		"Rust":                 {tree("Cargo.toml: [package]\nname = \"a\""), []string{"cargo build --workspace", "cargo test --workspace # Cargo.toml"}},
		"RSpec":                {tree("Gemfile", ".rspec"), []string{`BUNDLE_PATH="$HOME/bundle" bundle install --quiet`, `BUNDLE_PATH="$HOME/bundle" bundle exec rspec # Gemfile`}},
		"Rake":                 {tree("Gemfile", "Rakefile: Rake::TestTask.new"), []string{`BUNDLE_PATH="$HOME/bundle" bundle install --quiet`, `BUNDLE_PATH="$HOME/bundle" bundle exec rake test # Gemfile`}},
		"Ruby without tests":   {tree("Gemfile", "Rakefile: task :deploy"), nil},
		".NET":                 {tree("Site.csproj"), []string{"dotnet build --nologo -v quiet", "dotnet test --nologo -v quiet # Site.csproj"}},
		".NET with a solution": {tree("A.csproj", "My Site.sln"), []string{"dotnet build 'My Site.sln' --nologo -v quiet", "dotnet test 'My Site.sln' --nologo -v quiet # My Site.sln"}},
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
			tree("web/"+npmTest, "web/package-lock.json", "api/"+goMod, "node_modules/x/"+npmTest, "node_modules/"+npmTest, ".hidden/"+goMod, "a b/"+goMod, "a/b/"+goMod, "lib/Makefile: test:\n"),
			[]string{"cd api && go build ./...", "cd api && go test ./... # api/go.mod", "cd lib && make test # lib/Makefile", "cd web && npm ci --no-audit --no-fund", "cd web && CI=true npm run test # web/package.json"},
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
	if d := detect(root.FS(), 20); len(d.projects) != 0 {
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
		for _, name := range []string{"go.mod", "package.json", "yarn.lock", "pom.xml", "pyproject.toml", "setup.cfg", "tests/test_a.py", "Cargo.toml", "Gemfile", "Rakefile", "Makefile"} {
			files[name] = &fstest.MapFile{Data: []byte(text)}
			files["sub/"+name] = files[name]
		}
		first := detect(files, 20)
		if again := detect(files, 20); first.String() != again.String() || len(first.commands()) > 20 {
			t.Errorf("%s, and then %s", first, again)
		}
	})
}
