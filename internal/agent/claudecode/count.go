package claudecode

import (
	"net/http"
)

// count passes on a question for a prompt's size, which costs nothing and has limits of
// its own. It asks with the key all the same, so that it is not made with one that is held
// back, and a refusal is one like any other. That it is answered shows nothing: an account
// that can't pay may count.
func (g *gateway) count(w http.ResponseWriter, req *http.Request, r *request) {
	pass, err := g.breaker.Enter(req.Context())
	if err != nil {
		res, end := g.turnedAway(g.life, err)
		if end != nil {
			g.fail(w, *end)
			return
		}
		res.passOn(w)
		return
	}
	defer pass.Leave()
	res, v, end := g.try(req.Context(), req, r, r.body(0))
	if end == nil && v.Refused != "" {
		end = g.tellRefusal(pass, v)
	}
	if end != nil {
		g.fail(w, *end)
		return
	}
	defer func() { _ = res.body.Close() }() // what there was to read was read
	res.passOn(w)
}
