package githubtest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/liamzdenek/cody-batch/internal/apispec"
)

// What `npm ci --prefix tools` installs, below the root of this module.
const (
	openAPI = "tools/node_modules/@octokit/openapi/generated/api.github.com.json"
	schema  = "tools/node_modules/@octokit/graphql-schema/schema.graphql"
)

// The 13 MB of the OpenAPI description and the 1 MB of the schema are read once
// in a process. All tests may use them at once.
var (
	readOpenAPI = sync.OnceValues(func() (*apispec.Description, error) {
		file, err := openPublished(openAPI)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return apispec.Load(file)
	})
	readSchema = sync.OnceValues(func() (*ast.Schema, error) {
		file, err := openPublished(schema)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		text, err := io.ReadAll(file)
		if err != nil {
			return nil, fmt.Errorf("read GitHub's GraphQL schema: %w", err)
		}
		return parseSchema(string(text))
	})
)

// parseSchema reads a schema in which a field may be defined twice, as GitHub's
// has it in places.
func parseSchema(text string) (*ast.Schema, error) {
	document, err := parser.ParseSchemas(validator.Prelude, &ast.Source{Name: schema, Input: text})
	if err != nil {
		return nil, fmt.Errorf("read GitHub's GraphQL schema: %w", err)
	}
	for _, definition := range document.Definitions {
		seen := map[string]bool{}
		definition.Fields = slices.DeleteFunc(definition.Fields, func(f *ast.FieldDefinition) bool {
			isAgain := seen[f.Name]
			seen[f.Name] = true
			return isAgain
		})
	}
	return validator.ValidateSchemaDocument(document)
}

func openPublished(name string) (*os.File, error) {
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
	return os.Open(filepath.Join(root, name))
}

// RequireDescription skips the test where GitHub's descriptions are not
// installed, and fails it where CODYBATCH_TEST_REQUIRE lists "github-openapi".
func RequireDescription(t testing.TB) {
	t.Helper()
	if loadDescription(t) == nil || loadSchema(t) == nil {
		t.Skip("GitHub's descriptions are not installed; run: npm ci --prefix tools")
	}
}

func loadDescription(t testing.TB) *apispec.Description {
	t.Helper()
	description, err := readOpenAPI()
	needs(t, err)
	return description
}

func loadSchema(t testing.TB) *ast.Schema {
	t.Helper()
	schema, err := readSchema()
	needs(t, err)
	return schema
}

// needs fails the test for an error, unless it is that nothing is installed and
// nothing has to be.
func needs(t testing.TB, err error) {
	t.Helper()
	required := strings.Split(os.Getenv("CODYBATCH_TEST_REQUIRE"), ",")
	switch {
	case err == nil:
	case !errors.Is(err, os.ErrNotExist) || slices.Contains(required, "github-openapi"):
		t.Fatalf("requests can't be checked: %v; run: npm ci --prefix tools", err)
	default:
		t.Logf("requests are not checked: %v; run: npm ci --prefix tools", err)
	}
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
