package awstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// ActionsOf lists what a role must be allowed to do for a request to DynamoDB, by its
// X-Amz-Target and body. Transactions need the rights of what they are made of
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html).
func ActionsOf(target string, body []byte) []string {
	_, operation, _ := strings.Cut(target, ".")
	if operation != "TransactWriteItems" {
		return []string{"dynamodb:" + operation}
	}
	var transaction struct {
		TransactItems []map[string]json.RawMessage // one key each
	}
	if err := json.Unmarshal(body, &transaction); err != nil {
		return []string{"dynamodb:" + operation} // which no role has
	}
	names := map[string]string{
		"Put": "dynamodb:PutItem", "Update": "dynamodb:UpdateItem", "Delete": "dynamodb:DeleteItem", "ConditionCheck": "dynamodb:ConditionCheckItem",
	}
	var actions []string
	for _, item := range transaction.TransactItems {
		for kind := range item {
			actions = append(actions, names[kind])
		}
	}
	return actions
}

// DynamoDBFor starts a server that hands requests on to this cloud's DynamoDB and, as
// IAM does, refuses those for which a role with the actions has no right. It returns
// its address. A refusal is an error of the test, too.
func (c Cloud) DynamoDBFor(t testing.TB, role string, actions []string) string {
	t.Helper()
	backend, err := url.Parse(c.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(backend)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client has gone
		}
		for _, action := range ActionsOf(r.Header.Get("X-Amz-Target"), body) {
			if !slices.Contains(actions, action) {
				t.Errorf("the role of %s has no right to %s", role, action)
				w.Header().Set("Content-Type", "application/x-amz-json-1.0")
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprintf(w, `{"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "no identity-based policy allows the %s action"}`, action)
				return
			}
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		proxy.ServeHTTP(w, r)
	}))
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) } // a killed worker cuts its line
	t.Cleanup(server.Close)
	return server.URL
}
