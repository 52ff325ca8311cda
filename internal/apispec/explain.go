package apispec

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// maxProblems is how many problems an error tells; a person mends a few at a time.
const maxProblems = 5

// problem is one thing that is wrong at one place of a document.
type problem struct {
	place []string
	what  jsonschema.ErrorKind
}

// invalidError is a value that does not fit its schema.
type invalidError struct {
	text        string
	isOtherType bool // the value as a whole is of another JSON type
}

// Error tells every place and what is wrong there.
func (e *invalidError) Error() string { return e.text }

// explain makes the tree of errors of a failed validation one readable line:
// "/messages/0/role: value must be one of 'user', 'assistant'".
func explain(err error) error {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	printer := message.NewPrinter(language.English)
	var places []string
	texts := map[string][]string{}
	isOtherType := false
	for _, p := range problems(invalid) {
		isOtherType = isOtherType || mismatch(nil, p) == 2
		place := pointer(p.place...)
		if place == "" {
			place = "/"
		}
		if _, ok := texts[place]; !ok {
			places = append(places, place)
		}
		if text := p.what.LocalizedString(printer); !slices.Contains(texts[place], text) {
			texts[place] = append(texts[place], text)
		}
	}
	var lines []string
	for i, place := range places {
		if i == maxProblems {
			lines = append(lines, fmt.Sprintf("and %d more", len(places)-i))
			break
		}
		lines = append(lines, place+": "+strings.Join(texts[place], ", or "))
	}
	return &invalidError{text: strings.Join(lines, "; "), isOtherType: isOtherType}
}

// problems collects the leaves of the tree. Of the branches of an anyOf or
// oneOf, only those of the branch that was most likely meant are kept.
func problems(e *jsonschema.ValidationError) []problem {
	if len(e.Causes) == 0 {
		return []problem{{place: e.InstanceLocation, what: e.ErrorKind}}
	}
	branches := make([][]problem, len(e.Causes))
	for i, cause := range e.Causes {
		branches[i] = problems(cause)
	}
	switch e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf:
		return likeliest(e.InstanceLocation, branches)
	}
	return slices.Concat(branches...)
}

// likeliest returns the problems of the branch that comes nearest. If the value
// is another kind of thing in every branch, all wishes are told.
func likeliest(place []string, branches [][]problem) []problem {
	distance := func(branch []problem) int {
		farthest := 0
		for _, p := range branch {
			farthest = max(farthest, mismatch(place, p))
		}
		return farthest
	}
	best := slices.MinFunc(branches, func(a, b []problem) int {
		if da, db := distance(a), distance(b); da != db {
			return da - db
		}
		return len(a) - len(b)
	})
	if distance(best) == 0 {
		return best
	}
	// "type: value must be 'text', or value must be 'image', or …"
	var all []problem
	for _, branch := range branches {
		for _, p := range branch {
			if distance(branch) == distance(best) && mismatch(place, p) > 0 {
				all = append(all, p)
			}
		}
	}
	return all
}

// mismatch tells how surely a problem means that the branch of a union at place
// was not meant: 2 for another JSON type, 1 for another constant right inside
// (a discriminator), 0 for anything else.
func mismatch(place []string, p problem) int {
	switch p.what.(type) {
	case *kind.Type:
		if len(p.place) == len(place) {
			return 2
		}
	case *kind.Const, *kind.Enum:
		if len(p.place) <= len(place)+1 {
			return 1
		}
	}
	return 0
}
