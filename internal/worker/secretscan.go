package worker

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/git"
)

// pattern is a regular expression, and texts of which every match holds one: to
// look for them first is fifty times as fast.
type pattern struct {
	texts []string
	exact *regexp.Regexp
}

// isIn reports whether there is a match that is not only a stand-in for a secret,
// as documentation and tests have them.
func (p pattern) isIn(text []byte) bool {
	if !slices.ContainsFunc(p.texts, func(s string) bool { return bytes.Contains(text, []byte(s)) }) {
		return false
	}
	return slices.ContainsFunc(p.exact.FindAll(text, -1), func(match []byte) bool { return !isStandIn(match) })
}

// isStandIn knows what people write where a secret would be: AWS's documented
// "…EXAMPLE" keys, "your-…-here", and one character over and over.
func isStandIn(match []byte) bool {
	text := strings.ToLower(string(match))
	for _, word := range []string{"example", "your", "placeholder", "xxxxxx", "......", "000000", "redacted"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// secretPattern knows forms of credentials that their issuers document: Anthropic,
// GitHub, GitLab, AWS access key ids, Slack, Google API keys, PEM private keys.
var secretPattern = pattern{
	[]string{"sk-ant-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "AKIA", "ASIA", "xox", "AIza", "PRIVATE KEY-----"},
	regexp.MustCompile(`sk-ant-[A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50,}|glpat-[A-Za-z0-9_-]{20}|\bA(?:KIA|SIA)[A-Z2-7]{16}\b|xox[abprs]-[A-Za-z0-9-]{10,}|AIza[A-Za-z0-9_-]{35}|(?m)-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----(?:\s*$|\\[nr]|\s*[A-Za-z0-9+/=]{16})`),
}

// knownValues are the secret values that the worker knows, in all spellings that
// programs give them without being asked.
type knownValues [][]byte

// newKnownValues leaves out values of fewer than eight characters, as redactor does.
func newKnownValues(secrets []string) knownValues {
	var known knownValues
	seen := map[string]bool{}
	for _, secret := range secrets {
		if len(secret) < 8 {
			continue
		}
		for _, spelling := range spellings(secret) {
			if !seen[spelling] {
				seen[spelling] = true
				known = append(known, []byte(spelling))
			}
		}
	}
	return known
}

// spellings are a value as it is, and as JSON, URLs and Base64 write it.
func spellings(secret string) []string {
	list := []string{secret, url.QueryEscape(secret), url.PathEscape(secret)}
	for _, escapeHTML := range []bool{true, false} {
		var quoted strings.Builder
		encoder := json.NewEncoder(&quoted)
		encoder.SetEscapeHTML(escapeHTML)
		if err := encoder.Encode(secret); err == nil {
			list = append(list, strings.Trim(quoted.String(), "\"\n"))
		}
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		// What comes before the value shifts it by 0, 1 or 2 bytes. Characters
		// that are made of neighbours, too, are cut off.
		for shift, head := range []int{0, 2, 3} {
			encoded := encoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + secret))
			if (shift+len(secret))%3 != 0 {
				encoded = encoded[:len(encoded)-1]
			}
			list = append(list, encoded[head:])
		}
	}
	return list
}

func (k knownValues) areIn(text []byte) bool {
	return slices.ContainsFunc(k, func(value []byte) bool { return bytes.Contains(text, value) })
}

// overlap is how many bytes of a piece have to be looked at again with the next
// one, so that nothing is missed that the cut goes through.
func (k knownValues) overlap() int {
	longest := 256
	for _, value := range k {
		longest = max(longest, len(value))
	}
	return 2 * longest // a NUL after each byte, as in UTF-16
}

// holdsSecrets reports whether a file, a patch for instance, holds one of these
// values or a spelling of it. Memory use does not grow with the file.
func holdsSecrets(path string, secrets []string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("look for secret values: %w", err)
	}
	defer file.Close()
	scan := secretScan{known: newKnownValues(secrets)}
	if _, err := io.Copy(&scan, file); err != nil {
		return false, fmt.Errorf("look for secret values: %w", err)
	}
	scan.look()
	return scan.knows, nil
}

// scanBinaries looks into the binary files that a tree adds or changes, which a
// patch shows in a form that nobody can read. It returns the paths of those that
// hold a known value, and of those that hold what looks like a credential.
func scanBinaries(ctx context.Context, workspace *git.Workspace, tree string, changes []git.Change, known knownValues) ([]string, []string, error) {
	var knows, suspects []string
	for _, change := range changes {
		if !change.Binary || change.NewMode != git.ModeFile && change.NewMode != git.ModeExecutable {
			continue
		}
		scan := secretScan{known: known}
		if err := workspace.CopyBlob(ctx, tree, change.Path, &scan); err != nil {
			return nil, nil, fmt.Errorf("look for secrets: %w", err)
		}
		scan.look()
		if scan.knows {
			knows = append(knows, change.Path)
		} else if scan.suspects {
			suspects = append(suspects, change.Path)
		}
	}
	return knows, suspects, nil
}

// scanPiece is how much of a stream is looked at together, in bytes.
const scanPiece = 1 << 20

// secretScan looks for secrets in what is written to it. Call look at the end.
type secretScan struct {
	known    knownValues
	knows    bool // a known value was there
	suspects bool // something that looks like a credential was there
	piece    []byte
}

// Write never fails.
func (s *secretScan) Write(p []byte) (int, error) {
	n := len(p)
	if s.piece == nil {
		s.piece = make([]byte, 0, scanPiece)
	}
	for len(p) > 0 {
		taken := min(len(p), cap(s.piece)-len(s.piece))
		s.piece, p = append(s.piece, p[:taken]...), p[taken:]
		if len(s.piece) == cap(s.piece) {
			s.look()
			kept := copy(s.piece, s.piece[len(s.piece)-min(s.known.overlap(), scanPiece/2):])
			s.piece = s.piece[:kept]
		}
	}
	return n, nil
}

// look looks at the piece, and once more at what is left of it without NULs.
func (s *secretScan) look() {
	texts := [][]byte{s.piece}
	if bytes.IndexByte(s.piece, 0) >= 0 {
		texts = append(texts, bytes.ReplaceAll(s.piece, []byte{0}, nil))
	}
	for _, text := range texts {
		s.knows = s.knows || s.known.areIn(text)
		s.suspects = s.suspects || secretPattern.isIn(text)
	}
}

// gateSecrets objects to credentials: in added lines, in binary files, in names.
func gateSecrets(ctx context.Context, found *findings, workspace *git.Workspace, tree string, changes []git.Change, known knownValues, inLines []string) error {
	knows, suspects, err := scanBinaries(ctx, workspace, tree, changes, known)
	if err != nil {
		return err
	}
	paths := slices.Concat(inLines, knows, suspects)
	for _, change := range changes {
		if name := []byte(change.Path); change.Status != 'D' && (known.areIn(name) || secretPattern.isIn(name)) && !slices.Contains(paths, change.Path) {
			paths = append(paths, change.Path)
		}
	}
	found.add(codybatch.RuleSecret, "adds what looks like a credential", paths)
	return nil
}
