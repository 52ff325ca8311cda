package accept_test

import (
	"net/http"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/accept"
)

func TestEncoding(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		said []string
		want string
	}{
		{nil, ""},
		{[]string{""}, ""},
		{[]string{"gzip, deflate, br, zstd"}, "br"},
		{[]string{"gzip, deflate"}, "gzip"},
		{[]string{"GZip"}, "gzip"},
		{[]string{"identity"}, ""},
		{[]string{"br;q=0, gzip"}, "gzip"},
		{[]string{"br; q=0.5 , gzip ;Q = 0.8"}, "gzip"},
		{[]string{"br;q=0.000, gzip;q=0.0"}, ""},
		{[]string{"*"}, "br"},
		{[]string{"*;q=0"}, ""},
		{[]string{"br;q=0, *"}, "gzip"},
		{[]string{"*, br;q=0"}, "gzip"},
		{[]string{"gzip", "br"}, "br"},
		{[]string{"br;q=2, gzip"}, "gzip"},
		{[]string{"br;q=NaN, gzip;q=x"}, ""},
		{[]string{"xbr, gzipped"}, ""},
		{[]string{",;,;q=1,"}, ""},
	} {
		if got := accept.Encoding(http.Header{"Accept-Encoding": c.said}, "br", "gzip"); got != c.want {
			t.Errorf("%q gives %q, want %q", c.said, got, c.want)
		}
	}
}
