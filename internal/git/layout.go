package git

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// exactBytes is info/attributes, the file that wins over every .gitattributes:
// nothing converts content between blob and work tree, nothing changes how a
// diff looks.
const exactBytes = "* !text !eol !crlf !ident !filter !working-tree-encoding !diff !merge !whitespace !export-subst !export-ignore !conflict-marker-size !delta\n"

// layout is what a git folder holds besides objects and an index.
type layout struct {
	commit  string // what HEAD is at; its length says which hash the repository uses
	unborn  bool   // the commit is not there yet, and HEAD is at nothing
	branch  string // "": HEAD is detached
	shallow string // commits whose parents are not there, one a line
	lends   string // a folder of objects to read besides its own; "" for none
	user    bool   // commits may be made by "git commit"
}

// config is the whole configuration of a git folder.
func (l layout) config() string {
	version, extension := "0", ""
	if len(l.commit) == 64 {
		version, extension = "1", "[extensions]\n\tobjectFormat = sha256\n"
	}
	text := "[core]\n\trepositoryFormatVersion = " + version + "\n\tfileMode = true\n\tbare = false\n" + extension +
		"[gc]\n\tauto = 0\n[index]\n\tversion = 2\n"
	if l.user {
		text += "[user]\n\tname = Cody Batch\n\temail = cody-batch@localhost\n"
	}
	return text
}

// restore puts a git folder into a known state, whatever somebody did to it:
// what is not ours goes (commondir, config.worktree, hooks, locks), what is ours
// is written anew unless it is as it should be. Objects and the index stay. No
// symbolic link leads it out of the folder.
func (l layout) restore(dir string) error {
	if info, err := os.Lstat(dir); err != nil {
		return fmt.Errorf("look at the git folder: %w", err)
	} else if !info.IsDir() {
		return errors.New("the git folder was replaced")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the git folder: %w", err)
	}
	defer root.Close() //nolint:errcheck // only read
	if l.isIntact(root) {
		return nil
	}
	if err := l.clear(root); err != nil {
		return fmt.Errorf("put the git folder in order: %w", err)
	}
	if err := l.write(root); err != nil {
		return fmt.Errorf("put the git folder in order: %w", err)
	}
	return nil
}

// isIntact reports whether a git folder holds exactly what write makes, and
// objects and an index. Reading is a tenth of the price of writing.
func (l layout) isIntact(root *os.Root) bool {
	dirs, files := l.content()
	want := map[string]int{"objects": 1}
	for _, dir := range dirs {
		want[filepath.Dir(dir)]++
	}
	for name, text := range files {
		want[filepath.Dir(name)]++
		if info, err := root.Lstat(name); err != nil || !info.Mode().IsRegular() || info.Size() != int64(len(text)) {
			return false
		}
		if is, err := root.ReadFile(name); err != nil || string(is) != text {
			return false
		}
	}
	want["."]++ // objects
	if info, err := root.Lstat("index"); err == nil {
		if !info.Mode().IsRegular() {
			return false
		}
		want["."]++
	}
	for _, dir := range append(dirs, ".", "objects") {
		if info, err := root.Lstat(dir); err != nil || !info.IsDir() {
			return false
		}
		if dir == "objects" {
			continue // it holds as many as git likes
		}
		entries, err := fs.ReadDir(root.FS(), filepath.ToSlash(dir))
		if err != nil || len(entries) != want[dir] {
			return false
		}
	}
	return true
}

// clear removes all but objects and the index.
func (l layout) clear(root *os.Root) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		switch name := entry.Name(); {
		case name == "objects" && entry.IsDir():
			err = root.RemoveAll(filepath.Join("objects", "info"))
		case name == "index" && entry.Type().IsRegular():
		default:
			err = root.RemoveAll(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// write makes the files of a git folder that has none of them.
func (l layout) write(root *os.Root) error {
	if err := root.Mkdir("objects", 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	dirs, files := l.content()
	for _, dir := range dirs {
		if err := root.Mkdir(dir, 0o700); err != nil {
			return err
		}
	}
	for name, text := range files {
		if err := root.WriteFile(name, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// content is the folders, outer ones first, and the files that write makes.
func (l layout) content() ([]string, map[string]string) {
	dirs := []string{"info", "refs", "objects/info"}
	head := l.commit + "\n"
	if l.unborn {
		head = "ref: refs/heads/none\n"
	}
	files := map[string]string{"config": l.config(), "info/attributes": exactBytes}
	if l.shallow != "" {
		files["shallow"] = l.shallow
	}
	if l.lends != "" {
		files["objects/info/alternates"] = l.lends + "\n"
	}
	if l.branch != "" {
		ref := "refs/heads/" + l.branch
		for at := range len(ref) {
			if ref[at] == '/' && at > len("refs") {
				dirs = append(dirs, ref[:at])
			}
		}
		files[ref] = head
		head = "ref: " + ref + "\n"
	}
	files["HEAD"] = head
	return dirs, files
}
