package sandbox

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"unicode"
)

// Environment is what a program may know about the machine: an allow-list of
// variables that make builds work and hold no secret. Programs find home in the
// place of the real home folder, and keep temporary files there, so that nothing
// of one run is left for the next.
//
// Caches of tools are shared with the real home, or every build would fetch the
// world again; a hostile build can leave something in them for the next one.
// Where that matters, point GOCACHE, GOMODCACHE, npm_config_cache, PIP_CACHE_DIR
// and CARGO_HOME of this process to folders that are made anew.
//
// Java takes the home folder from the list of users and temporary files to /tmp,
// whatever HOME and TMPDIR say, so it is told by JAVA_TOOL_OPTIONS. What Maven and
// Gradle fetch is kept in a cache of ours, beside the others: the person's own also
// hold settings, credentials and scripts that run in every build.
//
// Variables whose value holds a credential ("https://user:password@…") are left
// out, whatever their name.
func Environment(home string) []string {
	realHome, _ := os.UserHomeDir() // none: no cache can be found under it
	return environment(home, host{
		lookup: os.LookupEnv, home: realHome,
		exists: func(path string) bool { _, err := os.Stat(path); return err == nil },
		read:   func(path string) string { content, _ := os.ReadFile(path); return string(content) },
	})
}

// passed are the variables that go through as they are.
func passed() []string {
	return []string{
		"PATH", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME",
		// The way to the network, and whom to trust there.
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
		"SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CARGO_HTTP_CAINFO", "PIP_CERT",
		// Where tools are.
		"JAVA_HOME", "MAVEN_HOME", "M2_HOME", "GRADLE_HOME", "DOTNET_ROOT", "ANDROID_HOME",
		"PYENV_ROOT", "NVM_DIR", "VOLTA_HOME", "ASDF_DATA_DIR", "RBENV_ROOT",
		// Where packages come from, and where they are kept.
		"NPM_CONFIG_REGISTRY", "npm_config_registry", "YARN_NPM_REGISTRY_SERVER", "YARN_CACHE_FOLDER", "npm_config_store_dir",
		"COREPACK_NPM_REGISTRY", "COREPACK_HOME",
		"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_FIND_LINKS", "PIP_DEFAULT_TIMEOUT", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "POETRY_CACHE_DIR",
		"MAVEN_ARGS", "NUGET_PACKAGES", "CARGO_REGISTRIES_CRATES_IO_PROTOCOL",
	}
}

// goPassed are those that the go command also reads from the file that "go env
// -w" writes.
func goPassed() []string {
	return []string{"GOPROXY", "GOSUMDB", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOFLAGS", "GOTOOLCHAIN"}
}

// host is the machine as environment sees it.
type host struct {
	lookup func(name string) (string, bool)
	home   string // the real one; empty: there is none
	exists func(path string) bool
	read   func(path string) string // empty: can't be read
}

func environment(home string, h host) []string {
	env := []string{
		"HOME=" + home, "TMPDIR=" + home, "TERM=dumb", "CI=1", "PIP_DISABLE_PIP_VERSION_CHECK=1", "JAVA_TOOL_OPTIONS=" + javaOptions(home),
		"GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
	}
	add := func(name, value string) {
		if value != "" && !credentialPattern.MatchString(value) {
			env = append(env, name+"="+value)
		}
	}
	for _, name := range passed() {
		value, _ := h.lookup(name)
		add(name, value)
	}
	goEnv := h.goEnv()
	for _, name := range goPassed() {
		add(name, goEnv(name))
	}
	if h.home == "" {
		return env
	}
	gopath, _, _ := strings.Cut(or(goEnv("GOPATH"), filepath.Join(h.home, "go")), string(filepath.ListSeparator))
	add("GOMODCACHE", or(goEnv("GOMODCACHE"), filepath.Join(gopath, "pkg", "mod")))
	add("GOCACHE", or(goEnv("GOCACHE"), h.cache("go-build")))

	own := func(name, otherwise string) {
		value, _ := h.lookup(name)
		add(name, or(value, otherwise))
	}
	own("npm_config_cache", filepath.Join(h.home, ".npm"))
	own("PIP_CACHE_DIR", h.cache("pip"))
	own("UV_CACHE_DIR", h.cache("uv"))
	own("GRADLE_USER_HOME", h.cache("codybatch/gradle"))
	maven := h.cache("codybatch/maven")
	add("MAVEN_USER_HOME", maven)                      // what Maven's wrapper fetches; the person's has the settings
	if !strings.ContainsFunc(maven, unicode.IsSpace) { // mvn is a script that would part it there
		add("MAVEN_OPTS", mavenRepository+filepath.Join(maven, "repository"))
	}
	if rustup := filepath.Join(h.home, ".rustup"); h.exists(rustup) {
		own("RUSTUP_HOME", rustup)
	}
	cargo, _ := h.lookup("CARGO_HOME")
	cargo = or(cargo, filepath.Join(h.home, ".cargo")) // Cargo keeps its cache and its tokens in one folder
	if h.exists(cargo) && !h.exists(filepath.Join(cargo, "credentials.toml")) && !h.exists(filepath.Join(cargo, "credentials")) {
		add("CARGO_HOME", cargo)
	}
	return env
}

// mavenRepository is the setting of Maven's cache. No variable of its own has it in
// Maven 3.
const mavenRepository = "-Dmaven.repo.local="

// javaOptions tell every Java program where home is.
func javaOptions(home string) string {
	if strings.ContainsFunc(home, unicode.IsSpace) {
		home = `"` + home + `"` // known to Java 9 and later
	}
	return "-Duser.home=" + home + " -Djava.io.tmpdir=" + home
}

// credentialPattern finds "scheme://somebody@" and settings named like secrets.
var credentialPattern = regexp.MustCompile(`(?i)://[^/\s,|]*@|passw(or)?d|token|secret|apikey|_auth`)

// cache is the folder for a tool's cache, as os.UserCacheDir names it.
func (h host) cache(tool string) string {
	if runtime.GOOS == "darwin" {
		return filepath.Join(h.home, "Library", "Caches", tool)
	}
	if dir, _ := h.lookup("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, tool)
	}
	return filepath.Join(h.home, ".cache", tool)
}

// goEnv looks up a setting of the go command: the environment, then the file at
// GOENV, which has lines NAME=value.
func (h host) goEnv() func(name string) string {
	file, _ := h.lookup("GOENV")
	if file == "" && h.home != "" {
		config, _ := h.lookup("XDG_CONFIG_HOME")
		if config == "" {
			config = filepath.Join(h.home, ".config")
		}
		if runtime.GOOS == "darwin" {
			config = filepath.Join(h.home, "Library", "Application Support")
		}
		file = filepath.Join(config, "go", "env")
	}
	written := map[string]string{}
	if file != "" && file != "off" {
		for line := range strings.Lines(h.read(file)) {
			if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
				written[name] = value
			}
		}
	}
	return func(name string) string {
		if value, ok := h.lookup(name); ok && value != "" {
			return value
		}
		return written[name]
	}
}

func or(value, otherwise string) string {
	if value != "" {
		return value
	}
	return otherwise
}
