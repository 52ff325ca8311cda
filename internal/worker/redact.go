package worker

import (
	"net/url"
	"strings"
)

// redactor replaces secret values, as they are and as URLs spell them. Values of
// fewer than eight characters are no secrets, and would tear words apart.
func redactor(secrets []string) *strings.Replacer {
	var pairs []string
	for _, secret := range secrets {
		if len(secret) < 8 {
			continue
		}
		pairs = append(pairs, secret, "[redacted]")
		if escaped := url.QueryEscape(secret); escaped != secret {
			pairs = append(pairs, escaped, "[redacted]")
		}
	}
	return strings.NewReplacer(pairs...)
}
