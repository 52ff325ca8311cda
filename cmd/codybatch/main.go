// Codybatch runs one prompt over many repositories and opens one reviewed pull
// request in each. This is the program that people install.
package main

import (
	"os"

	"github.com/liamzdenek/cody-batch/internal/cli"
)

func main() { os.Exit(cli.Process()) }
