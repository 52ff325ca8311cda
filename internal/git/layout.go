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
// is written anew. Objects and the index stay. No symbolic link leads it out of
// the folder.
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
	if err := l.rewrite(root); err != nil {
		return fmt.Errorf("put the git folder in order: %w", err)
	}
	return nil
}

func (l layout) rewrite(root *os.Root) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	hasObjects := false
	for _, entry := range entries {
		switch name := entry.Name(); {
		case name == "objects" && entry.IsDir():
			hasObjects = true
		case name == "index" && entry.Type().IsRegular():
		default:
			if err := root.RemoveAll(name); err != nil {
				return err
			}
		}
	}
	if hasObjects {
		if err := root.RemoveAll(filepath.Join("objects", "info")); err != nil {
			return err
		}
	} else if err := root.Mkdir("objects", 0o700); err != nil {
		return err
	}
	return l.write(root)
}

// write makes the files of a git folder that has none of them.
func (l layout) write(root *os.Root) error {
	for _, dir := range []string{"info", "refs", filepath.Join("objects", "info")} {
		if err := root.Mkdir(dir, 0o700); err != nil {
			return err
		}
	}
	head := l.commit + "\n"
	if l.unborn {
		head = "ref: refs/heads/none\n"
	}
	files := [][2]string{{"config", l.config()}, {filepath.Join("info", "attributes"), exactBytes}}
	if l.shallow != "" {
		files = append(files, [2]string{"shallow", l.shallow})
	}
	if l.lends != "" {
		files = append(files, [2]string{filepath.Join("objects", "info", "alternates"), l.lends + "\n"})
	}
	if l.branch != "" {
		ref := "refs/heads/" + l.branch
		if err := root.MkdirAll(filepath.Dir(ref), 0o700); err != nil {
			return err
		}
		files = append(files, [2]string{ref, head})
		head = "ref: " + ref + "\n"
	}
	for _, file := range append(files, [2]string{"HEAD", head}) {
		if err := root.WriteFile(file[0], []byte(file[1]), 0o600); err != nil {
			return err
		}
	}
	return nil
}
