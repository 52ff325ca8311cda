package localgit

import (
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// shelves are the folders of owners, each opened and read when it is first asked
// for, so that many names cost little more than one.
type shelves struct {
	root   *os.Root
	owners map[string]string // folded → spelled; nil: not read yet
	opened map[string]*shelf // by spelling
}

// shelf is the folder of an owner. Its root is nil if it can't be opened.
type shelf struct {
	owner string
	root  *os.Root
	files map[string]string // folded → spelled
}

func newShelves(root *os.Root) *shelves {
	return &shelves{root: root, opened: map[string]*shelf{}}
}

func (s *shelves) close() {
	for _, shelf := range s.opened {
		if shelf.root != nil {
			_ = shelf.root.Close()
		}
	}
}

// listing is a folder by folded names. Of names that differ in case only, the
// first in byte order counts. A folder that can't be read holds nothing.
func listing(root *os.Root) map[string]string {
	entries, _ := fs.ReadDir(root.FS(), ".") // sorted
	folded := make(map[string]string, len(entries))
	for _, entry := range entries {
		key := strings.ToLower(entry.Name())
		if _, taken := folded[key]; !taken {
			folded[key] = entry.Name()
		}
	}
	return folded
}

// of is the folder of an owner, as it is spelled.
func (s *shelves) of(owner string) *shelf {
	opened, ok := s.opened[owner]
	if !ok {
		opened = &shelf{owner: owner}
		if root, err := s.root.OpenRoot(owner); err == nil {
			opened.root, opened.files = root, listing(root)
		}
		s.opened[owner] = opened
	}
	return opened
}

// find finds a repository in whatever case it is spelled.
func (s *shelves) find(name codybatch.RepositoryName) (repository, bool) {
	if s.owners == nil {
		s.owners = listing(s.root)
	}
	owner, ok := s.owners[strings.ToLower(name.Owner())]
	if !ok {
		return repository{}, false
	}
	for _, suffix := range []string{"", ".git"} {
		spelled, ok := s.of(owner).files[strings.ToLower(name.Name()+suffix)]
		if !ok {
			continue
		}
		if r, ok := s.of(owner).inspect(spelled[:len(spelled)-len(suffix)]); ok {
			return r, true
		}
	}
	return repository{}, false
}

// all lists the names that folders may stand for, in folded order, each once.
func (s *shelves) all() []codybatch.RepositoryName {
	if s.owners == nil {
		s.owners = listing(s.root)
	}
	var names []codybatch.RepositoryName
	for _, owner := range s.owners {
		for _, file := range s.of(owner).files {
			if strings.HasSuffix(strings.ToLower(file), ".git") {
				file = file[:len(file)-len(".git")]
			}
			if name := codybatch.RepositoryName(owner + "/" + file); name.Valid() {
				names = append(names, name)
			}
		}
	}
	slices.SortFunc(names, func(a, b codybatch.RepositoryName) int { return strings.Compare(a.Fold(), b.Fold()) })
	return slices.CompactFunc(names, func(a, b codybatch.RepositoryName) bool { return a.Fold() == b.Fold() })
}

func (s *shelf) has(file string) bool {
	_, ok := s.files[strings.ToLower(file)]
	return ok
}

func (s *shelf) inspect(name string) (repository, bool) {
	if s.root == nil {
		return repository{}, false
	}
	return inspect(s.root, s.owner, s.owner, name)
}
