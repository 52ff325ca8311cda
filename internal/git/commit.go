package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// CommitOptions are what a commit says besides its tree. The author is the
// committer, too.
type CommitOptions struct {
	Message                 string
	AuthorName, AuthorEmail string
	Time                    time.Time // cut to seconds; recorded as UTC
}

// Commit makes a commit of the tree on top of the base commit. No hook runs and
// nothing is signed; the same input gives the same id. It starts no process.
func (w *Workspace) Commit(ctx context.Context, tree string, options CommitOptions) (string, error) {
	if ctx.Err() != nil {
		return "", fmt.Errorf("commit: %w", context.Cause(ctx))
	}
	name, email := identityText(options.AuthorName), identityText(options.AuthorEmail)
	switch {
	case !isObjectID(tree):
		return "", fmt.Errorf("commit: %q is not a tree id", tree)
	case name == "" || email == "":
		return "", errors.New("commit: the author has no name or no address")
	case options.Time.Unix() < 0:
		return "", errors.New("commit: the time is before 1970")
	}
	var object bytes.Buffer
	fmt.Fprintf(&object, "tree %s\nparent %s\n", tree, w.layout.commit)
	for _, role := range []string{"author", "committer"} {
		fmt.Fprintf(&object, "%s %s <%s> %d +0000\n", role, name, email, options.Time.Unix())
	}
	message := strings.ReplaceAll(strings.ToValidUTF8(options.Message, "\uFFFD"), "\x00", "")
	object.WriteString("\n" + strings.Trim(message, "\n") + "\n")
	if err := w.layout.restore(w.gitDir); err != nil {
		return "", fmt.Errorf("commit: %w", err)
	}
	store, err := w.openObjects()
	if err != nil {
		return "", fmt.Errorf("commit: %w", err)
	}
	defer store.close()
	commit, err := store.write("commit", object.Bytes())
	if err != nil {
		return "", fmt.Errorf("commit: %w", err)
	}
	return commit, nil
}

// identityText leaves out what would break the line of a commit that it stands
// in.
func identityText(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '<' || r == '>' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return strings.Trim(text, " .,:;\"'\\")
}
