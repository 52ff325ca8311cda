// Command trim cuts an OpenAPI description down to some paths and schemas, and
// writes it, gzipped if the name ends so, to a file. The input may be gzipped,
// and be a file of a module in go.mod.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/apispec"
)

func main() {
	in := flag.String("in", "-", "the whole description; - is standard input")
	module := flag.String("module", "", "Go module that -in is a file of")
	paths := flag.String("paths", "", "paths to keep, separated by commas")
	schemas := flag.String("schemas", "", "component schemas to keep, separated by commas")
	out := flag.String("out", "description.json.gz", "file to write")
	flag.Parse()
	if err := run(*module, *in, *out, split(*paths), split(*schemas)); err != nil {
		fmt.Fprintln(os.Stderr, "trim:", err)
		os.Exit(1)
	}
}

func run(module, in, out string, paths, schemas []string) error {
	if module != "" {
		dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
		if err != nil {
			return fmt.Errorf("find module %s: %w", module, err)
		}
		in = filepath.Join(strings.TrimSpace(string(dir)), in)
	}
	file := os.Stdin
	if in != "-" {
		var err error
		if file, err = os.Open(in); err != nil {
			return err
		}
		defer file.Close()
	}
	input := bufio.NewReader(file)
	var reader io.Reader = input
	if magic, err := input.Peek(2); err == nil && bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		if reader, err = gzip.NewReader(input); err != nil {
			return err
		}
	}
	data, err := apispec.Trim(reader, paths, schemas)
	if err != nil {
		return err
	}
	if strings.HasSuffix(out, ".gz") {
		var packed bytes.Buffer
		writer, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := writer.Write(data); err != nil {
			return err
		}
		if err := writer.Close(); err != nil {
			return err
		}
		data = packed.Bytes()
	}
	return os.WriteFile(out, data, 0o644)
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
