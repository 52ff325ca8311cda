package githubtest

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// PullRequest is one that was opened at the server.
type PullRequest struct {
	Number    int
	Title     string
	Body      string
	Head      string // branch
	From      string // "owner/name" of the fork that the head is in; "": no fork
	Base      string // branch
	State     string // "open" or "closed"
	Draft     bool
	Author    string
	Labels    []string
	Reviewers []string // users who are asked
	Teams     []string // slugs of teams who are asked
	Reviews   []string // users who have reviewed
	CreatedAt time.Time
	MergedAt  time.Time
}

// PullRequests lists a repository's, oldest first. They are copies.
func (s *Server) PullRequests(name string) []PullRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	repo := s.repos[strings.ToLower(name)]
	if repo == nil {
		return nil
	}
	var pulls []PullRequest
	for _, p := range repo.pulls {
		c := *p
		c.Labels, c.Reviewers = slices.Clone(p.Labels), slices.Clone(p.Reviewers)
		c.Teams, c.Reviews = slices.Clone(p.Teams), slices.Clone(p.Reviews)
		pulls = append(pulls, c)
	}
	return pulls
}

// LabelNames lists the labels that a repository has.
func (s *Server) LabelNames(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, l := range s.repos[strings.ToLower(name)].labels {
		names = append(names, l.name)
	}
	return names
}

// EditPullRequest changes one as a person would.
func (s *Server) EditPullRequest(name string, number int, edit func(*PullRequest)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.repos[strings.ToLower(name)].pulls {
		if p.Number == number {
			edit(p)
		}
	}
}

// OpenPullRequest opens one as a person would, without a request.
func (s *Server) OpenPullRequest(name string, p PullRequest) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	repo := s.repos[strings.ToLower(name)]
	p.Number, p.State, p.CreatedAt = len(repo.pulls)+1, "open", time.Now()
	repo.pulls = append(repo.pulls, &p)
	return p.Number
}

func (s *Server) listPulls(repo *repository, r *http.Request) answer {
	query := r.URL.Query()
	state := query.Get("state")
	if state == "" {
		state = "open"
	}
	owner, branch, hasHead := strings.Cut(query.Get("head"), ":")
	s.mu.Lock()
	defer s.mu.Unlock()
	var pulls []*PullRequest
	for _, p := range slices.Backward(repo.pulls) { // newest first
		switch {
		case state != "all" && p.State != state:
		// A head without a colon is ignored, as GitHub does.
		case hasHead && (!strings.EqualFold(owner, repo.owner()) || p.Head != branch):
		case query.Get("base") != "" && p.Base != query.Get("base"):
		default:
			pulls = append(pulls, p)
		}
	}
	return paged(s, r, pulls, func(p *PullRequest) any { return s.pullJSON(repo, p, false) })
}

func (s *Server) createPull(repo *repository, r *http.Request) answer {
	var body struct {
		Title, Head, Base, Body string
		Draft                   bool
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return refusal(http.StatusUnprocessableEntity, "Validation Failed")
	}
	invalid := func(details map[string]any) answer {
		details["resource"] = "PullRequest"
		return refusal(http.StatusUnprocessableEntity, "Validation Failed", details)
	}
	dir := filepath.Join(s.root, repo.dir)
	head, base := s.head(dir, body.Head), s.head(dir, body.Base)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case repo.Archived:
		return refusal(http.StatusForbidden, "Repository was archived so is read-only.")
	case body.Title == "":
		return invalid(map[string]any{"code": "missing_field", "field": "title"})
	case len([]rune(body.Title)) > 256:
		return invalid(map[string]any{"code": "custom", "field": "title", "message": "title is too long (maximum is 256 characters)"})
	case len([]rune(body.Body)) > 65536:
		return invalid(map[string]any{"code": "custom", "field": "body", "message": "body is too long (maximum is 65536 characters)"})
	case head == "":
		return invalid(map[string]any{"code": "invalid", "field": "head"})
	case base == "":
		return invalid(map[string]any{"code": "invalid", "field": "base"})
	case head == base:
		return invalid(map[string]any{"code": "custom", "message": "No commits between " + body.Base + " and " + body.Head})
	case body.Draft && repo.NoDrafts:
		return refusal(http.StatusUnprocessableEntity, "Draft pull requests are not supported in this repository.")
	}
	for _, p := range repo.pulls {
		if p.State == "open" && p.Head == body.Head && p.Base == body.Base {
			return invalid(map[string]any{"code": "custom", "message": "A pull request already exists for " + repo.owner() + ":" + body.Head + "."})
		}
	}
	p := &PullRequest{
		Number: len(repo.pulls) + 1, Title: body.Title, Body: body.Body, Head: body.Head, Base: body.Base,
		State: "open", Draft: body.Draft, Author: s.Login, CreatedAt: time.Now(),
	}
	repo.pulls = append(repo.pulls, p)
	return answer{status: http.StatusCreated, body: s.pullJSON(repo, p, true)}
}

// pull finds the pull request that the path names; s.mu is held.
func (r *repository) pull(req *http.Request) *PullRequest {
	n, err := strconv.Atoi(req.PathValue("number"))
	if err != nil || n < 1 || n > len(r.pulls) {
		return nil
	}
	return r.pulls[n-1]
}

func (s *Server) listReviews(repo *repository, r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := repo.pull(r)
	if p == nil {
		return notFound()
	}
	return paged(s, r, p.Reviews, func(user string) any { return s.reviewJSON(repo, p.Number, user) })
}

func (s *Server) requestReviewers(repo *repository, r *http.Request) answer {
	var body struct {
		Reviewers     []string `json:"reviewers"`
		TeamReviewers []string `json:"team_reviewers"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return refusal(http.StatusUnprocessableEntity, "Validation Failed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := repo.pull(r)
	if p == nil {
		return notFound()
	}
	has := func(list []string, name string) bool {
		return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, name) })
	}
	for _, user := range body.Reviewers {
		if strings.EqualFold(user, p.Author) {
			return answer{status: http.StatusUnprocessableEntity, body: map[string]any{"message": "Review cannot be requested from pull request author."}}
		}
	}
	for i, name := range append(slices.Clone(body.Reviewers), body.TeamReviewers...) {
		if i < len(body.Reviewers) && has(repo.Collaborators, name) || i >= len(body.Reviewers) && has(repo.Teams, name) {
			continue
		}
		return answer{status: http.StatusUnprocessableEntity, body: map[string]any{
			"message": "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the " + repo.Name + " repository.",
		}}
	}
	for _, user := range body.Reviewers {
		if !has(p.Reviewers, user) {
			p.Reviewers = append(p.Reviewers, user)
		}
	}
	for _, team := range body.TeamReviewers {
		if !has(p.Teams, team) {
			p.Teams = append(p.Teams, team)
		}
	}
	return answer{status: http.StatusCreated, body: s.pullJSON(repo, p, false)}
}

func (s *Server) addLabels(repo *repository, r *http.Request) answer {
	var body struct{ Labels []string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return refusal(http.StatusUnprocessableEntity, "Validation Failed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := repo.pull(r)
	if p == nil {
		return notFound()
	}
	for _, name := range body.Labels {
		l := repo.findLabel(name)
		if l == nil { // GitHub would make it; who relies on that has not read its manual
			return refusal(http.StatusUnprocessableEntity, "Validation Failed", map[string]any{"resource": "Label", "code": "invalid", "field": "name", "value": name})
		}
		if !slices.Contains(p.Labels, l.name) {
			p.Labels = append(p.Labels, l.name)
		}
	}
	all := []any{}
	for _, name := range p.Labels {
		all = append(all, s.labelJSON(repo, *repo.findLabel(name)))
	}
	return answer{status: http.StatusOK, body: all}
}

// PullRequestURL is a pull request's address for people.
func (s *Server) PullRequestURL(name string, number int) string {
	return s.web + "/" + name + "/pull/" + strconv.Itoa(number)
}
