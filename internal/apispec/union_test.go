package apispec_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const parcels = `{"openapi": "3.1.0", "paths": {}, "components": {"schemas": {
	"parcel": {"oneOf": [{"$ref": "#/components/schemas/letter"}, {"$ref": "#/components/schemas/box"}]},
	"letter": {"type": "object", "required": ["kind", "text"], "properties": {"kind": {"const": "letter"}, "text": {"type": "string"}}},
	"box": {"type": "object", "required": ["kind"], "additionalProperties": false, "properties": {
		"kind": {"const": "box"}, "holds": {"type": "array", "items": {"$ref": "#/components/schemas/parcel"}}}},
	"same": {"oneOf": [{"$ref": "#/components/schemas/letter"}, {"$ref": "#/components/schemas/note"}]},
	"note": {"type": "object", "properties": {"kind": {"const": "letter"}, "text": {"type": "string"}}},
	"empty": {"oneOf": [{"properties": {"kind": {"const": ""}}}, {"properties": {"kind": {"const": "x"}}}]},
	"narrow": {"$ref": "#/components/schemas/parcel", "required": ["stamp"]}
}}}`

// TestAOneOfIsTakenByWhatItsBranchesDemand holds values against schemas whose branches
// are told apart by one property, and some that only look so.
func TestAOneOfIsTakenByWhatItsBranchesDemand(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		schema, value string
		wants         []string // none: it is valid
	}{
		"the first":                        {"parcel", `{"kind": "letter", "text": "a"}`, nil},
		"the second":                       {"parcel", `{"kind": "box", "holds": [{"kind": "letter", "text": "a"}, {"kind": "box"}]}`, nil},
		"a fault in the one that is meant": {"parcel", `{"kind": "letter", "text": 1}`, []string{"/text: got number, want string"}},
		"a fault far inside":               {"parcel", `{"kind": "box", "holds": [{"kind": "box", "holds": [{"kind": "letter"}]}]}`, []string{"/holds/0/holds/0: missing property 'text'"}},
		"what the branch does not allow":   {"parcel", `{"kind": "box", "text": "a"}`, []string{"additional properties 'text' not allowed"}},
		"a text that none demands":         {"parcel", `{"kind": "crate"}`, []string{"/kind", "'letter'"}},
		"no text":                          {"parcel", `{"kind": 1}`, []string{"/kind"}},
		"no such property":                 {"parcel", `{"text": "a"}`, []string{"missing property 'kind'"}},
		"no object":                        {"parcel", `["letter"]`, []string{"got array, want object"}},
		"two that demand the same":         {"same", `{"kind": "letter", "text": "a"}`, []string{"oneOf"}},
		"one of two that demand the same":  {"same", `{"kind": "letter"}`, nil},
		"none of two that demand the same": {"same", `{"kind": "box"}`, []string{"/kind"}},
		"a property that may be missing":   {"empty", `{}`, []string{"oneOf"}},
		"a text that is empty":             {"empty", `{"kind": ""}`, nil},
		"what stands beside it":            {"narrow", `{"kind": "letter", "text": "a"}`, []string{"missing property 'stamp'"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantError(t, load(t, parcels).CheckSchema(test.schema, []byte(test.value)), test.wants...)
		})
	}
}

// BenchmarkUnion prints what a check takes of an event that has the last of many
// branches, and of one that is the same but for a fault, for which all are tried.
func BenchmarkUnion(b *testing.B) {
	var refs, schemas []string
	for n := range 20 {
		refs = append(refs, fmt.Sprintf(`{"$ref": "#/components/schemas/b%d"}`, n))
		schemas = append(schemas, fmt.Sprintf(`"b%d": {"type": "object", "required": ["type", "text"], "properties": {"type": {"const": "b%d"}, "text": {"type": "string"}}}`, n, n))
	}
	d := load(b, `{"openapi": "3.1.0", "paths": {}, "components": {"schemas": {"block": {"oneOf": [`+strings.Join(refs, ",")+`]}, `+strings.Join(schemas, ",")+`}}}`)
	for name, text := range map[string]any{"one_branch": "a", "all_branches": 1} {
		value, err := json.Marshal(map[string]any{"type": "b19", "text": text})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_ = d.CheckSchema("block", value)
			}
		})
	}
}

// A fault far inside is looked for once on each level, not twice: forty levels would take
// longer than anybody lives.
func TestAFaultFarInsideIsFoundAtOnce(t *testing.T) {
	t.Parallel()
	const depth = 40
	value := strings.Repeat(`{"kind": "box", "holds": [`, depth) + `{"kind": "letter", "text": 1}` + strings.Repeat(`]}`, depth)
	wantError(t, load(t, parcels).CheckSchema("parcel", []byte(value)), strings.Repeat("/holds/0", depth)+"/text: got number, want string")
}
