package batchtest

import (
	_ "embed" // the description below
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

//go:generate go run ./trim -in ../../../../tools/aws/python/lib/python*/site-packages/botocore/data/batch/2016-08-10/service-2.json.gz -operations SubmitJob,DescribeJobs,ListJobs,TerminateJob,CancelJob -out model/service.json

// serviceDescription is Amazon's own of AWS Batch, API version 2016-08-10, cut down
// to the operations that the server has.
//
//go:embed model/service.json
var serviceDescription []byte

// model says what requests and answers look like.
type model struct {
	Operations map[string]operation `json:"operations"`
	Shapes     map[string]shape     `json:"shapes"`
	byPath     map[string]string    // the name of the operation
}

type operation struct {
	HTTP struct {
		Method string `json:"method"`
		Path   string `json:"requestUri"`
	} `json:"http"`
	Input  member `json:"input"`
	Output member `json:"output"`
}

type member struct {
	Shape string `json:"shape"`
}

type shape struct {
	Type     string            `json:"type"`
	Members  map[string]member `json:"members"`
	Required []string          `json:"required"`
	Member   member            `json:"member"`
	Key      member            `json:"key"`
	Value    member            `json:"value"`
	Enum     []string          `json:"enum"`
	Min      *int              `json:"min"`
	Max      *int              `json:"max"`
}

var loadModel = sync.OnceValues(func() (*model, error) {
	m := &model{byPath: map[string]string{}}
	if err := json.Unmarshal(serviceDescription, m); err != nil {
		return nil, fmt.Errorf("parse the description of AWS Batch: %w", err)
	}
	for name, operation := range m.Operations {
		m.byPath[operation.HTTP.Path] = name
	}
	return m, nil
})

// check holds a decoded JSON value, whose numbers are json.Number, to a shape. The
// error names the place.
func (m *model) check(name string, value any, place string) error {
	s, ok := m.Shapes[name]
	if !ok {
		return fmt.Errorf("%s: the description has no shape %s", place, name)
	}
	switch s.Type {
	case "structure":
		return m.checkStructure(s, value, place)
	case "list":
		list, ok := value.([]any)
		if !ok {
			return fmt.Errorf("%s: is no list", place)
		}
		for i, element := range list {
			if err := m.check(s.Member.Shape, element, fmt.Sprintf("%s[%d]", place, i)); err != nil {
				return err
			}
		}
		return s.checkSize(len(list), "elements", place)
	case "map":
		object, ok := value.(map[string]any)
		if !ok {
			return fmt.Errorf("%s: is no map", place)
		}
		for _, key := range slices.Sorted(maps.Keys(object)) {
			if err := m.check(s.Key.Shape, key, fmt.Sprintf("%s: key %q", place, key)); err != nil {
				return err
			}
			if err := m.check(s.Value.Shape, object[key], fmt.Sprintf("%s[%q]", place, key)); err != nil {
				return err
			}
		}
		return s.checkSize(len(object), "entries", place)
	case "string":
		text, ok := value.(string)
		if !ok {
			return fmt.Errorf("%s: is no string", place)
		}
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
			return fmt.Errorf("%s: %q is none of %q", place, text, s.Enum)
		}
		return s.checkSize(utf8.RuneCountInString(text), "characters", place)
	case "boolean":
		if _, ok := value.(bool); !ok {
			return fmt.Errorf("%s: is no boolean", place)
		}
		return nil
	case "integer", "long", "double":
		return s.checkNumber(value, place)
	default:
		return fmt.Errorf("%s: shapes of type %s are not known", place, s.Type)
	}
}

func (m *model) checkStructure(s shape, value any, place string) error {
	object, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: is no structure", place)
	}
	for _, name := range s.Required {
		if _, ok := object[name]; !ok {
			return fmt.Errorf("%s: %s is missing", place, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		member, ok := s.Members[name]
		if !ok {
			return fmt.Errorf("%s: there is no member %s", place, name)
		}
		if err := m.check(member.Shape, object[name], fmt.Sprintf("%s.%s", place, name)); err != nil {
			return err
		}
	}
	return nil
}

func (s shape) checkSize(n int, what, place string) error {
	if s.Min != nil && n < *s.Min || s.Max != nil && n > *s.Max {
		return fmt.Errorf("%s: has %d %s", place, n, what)
	}
	return nil
}

func (s shape) checkNumber(value any, place string) error {
	number, ok := value.(json.Number)
	if !ok {
		return fmt.Errorf("%s: is no number", place)
	}
	bits := map[string]int{"integer": 32, "long": 64}[s.Type]
	if bits == 0 {
		if f, err := number.Float64(); err != nil || math.IsInf(f, 0) {
			return fmt.Errorf("%s: %s is no double", place, number)
		}
		return nil
	}
	n, err := strconv.ParseInt(number.String(), 10, bits)
	if err != nil {
		return fmt.Errorf("%s: %s is no %s", place, number, s.Type)
	}
	if s.Min != nil && n < int64(*s.Min) || s.Max != nil && n > int64(*s.Max) {
		return fmt.Errorf("%s: %d is out of range", place, n)
	}
	return nil
}
