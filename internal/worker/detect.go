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
	idle     string // why there is no command, though the file is there
	left     int    // commands that there were too many of
}

// detection is what verifies a repository by itself.
type detection struct {
	projects []project
	idle     []project // files that tell of a project, and not how it is checked
	beside   []project // in folders that are not checked, because the root is
	left     int       // projects, and packages of one, that there was no room for
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
	var d detection
	found, idle := detectIn(folder{FS: root})
	below, idleBelow := detectBelow(root)
	d.idle = idle
	if len(found) == 0 {
		found = below
		d.idle = append(d.idle, idleBelow...)
	} else {
		d.beside = beside(found, below)
	}
	folders := map[string]bool{}
	for _, p := range found {
		at := path.Dir(p.because)
		if len(p.commands) > room || !folders[at] && len(folders) == maxProjectFolders {
			d.left++
			continue
		}
		folders[at] = true
		room -= len(p.commands)
		d.left += p.left
		d.projects = append(d.projects, p)
	}
	return d
}

// beside are the projects below of kinds that the root has none of. One of the
// same kind is taken for a part of the root's.
func beside(found, below []project) []project {
	kind := func(p project) string {
		name := path.Base(p.because)
		switch {
		case strings.Contains(name, ".gradle"), name == "pom.xml":
			return "Java"
		case name == "go.work":
			return "go.mod"
		case strings.HasSuffix(name, "proj"), strings.HasSuffix(name, ".sln"), strings.HasSuffix(name, ".slnx"):
			return ".NET"
		case slices.Contains(pyManifests(), name), slices.Contains(pyLocks(), name):
			return "Python"
		default:
			return name
		}
	}
	return slices.DeleteFunc(below, func(b project) bool {
		return slices.ContainsFunc(found, func(p project) bool { return kind(p) == kind(b) })
	})
}

// detectIn looks into one folder. A Makefile is the last resort: its test may start
// containers or want a cloud, while the commands of an ecosystem are known.
// The second are the files that tell of a project, and not how it is checked.
func detectIn(f folder) ([]project, []project) {
	var found, idle []project
	take := func(p project) {
		switch {
		case len(p.commands) > 0:
			found = append(found, p)
		case p.idle != "":
			idle = append(idle, p)
		}
	}
	for _, of := range ecosystems() {
		take(of(f))
	}
	if len(found) == 0 {
		take(makeProject(f))
	}
	return found, idle
}

// plainName is a name that reads the same to people, to shells and to programs.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}$`)

// notProjects are folders that hold what others wrote, or no code.
var notProjects = []string{"node_modules", "vendor", "third_party", "testdata", "fixtures", "dist", "target", "venv"}

// detectBelow looks into the folders of the root, and into those of a folder that
// has no project itself, such as services/ and packages/.
func detectBelow(root fs.FS) ([]project, []project) {
	var found, idle []project
	searched := 0
	var look func(parent folder, depth int)
	look = func(parent folder, depth int) {
		for _, f := range parent.folders() {
			if searched++; searched > maxSearchedFolders {
				return
			}
			in, idleIn := detectIn(f)
			for _, p := range idleIn {
				p.because = path.Join(f.name, p.because)
				idle = append(idle, p)
			}
			for _, p := range in {
				p.because = path.Join(f.name, p.because)
				for i, command := range p.commands {
					p.commands[i] = "cd " + f.name + " && " + command
				}
				found = append(found, p)
			}
			if len(in) == 0 && depth > 1 {
				look(f, depth-1)
			}
		}
	}
	look(folder{FS: root}, 2)
	return found, idle
}

// commands are those of all projects, in order.
func (d detection) commands() []string {
	var all []string
	for _, p := range d.projects {
		all = append(all, p.commands...)
	}
	return all
}

// maxTold bounds how many files of a kind a notice names.
const maxTold = 5

// String tells people what was detected, and why, and what was not.
func (d detection) String() string {
	var text strings.Builder
	switch {
	case len(d.projects) > 0:
		text.WriteString("Verification was detected at the base commit, and stays as it is whatever the change edits:")
	case d.left > 0:
		text.WriteString("No detected verification is used.")
	case len(d.idle) > 0:
		text.WriteString("No verification was detected.")
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
	for _, p := range d.idle[:min(len(d.idle), maxTold)] {
		fmt.Fprintf(&text, " %s %s.", p.because, p.idle)
	}
	if len(d.beside) > 0 {
		var files []string
		for _, p := range d.beside[:min(len(d.beside), maxTold)] {
			files = append(files, p.because)
		}
		fmt.Fprintf(&text, " Not checked, because the root has a project: %s; name commands in verify to check that as well.", strings.Join(files, ", "))
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

// unusable tells why a file is as if it were not there; "" if it is not there at all,
// or can be read.
func (f folder) unusable(name string) string {
	switch info, err := fs.Lstat(f.FS, name); {
	case err != nil || info.IsDir() || f.read(name) != "":
		return ""
	case !f.has(name):
		return "is passed over: it is a link to something that is not in the repository, or no file"
	case info.Mode().IsRegular() && info.Size() > maxProjectFile:
		return "is passed over: it is larger than 1 MiB"
	default:
		return "is passed over: it is empty, larger than 1 MiB, or can't be read"
	}
}

// folders are those in a folder that may hold projects, by name.
func (f folder) folders() []folder {
	var all []folder
	for _, entry := range f.list(".") {
		name := entry.Name()
		if !entry.IsDir() || !plainName.MatchString(name) || slices.Contains(notProjects, name) {
			continue
		}
		if sub, err := fs.Sub(f.FS, name); err == nil {
			all = append(all, folder{FS: sub, name: path.Join(f.name, name)})
		}
	}
	return all
}

// list returns what a folder holds, by name.
func (f folder) list(dir string) []fs.DirEntry {
	entries, err := fs.ReadDir(f.FS, dir)
	if err != nil {
		return nil
	}
	return entries
}
