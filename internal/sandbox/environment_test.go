package sandbox_test

import (
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
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOENV", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "npm_config_cache", "PIP_CACHE_DIR", "CARGO_HOME", "RUSTUP_HOME", "GOPROXY"} {
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
