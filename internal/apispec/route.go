package apispec

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// route is one path template, cut at its slashes.
type route struct {
	template string
	segments []string
	query    url.Values // what some descriptions hang on the template: "?beta=true"
	literals int        // segments without a parameter
}

func newRoute(template string) route {
	path, query, _ := strings.Cut(template, "?")
	r := route{template: template, segments: strings.Split(strings.TrimPrefix(path, "/"), "/")}
	if query != "" {
		r.query, _ = url.ParseQuery(query) // what can't be parsed is not asked for
	}
	for _, segment := range r.segments {
		if !strings.Contains(segment, "{") {
			r.literals++
		}
	}
	return r
}

// sortRoutes puts the most literal template first, and of the templates that
// differ only in their query, those that ask for one.
func sortRoutes(routes []route) {
	slices.SortFunc(routes, func(a, b route) int {
		return cmp.Or(
			cmp.Compare(b.literals, a.literals),
			slices.CompareFunc(a.segments, b.segments, compareSegments),
			cmp.Compare(len(b.query), len(a.query)),
			cmp.Compare(a.template, b.template),
		)
	})
}

// compareSegments puts a literal before a parameter: /orgs/{org}/x before
// /{any}/orgs/x when a path fits both.
func compareSegments(a, b string) int {
	aParameter, bParameter := strings.Contains(a, "{"), strings.Contains(b, "{")
	switch {
	case aParameter && !bParameter:
		return 1
	case bParameter && !aParameter:
		return -1
	default:
		return strings.Compare(a, b)
	}
}

// match returns the values of the path's parameters. With isGreedy the last
// parameter takes all that is left of the path, slashes included: GitHub's
// contents/{path} and git/ref/{ref} are called so.
func (r route) match(path []string, query url.Values, isGreedy bool) (map[string]string, bool) {
	last := len(r.segments) - 1
	switch {
	case isGreedy && len(path) > len(r.segments) && strings.HasPrefix(r.segments[last], "{"):
		path = append(slices.Clone(path[:last]), strings.Join(path[last:], "/"))
	case len(path) != len(r.segments):
		return nil, false
	}
	for name := range r.query {
		if query.Get(name) != r.query.Get(name) {
			return nil, false
		}
	}
	values := map[string]string{}
	for i, segment := range r.segments {
		if !matchSegment(segment, path[i], values) {
			return nil, false
		}
	}
	return values, true
}

// matchSegment matches "{name}", "v{name}.zip" or a literal. A parameter is
// never empty.
func matchSegment(template, value string, values map[string]string) bool {
	prefix, rest, isParameter := strings.Cut(template, "{")
	if !isParameter {
		return template == value
	}
	name, suffix, _ := strings.Cut(rest, "}")
	inner, hasPrefix := strings.CutPrefix(value, prefix)
	inner, hasSuffix := strings.CutSuffix(inner, suffix)
	if !hasPrefix || !hasSuffix || inner == "" {
		return false
	}
	values[name] = inner
	return true
}

// splitPath cuts an escaped path and unescapes its segments, so that an escaped
// slash stays inside one.
func splitPath(path string) []string {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, segment := range segments {
		if unescaped, err := url.PathUnescape(segment); err == nil {
			segments[i] = unescaped
		}
	}
	return segments
}
