package httpapi_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func TestSiteConfig(t *testing.T) {
	t.Parallel()

	t.Run("is_the_golden_file", func(t *testing.T) {
		t.Parallel()
		bound := int64(100_000)
		w := newWorld(t, func(o *httpapi.Options) {
			o.AgentStatus, o.PricesAsOf = "rehearsal", "2026-11"
			o.Models = []httpapi.Model{{Name: "claude-haiku-5-5", Prices: []httpapi.ModelPrice{
				{UpToTokens: &bound, InputUSD: 0.1, OutputUSD: 0.5, CacheReadUSD: 0.01, CacheWrite5mUSD: 0.125, CacheWrite1hUSD: 0.2},
				{InputUSD: 0.5, OutputUSD: 2.5, CacheReadUSD: 0.05, CacheWrite5mUSD: 0.625, CacheWrite1hUSD: 1},
			}}}
		})
		var text bytes.Buffer
		if err := json.Indent(&text, w.knock(t, http.MethodGet, "http://localhost/config.json").Body.Bytes(), "", "  "); err != nil {
			t.Fatal(err)
		}
		text.WriteByte('\n')
		golden(t, filepath.Join("testdata", "config.json"), text.Bytes())
	})

	t.Run("tells_whether_a_token_is_wanted", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct {
			token          httpapi.Token
			loopback, open bool
			want           string
		}{
			{"", true, false, "none"},
			{"sesame", true, false, "token"},
			{"sesame", false, false, "token"},
			{"", false, true, "none"},
			{"sesame", false, true, "token"},
			{"", false, false, "token"}, // nobody has it, and nobody gets in
		} {
			w := newWorld(t, func(o *httpapi.Options) {
				o.Token, o.Loopback, o.Open = c.token, c.loopback, c.open
				o.AgentStatus = "set CLAUDE_API_KEY in /etc/hidden"
			})
			text := w.knock(t, http.MethodGet, "http://localhost/config.json").Body.String()
			wantsToken := w.knock(t, http.MethodGet, "http://localhost/api/jobs").Code == http.StatusUnauthorized
			if !strings.Contains(text, `"authorization":"`+c.want+`"`) || wantsToken != (c.want == "token") {
				t.Errorf("%+v: %s", c, text)
			}
			if strings.Contains(text, "sesame") || strings.Contains(text, "hidden") || !strings.Contains(text, `"rehearsal":false`) || !strings.Contains(text, `"pricesAsOf":null,"models":[]`) {
				t.Errorf("%+v: %s", c, text)
			}
		}
	})
}

func TestDashboardPolicy(t *testing.T) {
	t.Parallel()
	const want = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; " +
		"img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	w := newWorld(t)
	for path, want := range map[string]string{"/": want, "/assets/x.js": want, "/config.json": want, "/api/jobs": "default-src 'none'; frame-ancestors 'none'"} {
		if got := w.knock(t, http.MethodGet, "http://localhost"+path).Header().Get("Content-Security-Policy"); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}
