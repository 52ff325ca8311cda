package apispec

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// operation is what the description says about one method of one path.
type operation struct {
	name       string // for errors: "POST /v1/messages (messages_post)"
	query      url.Values
	parameters []parameter
	body       *body
	responses  map[string]json.RawMessage
	pointer    string
}

type body struct {
	pointer  string
	required bool
	content  []string // media types
}

type parameter struct {
	Name     string `json:"name"`
	In       string `json:"in"`
	Required bool   `json:"required"`
	Explode  *bool  `json:"explode"`
	Style    string `json:"style"`
	Schema   json.RawMessage
	pointer  string // of its schema; "" without one
}

// operation finds the operation that a request is for, and the values of its
// path's parameters.
func (d *Description) operation(method, path string, query url.Values) (*operation, map[string]string, error) {
	path, inline, _ := strings.Cut(path, "?")
	if inline != "" && query == nil {
		query, _ = url.ParseQuery(inline) // what can't be parsed chooses nothing
	}
	segments := splitPath(path)
	var others []string
	for _, isGreedy := range []bool{false, true} {
		for _, r := range d.routes {
			values, ok := r.match(segments, query, isGreedy)
			if !ok {
				continue
			}
			op, err := d.operationAt(r, method)
			if err != nil {
				return nil, nil, err
			}
			if op != nil {
				return op, values, nil
			}
			others = append(others, r.template)
		}
	}
	if len(others) > 0 {
		return nil, nil, fmt.Errorf("%s %s: the description has %s, but not with this method", method, path, others[0])
	}
	return nil, nil, fmt.Errorf("%s %s: the description has no such path", method, path)
}

// operationAt returns nil if the path has no such method. HEAD is answered by
// what GET is described with.
func (d *Description) operationAt(r route, method string) (*operation, error) {
	key := method + " " + r.template
	if op, ok := d.operations.Load(key); ok {
		return op.(*operation), nil
	}
	var members map[string]json.RawMessage
	raw, ptr, err := d.follow(pointer("paths", r.template))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, fmt.Errorf("%s: parse %s: %w", key, ptr, err)
	}
	verb := strings.ToLower(method)
	if _, ok := members[verb]; !ok && method == http.MethodHead {
		verb = "get"
	}
	if _, ok := members[verb]; !ok {
		return nil, nil
	}
	op, err := d.parseOperation(ptr, verb, members)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	op.name = key
	op.query = r.query
	d.operations.Store(key, op)
	return op, nil
}

func (d *Description) parseOperation(itemPointer, verb string, members map[string]json.RawMessage) (*operation, error) {
	op := &operation{pointer: itemPointer + pointer(verb)}
	var raw struct {
		Parameters  []json.RawMessage          `json:"parameters"`
		RequestBody json.RawMessage            `json:"requestBody"`
		Responses   map[string]json.RawMessage `json:"responses"`
	}
	if err := json.Unmarshal(members[verb], &raw); err != nil {
		return nil, fmt.Errorf("parse %s: %w", op.pointer, err)
	}
	op.responses = raw.Responses
	var shared []json.RawMessage
	if common, ok := members["parameters"]; ok {
		if err := json.Unmarshal(common, &shared); err != nil {
			return nil, fmt.Errorf("parse %s/parameters: %w", itemPointer, err)
		}
	}
	for i := range raw.Parameters {
		if err := d.addParameter(op, fmt.Sprintf("%s/parameters/%d", op.pointer, i)); err != nil {
			return nil, err
		}
	}
	for i := range shared { // the operation's own come first and win
		if err := d.addParameter(op, fmt.Sprintf("%s/parameters/%d", itemPointer, i)); err != nil {
			return nil, err
		}
	}
	if raw.RequestBody != nil {
		data, ptr, err := d.follow(op.pointer + "/requestBody")
		if err != nil {
			return nil, err
		}
		var described struct {
			Required bool                       `json:"required"`
			Content  map[string]json.RawMessage `json:"content"`
		}
		if err := json.Unmarshal(data, &described); err != nil {
			return nil, fmt.Errorf("parse %s: %w", ptr, err)
		}
		op.body = &body{pointer: ptr, required: described.Required, content: keys(described.Content)}
	}
	return op, nil
}

func (d *Description) addParameter(op *operation, ptr string) error {
	raw, ptr, err := d.follow(ptr)
	if err != nil {
		return err
	}
	var p parameter
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("parse %s: %w", ptr, err)
	}
	if p.Schema != nil {
		p.pointer = ptr + "/schema"
	}
	isSame := func(q parameter) bool { return q.In == p.In && q.Name == p.Name }
	if !slices.ContainsFunc(op.parameters, isSame) {
		op.parameters = append(op.parameters, p)
	}
	return nil
}

// chooseMedia returns the described media type that fits a Content-Type: the
// type itself, else "type/*", else "*/*".
func chooseMedia(described []string, contentType string) (string, error) {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "", fmt.Errorf("content type %q: %w", contentType, err)
	}
	kind, _, _ := strings.Cut(media, "/")
	for _, want := range []string{media, kind + "/*", "*/*"} {
		for _, candidate := range described {
			bare, _, _ := strings.Cut(candidate, ";")
			if strings.EqualFold(strings.TrimSpace(bare), want) {
				return candidate, nil
			}
		}
	}
	return "", fmt.Errorf("content type %q: want %s", media, strings.Join(described, " or "))
}

func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
}

func keys(m map[string]json.RawMessage) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
