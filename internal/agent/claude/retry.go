package claude

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const maxRetries = 8 // of one call

// Ways in which an answer ends without being one.
var (
	errTruncated = errors.New("the answer broke off before its end")
	errEndless   = errors.New("the answer does not end: it is longer than the model may make it; check ANTHROPIC_BASE_URL")
)

// verdict is what to do about a call that failed.
type verdict struct {
	apierror.Verdict
	wait time.Duration // before the next try
}

// classify judges a call's error; the advice is what to check when the key is
// refused. It quotes the server's own message and what the network says, both without
// the key, but no header and no URL.
func classify(err error, now time.Time, advice, key string) apierror.Verdict {
	var api *anthropic.Error
	var certificate *tls.CertificateVerificationError
	final := func(reason string) apierror.Verdict {
		return apierror.Verdict{Outcome: codybatch.OutcomeAPIError, Reason: reason}
	}
	switch {
	case errors.As(err, &api):
		header := http.Header{}
		if api.Response != nil {
			header = api.Response.Header
		}
		return apierror.Judge(api.StatusCode, header, apierror.Read(api.RawJSON(), key), advice, now)
	case errors.Is(err, apierror.ErrRedirect):
		return final(apierror.ErrRedirect.Error())
	case errors.Is(err, errEndless):
		return final(errEndless.Error())
	case errors.Is(err, errNotRehearsal):
		return final(errNotRehearsal.Error())
	case errors.As(err, &certificate):
		return final("the API's certificate is not trusted: " + apierror.Short(certificate.Err.Error()))
	}
	var network *url.Error
	if errors.As(err, &network) {
		err = network.Err
	}
	v := final(apierror.Short(apierror.Redact(err.Error(), key)))
	v.Retry = true
	return v
}

// sleep waits, or returns the context's cause.
func sleep(ctx context.Context, d time.Duration) error {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// cut shortens a text to so many bytes, between two characters.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
