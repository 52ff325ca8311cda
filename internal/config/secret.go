package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
)

// redacted is what every way of printing a Secret shows.
const redacted = "[redacted]"

// Secret holds a credential that no printing shows: not fmt with any verb, not
// slog, not JSON, and not a struct that hides it in an unexported field. The
// zero Secret holds nothing.
type Secret struct {
	// A pointer, because fmt calls no method on what it finds in an unexported
	// field, but prints addresses there instead of what they point to.
	value *string
}

// NewSecret hides value. An empty value makes the zero Secret.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// ParseSecret takes a credential from where people put it. Blanks around it come from
// files and from quoting. One in the middle is an error, which does not tell the value:
// no credential of ours has one, and no header could carry it.
func ParseSecret(text string) (Secret, error) {
	value := strings.TrimSpace(text)
	if strings.ContainsFunc(value, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }) {
		return Secret{}, errors.New("holds a blank or a control character in the middle; was more than the secret copied?")
	}
	return NewSecret(value), nil
}

// Reveal returns the credential itself, empty if there is none.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsSet reports whether there is a credential.
func (s Secret) IsSet() bool { return s.value != nil }

// String hides the credential.
func (s Secret) String() string { return redacted }

// Format hides the credential from every verb of fmt, %#v and %q included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue hides the credential from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the credential from encoding/json and its like, as a value
// and as the key of a map.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
