// Package accept reads what a client says about the answers that it takes.
package accept

import (
	"net/http"
	"strconv"
	"strings"
)

// Encoding chooses the content coding of an answer from those on offer, the
// preferred one first, by RFC 9110 §12.5.3: the client's favourite, and of those
// that it likes equally the first. It is empty if the answer has to go out as it is,
// also to a client that says nothing.
func Encoding(header http.Header, offers ...string) string {
	said := strings.Join(header.Values("Accept-Encoding"), ",")
	best, bestQuality := "", 0.0
	for _, offer := range offers {
		if q := quality(said, offer); q > bestQuality {
			best, bestQuality = offer, q
		}
	}
	return best
}

// quality is how much a client likes a coding, from 0 (not at all) to 1.
func quality(said, coding string) float64 {
	anything := 0.0
	for part := range strings.SplitSeq(said, ",") {
		name, parameter, _ := strings.Cut(part, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name != coding && name != "*" {
			continue
		}
		q := 1.0
		if key, value, isSaid := strings.Cut(parameter, "="); isSaid && strings.EqualFold(strings.TrimSpace(key), "q") {
			number, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || !(number >= 0 && number <= 1) {
				number = 0 // what makes no sense is no wish
			}
			q = number
		}
		if name == coding {
			return q
		}
		anything = q
	}
	return anything
}
