package claudecode

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

const (
	longestReason = 500      // bytes of others' words in a reason
	maxSummary    = 8 << 10  // bytes of the program's last message
	maxResult     = 64 << 10 // bytes of what a tool said that the thread keeps
)

// printable is a text without what terminals and readers could stumble over.
func printable(s string) string { return sandbox.Clean(s) }

// cut shortens a text to so many bytes, between two characters.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
