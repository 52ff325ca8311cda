package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// maxAnswer is how much Lambda takes for an answer, in bytes
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). Documents
// of more than linkFrom are fetched from S3 instead; what JSON and base64 make of the
// others stays below it, but for texts of control characters.
const (
	maxAnswer = 6_291_556
	linkFrom  = 2 << 20
)

// reserve is what is left of Lambda's time limit, which is the gateway's as well, when a
// request is given up. The handler says so in it, and sends off what it has stored by
// then; a function that is ended by Lambda says nothing to anybody.
const reserve = 3 * time.Second

// answer has a handler answer a request of API Gateway (a REST API with a proxy
// integration). Its path is spelled as the caller did, so that owner%2Fname stays one
// segment, and its query is decoded.
func answer(ctx context.Context, handler http.Handler, e events.APIGatewayProxyRequest) []byte {
	if limit, isLimited := ctx.Deadline(); isLimited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, limit.Add(-reserve))
		defer cancel()
	}
	r, err := request(ctx, e)
	if err != nil {
		return problem(http.StatusBadRequest, "malformed", err.Error())
	}
	w := &recorder{header: http.Header{}}
	isWhole := w.serve(handler, r)
	if w.overflows {
		return tooLarge()
	}
	if !isWhole {
		return problem(http.StatusBadGateway, "internal", "the answer broke off; try again")
	}
	response := events.APIGatewayProxyResponse{StatusCode: w.status, MultiValueHeaders: w.header, Body: w.body.String()}
	if !utf8.Valid(w.body.Bytes()) { // a diff in another encoding
		response.Body, response.IsBase64Encoded = base64.StdEncoding.EncodeToString(w.body.Bytes()), true
	}
	encoded := encode(response)
	if len(encoded) > maxAnswer {
		return tooLarge()
	}
	return encoded
}

func tooLarge() []byte {
	return problem(http.StatusInsufficientStorage, "answer_too_large", "the answer has more bytes than a Lambda function can give; ask for less of it, with limit or after")
}

func request(ctx context.Context, e events.APIGatewayProxyRequest) (*http.Request, error) {
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return nil, fmt.Errorf("the body is announced as base64 and is not: %w", err)
		}
	}
	address, err := url.ParseRequestURI(e.Path)
	if err != nil || !strings.HasPrefix(e.Path, "/") {
		return nil, fmt.Errorf("%.200q is no path", e.Path)
	}
	address.RawQuery = url.Values(e.MultiValueQueryStringParameters).Encode()
	r, err := http.NewRequestWithContext(ctx, e.HTTPMethod, "/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.URL = address // as text, //a/b would be a host and a path
	for name, values := range e.MultiValueHeaders {
		for _, value := range values {
			r.Header.Add(name, value)
		}
	}
	r.Host, r.RemoteAddr = r.Header.Get("Host"), e.RequestContext.Identity.SourceIP
	r.Header.Del("Accept-Encoding") // API Gateway compresses, and takes text from us
	if r.Header.Get("X-Request-Id") == "" {
		r.Header.Set("X-Request-Id", e.RequestContext.RequestID)
	}
	return r, nil
}

// recorder keeps an answer, as far as it can be given.
type recorder struct {
	header    http.Header
	status    int
	body      bytes.Buffer
	overflows bool
}

// serve reports whether the handler came to its end.
func (w *recorder) serve(handler http.Handler, r *http.Request) (whole bool) { //nolint:nonamedreturns // set by recover
	defer func() {
		if caught := recover(); caught != nil {
			whole = false // the handler has logged what it was
		}
	}()
	handler.ServeHTTP(w, r)
	w.WriteHeader(http.StatusOK)
	return true
}

// Header is sent with the answer.
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader keeps the first status.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
}

var errTooLarge = errors.New("the answer is larger than Lambda takes")

// Write keeps a piece.
func (w *recorder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.body.Len()+len(p) > maxAnswer {
		w.overflows = true
		return 0, errTooLarge
	}
	return w.body.Write(p)
}

// problem is an answer in the API's own form of errors.
func problem(status int, code, detail string) []byte {
	return encode(events.APIGatewayProxyResponse{
		StatusCode: status, Headers: map[string]string{"Content-Type": "application/problem+json", "Cache-Control": "no-store"},
		Body: string(encode(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail, "code": code})),
	})
}

// encode makes JSON that does not grow by what HTML minds.
func encode(value any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // maps and structs of strings always become JSON
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
