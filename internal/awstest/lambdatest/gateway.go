package lambdatest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// Gateway is the way of a request through API Gateway: a REST API with a proxy
// integration, which hands every request to a function as an event. It is an
// http.RoundTripper for a client whose address begins with Host; requests for other
// hosts go their usual way.
type Gateway struct {
	Function *Function
	Host     string // "api.example"
}

// RoundTrip has the function answer. An answer that API Gateway would not understand
// is its "502 Bad Gateway".
func (g *Gateway) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != g.Host {
		return http.DefaultTransport.RoundTrip(r)
	}
	event, err := g.event(r)
	if err != nil {
		return nil, err
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return nil, err
	}
	answered, err := g.Function.Invoke(r.Context(), payload)
	if err != nil {
		return g.response(r, http.StatusBadGateway, nil, []byte(fmt.Sprintf(`{"message":%q}`, err))), nil
	}
	var answer events.APIGatewayProxyResponse
	if json.Unmarshal(answered, &answer) != nil || answer.StatusCode < 100 {
		return g.response(r, http.StatusBadGateway, nil, []byte(`{"message":"Internal server error"}`)), nil //nolint:nilerr // it is the gateway's answer
	}
	body := []byte(answer.Body)
	if answer.IsBase64Encoded {
		if body, err = base64.StdEncoding.DecodeString(answer.Body); err != nil {
			return nil, fmt.Errorf("the function's answer is announced as base64: %w", err)
		}
	}
	header := http.Header{}
	for name, value := range answer.Headers {
		header.Set(name, value)
	}
	for name, values := range answer.MultiValueHeaders {
		header[http.CanonicalHeaderKey(name)] = values
	}
	return g.response(r, answer.StatusCode, header, body), nil
}

func (g *Gateway) event(r *http.Request) (events.APIGatewayProxyRequest, error) {
	var body []byte
	if r.Body != nil {
		defer r.Body.Close()
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return events.APIGatewayProxyRequest{}, err
		}
	}
	header := r.Header.Clone()
	header.Set("Host", g.Host)
	event := events.APIGatewayProxyRequest{
		Resource: "/{proxy+}", Path: r.URL.EscapedPath(), HTTPMethod: r.Method, MultiValueHeaders: header, Headers: map[string]string{},
		MultiValueQueryStringParameters: r.URL.Query(), QueryStringParameters: map[string]string{},
		Body: base64.StdEncoding.EncodeToString(body), IsBase64Encoded: len(body) > 0, // every type is binary to our API
	}
	for name, values := range header {
		event.Headers[name] = values[len(values)-1]
	}
	for name, values := range event.MultiValueQueryStringParameters {
		event.QueryStringParameters[name] = values[len(values)-1]
	}
	event.RequestContext.Stage, event.RequestContext.HTTPMethod, event.RequestContext.Path = "api", r.Method, "/api"+r.URL.Path
	event.RequestContext.Identity.SourceIP = "192.0.2.1"
	return event, nil
}

func (g *Gateway) response(r *http.Request, status int, header http.Header, body []byte) *http.Response {
	if header == nil {
		header = http.Header{"Content-Type": {"application/json"}}
	}
	return &http.Response{
		Status: strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status))), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}
