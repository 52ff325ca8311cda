package githubtest

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/apispec"
)

// published is where `npm ci --prefix tools` puts GitHub's OpenAPI description,
// below the root of this module.
const published = "tools/node_modules/@octokit/openapi/generated/api.github.com.json"

// readOnce reads the 13 MB of the description once in a process. What it returns
// is safe for all tests at once.
var readOnce = sync.OnceValues(func() (*apispec.Description, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the root of the module: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(root)
		if parent == root {
			return nil, fmt.Errorf("find the root of the module: %w", os.ErrNotExist)
		}
		root = parent
	}
	file, err := os.Open(filepath.Join(root, published))
	if err != nil {
		return nil, fmt.Errorf("open GitHub's description: %w", err)
	}
	defer file.Close()
	return apispec.Load(file)
})

// RequireDescription skips the test where GitHub's OpenAPI description is not
// installed, and fails it where CODYBATCH_TEST_REQUIRE lists "github-openapi".
func RequireDescription(t testing.TB) {
	t.Helper()
	if loadDescription(t) == nil {
		t.Skip("GitHub's OpenAPI description is not installed; run: npm ci --prefix tools")
	}
}

func loadDescription(t testing.TB) *apispec.Description {
	t.Helper()
	description, err := readOnce()
	if err == nil {
		return description
	}
	required := strings.Split(os.Getenv("CODYBATCH_TEST_REQUIRE"), ",")
	if !errors.Is(err, os.ErrNotExist) || slices.Contains(required, "github-openapi") {
		t.Fatalf("requests can't be checked: %v; run: npm ci --prefix tools", err)
	}
	t.Log("requests are not checked against GitHub's OpenAPI description, which is not installed; run: npm ci --prefix tools")
	return nil
}

func (s *Server) checkRequest(r *http.Request, path string, body []byte) {
	if s.description == nil {
		return
	}
	if err := s.description.CheckRequest(r.Method, path, r.URL.Query(), r.Header, body); err != nil {
		s.violate(err)
	}
}

func (s *Server) checkAnswer(method, path string, answer *httptest.ResponseRecorder) {
	if s.description == nil || isUndescribed(path, answer.Code) {
		return
	}
	if err := s.description.CheckResponse(method, path, answer.Code, answer.Header().Get("Content-Type"), answer.Body.Bytes()); err != nil {
		s.violate(err)
	}
}

// isUndescribed names the answers that GitHub gives without describing them for
// every operation: redirects and "not found" for any repository that has moved
// or can't be seen, and the words with which it refuses reviewers.
func isUndescribed(path string, status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusNotFound:
		return true
	case http.StatusUnprocessableEntity:
		return strings.HasSuffix(path, "/requested_reviewers")
	default:
		return false
	}
}

func (s *Server) violate(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violations = append(s.violations, err.Error())
}

// ForgetViolations returns what has been found so far, which then does not fail
// the test.
func (s *Server) ForgetViolations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.violations
	s.violations = nil
	return found
}
