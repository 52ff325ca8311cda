// Package claude is the Claude agent: a loop on the Messages API, in streams, in
// which the model works on one workspace with eight tools until it calls finish
// or a limit ends the session.
//
// agent.go is the story of a run, loop.go one turn of it, stream.go one call of
// the model. A conversation that grows too long is replaced by a summary of it
// (compact.go). The tools are in tools.go, each with a file of its own. What a call
// may cost is reserved before it is made (budget.go, package prices); what went wrong
// is tried again or given up in retry.go. When a call may be made at all
// is package admission's to say.
//
// Everything that the model says and everything that the repository holds is
// taken as hostile: files are reached through [os.Root] only, programs through
// package sandbox, and neither ever sees the API key.
package claude
