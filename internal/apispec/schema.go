package apispec

import (
	"bytes"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/dlclark/regexp2"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// base makes JSON pointers of the description into the addresses that the
// schema compiler asks for: every referenced part is a document of its own, so
// that nothing is compiled but what is used.
const base = "openapi://description"

func address(ptr string) string {
	tokens := strings.Split(ptr, "/")
	for i, token := range tokens {
		tokens[i] = url.PathEscape(token)
	}
	return base + strings.Join(tokens, "/")
}

// loader gives parts of a description to the schema compiler.
type loader struct{ d *Description }

// Load returns the schema at an address that address made.
func (l loader) Load(addr string) (any, error) {
	u, err := url.Parse(addr)
	if err != nil {
		return nil, err
	}
	if u.Scheme+"://"+u.Host != base {
		return nil, fmt.Errorf("%s is outside of the description", addr)
	}
	raw, err := l.d.at(u.Path)
	if err != nil {
		return nil, err
	}
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return convert(schema, l.d.isVersion3), nil
}

func newCompiler(d *Description) *jsonschema.Compiler {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseLoader(loader{d})
	c.UseRegexpEngine(compilePattern)
	return c
}

// compile returns the schema at a place in the description.
func (d *Description) compile(ptr string) (*jsonschema.Schema, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if schema, ok := d.schemas[ptr]; ok {
		return schema, nil
	}
	schema, err := d.compiler.Compile(address(ptr))
	if err != nil {
		return nil, fmt.Errorf("compile schema %s: %w", ptr, err)
	}
	unite(schema, d.united)
	d.schemas[ptr] = schema
	return schema, nil
}

func (d *Description) checkJSON(ptr string, data []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	return d.checkValue(ptr, value)
}

// checkValue checks what jsonschema.UnmarshalJSON returned.
func (d *Description) checkValue(ptr string, value any) error {
	schema, err := d.compile(ptr)
	if err != nil {
		return err
	}
	return explain(schema.Validate(value))
}

// convert makes a schema object of OpenAPI into JSON Schema 2020-12: references
// become addresses, what does not validate anything is dropped, and the dialect
// of 3.0 (https://spec.openapis.org/oas/v3.0.3#schema-object) is translated.
func convert(schema any, isVersion3 bool) any {
	object, ok := schema.(map[string]any)
	if !ok {
		return schema
	}
	if ref, ok := object["$ref"].(string); ok && isVersion3 {
		return map[string]any{"$ref": reference(ref)} // siblings are ignored in 3.0
	}
	out := make(map[string]any, len(object))
	for key, value := range object {
		switch key {
		case "$ref":
			if ref, ok := value.(string); ok {
				value = reference(ref)
			}
			out[key] = value
		case "properties", "patternProperties", "$defs", "definitions", "dependentSchemas":
			out[key] = convertMembers(value, isVersion3)
		case "allOf", "anyOf", "oneOf", "prefixItems":
			out[key] = convertList(value, isVersion3)
		case "items", "additionalProperties", "not", "if", "then", "else", "contains",
			"propertyNames", "unevaluatedItems", "unevaluatedProperties":
			out[key] = convert(value, isVersion3)
		case "description", "title", "default", "example", "examples", "deprecated", "readOnly",
			"writeOnly", "externalDocs", "xml", "discriminator", "$comment":
		default:
			if !strings.HasPrefix(key, "x-") {
				out[key] = value
			}
		}
	}
	if isVersion3 {
		return translate(out)
	}
	return out
}

func convertMembers(value any, isVersion3 bool) any {
	members, ok := value.(map[string]any)
	if !ok {
		return value
	}
	out := make(map[string]any, len(members))
	for name, member := range members {
		out[name] = convert(member, isVersion3)
	}
	return out
}

func convertList(value any, isVersion3 bool) any {
	list, ok := value.([]any)
	if !ok {
		return value
	}
	out := make([]any, len(list))
	for i, member := range list {
		out[i] = convert(member, isVersion3)
	}
	return out
}

// translate rewrites the keywords that mean something else in 3.0. A nullable
// schema admits null whether or not it has a type or an enum: descriptions in
// the wild (GitHub's) mean it so.
func translate(schema map[string]any) any {
	for limit, exclusive := range map[string]string{"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"} {
		if isExclusive, ok := schema[exclusive].(bool); ok {
			delete(schema, exclusive)
			if bound, ok := schema[limit]; ok && isExclusive {
				delete(schema, limit)
				schema[exclusive] = bound
			}
		}
	}
	if _, ok := schema["required"].(bool); ok {
		delete(schema, "required") // a leftover of draft 3
	}
	nullable, _ := schema["nullable"].(bool)
	delete(schema, "nullable")
	if !nullable {
		return schema
	}
	return map[string]any{"anyOf": []any{schema, map[string]any{"type": "null"}}}
}

func reference(ref string) string {
	ptr, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return ref
	}
	if unescaped, err := url.PathUnescape(ptr); err == nil {
		ptr = unescaped
	}
	return address("/" + ptr)
}

// compilePattern prefers Go's regular expressions, which take linear time, and
// falls back on ECMAScript's for \u escapes and lookarounds. There is no time
// limit: patterns come from descriptions that we chose ourselves.
func compilePattern(pattern string) (jsonschema.Regexp, error) {
	if re, err := regexp.Compile(pattern); err == nil {
		return re, nil
	}
	re, err := regexp2.Compile(pattern, regexp2.ECMAScript|regexp2.Unicode)
	if err != nil {
		return nil, err
	}
	return ecmaPattern{re}, nil
}

type ecmaPattern struct{ *regexp2.Regexp }

// MatchString reports whether text contains a match.
func (p ecmaPattern) MatchString(text string) bool {
	ok, err := p.Regexp.MatchString(text)
	return err == nil && ok
}
