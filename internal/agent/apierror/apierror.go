// Package apierror reads what the Messages API says when it refuses, and judges what
// comes of that. The engines that ask it share it
// (https://platform.claude.com/docs/en/api/errors).
package apierror

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/anthropics/anthropic-sdk-go/shared"
)

// StatusOverloaded is of the API alone; net/http has no name for it.
const StatusOverloaded = 529

// Body is the body of an error, of which the SDK shows the type only.
type Body struct {
	Error struct {
		Type    string `json:"type"`
		Message string `json:"message"`
		Details struct {
			ErrorCode string `json:"error_code"`
		} `json:"details"`
	} `json:"error"`
}

// Read reads an error's body; of one that is no JSON, nothing. Some servers quote the
// key that they refuse: its place in the message is taken by Redacted.
func Read(body, key string) Body {
	var parsed Body
	if json.Unmarshal([]byte(body), &parsed) != nil {
		return Body{}
	}
	parsed.Error.Message = Redact(parsed.Error.Message, key)
	return parsed
}

// Redacted stands where a key was.
const Redacted = "[redacted]"

// Redact takes a key out of others' words.
func Redact(words, key string) string {
	if key == "" {
		return words
	}
	return strings.ReplaceAll(words, key, Redacted)
}

// RedactCut takes a key out of others' words that were cut off at their end, where the
// key may have only begun.
func RedactCut(words, key string) string {
	words = Redact(words, key)
	for n := len(key) - 1; n > 0; n-- {
		if rest, isBegun := strings.CutSuffix(words, key[:n]); isBegun {
			return rest
		}
	}
	return words
}

// RedactHeader takes a key out of all values of a header.
func RedactHeader(header http.Header, key string) {
	for _, values := range header {
		for i, value := range values {
			values[i] = Redact(value, key)
		}
	}
}

// StatusOf gives an error event in a stream, which came with status 200, the
// status that the same error has by itself. What is no error of the API's is one of
// the server's.
func StatusOf(errorType string) int {
	switch shared.ErrorType(errorType) {
	case shared.ErrorTypeInvalidRequestError:
		return http.StatusBadRequest
	case shared.ErrorTypeAuthenticationError:
		return http.StatusUnauthorized
	case shared.ErrorTypeBillingError:
		return http.StatusPaymentRequired
	case shared.ErrorTypePermissionError:
		return http.StatusForbidden
	case shared.ErrorTypeNotFoundError:
		return http.StatusNotFound
	case shared.ErrorTypeRateLimitError:
		return http.StatusTooManyRequests
	case shared.ErrorTypeTimeoutError:
		return http.StatusGatewayTimeout
	case shared.ErrorTypeOverloadedError:
		return StatusOverloaded
	default:
		return http.StatusInternalServerError
	}
}
