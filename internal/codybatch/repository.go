package codybatch

import (
	"regexp"
	"strings"
	"time"
)

// RepositoryName is "owner/name" on a forge, in the forge's own spelling.
type RepositoryName string

var repositoryNamePattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$`)

// Valid reports whether the name is "owner/name" of letters, digits, "_", "."
// and "-", each part at most 100 characters and neither "." nor "..". Only valid
// names ever become part of a path, a key or an address.
func (n RepositoryName) Valid() bool {
	if !repositoryNamePattern.MatchString(string(n)) {
		return false
	}
	for _, part := range []string{n.Owner(), n.Name()} {
		if part == "." || part == ".." || strings.EqualFold(part, ".git") {
			return false
		}
	}
	return true
}

// Owner is the part before the slash.
func (n RepositoryName) Owner() string {
	owner, _, _ := strings.Cut(string(n), "/")
	return owner
}

// Name is the part after the slash.
func (n RepositoryName) Name() string {
	_, name, _ := strings.Cut(string(n), "/")
	return name
}

// Fold is the name as forges compare it: without regard to case.
func (n RepositoryName) Fold() string { return strings.ToLower(string(n)) }

// Repository is what a forge tells about one repository.
type Repository struct {
	Name          RepositoryName
	Description   string
	URL           string // for people; git uses Forge.Remote
	DefaultBranch string // empty: the forge knows none
	Language      string
	Private       bool
	Archived      bool // read-only: no job may change it
	Fork          bool
	PushedAt      time.Time // zero: unknown
}

// Base is where an attempt starts: the commit, and the branch that it was the
// head of.
type Base struct {
	Branch string
	Commit string // 40 or 64 hex digits
}
