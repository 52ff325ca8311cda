package httpapi_test

import (
	"fmt"
	"os"
	"testing"
)

// rootOfTests is removed when all tests have ended.
var rootOfTests string

func TestMain(m *testing.M) {
	root, err := os.MkdirTemp("", "httpapi-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	rootOfTests = root
	code := m.Run()
	_ = os.RemoveAll(root)
	os.Exit(code)
}
