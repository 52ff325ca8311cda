package worker

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const ownSecret = `own "api" token <&> value`

// credential looks like one of GitHub's; it is put together here so that nobody
// who looks for credentials in this repository finds one.
func credential() string { return "gh" + "p_" + strings.Repeat("aB1", 12) }

func writePatch(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "diff.patch")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestScanPatchFindsWhatIsAdded(t *testing.T) {
	t.Parallel()
	const head = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n"
	const mib = 1 << 20
	for name, test := range map[string]struct {
		patch          string
		secrets, skips []string
	}{
		"a line":                        {head + "+" + credential() + "\n", []string{"x"}, nil},
		"a line without an end":         {head + "+" + credential(), []string{"x"}, nil},
		"a line that is removed":        {head + "-" + credential() + "\n " + credential() + "\n", nil, nil},
		"the second MiB of a line":      {head + "+" + strings.Repeat("a", mib) + " " + credential() + "\n", []string{"x"}, nil},
		"the third MiB of a line":       {head + "+" + strings.Repeat("a", 2*mib) + " " + ownSecret + " t.Skip()\n", []string{"x"}, []string{"x"}},
		"across the cut":                {head + "+" + strings.Repeat(" ", mib-20) + credential() + "\n", []string{"x"}, nil},
		"across the cut, a known value": {head + "+" + strings.Repeat("a", mib-10) + ownSecret + "\n", []string{"x"}, nil},
		"after a piece like a header": {
			head + "+" + strings.Repeat("a", mib-1) + "diff --git a/y b/y\n+" + credential() + "\n+\tt.Skip()\n", []string{"x"}, []string{"x"},
		},
		"after a piece like a hunk": {
			"diff --git a/x b/x\nindex " + strings.Repeat("a", mib-6) + "@@ -1 +1 @@\n+" + credential() + "\n", nil, nil,
		},
		"a long line that is removed": {head + "-" + strings.Repeat("a", mib-1) + "+" + credential() + "\n", nil, nil},
		"after a long line":           {head + "+" + strings.Repeat("a", 3*mib) + "\n+" + credential() + "\n", []string{"x"}, nil},
		"half of it in the next line": {head + "+" + strings.Repeat(" ", mib-20) + credential()[:19] + "\n+" + credential()[19:] + "\n", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := scanPatch(writePatch(t, test.patch), newKnownValues([]string{ownSecret}))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(found.secrets, test.secrets) || !slices.Equal(found.skips, test.skips) || found.bytes != int64(len(test.patch)) {
				t.Errorf("got %+v", found)
			}
		})
	}
}

func TestKnownValuesAreFoundHoweverTheyAreSpelled(t *testing.T) {
	t.Parallel()
	quoted, err := json.Marshal(ownSecret)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"as it is":          "x" + ownSecret + "x",
		"in JSON":           string(quoted),
		"in a query":        url.Values{"token": {ownSecret}}.Encode(),
		"in a path":         "/a/" + url.PathEscape(ownSecret) + "/b",
		"in Base64":         base64.StdEncoding.EncodeToString([]byte(ownSecret)),
		"in Base64, by one": base64.StdEncoding.EncodeToString([]byte("y" + ownSecret + "yyy")),
		"in Base64, by two": base64.URLEncoding.EncodeToString([]byte("yy" + ownSecret + "y")),
		"for a user":        base64.StdEncoding.EncodeToString([]byte("x-access-token:" + ownSecret)),
		"in UTF-16":         strings.Join(strings.Split(ownSecret, ""), "\x00") + "\x00",
		"across a cut":      strings.Repeat("z", scanPiece-5) + ownSecret,
		"far behind":        strings.Repeat("z", 3*scanPiece) + ownSecret,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if found, err := holdsSecrets(writePatch(t, text), []string{"short", ownSecret}); err != nil || !found {
				t.Errorf("got %t, %v", found, err)
			}
		})
	}

	t.Run("and others are not", func(t *testing.T) {
		t.Parallel()
		text := credential() + " short " + ownSecret[1:] + strings.Repeat(ownSecret[:8], 1000)
		if found, err := holdsSecrets(writePatch(t, text), []string{"short", ownSecret}); err != nil || found {
			t.Errorf("got %t, %v", found, err)
		}
	})
}

func TestSecretScanSeesCredentialsInBinaryContent(t *testing.T) {
	t.Parallel()
	random := bytes.Repeat([]byte{0, 7, 0xff, 'g', 'h'}, scanPiece)
	for name, test := range map[string]struct {
		content []byte
		want    bool
	}{
		"nothing":                {random, false},
		"a credential":           {slices.Concat(random, []byte(credential()), random), true},
		"a credential in UTF-16": {[]byte(strings.Join(strings.Split(credential(), ""), "\x00")), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var scan secretScan
			for piece := range slices.Chunk(test.content, 32<<10) {
				_, _ = scan.Write(piece)
			}
			scan.look()
			if scan.suspects != test.want || scan.knows {
				t.Errorf("got %t, want %t", scan.suspects, test.want)
			}
		})
	}
}
