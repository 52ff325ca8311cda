package githubtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// routes are the operations that the server knows.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(r *http.Request) answer) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+base+path, func(w http.ResponseWriter, r *http.Request) { write(w, f(r)) })
	}
	in := func(f func(repo *repository, r *http.Request) answer) func(r *http.Request) answer {
		return func(r *http.Request) answer {
			owner, name := r.PathValue("owner"), r.PathValue("repo")
			if repo := s.repository(owner, name); repo != nil {
				return f(repo, r)
			}
			return s.movedOrMissing(owner, name)
		}
	}
	handle("GET /rate_limit", s.rateLimit)
	handle("GET /user/repos", s.listRepositories)
	handle("GET /repos/{owner}/{repo}", in(func(repo *repository, _ *http.Request) answer {
		return answer{status: http.StatusOK, body: s.repositoryJSON(repo)}
	}))
	handle("GET /repos/{owner}/{repo}/git/ref/{ref...}", in(s.getRef))
	handle("GET /repos/{owner}/{repo}/pulls", in(s.listPulls))
	handle("POST /repos/{owner}/{repo}/pulls", in(s.createPull))
	handle("GET /repos/{owner}/{repo}/pulls/{number}/reviews", in(s.listReviews))
	handle("POST /repos/{owner}/{repo}/pulls/{number}/requested_reviewers", in(s.requestReviewers))
	handle("GET /repos/{owner}/{repo}/labels", in(s.listLabels))
	handle("POST /repos/{owner}/{repo}/labels", in(s.createLabel))
	handle("POST /repos/{owner}/{repo}/issues/{number}/labels", in(s.addLabels))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.violate(fmt.Errorf("%s %s: this server does not know the operation", r.Method, r.URL.Path))
		write(w, notFound())
	})
	return mux
}

func (s *Server) movedOrMissing(owner, name string) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	to, isMoved := s.moved[strings.ToLower(owner+"/"+name)]
	if !isMoved {
		return notFound()
	}
	location := s.URL + "/repositories/" + strconv.FormatInt(s.repos[strings.ToLower(to)].id, 10)
	return answer{
		status: http.StatusMovedPermanently,
		header: http.Header{"Location": {location}},
		body:   map[string]any{"message": "Moved Permanently", "url": location, "documentation_url": "https://docs.github.com/rest"},
	}
}

func (s *Server) rateLimit(*http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isLimited {
		return refusal(http.StatusNotFound, "Rate limiting is not enabled.")
	}
	limit := map[string]any{"limit": 5000, "remaining": 4990, "reset": 2_000_000_000, "used": 10}
	return answer{status: http.StatusOK, body: map[string]any{
		"resources": map[string]any{"core": limit, "search": limit}, "rate": limit,
	}}
}

func (s *Server) listRepositories(r *http.Request) answer {
	s.mu.Lock()
	repos := make([]*repository, 0, len(s.repos))
	for _, repo := range s.repos {
		repos = append(repos, repo)
	}
	s.mu.Unlock()
	slices.SortFunc(repos, func(a, b *repository) int {
		return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return paged(s, r, repos, func(repo *repository) any { return s.repositoryJSON(repo) })
}

// paged answers with one page, and with GitHub's Link header.
func paged[T any](s *Server, r *http.Request, all []T, toJSON func(T) any) answer {
	size := number(r.URL.Query(), "per_page", 30)
	size = min(max(size, 1), 100)
	page := max(number(r.URL.Query(), "page", 1), 1)
	last := max(1, (len(all)+size-1)/size)
	items := []any{}
	for i := (page - 1) * size; i < min(page*size, len(all)); i++ {
		items = append(items, toJSON(all[i]))
	}
	var links []string
	link := func(rel string, page int) {
		query := r.URL.Query()
		query.Set("page", strconv.Itoa(page))
		links = append(links, fmt.Sprintf(`<%s%s?%s>; rel=%q`, s.web, r.URL.EscapedPath(), query.Encode(), rel))
	}
	if page > 1 {
		link("prev", page-1)
		link("first", 1)
	}
	if page < last {
		link("next", page+1)
		link("last", last)
	}
	a := answer{status: http.StatusOK, body: items}
	if len(links) > 0 {
		a.header = http.Header{"Link": {strings.Join(links, ", ")}}
	}
	return a
}

func number(query url.Values, key string, otherwise int) int {
	if n, err := strconv.Atoi(query.Get(key)); err == nil {
		return n
	}
	return otherwise
}

func (s *Server) getRef(repo *repository, r *http.Request) answer {
	dir := filepath.Join(s.root, repo.dir)
	if strings.TrimSpace(s.run(dir, nil, "for-each-ref", "--count=1")) == "" {
		return refusal(http.StatusConflict, "Git Repository is empty.")
	}
	branch, isBranch := strings.CutPrefix(r.PathValue("ref"), "heads/")
	commit := s.head(dir, branch)
	if !isBranch || commit == "" {
		return notFound()
	}
	return answer{status: http.StatusOK, body: map[string]any{
		"ref": "refs/heads/" + branch, "node_id": "REF_1",
		"url":    s.repoURL(repo) + "/git/refs/heads/" + branch,
		"object": map[string]any{"type": "commit", "sha": commit, "url": s.repoURL(repo) + "/git/commits/" + commit},
	}}
}

func (s *Server) listLabels(repo *repository, r *http.Request) answer {
	s.mu.Lock()
	labels := slices.Clone(repo.labels)
	s.mu.Unlock()
	return paged(s, r, labels, func(l label) any { return s.labelJSON(repo, l) })
}

func (s *Server) createLabel(repo *repository, r *http.Request) answer {
	var body struct{ Name, Color string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Name == "" {
		return refusal(http.StatusUnprocessableEntity, "Validation Failed", map[string]any{"resource": "Label", "code": "missing_field", "field": "name"})
	}
	l := label{s.id(), body.Name, body.Color}
	s.mu.Lock()
	defer s.mu.Unlock()
	if repo.findLabel(body.Name) != nil {
		return refusal(http.StatusUnprocessableEntity, "Validation Failed", map[string]any{"resource": "Label", "code": "already_exists", "field": "name"})
	}
	repo.labels = append(repo.labels, l)
	return answer{status: http.StatusCreated, body: s.labelJSON(repo, l)}
}

func (r *repository) findLabel(name string) *label {
	for i := range r.labels {
		if strings.EqualFold(r.labels[i].name, name) {
			return &r.labels[i]
		}
	}
	return nil
}
