package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// named returns a resource by the beginning of its logical id and its type.
func (m template) named(t *testing.T, name, kind string) object {
	t.Helper()
	pattern := regexp.MustCompile("^" + name + "[0-9A-F]{8}$")
	for id, resource := range m.ofType(kind) {
		if pattern.MatchString(id) {
			return resource
		}
	}
	t.Fatalf("there is no %s named %s", kind, name)
	return nil
}

// ofType returns the resources of a type by their logical ids.
func (m template) ofType(kind string) map[string]object {
	found := map[string]object{}
	for id, value := range m.document["Resources"].(object) {
		if resource := value.(object); resource["Type"] == kind {
			found[id] = resource
		}
	}
	return found
}

// at reads a value below an object, by names and numbers.
func at(from any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			from, _ = from.(object)[step]
		case int:
			list, _ := from.([]any)
			if step >= len(list) {
				return nil
			}
			from = list[step]
		}
		if from == nil {
			return nil
		}
	}
	return from
}

// want compares values below a resource's Properties with JSON.
func want(t *testing.T, resource object, wants map[string]string) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(wants)) {
		var steps []any
		for _, step := range strings.Split(path, ".") {
			steps = append(steps, step)
		}
		if got := compact(at(resource, append([]any{"Properties"}, steps...)...)); got != wants[path] {
			t.Errorf("%s of %s\n got: %s\nwant: %s", path, resource["Type"], got, wants[path])
		}
	}
}

var (
	idHash    = regexp.MustCompile(`([A-Za-z])[0-9A-F]{8}\b`)
	assetHash = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
	// deployment is named after all methods of the gateway: each change of one would
	// be two in the golden file.
	deployment = regexp.MustCompile(`(GatewayDeployment[0-9A-F]{8})[0-9a-f]{32}`)
)

// compact writes a value in one line, in which logical ids have no hash and
// references, attributes and joined texts are short.
func compact(value any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(short(value)); err != nil {
		panic(err)
	}
	return strings.TrimSpace(out.String())
}

func short(value any) any {
	switch value := value.(type) {
	case object:
		if text, isText := textOf(value); isText {
			return text
		}
		made := object{}
		for name, member := range value {
			made[name] = short(member)
		}
		return made
	case []any:
		made := make([]any, 0, len(value))
		for _, member := range value {
			made = append(made, short(member))
		}
		return made
	}
	return value
}

// textOf writes what CloudFormation puts together: "${Jobs.Arn}/index/*".
func textOf(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case object:
		if len(value) != 1 {
			return "", false
		}
		if ref, isRef := value["Ref"].(string); isRef {
			return "${" + idHash.ReplaceAllString(ref, "$1") + "}", true
		}
		if parts, isAttribute := value["Fn::GetAtt"].([]any); isAttribute {
			return fmt.Sprintf("${%s.%v}", idHash.ReplaceAllString(parts[0].(string), "$1"), parts[1]), true
		}
		if parts, isJoin := value["Fn::Join"].([]any); isJoin {
			var texts []string
			for _, part := range parts[1].([]any) {
				text, isText := textOf(part)
				if !isText {
					text = compact(part)
				}
				texts = append(texts, text)
			}
			return strings.Join(texts, parts[0].(string)), true
		}
	}
	return "", false
}

// normal is a template without what changes with the content of packages.
func normal(text []byte) []byte {
	text = assetHash.ReplaceAll(text, []byte("<hash>"))
	return append(bytes.TrimSpace(deployment.ReplaceAll(text, []byte("$1"))), '\n')
}
