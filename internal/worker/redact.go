package worker

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
)

// redactor replaces secret values: as they are, and as URLs, JSON and Base64 spell
// them. Values of fewer than eight characters are no secrets, and would tear words
// apart.
func redactor(secrets []string) *strings.Replacer {
	var pairs []string
	for _, secret := range secrets {
		if len(secret) < 8 {
			continue
		}
		quoted, err := json.Marshal(secret)
		if err != nil {
			panic(err) // a string always marshals
		}
		for _, spelling := range []string{
			secret, url.QueryEscape(secret), strings.Trim(string(quoted), `"`), base64.StdEncoding.EncodeToString([]byte(secret)),
		} {
			pairs = append(pairs, spelling, "[redacted]")
		}
	}
	return strings.NewReplacer(pairs...)
}
