package main

import "strings"

// route is one method of the API at one path, as the API's description has it.
type route struct{ method, path string }

// task is where the API has a task; see resources.
const task = "/jobs/{jobId}/repositories/{owner}/{name}"

// routes lists every method of the API, each of which is a method of the gateway: what
// is not here is refused before any code of ours runs. A test compares the list with
// the API's description, internal/httpapi/testdata/openapi.json.
func routes() []route {
	return []route{
		{"GET", "/health"},
		{"GET", "/repositories"},
		{"GET", "/jobs"},
		{"POST", "/jobs"},
		{"POST", "/jobs/estimate"},
		{"GET", "/jobs/{jobId}"},
		{"POST", "/jobs/{jobId}/cancel"},
		{"POST", "/jobs/{jobId}/feedback"},
		{"POST", "/jobs/{jobId}/publish"},
		{"POST", "/jobs/{jobId}/retry"},
		{"POST", "/jobs/{jobId}/review"},
		{"GET", "/jobs/{jobId}/events"},
		{"GET", "/jobs/{jobId}/groups"},
		{"GET", "/jobs/{jobId}/timeline"},
		{"GET", "/jobs/{jobId}/repositories"},
		{"POST", "/jobs/{jobId}/repositories/cancel"},
		{"GET", task},
		{"GET", task + "/diff"},
		{"GET", task + "/claude-thread"},
		{"GET", task + "/log"},
		{"POST", task + "/cancel"},
		{"POST", task + "/feedback"},
		{"POST", task + "/publish"},
		{"POST", task + "/retry"},
		{"POST", task + "/review"},
	}
}

// documents are what the handler serves beside the API: its description, and what a
// command line that is pointed at the gateway itself must know.
func documents() []route {
	return []route{{"GET", "/openapi.json"}, {"GET", "/config.json"}}
}

// resources are the paths of the gateway that a path of the API needs. A task has two
// spellings, …/repositories/acme%2Fsite/diff and …/repositories/acme/site/diff. A REST
// API keeps %2F inside one segment, so that the first needs {repositoryName} as the
// founding plan has it. The second goes one deeper; its first part must have the same
// name, because the gateway knows one variable at each place.
func (r route) resources() []route {
	rest, isTask := strings.CutPrefix(r.path, task)
	if !isTask {
		return []route{r}
	}
	const repositories = "/jobs/{jobId}/repositories/"
	escaped := route{r.method, repositories + "{repositoryName}" + rest}
	plain := route{r.method, repositories + "{repositoryName}/{name}" + rest}
	if r.method == "POST" {
		// acme/retry is a repository, too: its page has the address of a verb.
		return []route{escaped, plain, {"GET", escaped.path}}
	}
	return []route{escaped, plain}
}
