// Command trim cuts Amazon's description of a service, as botocore ships it
// (service-2.json.gz), down to some operations with all shapes that they refer to,
// without prose. Each shape is a line of the result.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	in := flag.String("in", "", "botocore's file, gzipped; may be a pattern that one file matches")
	operations := flag.String("operations", "", "operations to keep, separated by commas")
	out := flag.String("out", "service.json", "file to write")
	flag.Parse()
	if err := run(*in, strings.Split(*operations, ","), *out); err != nil {
		fmt.Fprintln(os.Stderr, "trim:", err)
		os.Exit(1)
	}
}

func run(pattern string, operations []string, out string) error {
	files, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return fmt.Errorf("%d files match %s; botocore comes with moto: run make aws-emulators", len(files), pattern)
	}
	file, err := os.Open(files[0])
	if err != nil {
		return err
	}
	defer file.Close()
	reader, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("unpack %s: %w", files[0], err)
	}
	var service description
	if err := json.NewDecoder(reader).Decode(&service); err != nil {
		return fmt.Errorf("parse %s: %w", files[0], err)
	}
	kept, err := service.trim(operations)
	if err != nil {
		return err
	}
	return os.WriteFile(out, kept, 0o644)
}

type description struct {
	Metadata   map[string]any `json:"metadata"`
	Operations map[string]any `json:"operations"`
	Shapes     map[string]any `json:"shapes"`
}

const comment = "Cut down from botocore, Copyright Amazon.com, Inc. or its affiliates, Apache License 2.0 " +
	"(LICENSE.txt and NOTICE beside this file); changed: only some operations, no documentation. Made by go generate."

func (d description) trim(operations []string) ([]byte, error) {
	keptOperations, keptShapes := map[string]any{}, map[string]any{}
	var waiting []string
	for _, name := range operations {
		operation, ok := d.Operations[name]
		if !ok {
			return nil, fmt.Errorf("there is no operation %s", name)
		}
		keptOperations[name] = strip(operation, &waiting)
	}
	for len(waiting) > 0 {
		name := waiting[0]
		waiting = waiting[1:]
		if _, ok := keptShapes[name]; !ok {
			keptShapes[name] = strip(d.Shapes[name], &waiting)
		}
	}
	var b bytes.Buffer
	b.WriteString("{\n")
	if err := line(&b, "comment", comment, ","); err != nil {
		return nil, err
	}
	if err := line(&b, "metadata", d.Metadata, ","); err != nil {
		return nil, err
	}
	for i, section := range []map[string]any{keptOperations, keptShapes} {
		fmt.Fprintf(&b, "%q: {\n", []string{"operations", "shapes"}[i])
		names := slices.Sorted(maps.Keys(section))
		for j, name := range names {
			if err := line(&b, name, section[name], map[bool]string{true: ","}[j < len(names)-1]); err != nil {
				return nil, err
			}
		}
		b.WriteString([]string{"},\n", "}\n"}[i])
	}
	b.WriteString("}\n")
	return b.Bytes(), nil
}

func line(b *bytes.Buffer, name string, value any, end string) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "%q: %s%s\n", name, text, end)
	return nil
}

// strip drops prose, and notes the shapes that it meets.
func strip(value any, shapes *[]string) any {
	switch value := value.(type) {
	case []any:
		for i := range value {
			value[i] = strip(value[i], shapes)
		}
	case map[string]any:
		for key, member := range value {
			text, isText := member.(string)
			switch {
			case isText && (key == "documentation" || key == "deprecatedMessage"):
				delete(value, key)
			case isText && key == "shape":
				*shapes = append(*shapes, text)
			default:
				value[key] = strip(member, shapes)
			}
		}
	}
	return value
}
