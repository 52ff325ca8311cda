package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// makeRepositories makes root/acme/r00000.git and so on, all alike: one is made by
// git, the others are hard links to its objects and copies of the rest.
func makeRepositories(ctx context.Context, root string, count, files int) error {
	tree, first := filepath.Join(root, "tree"), filepath.Join(root, "acme", repositoryName(0))
	if err := os.MkdirAll(tree, 0o755); err != nil {
		return err
	}
	for i := range files {
		if err := os.WriteFile(filepath.Join(tree, fmt.Sprintf("file%03d.txt", i)), fmt.Appendf(nil, "old line of file %d\n", i), 0o644); err != nil {
			return err
		}
	}
	for _, command := range [][]string{
		{"git", "-C", tree, "init", "-q", "-b", "main"},
		{"git", "-C", tree, "add", "-A"},
		{"git", "-C", tree, "-c", "user.name=Bench", "-c", "user.email=bench@example.invalid", "commit", "-q", "-m", "start"},
		{"git", "clone", "-q", "--bare", "--no-local", "--template=", tree, first},
	} {
		if out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%q: %w: %s", command, err, out)
		}
	}
	for i := 1; i < count; i++ {
		if err := copyRepository(first, filepath.Join(root, "acme", repositoryName(i))); err != nil {
			return err
		}
	}
	return nil
}

func repositoryName(i int) string { return fmt.Sprintf("r%05d.git", i) }

func copyRepository(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		if filepath.Dir(filepath.Dir(relative)) == "objects" { // never changed in place
			return os.Link(path, target)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o644)
	})
}

// shellLoop is what people write before they have a tool.
const shellScript = `set -eu
origin=$1
work=$(mktemp -d)
git clone -q --depth 1 "file://$origin" "$work/tree"
cd "$work/tree"
git checkout -q -b bench
sed -i s/old/new/ file001.txt
git add -A
git -c user.name=Bench -c user.email=bench@example.invalid commit -q -m 'replace old by new'
git push -q origin bench
cd /
rm -rf "$work"`

func shellLoop(ctx context.Context, root string, workers int) (cost, error) {
	start := time.Now()
	command := exec.CommandContext(ctx, "bash", "-c",
		`ls -d "$1"/acme/*.git | xargs -P "$2" -n 1 bash -c "$3" bash`, "bash", root, strconv.Itoa(workers), shellScript)
	if out, err := command.CombinedOutput(); err != nil {
		return cost{}, fmt.Errorf("shell loop: %w: %s", err, out)
	}
	return cost{wall: time.Since(start), cpu: cpuTime(command)}, nil
}
