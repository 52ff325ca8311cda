package httpapi

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	return c.exchange(ctx, http.MethodGet, path, query, nil, nil, out)
}

func (c *Client) post(ctx context.Context, path string, header http.Header, body, out any) error {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return fmt.Errorf("encode request: %w", err)
		}
	}
	return c.exchange(ctx, http.MethodPost, path, nil, header, data, out)
}

// postOnce posts what must not count twice. See FeedbackTask.
func (c *Client) postOnce(ctx context.Context, path, idempotencyKey string, body, out any) error {
	header := http.Header{"Idempotency-Key": {cmp.Or(idempotencyKey, rand.Text())}}
	err := c.post(ctx, path, header, body, out)
	if !AnswerLost(err) || ctx.Err() != nil {
		return err
	}
	return c.post(ctx, path, header, body, out)
}

// AnswerLost reports whether an error of a Client's method leaves open if the server did
// what it was asked for: there was no answer, or only a part of one, or a gateway says
// that it got none.
func AnswerLost(err error) bool {
	var problem *Problem
	switch {
	case err == nil, errors.Is(err, errNotJSON), errors.Is(err, errNoNames):
		return false
	case errors.As(err, &problem):
		return problem.Status == http.StatusBadGateway || problem.Status == http.StatusGatewayTimeout
	default:
		return true
	}
}

// exchange sends a request and reads a JSON answer into out.
func (c *Client) exchange(ctx context.Context, method, path string, query url.Values, header http.Header, body []byte, out any) error {
	response, err := c.send(ctx, method, path, query, header, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); media != typeJSON {
		return errNotJSON
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(out); err != nil {
		return fmt.Errorf("read answer to %s %s: %w", method, path, err)
	}
	return nil
}

func (c *Client) open(ctx context.Context, path string, query url.Values) (io.ReadCloser, error) {
	response, err := c.send(ctx, http.MethodGet, path, query, nil, nil)
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

// send returns answers that are a success; all others are errors.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, header http.Header, body []byte) (*http.Response, error) {
	address := c.base.String() + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	if body != nil {
		request.Header.Set("Content-Type", typeJSON)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err // *url.Error names method and address
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		defer response.Body.Close()
		return nil, readProblem(response)
	}
	return response, nil
}

// readProblem makes a *Problem of any answer that is not a success.
func readProblem(response *http.Response) *Problem {
	text, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20)) // what came is good enough
	problem := &Problem{}
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if media != typeProblem || json.Unmarshal(text, problem) != nil || problem.Status == 0 {
		problem = newProblem(response.StatusCode, "", strings.ToValidUTF8(string(text[:min(len(text), 300)]), "�"))
	}
	problem.Status = response.StatusCode
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		problem.retryAfter = time.Duration(min(seconds, 3600)) * time.Second
	}
	if problem.RequestID == "" {
		problem.RequestID = response.Header.Get("X-Request-Id")
	}
	return problem
}
