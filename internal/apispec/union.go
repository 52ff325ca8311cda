package apispec

import (
	"errors"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// union stands in a compiled schema for a oneOf whose branches each demand another
// text of the same property, as the blocks of a message do of "type". A value can
// satisfy no branch but the one that its own text names, so only that one is looked
// at. All branches are tried, and the same error told as without a union, where that
// one fails or there is none.
type union struct {
	property string
	branches map[string]*jsonschema.Schema // by the text that they demand
	whole    *jsonschema.Schema            // as it was compiled
}

var _ jsonschema.SchemaExt = union{}

// Validate implements [jsonschema.SchemaExt].
func (u union) Validate(ctx *jsonschema.ValidatorContext, value any) {
	if object, ok := value.(map[string]any); ok {
		if text, ok := object[u.property].(string); ok && u.branches[text] != nil {
			u.take(ctx, u.branches[text], value)
			return
		}
	}
	if err := ctx.Validate(u.whole, value, nil); err != nil {
		ctx.AddErr(err)
	}
}

// take validates a value that can only satisfy one branch. Where it does not, it tells of
// all, as oneOf does; what that one says is not asked for again, so that a fault far
// inside is not looked for twice on every level.
func (u union) take(ctx *jsonschema.ValidatorContext, named *jsonschema.Schema, value any) {
	fault := ctx.Validate(named, value, nil)
	if fault == nil {
		return
	}
	var faults []*jsonschema.ValidationError
	for _, branch := range u.whole.OneOf {
		err := fault
		if branch != named {
			err = ctx.Validate(branch, value, nil)
		}
		var invalid *jsonschema.ValidationError
		if errors.As(err, &invalid) {
			faults = append(faults, invalid)
		}
	}
	ctx.AddErrors(faults, &kind.OneOf{})
}

// unite puts unions into a schema that was just compiled and all that it refers to.
// Those in known have theirs, and may be in use; they are left alone.
func unite(schema *jsonschema.Schema, known map[*jsonschema.Schema]struct{}) {
	if schema == nil {
		return
	}
	if _, ok := known[schema]; ok {
		return
	}
	known[schema] = struct{}{}
	for _, part := range parts(schema) {
		unite(part, known)
	}
	property, branches := discriminate(schema.OneOf)
	if branches == nil {
		return
	}
	whole := *schema
	known[&whole] = struct{}{}
	schema.OneOf = nil
	schema.Extensions = append(slices.Clone(schema.Extensions), union{property: property, branches: branches, whole: &whole})
}

// discriminate returns the property that tells branches apart, and each branch by
// the text that it demands there; nil, where there is none.
func discriminate(branches []*jsonschema.Schema) (string, map[string]*jsonschema.Schema) {
	if len(branches) < 2 {
		return "", nil
	}
	for _, name := range slices.Sorted(maps.Keys(target(branches[0]).Properties)) {
		byText := make(map[string]*jsonschema.Schema, len(branches))
		for _, branch := range branches {
			property := target(branch).Properties[name]
			if property == nil || property.Const == nil {
				break
			}
			text, ok := (*property.Const).(string)
			if !ok {
				break
			}
			byText[text] = branch
		}
		if len(byText) == len(branches) {
			return name, byText
		}
	}
	return "", nil
}

// target follows references, a few at most, to the schema that has the properties.
func target(schema *jsonschema.Schema) *jsonschema.Schema {
	for range 8 {
		if schema.Ref == nil || schema.Properties != nil {
			break
		}
		schema = schema.Ref
	}
	return schema
}

// parts lists all schemas that a schema consists of and refers to; some are nil.
func parts(s *jsonschema.Schema) []*jsonschema.Schema {
	list := []*jsonschema.Schema{
		s.Ref, s.RecursiveRef, s.Not, s.If, s.Then, s.Else, s.PropertyNames, s.UnevaluatedProperties,
		s.Contains, s.Items2020, s.UnevaluatedItems, s.ContentSchema,
	}
	if s.DynamicRef != nil {
		list = append(list, s.DynamicRef.Ref)
	}
	list = slices.Concat(list, s.AllOf, s.AnyOf, s.OneOf, s.PrefixItems)
	for _, byName := range []map[string]*jsonschema.Schema{s.Properties, s.DependentSchemas} {
		list = slices.AppendSeq(list, maps.Values(byName))
	}
	list = slices.AppendSeq(list, maps.Values(s.PatternProperties))
	for _, some := range append([]any{s.AdditionalProperties, s.Items, s.AdditionalItems}, slices.Collect(maps.Values(s.Dependencies))...) {
		switch part := some.(type) {
		case *jsonschema.Schema:
			list = append(list, part)
		case []*jsonschema.Schema:
			list = append(list, part...)
		}
	}
	return list
}
