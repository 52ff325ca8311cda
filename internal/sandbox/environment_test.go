package sandbox_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// These tests change the environment of the process, so they are not parallel.

func TestEnvironmentHoldsNoSecretOfTheParent(t *testing.T) {
	for _, name := range []string{
		"GITHUB_TOKEN", "GH_TOKEN", "CLAUDE_API_KEY", "ANTHROPIC_API_KEY", "API_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "NPM_TOKEN", "SSH_AUTH_SOCK", "GIT_ASKPASS", "CARGO_REGISTRY_TOKEN", "BASH_ENV", "LD_PRELOAD",
	} {
		t.Setenv(name, "s3cr3t")
	}
	t.Setenv("GOPROXY", "https://user:s3cr3t@proxy.example.org,direct")
	t.Setenv("PIP_INDEX_URL", "https://s3cr3t@pypi.example.org/simple")
	t.Setenv("HTTPS_PROXY", "http://proxy.example.org:3128")
	t.Setenv("MAVEN_ARGS", "-Dproxy.password=s3cr3t")
	_, output, err := bash(t.Context(), t, "env", nil)
	if err != nil || strings.Contains(output, "s3cr3t") {
		t.Errorf("got %v and\n%s", err, output)
	}
	for _, want := range []string{"PATH=", "CI=1\n", "TERM=dumb\n", "GIT_TERMINAL_PROMPT=0\n", "GIT_CONFIG_GLOBAL=/dev/null\n", "HTTPS_PROXY=http://proxy"} {
		if !strings.Contains(output, want) {
			t.Errorf("%s is missing in\n%s", want, output)
		}
	}
}

func TestEnvironmentKeepsTheCachesOfTheRealHome(t *testing.T) {
	if runtime.GOOS == "darwin" {
		t.Skip("caches are elsewhere on this system")
	}
	home := t.TempDir()
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOENV", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "npm_config_cache", "PIP_CACHE_DIR", "CARGO_HOME", "RUSTUP_HOME", "GOPROXY", "GRADLE_USER_HOME"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", home)
	write(t, filepath.Join(home, ".config/go/env"), "GOPATH="+home+"/gopath\nGOPROXY=https://goproxy.example.org\nGOAUTH=s3cr3t\n")
	write(t, filepath.Join(home, ".cargo/config.toml"), "")
	write(t, filepath.Join(home, ".rustup/settings.toml"), "")

	env := sandbox.Environment("/run/home")
	for _, want := range []string{
		"HOME=/run/home", "TMPDIR=/run/home", "GOCACHE=" + home + "/.cache/go-build", "GOMODCACHE=" + home + "/gopath/pkg/mod",
		"GOPROXY=https://goproxy.example.org", "npm_config_cache=" + home + "/.npm", "PIP_CACHE_DIR=" + home + "/.cache/pip",
		"CARGO_HOME=" + home + "/.cargo", "RUSTUP_HOME=" + home + "/.rustup",
		"JAVA_TOOL_OPTIONS=-Duser.home=/run/home -Djava.io.tmpdir=/run/home", "GRADLE_USER_HOME=" + home + "/.cache/codybatch/gradle",
		"MAVEN_USER_HOME=" + home + "/.cache/codybatch/maven", "MAVEN_OPTS=-Dmaven.repo.local=" + home + "/.cache/codybatch/maven/repository",
	} {
		if !slices.Contains(env, want) {
			t.Errorf("%s is missing in %q", want, env)
		}
	}
	if slices.ContainsFunc(env, func(v string) bool { return strings.Contains(v, "s3cr3t") }) {
		t.Errorf("a setting that is not listed got through: %q", env)
	}

	write(t, filepath.Join(home, ".cargo/credentials.toml"), "token")
	if env := sandbox.Environment("/run/home"); slices.Contains(env, "CARGO_HOME="+home+"/.cargo") {
		t.Errorf("a folder with credentials is given away: %q", env)
	}
}

// A home folder with a space is no end of Java's and Maven's options.
func TestEnvironmentOfJavaInAFolderWithSpaces(t *testing.T) {
	if runtime.GOOS == "darwin" {
		t.Skip("caches are elsewhere on this system")
	}
	t.Setenv("HOME", "/home/a b")
	t.Setenv("XDG_CACHE_HOME", "")
	env := sandbox.Environment("/data of mine/home")
	if !slices.Contains(env, `JAVA_TOOL_OPTIONS=-Duser.home="/data of mine/home" -Djava.io.tmpdir="/data of mine/home"`) {
		t.Errorf("got %q", env)
	}
	if slices.ContainsFunc(env, func(v string) bool { return strings.HasPrefix(v, "MAVEN_OPTS=") }) {
		t.Errorf("mvn would part MAVEN_OPTS at the space: %q", env)
	}
}

// Java does not look at HOME and TMPDIR by itself.
func TestJavaFindsItsHome(t *testing.T) {
	if _, err := exec.LookPath("javac"); err != nil {
		if slices.Contains(strings.Split(os.Getenv("CODYBATCH_TEST_REQUIRE"), ","), "javac") {
			t.Fatal("javac is required and not installed")
		}
		t.Skip("javac is not installed")
	}
	dir := filepath.Join(t.TempDir(), "a folder")
	write(t, filepath.Join(dir, "Place.java"), `public class Place {
	public static void main(String[] a) throws Exception {
		String made = java.io.File.createTempFile("place", null).getPath();
		System.out.println("at home: " + (System.getProperty("user.home") + System.getProperty("file.separator")).equals(made.substring(0, made.lastIndexOf('/') + 1)));
	}
}
`)
	result, output, err := bash(t.Context(), t, "javac Place.java && java Place", func(c *sandbox.Command) {
		c.Dir, c.Env, c.Writable = dir, sandbox.Environment(dir), []string{dir}
	})
	if err != nil || result.ExitCode != 0 || !strings.Contains(output, "at home: true") {
		t.Errorf("got %+v, %v\n%s", result, err, output)
	}
}
