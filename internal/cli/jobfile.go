package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"

	yamlnode "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// maxJobFile bounds a job file as the API bounds a request: 1 MiB.
const maxJobFile = 1 << 20

// jobFile is a job in YAML or JSON, with the fields of POST /jobs.
type jobFile struct {
	name  string            // for messages; empty: there is no file, only flags
	lines *yamlnode.Node    // the document with its line numbers
	flags map[string]string // the flags that gave fields in the file's place, by field
	spec  codybatch.JobSpec
}

// readJobFile reads a job from the file at path, or from in if path is "-". It is
// strict: an unknown field or a wrong type is an error that names field and line.
func readJobFile(path string, in io.Reader) (jobFile, error) {
	file := jobFile{name: path}
	if path == "-" {
		file.name = "standard input"
	} else {
		opened, err := os.Open(path)
		if err != nil {
			return file, fmt.Errorf("read the job: %w", err)
		}
		defer opened.Close()
		in = opened
	}
	text, err := io.ReadAll(io.LimitReader(in, maxJobFile+1))
	if err != nil {
		return file, fmt.Errorf("read %s: %w", file.name, err)
	}
	if len(text) > maxJobFile {
		return file, fmt.Errorf("%s is larger than %d bytes, which no job is", file.name, maxJobFile)
	}
	document, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return file, fmt.Errorf("%s: %w", file.name, plainYAML(err))
	}
	var hasMore bool
	if file.lines, hasMore = firstDocument(text); hasMore {
		return file, fmt.Errorf("%s holds more than one document; a job is one, so give each a file of its own", file.name)
	}
	if file.spec, err = httpapi.DecodeJob(document); err != nil {
		return file, file.explain(err)
	}
	return file, nil
}

// firstDocument parses a document of YAML, and reports whether another one follows.
// It returns nil if the parser has an objection: then errors name fields only.
func firstDocument(text []byte) (*yamlnode.Node, bool) {
	documents := yamlnode.NewDecoder(bytes.NewReader(text))
	first := new(yamlnode.Node)
	if documents.Decode(first) != nil {
		return nil, false
	}
	return first, !errors.Is(documents.Decode(new(yamlnode.Node)), io.EOF)
}

// plainYAML drops the prefixes of two libraries.
func plainYAML(err error) error {
	text := strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
	text = strings.TrimPrefix(text, "yaml: ")
	return errors.New(strings.Join(strings.Fields(strings.TrimPrefix(text, "unmarshal errors:")), " "))
}

// explain adds the lines to an error that names fields.
func (f jobFile) explain(err error) error {
	var malformed *httpapi.MalformedError
	if errors.As(err, &malformed) { // of JSON that we made: its place means nothing to a person
		return fmt.Errorf("%s: %s", f.name, malformed.Reason)
	}
	fields := fieldErrors(err)
	if len(fields) == 0 {
		return err
	}
	located := &codybatch.ValidationError{}
	for _, field := range fields {
		located.Fields = append(located.Fields, f.locate(field))
	}
	return located
}

// locate names a field by what a person can change: a flag, or a line of the file.
func (f jobFile) locate(field codybatch.FieldError) codybatch.FieldError {
	for name, flag := range f.flags {
		if rest, ok := strings.CutPrefix(field.Field, name); ok && (rest == "" || rest[0] == '[' || rest[0] == '.') {
			field.Field = flag
			return field
		}
	}
	if f.name == "" {
		return field
	}
	place := f.name
	if line := f.line(field.Field); line > 0 {
		place += ":" + strconv.Itoa(line)
	}
	if field.Field == "body" {
		return codybatch.FieldError{Field: place, Message: "the job " + field.Message}
	}
	return codybatch.FieldError{Field: place + ": " + field.Field, Message: field.Message}
}

var pathStep = regexp.MustCompile(`[^.\[\]]+|\[\d+\]`)

// line finds the line of a field by its path, or of what it should be in; 0 if
// that is not known.
func (f jobFile) line(path string) int {
	if f.lines == nil || len(f.lines.Content) == 0 {
		return 0
	}
	node := f.lines.Content[0]
	line := node.Line
	for _, step := range pathStep.FindAllString(path, -1) {
		for node.Kind == yamlnode.AliasNode {
			node = node.Alias
		}
		next, at := child(node, step)
		if next == nil {
			break
		}
		node, line = next, at
	}
	return line
}

func child(node *yamlnode.Node, step string) (*yamlnode.Node, int) {
	switch node.Kind {
	case yamlnode.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1], node.Content[i].Line
			}
		}
	case yamlnode.SequenceNode:
		n, err := strconv.Atoi(strings.Trim(step, "[]"))
		if err == nil && n < len(node.Content) {
			return node.Content[n], node.Content[n].Line
		}
	default: // a scalar has no children
	}
	return nil, 0
}

// fieldErrors lists the fields that an error is about, if it is about fields.
func fieldErrors(err error) []codybatch.FieldError {
	var invalid *codybatch.ValidationError
	if errors.As(err, &invalid) {
		return invalid.Fields
	}
	var problem *httpapi.Problem
	if !errors.As(err, &problem) || problem.Code != "validation_failed" {
		return nil
	}
	fields := make([]codybatch.FieldError, len(problem.Errors))
	for i, field := range problem.Errors {
		fields[i] = codybatch.FieldError(field)
	}
	return fields
}
