package codybatch

import (
	"errors"
	"fmt"
	"strings"
)

// CheckBranch says why git would refuse the name of a branch, or nil. It knows
// the rules of git-check-ref-format(1); a test compares it with git itself.
func CheckBranch(name string) error {
	switch {
	case name == "":
		return errors.New("must not be empty")
	case len(name) > 244: // refs/heads/<name>.lock has to fit in a file name of 255 bytes on most forges
		return fmt.Errorf("is %d bytes long; at most 244 are possible", len(name))
	case name == "@" || name == "HEAD":
		return fmt.Errorf("%q has a meaning of its own in git", name)
	case strings.HasPrefix(name, "-"):
		return fmt.Errorf("must not begin with %q", "-")
	case strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/") || strings.Contains(name, "//"):
		return errors.New("must not have an empty part between slashes")
	case strings.HasSuffix(name, "."):
		return fmt.Errorf("must not end with %q", ".")
	case strings.Contains(name, ".."):
		return fmt.Errorf("must not contain %q", "..")
	case strings.Contains(name, "@{"):
		return fmt.Errorf("must not contain %q", "@{")
	}
	for _, r := range name {
		if r < ' ' || r == 0x7f || strings.ContainsRune(" ~^:?*[\\", r) {
			return fmt.Errorf("must not contain %q", r)
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return fmt.Errorf("part %q must not begin with %q or end with %q", part, ".", ".lock")
		}
	}
	return nil
}

// branchFor makes a branch name of a job's name: "cody-batch/replace-io-ioutil".
func branchFor(name string) string {
	var slug strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			slug.WriteRune(r)
		case slug.Len() > 0 && !strings.HasSuffix(slug.String(), "-"):
			slug.WriteByte('-')
		}
		if slug.Len() >= 50 {
			break
		}
	}
	text := strings.Trim(slug.String(), "-")
	if text == "" {
		text = "job"
	}
	return "cody-batch/" + text
}
