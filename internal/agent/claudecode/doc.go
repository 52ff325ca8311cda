// Package claudecode is the agent that has Claude Code, Anthropic's command-line
// program, do the work. The operator installs the program; it is started anew for
// every session, confined like any program of an agent, and talks to a gateway in
// this process instead of the Messages API. Read agent.go for the session,
// gateway.go for what stands between the program and the API, and transcript.go for
// what becomes of its output.
//
// The program never has the API key. The gateway holds it, lets through what a
// conversation needs and nothing else, and counts what every call costs from the
// API's own answers. What the program says of itself is information for people.
package claudecode
