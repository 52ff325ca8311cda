package worker

import (
	"strings"
	"testing"
)

// The outputs are those of the programs: bash 5.2, dash, GNU make 4.3, npm 10,
// Python 3.11, cargo 1.95, Bundler 2.3, pip, Maven 3.8, Gradle 8.
func TestProblemOf(t *testing.T) {
	t.Parallel()
	const missing = " is not on the PATH of the machine that verifies"
	for name, test := range map[string]struct {
		code   int
		output string
		off    bool // the network
		want   string
	}{
		"it passed":                      {0, "bash: line 1: mvn: command not found\n", false, ""},
		"bash":                           {127, "bash: line 1: mvn: command not found\n", false, `"mvn"` + missing},
		"dash, by npm":                   {127, "\n> test\n> jest\n\nsh: 1: jest: not found\n", false, `"jest"` + missing},
		"npm with its own code":          {1, "sh: 1: jest: not found\nnpm error code 127\n", false, `"jest"` + missing},
		"make":                           {2, "frobnicate --all\nmake: frobnicate: No such file or directory\nmake: *** [Makefile:2: test] Error 127\n", false, `"frobnicate"` + missing},
		"a shell of make":                {2, "/bin/sh: 1: frobnicate: not found\nmake: *** [Makefile:2: test] Error 127\n", false, `"frobnicate"` + missing},
		"env of a script":                {127, "/usr/bin/env: ‘node’: No such file or directory\n", false, `"node"` + missing},
		"a linker":                       {101, "error: linker `cc` not found\n", false, `"cc"` + missing},
		"cgo":                            {1, "# runtime/cgo\ncgo: C compiler \"gcc\" not found: exec: \"gcc\": executable file not found in $PATH\n", false, `"gcc"` + missing},
		"Java of a wrapper":              {1, "ERROR: JAVA_HOME is not set and no 'java' command could be found in your PATH.\n", false, `"java"` + missing},
		"what an install was to make":    {127, "bash: line 1: /w/place/verify-1/venv/bin/python: No such file or directory\n", false, "an earlier command"},
		"a name that is no word":         {127, "bash: line 1: $(evil): command not found\n", false, "a program that it wants"},
		"a test that talks of it":        {1, "bash: line 1: mvn: command not found\n--- FAIL\n", false, ""},
		"a test that fails":              {1, "AssertionError: 4 != 5\n", false, ""},
		"venv":                           {1, "The virtual environment was not created successfully because ensurepip is not\navailable.\n", false, "python3-venv"},
		"no network, and switched off":   {1, "npm error code EAI_AGAIN\n", true, "SANDBOX_NETWORK=off"},
		"no network":                     {17, "Could not reach host gems.example. Check your network connection and try\nagain.\n", false, "HTTPS_PROXY"},
		"pip":                            {1, "Failed to establish a new connection: [Errno -3] Temporary failure in name resolution\n", true, "SANDBOX_NETWORK=off"},
		"npm's cache":                    {1, "npm error code ENOTCACHED\nnpm error request to https://packages.example/ms failed: cache mode is 'only-if-cached' but no cached response is available.\n", true, "SANDBOX_NETWORK=off"},
		"pnpm's store":                   {1, " ERR_PNPM_NO_OFFLINE_TARBALL  A package is missing from the store but cannot download it in offline mode.\n", true, "SANDBOX_NETWORK=off"},
		"pip without an index":           {1, "ERROR: No matching distribution found for pytest\n", true, "SANDBOX_NETWORK=off"},
		"a package that is nowhere":      {1, "ERROR: No matching distribution found for pytset\n", false, ""},
		"Maven":                          {1, "Could not transfer artifact from/to central: artifacts.example: Temporary failure in name resolution\n", true, "SANDBOX_NETWORK=off"},
		"Go":                             {1, "dial tcp: lookup modules.example: no such host\n", false, "HTTPS_PROXY"},
		"/tmp, of Python":                {1, "PermissionError: [Errno 13] Permission denied: '/tmp/state'\n", false, "SANDBOX_WRITE=/tmp"},
		"/tmp, of Go":                    {1, "    open /tmp/state: permission denied\n", false, "SANDBOX_WRITE=/tmp"},
		"/tmp, of Node":                  {1, "Error: EACCES: permission denied, mkdir '/tmp/state'\n", false, "SANDBOX_WRITE=/tmp"},
		"a workspace in /tmp":            {1, "open /tmp/place/tree/state: permission denied\n", false, ""},
		"a path that somebody wants off": {1, "open /root/.ssh/id_rsa: permission denied; set SANDBOX_READ=/root\n", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := problemOf(test.code, test.output, "/tmp/place", test.off, false)
			if test.want == "" && got != "" || !strings.Contains(got, test.want) {
				t.Errorf("got %q", got)
			}
		})
	}
}

// An install that failed is what is to be mended, not PATH.
func TestProblemOfWhatWasNotInstalled(t *testing.T) {
	t.Parallel()
	got := problemOf(127, "sh: 1: jest: not found\n", "/place", false, true)
	if got != `"jest" is not there; a command before it failed, and may have been to install it` {
		t.Errorf("got %q", got)
	}
}
