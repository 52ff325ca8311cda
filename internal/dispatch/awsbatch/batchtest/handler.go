package batchtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// requestLimit bounds a request in bytes: AWS Batch takes 30 KiB from SubmitJob.
const requestLimit = 1 << 20

// clientError is a ClientException.
type clientError struct{ message string }

func (e *clientError) Error() string { return e.message }

func clientErrorf(format string, args ...any) error {
	return &clientError{fmt.Sprintf(format, args...)}
}

// serve answers one request, as Amazon's description says.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	operation, ok := s.model.byPath[r.URL.Path]
	if !ok || r.Method != s.model.Operations[operation].HTTP.Method {
		s.refuse(r.URL.Path, errors.New("there is no such operation"))
		fail(w, http.StatusNotFound, "UnknownOperationException", "there is no such operation")
		return
	}
	s.mu.Lock()
	s.requests[operation]++
	f := s.fault(operation)
	s.mu.Unlock()
	if f != nil && !f.Done {
		f.answer(w)
		return
	}
	answer, err := s.carryOut(operation, r)
	if f != nil {
		f.answer(w)
		return
	}
	var refused *clientError
	switch {
	case errors.As(err, &refused):
		s.refuse(operation, err)
		fail(w, http.StatusBadRequest, "ClientException", refused.message)
	case err != nil:
		fail(w, http.StatusInternalServerError, "ServerException", err.Error())
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	}
}

func (f *Fault) answer(w http.ResponseWriter) {
	if f.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	fail(w, f.Status, f.Code, "so the test wants it")
}

// fail answers with an error as the REST JSON protocol spells it.
func fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-ErrorType", code)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
}

// carryOut checks a request, does what it asks for, and checks the answer.
func (s *Server) carryOut(operation string, r *http.Request) ([]byte, error) {
	if authorization := r.Header.Get("Authorization"); !strings.HasPrefix(authorization, "AWS4-HMAC-SHA256 ") || !strings.Contains(authorization, "/batch/aws4_request") {
		return nil, clientErrorf("the request is not signed for AWS Batch")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, requestLimit+1))
	if err != nil {
		return nil, err
	}
	if len(body) > requestLimit {
		return nil, clientErrorf("the request has more than %d bytes", requestLimit)
	}
	request, err := decode(body)
	if err != nil {
		return nil, clientErrorf("the request is no JSON: %v", err)
	}
	shapes := s.model.Operations[operation]
	if err := s.model.check(shapes.Input.Shape, request, operation); err != nil {
		return nil, &clientError{err.Error()}
	}
	var result any
	switch operation {
	case "SubmitJob":
		result, err = answer(body, s.submit)
	case "DescribeJobs":
		result, err = answer(body, s.describe)
	case "ListJobs":
		result, err = answer(body, s.list)
	case "TerminateJob":
		result, err = answer(body, s.terminate)
	case "CancelJob":
		result, err = answer(body, s.cancel)
	default:
		return nil, fmt.Errorf("%s is described but not made", operation)
	}
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(result)
	if err != nil {
		return nil, err
	}
	value, err := decode(content)
	if err != nil {
		return nil, err
	}
	if err := s.model.check(shapes.Output.Shape, value, operation); err != nil {
		return nil, fmt.Errorf("the answer is not what Amazon describes: %w", err)
	}
	return content, nil
}

func decode(content []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more follows after its end")
	}
	return value, nil
}

func answer[In, Out any](body []byte, do func(In) (Out, error)) (any, error) {
	var in In
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, clientErrorf("the request asks for what this server has not: %v", err)
	}
	return do(in)
}
