package rehearsal

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/liamzdenek/cody-batch/internal/apispec"
)

// maxVerified bounds how many parts are remembered as good.
const maxVerified = 1 << 16

// verifier checks requests against the description. A turn repeats all that the
// turns before it sent, so messages and tools that were good are not looked at
// again: the schema has no rule that spans two of them.
type verifier struct {
	description *apispec.Description

	mu   sync.Mutex
	good map[digest]struct{}
}

// check reports what is wrong with a request. Places are those of the request
// as it was sent.
func (v *verifier) check(req *http.Request, body []byte) error {
	whole := func() error {
		return v.description.CheckRequest(req.Method, req.URL.Path, req.URL.Query(), req.Header, body)
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return whole()
	}
	var parts []digest
	for _, name := range []string{"messages", "tools"} {
		var list []json.RawMessage
		if _, ok := fields[name]; !ok {
			continue
		}
		if json.Unmarshal(fields[name], &list) != nil {
			return whole()
		}
		unknown := []json.RawMessage{}
		for _, part := range list {
			sum := digestOf(append([]byte(req.URL.RequestURI()+" "+name+" "), part...))
			if !v.isGood(sum) {
				unknown = append(unknown, part)
				parts = append(parts, sum)
			}
		}
		data, err := json.Marshal(unknown)
		if err != nil {
			return whole()
		}
		fields[name] = data
	}
	rest, err := json.Marshal(fields)
	if err != nil {
		return whole()
	}
	if v.description.CheckRequest(req.Method, req.URL.Path, req.URL.Query(), req.Header, rest) != nil {
		return whole()
	}
	v.remember(parts)
	return nil
}

func (v *verifier) isGood(part digest) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, ok := v.good[part]
	return ok
}

func (v *verifier) remember(parts []digest) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.good == nil || len(v.good) > maxVerified {
		v.good = map[digest]struct{}{}
	}
	for _, part := range parts {
		v.good[part] = struct{}{}
	}
}
