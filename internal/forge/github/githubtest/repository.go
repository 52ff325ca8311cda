package githubtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Repository is what a test wants to be there.
type Repository struct {
	Name          string // "owner/name"
	Description   string
	Language      string
	DefaultBranch string            // "main" if empty
	Files         map[string]string // of the first commit; nil: an empty repository
	Private       bool
	Archived      bool
	Fork          bool
	NoDrafts      bool     // the plan has no draft pull requests
	Labels        []string // that are there already
	Collaborators []string // users who can be asked for a review
	Teams         []string // slugs of teams who can be
}

type repository struct {
	Repository
	id        int64
	dir       string // of the bare repository, below the root
	createdAt time.Time
	pushedAt  time.Time
	labels    []label
	pulls     []*PullRequest
}

type label struct {
	id    int64
	name  string
	color string
}

func (r *repository) owner() string { owner, _, _ := strings.Cut(r.Name, "/"); return owner }
func (r *repository) name() string  { _, name, _ := strings.Cut(r.Name, "/"); return name }

// Add makes a repository.
func (s *Server) Add(want Repository) {
	s.t.Helper()
	if want.DefaultBranch == "" {
		want.DefaultBranch = "main"
	}
	repo := &repository{Repository: want, id: s.id(), dir: want.Name + ".git", createdAt: time.Now(), pushedAt: time.Now()}
	for _, name := range want.Labels {
		repo.labels = append(repo.labels, label{s.id(), name, "d73a4a"})
	}
	dir := filepath.Join(s.root, repo.dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		s.t.Fatalf("make %s: %v", want.Name, err)
	}
	s.run(dir, nil, "init", "--quiet", "--bare", "--initial-branch", want.DefaultBranch, ".")
	if want.Files != nil {
		s.commit(dir, want.DefaultBranch, "", want.Files)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.repos[strings.ToLower(want.Name)] = repo
}

// Remove makes a repository one that nobody sees any more.
func (s *Server) Remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.repos, strings.ToLower(name))
}

// Rename gives a repository a new name; the API answers the old one with a
// redirect, as GitHub does.
func (s *Server) Rename(name, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	repo := s.repos[strings.ToLower(name)]
	delete(s.repos, strings.ToLower(name))
	repo.Name = to
	s.repos[strings.ToLower(to)] = repo
	s.moved[strings.ToLower(name)] = to
}

// repository returns the one by that name, or nil.
func (s *Server) repository(owner, name string) *repository {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.repos[strings.ToLower(owner+"/"+name)]
}

func (s *Server) id() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextID++
	return s.nextID
}

// AddMany makes n repositories "owner/prefix-0001" and so on, for lists: they
// share one git repository.
func (s *Server) AddMany(owner, prefix string, n int) {
	s.t.Helper()
	first := fmt.Sprintf("%s/%s-0001", owner, prefix)
	s.Add(Repository{Name: first, Files: map[string]string{"README.md": "hello\n"}})
	shared := *s.repository(owner, prefix+"-0001")
	for i := 2; i <= n; i++ {
		repo := shared
		repo.id, repo.Name = s.id(), fmt.Sprintf("%s/%s-%04d", owner, prefix, i)
		s.mu.Lock()
		s.repos[strings.ToLower(repo.Name)] = &repo
		s.mu.Unlock()
	}
}

// Archive makes a repository read-only for the API.
func (s *Server) Archive(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.repos[strings.ToLower(name)].Archived = true
}
