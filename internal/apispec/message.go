package apispec

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// CheckRequest checks a request against the operation that its method and path
// choose: the parameters in path, query and headers, and the body. Of several
// templates that fit, the most literal one wins. The path may be escaped, which
// keeps a slash inside a parameter apart from the others, and does not include
// the server's base path. A query parameter that is not described is an error.
func (d *Description) CheckRequest(method, path string, query url.Values, header http.Header, body []byte) error {
	op, values, err := d.operation(method, path, query)
	if err != nil {
		return err
	}
	if err := errors.Join(d.checkParameters(op, values, query, header), d.checkBody(op, header, body)); err != nil {
		return fmt.Errorf("request %s: %s", op.name, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return nil
}

func (d *Description) checkBody(op *operation, header http.Header, body []byte) error {
	switch {
	case op.body == nil && len(body) > 0:
		return errors.New("body: the operation takes none")
	case op.body == nil:
		return nil
	case len(body) == 0 && op.body.required:
		return errors.New("body: it is required")
	case len(body) == 0:
		return nil
	}
	contentType := header.Get("Content-Type")
	if contentType == "" {
		return errors.New("body: there is no Content-Type")
	}
	media, err := chooseMedia(op.body.content, contentType)
	if err != nil {
		return fmt.Errorf("body: %w", err)
	}
	return d.checkContent(op.body.pointer, media, contentType, body)
}

// CheckResponse checks a response to a request of this method and path. The
// status must be described, by itself, by its class ("2XX") or by "default", and
// the body must fit what is described for its content type.
func (d *Description) CheckResponse(method, path string, status int, contentType string, body []byte) error {
	op, _, err := d.operation(method, path, nil)
	if err != nil {
		return err
	}
	if err := d.checkResponse(op, method, status, contentType, body); err != nil {
		return fmt.Errorf("response %d to %s: %w", status, op.name, err)
	}
	return nil
}

func (d *Description) checkResponse(op *operation, method string, status int, contentType string, body []byte) error {
	code := strconv.Itoa(status)
	for _, candidate := range []string{code, code[:1] + "XX", code[:1] + "xx", "default"} {
		if _, ok := op.responses[candidate]; !ok {
			continue
		}
		raw, ptr, err := d.follow(op.pointer + pointer("responses", candidate))
		if err != nil {
			return err
		}
		var described struct {
			Content map[string]json.RawMessage `json:"content"`
		}
		if err := json.Unmarshal(raw, &described); err != nil {
			return fmt.Errorf("parse %s: %w", ptr, err)
		}
		mayBeEmpty := len(described.Content) == 0 || method == http.MethodHead || status == http.StatusNoContent || status == http.StatusNotModified
		switch {
		case len(body) == 0 && mayBeEmpty:
			return nil
		case len(body) == 0:
			return errors.New("body: it is missing")
		case len(described.Content) == 0:
			return errors.New("body: none is described")
		}
		media, err := chooseMedia(keys(described.Content), contentType)
		if err != nil {
			return fmt.Errorf("body: %w", err)
		}
		return d.checkContent(ptr, media, contentType, body)
	}
	return fmt.Errorf("this status is not described, only %s", strings.Join(keys(op.responses), ", "))
}

// checkContent checks a body against the schema of a media type of the request
// body or response at ptr. What is not JSON is only known to be there.
func (d *Description) checkContent(ptr, media, contentType string, body []byte) error {
	if !isJSON(contentType) {
		return nil
	}
	ptr += pointer("content", media)
	raw, err := d.at(ptr)
	if err != nil {
		return err
	}
	var described struct {
		Schema json.RawMessage `json:"schema"`
	}
	if err := json.Unmarshal(raw, &described); err != nil {
		return fmt.Errorf("parse %s: %w", ptr, err)
	}
	if described.Schema == nil {
		return nil
	}
	if err := d.checkJSON(ptr+"/schema", body); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	return nil
}

func (d *Description) checkParameters(op *operation, path map[string]string, query url.Values, header http.Header) error {
	var errs []error
	known := map[string]bool{}
	for name := range op.query {
		known[name] = true
	}
	for _, p := range op.parameters {
		var values []string
		switch p.In {
		case "path":
			values = []string{path[p.Name]}
		case "query":
			known[p.Name] = true
			values = query[p.Name]
			if p.Style == "deepObject" {
				markDeep(known, query, p.Name)
				continue
			}
		case "header":
			if slices.Contains([]string{"accept", "content-type", "authorization"}, strings.ToLower(p.Name)) {
				continue // such parameters are to be ignored, OpenAPI 3.1 §4.8.12.1
			}
			values = header.Values(p.Name)
		default:
			continue
		}
		if err := d.checkParameter(p, values); err != nil {
			errs = append(errs, fmt.Errorf("%s parameter %s: %w", p.In, p.Name, err))
		}
	}
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !known[name] {
			errs = append(errs, fmt.Errorf("query parameter %s: the operation has no such parameter", name))
		}
	}
	return errors.Join(errs...)
}

// markDeep makes filter[name]=value known where a parameter "filter" has the
// style deepObject. Such values are not looked into.
func markDeep(known map[string]bool, query url.Values, name string) {
	for key := range query {
		if strings.HasPrefix(key, name+"[") {
			known[key] = true
		}
	}
}

// checkParameter reads the text of a parameter as whatever its schema may
// accept: text, a number, a boolean, or a list of these.
func (d *Description) checkParameter(p parameter, values []string) error {
	if len(values) == 0 {
		if p.Required {
			return errors.New("it is required")
		}
		return nil
	}
	if p.pointer == "" {
		return nil
	}
	var first *invalidError
	for _, reading := range readings(values, p.Explode == nil || *p.Explode) {
		err := d.checkValue(p.pointer, reading)
		if err == nil {
			return nil
		}
		var invalid *invalidError
		if !errors.As(err, &invalid) {
			return err
		}
		// "got string, want integer" helps less than "maximum is 100".
		if first == nil || first.isOtherType && !invalid.isOtherType {
			first = invalid
		}
	}
	text := strings.Join(values, ",")
	return fmt.Errorf("%q: %s", text, strings.TrimPrefix(first.text, "/: "))
}

func readings(values []string, isExploded bool) []any {
	var all []any
	if len(values) == 1 {
		all = append(all, values[0])
		if scalar, ok := scalar(values[0]); ok {
			all = append(all, scalar)
		}
		if !isExploded {
			values = strings.Split(values[0], ",")
		}
	}
	texts, scalars, isScalar := make([]any, len(values)), make([]any, len(values)), true
	for i, value := range values {
		var ok bool
		texts[i] = value
		scalars[i], ok = scalar(value)
		isScalar = isScalar && ok
	}
	all = append(all, texts)
	if isScalar {
		all = append(all, scalars)
	}
	return all
}

// scalar reads a number or a boolean, as jsonschema.UnmarshalJSON would.
func scalar(text string) (any, bool) {
	if text == "true" || text == "false" {
		return text == "true", true
	}
	if _, err := strconv.ParseFloat(text, 64); err != nil || !json.Valid([]byte(text)) {
		return nil, false
	}
	return json.Number(text), true
}
