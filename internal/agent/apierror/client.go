package apierror

import (
	"errors"
	"net/http"
)

// Ways in which a call ends without an answer, whichever engine makes it.
var (
	// ErrIdle is a stream that is open and says nothing.
	ErrIdle = errors.New("the model fell silent")
	// ErrRedirect is an address that sends its callers on to another one.
	ErrRedirect = errors.New("the API's address answers with a redirect, which is not followed because the key would go with it; check ANTHROPIC_BASE_URL")
)

// Client is a copy of the client, or of Go's own when it is nil, that answers a
// redirect with ErrRedirect.
func Client(base *http.Client) *http.Client {
	var client http.Client
	if base != nil {
		client = *base
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return ErrRedirect }
	return &client
}
