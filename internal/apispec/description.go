// Package apispec checks HTTP messages against a published OpenAPI description,
// 3.0 or 3.1. Tests hold their own servers and clients to it, and the rehearsal
// holds both sides of a conversation to it. An error names the operation, the
// place in the document as a JSON pointer, and what is wrong there.
package apispec

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Description is a loaded OpenAPI description. All methods may be called at
// once. A schema is compiled when it is first asked for, and kept.
type Description struct {
	top        map[string]json.RawMessage
	sections   map[string]map[string]json.RawMessage // "paths", "components/schemas", …
	routes     []route
	isVersion3 bool // 3.0: schemas are a dialect of their own

	operations sync.Map // operation key → *operation, parsed when first used

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema // by JSON pointer
	united   map[*jsonschema.Schema]struct{}
}

// Load reads an OpenAPI description, 3.0 or 3.1, as JSON. Only its outline is
// parsed: a description of 13 MB loads in well under two seconds, and a fault in
// a schema shows when that schema is first used.
func Load(r io.Reader) (*Description, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read API description: %w", err)
	}
	d := &Description{
		sections: map[string]map[string]json.RawMessage{},
		schemas:  map[string]*jsonschema.Schema{},
		united:   map[*jsonschema.Schema]struct{}{},
	}
	if err := json.Unmarshal(data, &d.top); err != nil {
		return nil, fmt.Errorf("parse API description: %w", err)
	}
	var version string
	if err := json.Unmarshal(d.top["openapi"], &version); err != nil {
		return nil, errors.New(`parse API description: "openapi" is missing or no string`)
	}
	switch {
	case strings.HasPrefix(version, "3.0"):
		d.isVersion3 = true
	case !strings.HasPrefix(version, "3.1"):
		return nil, fmt.Errorf("parse API description: version %q is neither 3.0 nor 3.1", version)
	}
	if err := d.outline(); err != nil {
		return nil, fmt.Errorf("parse API description: %w", err)
	}
	d.compiler = newCompiler(d)
	return d, nil
}

// outline parses the two sections that are looked into by name.
func (d *Description) outline() error {
	paths := map[string]json.RawMessage{}
	if raw, ok := d.top["paths"]; ok {
		if err := json.Unmarshal(raw, &paths); err != nil {
			return fmt.Errorf("/paths: %w", err)
		}
	}
	d.sections["paths"] = paths
	for template := range paths {
		d.routes = append(d.routes, newRoute(template))
	}
	sortRoutes(d.routes)
	if raw, ok := d.top["components"]; ok {
		var components map[string]map[string]json.RawMessage
		if err := json.Unmarshal(raw, &components); err != nil {
			return fmt.Errorf("/components: %w", err)
		}
		for kind, members := range components {
			d.sections["components/"+kind] = members
		}
	}
	return nil
}

// CheckSchema checks a JSON value against components/schemas/name. It is an
// error if there is no such schema.
func (d *Description) CheckSchema(name string, value []byte) error {
	if _, ok := d.sections["components/schemas"][name]; !ok {
		return fmt.Errorf("check against schema %s: the description has no such schema", name)
	}
	if err := d.checkJSON(pointer("components", "schemas", name), value); err != nil {
		return fmt.Errorf("check against schema %s: %w", name, err)
	}
	return nil
}

// at returns the part of the description that a JSON pointer names.
func (d *Description) at(ptr string) (json.RawMessage, error) {
	tokens := splitPointer(ptr)
	if len(tokens) == 0 {
		return nil, errors.New("the whole description is not a schema")
	}
	raw, ok := d.top[tokens[0]]
	rest := tokens[1:]
	for depth := 1; depth <= 2 && depth < len(tokens); depth++ {
		if section, isSection := d.sections[strings.Join(tokens[:depth], "/")]; isSection {
			raw, ok = section[tokens[depth]]
			rest = tokens[depth+1:]
		}
	}
	if !ok {
		return nil, fmt.Errorf("the description has nothing at %s", ptr)
	}
	for _, token := range rest {
		var object map[string]json.RawMessage
		var array []json.RawMessage
		if err := json.Unmarshal(raw, &object); err == nil {
			if raw, ok = object[token]; ok {
				continue
			}
		} else if err := json.Unmarshal(raw, &array); err == nil {
			if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(array) {
				raw = array[i]
				continue
			}
		}
		return nil, fmt.Errorf("the description has nothing at %s", ptr)
	}
	return raw, nil
}

// follow returns what is at ptr, or what the references there lead to, and the
// pointer of the place where it really stands.
func (d *Description) follow(ptr string) (json.RawMessage, string, error) {
	for range 16 { // more than any sane chain of references
		raw, err := d.at(ptr)
		if err != nil {
			return nil, "", err
		}
		var link struct {
			Ref string `json:"$ref"`
		}
		_ = json.Unmarshal(raw, &link) // if it is no object, the reader of it will complain
		if link.Ref == "" {
			return raw, ptr, nil
		}
		if !strings.HasPrefix(link.Ref, "#/") {
			return nil, "", fmt.Errorf("%s refers to %q, which is outside of the description", ptr, link.Ref)
		}
		ptr = link.Ref[1:]
	}
	return nil, "", fmt.Errorf("references at %s go in a circle", ptr)
}

func pointer(tokens ...string) string {
	var sb strings.Builder
	for _, token := range tokens {
		sb.WriteByte('/')
		sb.WriteString(strings.ReplaceAll(strings.ReplaceAll(token, "~", "~0"), "/", "~1"))
	}
	return sb.String()
}

func splitPointer(ptr string) []string {
	if ptr == "" {
		return nil
	}
	tokens := strings.Split(strings.TrimPrefix(ptr, "/"), "/")
	for i, token := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
	}
	return tokens
}
