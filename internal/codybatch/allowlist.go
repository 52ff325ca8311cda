package codybatch

import (
	"fmt"
	"path"
	"strings"
)

// AllowList admits repositories by patterns "host/owner/name", "*" standing for
// anything inside one segment: "github.com/acme/*". Case does not matter. The
// zero AllowList admits nothing.
type AllowList struct{ patterns []string }

// ParseAllowList reads a comma-separated list of patterns. A pattern that is not
// three segments, or that path.Match refuses, is an error that quotes it.
func ParseAllowList(list string) (AllowList, error) {
	var allow AllowList
	for pattern := range strings.SplitSeq(list, ",") {
		pattern = strings.ToLower(strings.TrimSpace(pattern))
		if pattern == "" {
			continue
		}
		if strings.Count(pattern, "/") != 2 {
			return AllowList{}, fmt.Errorf("pattern %q: want host/owner/name, for example github.com/acme/*", pattern)
		}
		if _, err := path.Match(pattern, ""); err != nil {
			return AllowList{}, fmt.Errorf("pattern %q: %w", pattern, err)
		}
		allow.patterns = append(allow.patterns, pattern)
	}
	return allow, nil
}

// Admits reports whether a repository on the host may be worked on.
func (a AllowList) Admits(host string, name RepositoryName) bool {
	full := strings.ToLower(host) + "/" + name.Fold()
	for _, pattern := range a.patterns {
		if ok, _ := path.Match(pattern, full); ok { // patterns were checked when parsed
			return true
		}
	}
	return false
}

// Empty reports whether nothing is admitted at all.
func (a AllowList) Empty() bool { return len(a.patterns) == 0 }
