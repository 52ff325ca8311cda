package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// jsonFlag is --json: alone for all fields, or with the names of some.
type jsonFlag struct {
	set    bool
	fields []string // empty: all
}

const allFields = "all"

// add gives a command the flag. The fields are those of example, a struct.
func (f *jsonFlag) add(c *cobra.Command, example any) {
	c.Flags().Var(f, "json", "print JSON: all `fields`, or only these")
	if c.Long == "" {
		c.Long = c.Short + "."
	}
	known := "Fields of --json: " + strings.Join(fieldNames(example), ", ") + "."
	c.Long += "\n\n" + strings.Join(wrap(known, 88, 10), "\n")
	c.Flags().Lookup("json").NoOptDefVal = allFields
	inner := c.PreRunE
	c.PreRunE = func(c *cobra.Command, args []string) error {
		for _, field := range f.fields {
			if known := fieldNames(example); !slices.Contains(known, field) {
				return withHint(fmt.Errorf("--json: there is no field %q", field), "fields: %s", strings.Join(known, ", "))
			}
		}
		if inner != nil {
			return inner(c, args)
		}
		return nil
	}
}

// Set takes the flag's value.
func (f *jsonFlag) Set(value string) error {
	f.set, f.fields = true, nil
	if value != allFields {
		for field := range strings.SplitSeq(value, ",") {
			f.fields = append(f.fields, strings.TrimSpace(field))
		}
	}
	return nil
}

// String is the flag's value.
func (f *jsonFlag) String() string { return strings.Join(f.fields, ",") }

// Type names the value in help texts.
func (f *jsonFlag) Type() string { return "fields" }

// write prints an object, or a list of objects, with the chosen fields in the
// order in which they were asked for.
func (f *jsonFlag) write(w io.Writer, value any) error {
	document, err := encode(value)
	if err != nil {
		return err
	}
	if len(f.fields) > 0 {
		var list []map[string]json.RawMessage
		isList := bytes.HasPrefix(document, []byte("["))
		if !isList {
			document = slices.Concat([]byte("["), document, []byte("]"))
		}
		if err := json.Unmarshal(document, &list); err != nil {
			return err
		}
		picked := make([]string, len(list))
		for i, object := range list {
			picked[i] = f.pick(object)
		}
		text := strings.Join(picked, ",")
		if isList {
			text = "[" + text + "]"
		}
		document = []byte(text)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, document, "", "  "); err != nil {
		return err
	}
	out.WriteByte('\n')
	_, err = w.Write(out.Bytes())
	return err
}

func (f *jsonFlag) pick(object map[string]json.RawMessage) string {
	parts := make([]string, len(f.fields))
	for i, field := range f.fields {
		parts[i] = fmt.Sprintf("%q:%s", field, object[field])
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// encode is json.Marshal without the escapes that only HTML needs.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("encode the result: %w", err)
	}
	return escapeControls(bytes.TrimSpace(out.Bytes())), nil
}

// escapeControls writes the control characters that JSON lets through (C1, and
// those of direction) as escapes: what is printed may come to a terminal.
func escapeControls(document []byte) []byte {
	var out []byte
	for i := 0; i < len(document); {
		r, size := utf8.DecodeRune(document[i:])
		if r >= 0x7f && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			for _, unit := range utf16.AppendRune(nil, r) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
		} else {
			out = append(out, document[i:i+size]...)
		}
		i += size
	}
	return out
}

// fieldNames lists the JSON names of a struct's fields, those of embedded structs
// too.
func fieldNames(example any) []string {
	var names []string
	t := reflect.TypeOf(example)
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "":
			names = append(names, fieldNames(reflect.Zero(field.Type).Interface())...)
		case field.IsExported() && name != "-":
			names = append(names, name)
		}
	}
	return names
}

var fieldList = regexp.MustCompile(`^[a-z][A-Za-z]*(,[a-z][A-Za-z]*)*$`)

// joinOptional joins the flags whose value may be left out with the value that
// follows, so that "--json name,status" is understood as people write it, like
// "--json" alone. Job ids have digits, and repositories a slash: neither looks
// like a list of fields.
func joinOptional(args []string) []string {
	joined := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return append(joined, args[i:]...)
		}
		if i+1 < len(args) && takesNext(args[i], args[i+1]) {
			joined = append(joined, args[i]+"="+args[i+1])
			i++
			continue
		}
		joined = append(joined, args[i])
	}
	return joined
}

func takesNext(flag, next string) bool {
	switch flag {
	case "--json":
		return fieldList.MatchString(next) && next != latest
	case "--rehearsal":
		return next != "" && !strings.HasPrefix(next, "-")
	default:
		return false
	}
}
