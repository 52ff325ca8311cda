package worker_test

import (
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// needsTool skips a test without a program, and fails it where
// CODYBATCH_TEST_REQUIRE lists that.
func needsTool(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("CODYBATCH_TEST_REQUIRE"), ","), name) {
		t.Fatalf("%s is required and not installed", name)
	}
	t.Skipf("%s is not installed", name)
}

// TestDetectedVerificationWithRealTools has repositories of all kinds verified by the
// real programs, in the sandbox as it is by default: all passes before a change that
// breaks the sum, and something fails after it. All but Maven do without the network.
func TestDetectedVerificationWithRealTools(t *testing.T) {
	t.Parallel()
	const (
		goTest = "package sum\n\nimport \"testing\"\n\nfunc TestAdd(t *testing.T) {\n\tif Add(2, 3) != 5 {\n\t\tt.Fatal(\"wrong sum\")\n\t}\n}\n"
		goSum  = "package sum\n\nfunc Add(a, b int) int { return a + b }\n"
		jsSum  = "exports.add = (a, b) => a + b\n"
		jsTest = "const test = require('node:test')\nconst assert = require('node:assert')\ntest('add', () => assert.equal(require('./sum.js').add(2, 3), 5))\n"
		pySum  = "def add(a, b):\n    return a + b\n"
		pyTest = "import unittest\n\nfrom sums import add\n\n\nclass TestAdd(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(add(2, 3), 5)\n"
		rsSum  = "pub fn add(a: i32, b: i32) -> i32 { a + b }\n\n#[test]\nfn adds() { assert_eq!(add(2, 3), 5); }\n"
		crate  = "[package]\nname = \"sum\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"
		gems   = "source \"https://gems.example\"\n"
	)
	for name, test := range map[string]struct {
		tools []string
		sum   string // the file that has "a + b"
		files map[string]string
	}{
		"Go workspace with a module in the root": {[]string{"go"}, "b/sum.go", map[string]string{
			"go.work": "go 1.21\n\nuse (\n\t.\n\t./b\n)\n", "go.mod": "module example.com/root\n\ngo 1.21\n", "root.go": "package root\n",
			"b/go.mod": "module example.com/b\n\ngo 1.21\n", "b/sum.go": goSum, "b/sum_test.go": goTest,
		}},
		"Node": {[]string{"node", "npm"}, "sum.js", map[string]string{
			"package.json": `{"name": "sum", "version": "1.0.0", "scripts": {"test": "node --test"}}`, "sum.js": jsSum, "sum.test.js": jsTest,
		}},
		"Node workspace of npm": {[]string{"node", "npm"}, "packages/a/sum.js", map[string]string{
			"package.json":            `{"name": "root", "private": true, "workspaces": ["packages/*"]}`,
			"packages/a/package.json": `{"name": "a", "version": "1.0.0", "scripts": {"test": "node --test"}}`,
			"packages/b/package.json": `{"name": "b", "version": "1.0.0"}`,
			"packages/a/sum.js":       jsSum, "packages/a/sum.test.js": jsTest,
		}},
		"Python with unittest": {[]string{"python3"}, "sums/__init__.py", map[string]string{
			"setup.cfg": "[metadata]\nname = sums\n", "sums/__init__.py": pySum, "tests/test_sum.py": pyTest,
		}},
		"Rust workspace": {[]string{"cargo"}, "sum/src/lib.rs", map[string]string{
			"Cargo.toml": "[workspace]\nmembers = [\"sum\"]\nresolver = \"2\"\n", "sum/Cargo.toml": crate, "sum/src/lib.rs": rsSum,
		}},
		"Ruby with RSpec": {[]string{"ruby", "bundle", "rspec"}, "lib/sum.rb", map[string]string{
			"Gemfile": gems + "gem \"rspec\"\n", "lib/sum.rb": "def add(a, b) = a + b\n",
			"spec/sum_spec.rb": "require_relative \"../lib/sum\"\nRSpec.describe(\"add\") { it(\"adds\") { expect(add(2, 3)).to eq 5 } }\n",
		}},
		"several languages in folders": {[]string{"go", "node", "npm"}, "services/pay/sum.go", map[string]string{
			"services/pay/go.mod": "module example.com/pay\n\ngo 1.21\n", "services/pay/sum.go": goSum, "services/pay/sum_test.go": goTest,
			"web/package.json": `{"name": "sum", "version": "1.0.0", "scripts": {"test": "node --test"}}`, "web/sum.js": jsSum, "web/sum.test.js": jsTest,
		}},
		"Make": {[]string{"make"}, "sum.txt", map[string]string{"Makefile": "test:\n\tgrep -q 'a + b' sum.txt\n", "sum.txt": "a + b\n"}},
		"Maven": {[]string{"mvn", "java"}, "src/main/java/Sum.java", map[string]string{
			"pom.xml": `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>com.example</groupId><artifactId>sum</artifactId><version>1</version>
<properties><maven.compiler.source>8</maven.compiler.source><maven.compiler.target>8</maven.compiler.target></properties>
<dependencies><dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4.13.2</version><scope>test</scope></dependency></dependencies>
</project>`,
			"src/main/java/Sum.java": "public class Sum {\n  public static int add(int a, int b) { return a + b; }\n}\n",
			"src/test/java/SumTest.java": "public class SumTest {\n  @org.junit.Test public void adds() throws Exception {\n    org.junit.Assert.assertEquals(5, Sum.add(2, 3));\n" +
				"    java.io.File.createTempFile(\"sum\", null).delete();\n  }\n}\n",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, tool := range test.tools {
				needsTool(t, tool)
			}
			w := newWorld(t)
			w.repository("sum", test.files)
			task := w.runOne(autoJob("sed -i 's/a + b/a - b/' "+test.sum, "sum"))
			if len(task.Verified) > 0 && strings.Contains(task.Verified[0].Problem, "network") {
				t.Skipf("no network: %s", task.Verified[0].Tail)
			}
			wantOutcome(t, task, codybatch.OutcomeVerifyFailed)
			for _, v := range task.Verified {
				if v.Baseline && !v.Passed() {
					t.Errorf("before the change %s ends with %d:\n%s", v.Command, v.ExitCode, v.Tail)
				}
			}
		})
	}
}

func autoJob(script, repository string) codybatch.JobSpec {
	spec := scriptJob(script, repository)
	spec.Verify = []string{codybatch.VerifyAuto}
	return spec
}

// A program that is not there is no failing test, and people are told what to do.
func TestVerificationTellsAMissingProgram(t *testing.T) {
	t.Parallel()
	needsTool(t, "make")
	w := newWorld(t)
	files := map[string]string{"Makefile": "test:\n\tno-such-linter --all\n", "a.txt": "x\n"}
	w.repository("site", files)
	spec := autoJob("echo y >> a.txt", "site")
	spec.Verify = append(spec.Verify, "no-such-program", "exit 1", "cat b.txt", "a-tool-that-is-not-there")
	spec.Verify = append([]string{"no-such-compiler -v"}, spec.Verify...)
	task := w.runOne(spec)
	wantOutcome(t, task, codybatch.OutcomeChanged)
	said := map[string]string{}
	for _, v := range task.Verified {
		if v.Baseline {
			said[v.Command] = v.Problem
		} else if v.Problem != "" {
			t.Errorf("after the change %s has the problem %q", v.Command, v.Problem)
		}
	}
	const todo = " is not on the PATH of the machine that verifies; install it there, or name commands in verify that do without it"
	const after = " is not there; a command before it failed, and may have been to install it"
	want := map[string]string{
		"no-such-compiler -v": `"no-such-compiler"` + todo, "make test": `"no-such-linter"` + after, "no-such-program": `"no-such-program"` + after,
		"a-tool-that-is-not-there": `"a-tool-that-is-not-there"` + after, "exit 1": "", "cat b.txt": "",
	}
	if !maps.Equal(said, want) {
		t.Errorf("got %q", said)
	}
	thread := w.thread(task)
	if !strings.Contains(thread, `\"no-such-compiler -v\" can't check the change here: \"no-such-compiler\" is not on the PATH`) {
		t.Errorf("the thread does not say it:\n%s", thread)
	}
}
