package githubtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
)

// graphQL answers queries for repositories by name, and nothing else. Against
// GitHub's schema it checks the query and its own answers.
func (s *Server) graphQL(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Query     string
		Variables map[string]any
	}
	body, _ := io.ReadAll(r.Body) // is in memory
	if err := json.Unmarshal(body, &request); err != nil {
		s.violate(fmt.Errorf("graphql: %w", err))
		write(w, refusal(http.StatusBadRequest, "Problems parsing JSON"))
		return
	}
	document, err := parser.ParseQuery(&ast.Source{Input: request.Query})
	if err == nil {
		err = s.validate(document, request.Variables)
	}
	if err != nil || len(document.Operations) != 1 {
		s.violate(fmt.Errorf("graphql: %w", errors.Join(err)))
		write(w, answer{status: http.StatusOK, body: map[string]any{"errors": []any{map[string]any{"message": fmt.Sprint(err)}}}})
		return
	}
	data, failures := map[string]any{}, []any{}
	for _, selection := range document.Operations[0].SelectionSet {
		field, ok := selection.(*ast.Field)
		if !ok || field.Name != "repository" {
			s.violate(errors.New("graphql: this server answers queries for repositories only"))
			continue
		}
		arguments := map[string]any{}
		for _, a := range field.Arguments {
			arguments[a.Name], _ = a.Value.Value(request.Variables) // an error leaves nil, which names nothing
		}
		name := fmt.Sprintf("%v/%v", arguments["owner"], arguments["name"])
		repo := s.repositoryFor(name, arguments["followRenames"] != false)
		if repo == nil {
			data[field.Alias] = nil
			failures = append(failures, map[string]any{
				"type": "NOT_FOUND", "path": []string{field.Alias},
				"message": "Could not resolve to a Repository with the name '" + name + "'.",
			})
			continue
		}
		data[field.Alias] = s.pick(field.SelectionSet, document.Fragments, s.repositoryNode(repo))
	}
	reply := map[string]any{"data": data}
	if len(failures) > 0 {
		reply["errors"] = failures
	}
	write(w, answer{status: http.StatusOK, body: reply})
}

// validate checks a query and its variables as a GraphQL server would.
func (s *Server) validate(document *ast.QueryDocument, variables map[string]any) error {
	if s.schema == nil {
		return nil
	}
	if list := validator.ValidateWithRules(s.schema, document, nil); len(list) > 0 {
		return list
	}
	for _, operation := range document.Operations {
		if _, err := validator.VariableValues(s.schema, operation, variables); err != nil {
			return fmt.Errorf("variables: %w", err)
		}
	}
	return nil
}

func (s *Server) repositoryFor(name string, followRenames bool) *repository {
	owner, rest, _ := strings.Cut(name, "/")
	repo := s.repository(owner, rest)
	if repo != nil || !followRenames {
		return repo
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.repos[strings.ToLower(s.moved[strings.ToLower(name)])]
}

// repositoryNode is a repository as the schema has it.
func (s *Server) repositoryNode(repo *repository) map[string]any {
	branch := map[string]any(nil)
	if s.Head(repo.Name, repo.DefaultBranch) != "" {
		branch = map[string]any{"name": repo.DefaultBranch}
	}
	language := map[string]any(nil)
	if repo.Language != "" {
		language = map[string]any{"name": repo.Language}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{
		"nameWithOwner": repo.Name, "description": orNull(repo.Description), "url": s.web + "/" + repo.Name,
		"isPrivate": repo.Private, "isArchived": repo.Archived, "isFork": repo.Fork,
		"pushedAt": repo.pushedAt.UTC().Format(time.RFC3339), "defaultBranchRef": branch, "primaryLanguage": language,
	}
}

// pick keeps what was asked for.
func (s *Server) pick(selections ast.SelectionSet, fragments ast.FragmentDefinitionList, node map[string]any) any {
	if node == nil {
		return nil
	}
	picked := map[string]any{}
	for _, selection := range selections {
		switch selection := selection.(type) {
		case *ast.FragmentSpread:
			fragment, _ := s.pick(fragments.ForName(selection.Name).SelectionSet, fragments, node).(map[string]any)
			for name, value := range fragment {
				picked[name] = value
			}
		case *ast.Field:
			value, isKnown := node[selection.Name]
			if inner, ok := value.(map[string]any); ok {
				value = s.pick(selection.SelectionSet, fragments, inner)
			}
			if !isKnown || value == nil && selection.Definition != nil && selection.Definition.Type.NonNull {
				s.violate(fmt.Errorf("graphql: this server has no %s", selection.Name))
			}
			picked[selection.Alias] = value
		}
	}
	return picked
}
