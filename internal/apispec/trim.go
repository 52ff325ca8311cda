package apispec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Trim writes a description that has only some paths (as spelled in the
// description) and component schemas (by name), with all that they refer to and
// without prose and examples. The result does not depend on the order of
// anything in the original.
func Trim(r io.Reader, paths, schemas []string) ([]byte, error) {
	d, err := Load(r)
	if err != nil {
		return nil, err
	}
	t := trimmer{d: d, paths: map[string]any{}, components: map[string]map[string]any{}}
	for _, path := range paths {
		part, err := t.part(pointer("paths", path))
		if err != nil {
			return nil, fmt.Errorf("keep path %s: %w", path, err)
		}
		t.paths[path] = part
	}
	for _, name := range schemas {
		t.waiting = append(t.waiting, pointer("components", "schemas", name))
	}
	for len(t.waiting) > 0 {
		ptr := t.waiting[0]
		t.waiting = t.waiting[1:]
		if err := t.keep(ptr); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(map[string]any{
		"openapi": d.top["openapi"], "info": d.top["info"], "paths": t.paths, "components": t.components,
	}); err != nil {
		return nil, fmt.Errorf("write API description: %w", err)
	}
	return out.Bytes(), nil
}

type trimmer struct {
	d          *Description
	paths      map[string]any
	components map[string]map[string]any
	waiting    []string
}

// keep takes the component that a pointer leads to, or into.
func (t *trimmer) keep(ptr string) error {
	tokens := splitPointer(ptr)
	if len(tokens) < 3 || tokens[0] != "components" {
		return fmt.Errorf("keep %s: only references to components are followed", ptr)
	}
	kind, name := tokens[1], tokens[2]
	if _, ok := t.components[kind][name]; ok {
		return nil
	}
	part, err := t.part(pointer("components", kind, name))
	if err != nil {
		return fmt.Errorf("keep component %s: %w", name, err)
	}
	if t.components[kind] == nil {
		t.components[kind] = map[string]any{}
	}
	t.components[kind][name] = part
	return nil
}

func (t *trimmer) part(ptr string) (any, error) {
	raw, err := t.d.at(ptr)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("parse %s: %w", ptr, err)
	}
	return t.strip(value, false), nil
}

// strip drops prose, and notes the references that it meets. In a map of names
// (properties, mapping) a member "description" is not prose.
func (t *trimmer) strip(value any, areNames bool) any {
	switch value := value.(type) {
	case []any:
		for i := range value {
			value[i] = t.strip(value[i], false)
		}
	case map[string]any:
		for key, member := range value {
			if !areNames && isProse(key, member) {
				delete(value, key)
				continue
			}
			if ref, ok := member.(string); ok && !areNames && key == "$ref" && strings.HasPrefix(ref, "#/") {
				t.waiting = append(t.waiting, ref[1:])
			}
			isLiteral := !areNames && (key == "enum" || key == "const" || key == "default")
			if !isLiteral {
				value[key] = t.strip(member, !areNames && holdsNames(key))
			}
		}
	}
	return value
}

func isProse(key string, member any) bool {
	switch key {
	case "description", "title", "summary":
		_, ok := member.(string)
		return ok
	}
	return strings.HasPrefix(key, "x-") || slices.Contains([]string{
		"example", "examples", "externalDocs", "tags", "links", "callbacks", "security", "servers", "discriminator",
	}, key)
}

func holdsNames(key string) bool {
	return slices.Contains([]string{
		"properties", "patternProperties", "$defs", "dependentSchemas", "responses", "content", "headers",
	}, key)
}
