package worker

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Bounds of detection: what a repository holds does not decide how long it takes.
const (
	maxProjectFile     = 1 << 20 // bytes; a larger file is as if it were not there
	maxProjectFolders  = 5       // folders with projects, where the root has none
	maxSearchedFolders = 100     // folders that are looked into for them
)

// project is one way to check a folder, and the file that says so. Nothing that a
// file holds becomes a part of a command: commands are fixed texts, chosen by what
// is there. Only names of folders and solutions are in them, quoted.
type project struct {
	because  string
	commands []string
}

// detection is what verifies a repository by itself.
type detection struct {
	projects []project
	left     int // projects that there was no room for
}

// ecosystems are the kinds of projects in the order in which they are checked:
// what is quick to fail first.
func ecosystems() []func(folder) project {
	return []func(folder) project{goProject, nodeProject, mavenProject, gradleProject, pythonProject, rustProject, rubyProject, dotnetProject}
}

// detect finds out how a repository is checked, in at most room commands: by every
// project in its root, or else by those in the first folders of the root, by name.
// Files that can't be read, or are not what their name says, are passed over.
func detect(root fs.FS, room int) detection {
	found := detectIn(folder{FS: root})
	if len(found) == 0 {
		found = detectBelow(root)
	}
	var d detection
	folders := map[string]bool{}
	for _, p := range found {
		at := path.Dir(p.because)
		if len(p.commands) > room || !folders[at] && len(folders) == maxProjectFolders {
			d.left++
			continue
		}
		folders[at] = true
		room -= len(p.commands)
		d.projects = append(d.projects, p)
	}
	return d
}

// detectIn looks into one folder. A Makefile is the last resort: its test may start
// containers or want a cloud, while the commands of an ecosystem are known.
func detectIn(f folder) []project {
	var found []project
	for _, of := range ecosystems() {
		if p := of(f); len(p.commands) > 0 {
			found = append(found, p)
		}
	}
	if p := makeProject(f); len(found) == 0 && len(p.commands) > 0 {
		found = append(found, p)
	}
	return found
}

// plainName is a name that reads the same to people, to shells and to programs.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}$`)

// notProjects are folders that hold what others wrote, or no code.
var notProjects = []string{"node_modules", "vendor", "third_party", "testdata", "fixtures", "dist", "target"}

func detectBelow(root fs.FS) []project {
	var found []project
	searched := 0
	for _, entry := range (folder{FS: root}).list(".") {
		name := entry.Name()
		if !entry.IsDir() || !plainName.MatchString(name) || slices.Contains(notProjects, name) {
			continue
		}
		if searched++; searched > maxSearchedFolders {
			break
		}
		sub, err := fs.Sub(root, name)
		if err != nil {
			continue
		}
		for _, p := range detectIn(folder{FS: sub, name: name}) {
			p.because = path.Join(name, p.because)
			for i, command := range p.commands {
				p.commands[i] = "cd " + name + " && " + command
			}
			found = append(found, p)
		}
	}
	return found
}

// commands are those of all projects, in order.
func (d detection) commands() []string {
	var all []string
	for _, p := range d.projects {
		all = append(all, p.commands...)
	}
	return all
}

// String tells people what was detected, and why.
func (d detection) String() string {
	var text strings.Builder
	switch {
	case len(d.projects) > 0:
		text.WriteString("Verification was detected at the base commit, and stays as it is whatever the change edits:")
	case d.left > 0:
		text.WriteString("No detected verification is used.")
	default:
		text.WriteString("No verification was detected: there is no project of a known kind in the root or in a folder of it.")
	}
	for i, p := range d.projects {
		if i > 0 {
			text.WriteByte(';')
		}
		fmt.Fprintf(&text, " %s (%s)", strings.Join(p.commands, ", "), p.because)
	}
	if len(d.projects) > 0 {
		text.WriteByte('.')
	}
	if d.left > 0 {
		fmt.Fprintf(&text, " Projects left out, because there are too many: %d.", d.left)
	}
	return text.String()
}

// folder is where a project may be.
type folder struct {
	fs.FS
	name string // "" for the root
}

// has reports whether there is a regular file of one of the names.
func (f folder) has(names ...string) bool { return f.first(names...) != "" }

// first is the first of the names that is a regular file, or "".
func (f folder) first(names ...string) string {
	for _, name := range names {
		if info, err := fs.Stat(f.FS, name); err == nil && info.Mode().IsRegular() {
			return name
		}
	}
	return ""
}

// read returns what a regular file holds, "" if there is none that can be used.
func (f folder) read(name string) string {
	if !f.has(name) {
		return ""
	}
	file, err := f.Open(name)
	if err != nil {
		return ""
	}
	defer file.Close() //nolint:errcheck // only read
	content, err := io.ReadAll(io.LimitReader(file, maxProjectFile+1))
	if err != nil || len(content) > maxProjectFile {
		return ""
	}
	return strings.TrimPrefix(string(content), "\ufeff")
}

// list returns what a folder holds, by name.
func (f folder) list(dir string) []fs.DirEntry {
	entries, err := fs.ReadDir(f.FS, dir)
	if err != nil {
		return nil
	}
	return entries
}
