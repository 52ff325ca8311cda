package sandbox_test

import (
	"os"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

func TestMain(m *testing.M) {
	sandbox.Inside()
	os.Exit(m.Run())
}
