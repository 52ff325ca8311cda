package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// maxShapeErrors bounds how many errors of one document are listed.
const maxShapeErrors = 100

const (
	wholeBody = "body"                   // the path of what has no field around it
	isUnknown = "is not a known field; " // how the error of an unknown field begins
)

// shapeOf compares a JSON document, whose syntax is right, with the struct that
// target points to: names of fields (by case, too), each at most once, and types.
// It lists what does not fit. Null stands for a field that is left out.
// encoding/json alone tells the first error only, and does not know the way to it.
func shapeOf(data []byte, target any) []codybatch.FieldError {
	s := shape{tokens: json.NewDecoder(bytes.NewReader(data))}
	s.tokens.UseNumber()
	s.value("", reflect.TypeOf(target).Elem(), false)
	return s.fields
}

// shape walks through a document beside a type. Its depth is that of the type.
type shape struct {
	tokens *json.Decoder
	fields []codybatch.FieldError
	broken bool // no token is left, against all expectation
}

func (s *shape) add(path, format string, args ...any) {
	if path == "" {
		path = wholeBody
	}
	if len(s.fields) < maxShapeErrors {
		s.fields = append(s.fields, codybatch.FieldError{Field: path, Message: fmt.Sprintf(format, args...)})
	}
}

// next is the next token; checkSyntax has made sure that there is one.
func (s *shape) next() json.Token {
	token, err := s.tokens.Token()
	if err != nil {
		s.broken = true
		return nil
	}
	return token
}

func (s *shape) value(path string, t reflect.Type, nullable bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	token := s.next()
	if token == nil && nullable {
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		if token == json.Delim('{') {
			s.object(path, t)
			return
		}
	case reflect.Map: // of any names; what they mean is for others to check
		if token == json.Delim('{') {
			s.entries(path, t)
			return
		}
	case reflect.Slice:
		if token == json.Delim('[') {
			for i := 0; s.tokens.More(); i++ {
				s.value(fmt.Sprintf("%s[%d]", path, i), t.Elem(), false)
			}
			s.next()
			return
		}
	case reflect.String:
		if _, ok := token.(string); ok {
			return
		}
	case reflect.Bool:
		if _, ok := token.(bool); ok {
			return
		}
	case reflect.Int, reflect.Int64:
		if n, ok := token.(json.Number); ok {
			if _, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
				return
			}
			s.add(path, "must be a whole number of reasonable size, not %.40s", n)
			return
		}
	case reflect.Float64:
		if n, ok := token.(json.Number); ok {
			if _, err := n.Float64(); err != nil {
				s.add(path, "must be a number of reasonable size, not %.40s", n)
			}
			return
		}
	default:
		panic("httpapi: no shape for " + t.String())
	}
	s.add(path, "must be %s, not %s", kindName(t.Kind()), tokenName(token))
	s.skip(token)
}

func (s *shape) object(path string, t reflect.Type) {
	known := map[string]reflect.Type{}
	var order []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		known[name] = t.Field(i).Type
		order = append(order, name)
	}
	seen := map[string]bool{}
	for s.tokens.More() {
		name, _ := s.next().(string)
		field := join(path, name)
		if fieldType, ok := known[name]; !ok {
			s.add(field, isUnknown+"%s", suggestion(name, order))
			s.skip(s.next())
		} else {
			if seen[name] {
				s.add(field, "is given twice")
			}
			seen[name] = true
			s.value(field, fieldType, true)
		}
	}
	s.next()
}

// entries walks through an object that may have any names.
func (s *shape) entries(path string, t reflect.Type) {
	seen := map[string]bool{}
	for s.tokens.More() {
		name, _ := s.next().(string)
		field := join(path, name)
		if seen[name] {
			s.add(field, "is given twice")
		}
		seen[name] = true
		s.value(field, t.Elem(), false)
	}
	s.next()
}

// skip leaves the value that begins with token behind.
func (s *shape) skip(token json.Token) {
	depth := 0
	for {
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 || s.broken {
			return
		}
		token = s.next()
	}
}

// join appends a name to a path. Names come from strangers: a strange one is
// quoted, a long one cut.
func join(path, name string) string {
	plain := name != "" && len(name) <= 60 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-$") == ""
	if !plain {
		name = fmt.Sprintf("%.60q", name)
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

func suggestion(name string, known []string) string {
	for _, k := range known {
		if strings.EqualFold(k, strings.NewReplacer("_", "", "-", "").Replace(name)) {
			return fmt.Sprintf("did you mean %q?", k)
		}
	}
	return "known are " + strings.Join(known, ", ")
}

func kindName(kind reflect.Kind) string {
	switch kind {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice:
		return "a list"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	default:
		return "a number"
	}
}

func tokenName(token json.Token) string {
	switch value := token.(type) {
	case json.Delim:
		if value == '{' {
			return "an object"
		}
		return "a list"
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return strconv.FormatBool(value)
	default:
		return "null"
	}
}
