package claudecode

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// renewHome makes the program's home folder as a session that goes on must find it:
// the conversations are there, and nothing else of the program's. What programs of
// the session before left in its settings does not configure the next one. No link
// in the folder leads out of it.
func renewHome(home string) error {
	const before = ".claude.before"
	root, err := os.OpenRoot(home)
	if err != nil {
		return fmt.Errorf("open the home folder of Claude Code: %w", err)
	}
	defer root.Close() //nolint:errcheck // only a folder
	err = errors.Join(root.RemoveAll(before), root.RemoveAll(".claude.json"))
	if err == nil {
		err = root.Rename(".claude", before)
	}
	if err == nil {
		err = root.Mkdir(".claude", 0o700)
	}
	if err == nil {
		err = root.Rename(before+"/projects", ".claude/projects")
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = root.RemoveAll(before)
	}
	if err != nil {
		return fmt.Errorf("make the home folder of Claude Code ready for another session: %w", err)
	}
	return nil
}
