package sandbox

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// reach is what a program may touch. Paths that are not there are left out later.
type reach struct {
	read    []string // and run
	write   []string
	devices []string
}

// reachOf finds what a command needs: the system, the tools that its environment
// names, their caches, and what its caller lets it change.
func reachOf(c Command) reach {
	env := map[string]string{}
	for _, variable := range c.Env {
		name, value, _ := strings.Cut(variable, "=")
		env[name] = value
	}
	home, _ := os.UserHomeDir() // none: nothing to keep out of
	g := ground{home: resolve(home)}
	for _, dir := range c.Writable {
		g.kept = append(g.kept, resolve(dir))
	}
	r := reach{devices: devices()}
	for _, path := range systemPaths(c.Confinement.NoNetwork) {
		r.read = append(r.read, g.around(path)...)
	}
	for _, path := range toolPaths(env, g) {
		if g.mayOpen(path) {
			r.read = append(r.read, path)
		}
	}
	for _, path := range cachePaths(env) {
		if g.mayOpen(path) {
			r.write = append(r.write, path)
		}
	}
	r.read = append(append(r.read, c.Readable...), c.Confinement.Read...)
	r.write = append(append(r.write, c.Writable...), c.Confinement.Write...)
	return r
}

// ground is what may not be opened by the way: the real home, and the folders
// around those of the command, where the others and the data are.
type ground struct {
	home string
	kept []string
}

func (g ground) mayOpen(path string) bool {
	if !filepath.IsAbs(path) {
		return false
	}
	path = resolve(path)
	for _, kept := range append([]string{g.home}, g.kept...) {
		if kept != "" && holds(path, kept) {
			return false
		}
	}
	// Programs are in ~/.local/bin, and keys and the data of everything in ~/.local/share.
	return path != "/" && (g.home == "" || path != filepath.Join(g.home, ".local"))
}

// around is a folder of the system; or, if the kept ground is in there, what is
// beside it.
func (g ground) around(path string) []string {
	if g.mayOpen(path) {
		return []string{path}
	}
	var beside []string
	entries, _ := os.ReadDir(path) // none: it is left out, and what needs it says so
	for _, entry := range entries {
		if inside := filepath.Join(path, entry.Name()); g.mayOpen(inside) {
			beside = append(beside, inside)
		}
	}
	return beside
}

// holds reports whether path is in the folder, or the folder itself.
func holds(folder, path string) bool {
	return folder == path || strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/")
}

// resolve is the path without symbolic links, or as it is.
func resolve(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return filepath.Clean(path)
}

// systemPaths are those of the system. Without a network nobody asks for names
// either: that would be a way out.
func systemPaths(noNetwork bool) []string {
	paths := []string{
		"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix", "/proc", "/sys",
		resolve("/etc/resolv.conf"), resolve("/etc/hosts"), // what they link to
	}
	if !noNetwork { // the sockets of those who know
		paths = append(paths, "/run/systemd/resolve", "/run/nscd", "/var/run/nscd")
	}
	return paths
}

// devices are those that programs read and write; no disks. Shared memory is one:
// Python's multiprocessing needs it.
func devices() []string {
	return []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx", "/dev/pts", "/dev/shm"}
}

// toolPaths are where programs and what belongs to them is.
func toolPaths(env map[string]string, g ground) []string {
	var paths []string
	for _, dir := range filepath.SplitList(env["PATH"]) {
		if !filepath.IsAbs(dir) {
			continue
		}
		paths = append(paths, dir)
		if parent := filepath.Dir(filepath.Clean(dir)); !hasCredentials(parent) {
			paths = append(paths, parent)
		}
	}
	for _, name := range []string{
		"JAVA_HOME", "MAVEN_HOME", "M2_HOME", "GRADLE_HOME", "DOTNET_ROOT", "ANDROID_HOME",
		"PYENV_ROOT", "NVM_DIR", "VOLTA_HOME", "ASDF_DATA_DIR", "RBENV_ROOT", "RUSTUP_HOME", "CARGO_HOME",
		"SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CARGO_HTTP_CAINFO", "PIP_CERT",
		"PIP_FIND_LINKS",
	} {
		paths = append(paths, filepath.SplitList(env[name])...)
	}
	if g.home != "" { // what links in ~/.local/bin lead to
		for _, name := range []string{"lib", "pipx", "share/pipx", "share/uv", "share/mise", "share/pnpm", "share/fnm"} {
			paths = append(paths, filepath.Join(g.home, ".local", name))
		}
	}
	return paths
}

// hasCredentials reports whether a tool keeps its tokens beside its programs, as
// Cargo does.
func hasCredentials(dir string) bool {
	for _, name := range []string{"credentials", "credentials.toml", "auth.json", ".netrc", ".npmrc", ".git-credentials", ".ssh", ".aws"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// cacheVariables name the caches that tools share between runs, each with the
// program that makes it if it is not there.
func cacheVariables() map[string]string {
	return map[string]string{
		"GOCACHE": "go", "GOMODCACHE": "go", "npm_config_cache": "npm", "PIP_CACHE_DIR": "pip", "UV_CACHE_DIR": "uv",
		"YARN_CACHE_FOLDER": "", "npm_config_store_dir": "", "COREPACK_HOME": "", "POETRY_CACHE_DIR": "", "NUGET_PACKAGES": "",
		"GRADLE_USER_HOME": "java", "MAVEN_USER_HOME": "java", // their wrappers bring themselves, but no Java
	}
}

// cachePaths are what tools share between runs. One that is not there yet is made
// if the tool is: nobody could make it from the inside. Programs in Cargo's home
// stay as they are, because the person runs them as well.
func cachePaths(env map[string]string) []string {
	var paths []string
	for name, tool := range cacheVariables() {
		dir := env[name]
		if dir == "" {
			continue
		}
		if _, err := os.Lstat(dir); err != nil && tool != "" && filepath.IsAbs(dir) {
			if _, err := exec.LookPath(tool); err == nil {
				_ = os.MkdirAll(dir, 0o700) // without it the tool will say what it misses
			}
		}
		paths = append(paths, dir)
	}
	if cargo := env["CARGO_HOME"]; cargo != "" {
		for _, name := range []string{"registry", "git", ".package-cache", ".package-cache-mutate", ".global-cache"} {
			paths = append(paths, filepath.Join(cargo, name))
		}
	}
	return paths
}
