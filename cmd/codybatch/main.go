// Codybatch runs one prompt over many repositories and opens one reviewed pull
// request in each. This is the program that people install.
package main

import (
	"os"

	"github.com/liamzdenek/cody-batch/internal/cli"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

func main() {
	sandbox.Inside() // returns, unless this process is the first step of a command
	os.Exit(cli.Process())
}
