package sandbox

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestReach is not parallel: it changes HOME.
func TestReach(t *testing.T) {
	root := resolve(t.TempDir())
	home := filepath.Join(root, "home")
	data := filepath.Join(home, ".local/share/codybatch/workspaces/1")
	tree := filepath.Join(data, "tree")
	for _, dir := range []string{tree, filepath.Join(home, ".cargo/bin"), filepath.Join(home, ".tool/bin"), filepath.Join(home, ".local/bin"), filepath.Join(home, "bin")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(home, ".cargo/credentials.toml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", home)
	r := reachOf(Command{
		Dir: tree, Writable: []string{tree}, Readable: []string{filepath.Join(data, "git/objects")},
		Env: []string{
			"PATH=" + home + "/.cargo/bin:" + home + "/.tool/bin:" + home + "/.local/bin:" + home + "/bin:" + home + ":relative:/bin",
			"JAVA_HOME=/srv/java", "GOCACHE=" + root, "npm_config_cache=" + home + "/.npm", "CARGO_HOME=" + home + "/.cargo2",
		},
		Confinement: Confinement{Read: []string{"/srv/sdk"}, Write: []string{"/tmp"}},
	})
	for _, want := range []string{"/usr", home + "/.cargo/bin", home + "/.tool/bin", home + "/.tool", home + "/.local/bin", home + "/bin", "/srv/java", "/srv/sdk", data + "/git/objects"} {
		if !slices.Contains(r.read, want) {
			t.Errorf("%s can't be read", want)
		}
	}
	for _, path := range []string{"/", root, home, home + "/.cargo", home + "/.local", data, "relative", "/dev"} {
		if slices.Contains(r.read, path) || slices.Contains(r.write, path) {
			t.Errorf("%s is open", path)
		}
	}
	for _, want := range []string{tree, "/tmp", home + "/.npm", home + "/.cargo2/registry"} {
		if !slices.Contains(r.write, want) {
			t.Errorf("%s can't be changed", want)
		}
	}
	if slices.Contains(r.write, home+"/.cargo2") {
		t.Error("Cargo's programs can be changed, which the person runs as well")
	}
	g := ground{home: filepath.Join(root, "home", ".tool")}
	if beside := g.around(home); slices.Contains(beside, home+"/.tool") || !slices.Contains(beside, home+"/bin") {
		t.Errorf("beside the kept ground there is %q", beside)
	}
}
