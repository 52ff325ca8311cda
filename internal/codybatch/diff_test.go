package codybatch_test

import (
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const patchA = `diff --git a/main.go b/main.go
index 1111111..2222222 100644
--- a/main.go
+++ b/main.go
@@ -1,3 +1,3 @@ func main() {
 context
-	old()
+	new()
`

func fingerprint(t *testing.T, patch string) string {
	t.Helper()
	got, err := codybatch.Fingerprint(strings.NewReader(patch))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	moved := strings.NewReplacer("main.go", "cmd/other.go", "-1,3 +1,3", "-90,3 +90,3", "\told", "\t\told", "context", "else", "1111111", "3333333").Replace(patchA)
	if fingerprint(t, patchA) != fingerprint(t, moved) {
		t.Error("the same lines elsewhere have another fingerprint")
	}
	if fingerprint(t, patchA) == fingerprint(t, strings.Replace(patchA, "new()", "newer()", 1)) {
		t.Error("other lines have the same fingerprint")
	}
	if fingerprint(t, patchA) == fingerprint(t, patchA+patchA) {
		t.Error("two files have the fingerprint of one")
	}
	long := strings.Replace(patchA, "new()", strings.Repeat("x", 3<<20), 1)
	if fingerprint(t, long) == fingerprint(t, long[:len(long)-10]+"y\n") {
		t.Error("the end of a long line does not count")
	}
}
