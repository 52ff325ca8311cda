package dynamo_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/awstest"
)

// wire counts the requests that go over it, by operation, and lets a test answer in
// the place of DynamoDB.
type wire struct {
	// answer returns an answer or an error, or neither to let the request through. The
	// request is the n-th of its operation, or with perBody of its body, from 1.
	answer func(operation string, n int, body []byte) (*http.Response, error)
	// lose says which answers get lost.
	lose func(operation string, n int) bool

	perBody bool

	mutex   sync.Mutex
	counts  map[string]int
	bodies  map[string]int
	actions map[string]bool
}

var errCut = errors.New("the test has cut the wire")

func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	_, operation, _ := strings.Cut(request.Header.Get("X-Amz-Target"), ".")
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	w.mutex.Lock()
	if w.counts == nil {
		w.counts = map[string]int{}
	}
	if w.bodies == nil {
		w.bodies = map[string]int{}
	}
	if w.actions == nil {
		w.actions = map[string]bool{}
	}
	for _, action := range awstest.ActionsOf(request.Header.Get("X-Amz-Target"), body) {
		w.actions[action] = true
	}
	w.counts[operation]++
	w.bodies[string(body)]++
	n := w.counts[operation]
	if w.perBody {
		n = w.bodies[string(body)]
	}
	w.mutex.Unlock()
	if w.answer != nil {
		if response, err := w.answer(operation, n, body); response != nil || err != nil {
			return response, err
		}
	}
	response, err := send(request, body)
	if err == nil && w.lose != nil && w.lose(operation, n) {
		response.Body.Close()
		return nil, errCut
	}
	return response, err
}

func send(request *http.Request, body []byte) (*http.Response, error) {
	again := request.Clone(request.Context())
	again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return http.DefaultTransport.RoundTrip(again)
}

// take returns what was counted, and counts anew.
func (w *wire) take() map[string]int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	counts := w.counts
	w.counts = nil
	return counts
}

// reads and writes are the requests of counts that read, and that write.
func reads(counts map[string]int) int {
	return counts["GetItem"] + counts["BatchGetItem"] + counts["Query"] + counts["Scan"] + counts["TransactGetItems"]
}

func writes(counts map[string]int) int {
	all := 0
	for _, n := range counts {
		all += n
	}
	return all - reads(counts)
}

// wantActions checks that the actions of the requests are those that a role has, no
// more and no less.
func wantActions(t *testing.T, actions map[string]bool, role []string) {
	t.Helper()
	if got := slices.Sorted(maps.Keys(actions)); !slices.Equal(got, role) {
		t.Errorf("the actions\n%v\nwent over the wire, and the role has\n%v", got, role)
	}
}

// refusal is an answer with an error of DynamoDB's.
func refusal(code string, more map[string]any) *http.Response {
	body := map[string]any{"__type": "com.amazonaws.dynamodb.v20120810#" + code, "message": code + ", says the test"}
	maps.Copy(body, more)
	return answer(http.StatusBadRequest, body)
}

func answer(status int, body map[string]any) *http.Response {
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(bytes.NewReader(encoded)), ContentLength: int64(len(encoded)),
	}
}

// canceled is the answer to a transaction that was refused for the reasons.
func canceled(reasons ...string) *http.Response {
	list := make([]map[string]any, len(reasons))
	for i, reason := range reasons {
		list[i] = map[string]any{"Code": reason}
	}
	return refusal("TransactionCanceledException", map[string]any{"CancellationReasons": list})
}
