package sandbox_test

import (
	"os/exec"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// BenchmarkRun tells what the tidying up costs, beside a bare start of the same
// program.
func BenchmarkRun(b *testing.B) {
	b.Run("sandbox", func(b *testing.B) {
		env := sandbox.Environment(b.TempDir())
		for b.Loop() {
			if _, err := sandbox.Run(b.Context(), sandbox.Command{Args: []string{"true"}, Env: env, Output: sandbox.NewCapture(1, 1)}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			if _, err := exec.Command("true").CombinedOutput(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
