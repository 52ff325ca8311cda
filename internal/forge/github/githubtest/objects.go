package githubtest

import (
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"time"
)

// The functions here make objects as GitHub's description wants them, with all
// that is required there and little else.

func (s *Server) repoURL(repo *repository) string { return s.URL + "/repos/" + repo.Name }

func stamp(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.UTC().Format(time.RFC3339)
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (s *Server) userJSON(login string) map[string]any {
	self := s.URL + "/users/" + login
	user := map[string]any{
		"login": login, "id": 1, "node_id": "U_1", "avatar_url": s.web + "/avatars/" + login, "gravatar_id": "",
		"url": self, "html_url": s.web + "/" + login, "type": "User", "site_admin": false,
		"gists_url": self + "/gists{/gist_id}", "starred_url": self + "/starred{/owner}{/repo}",
		"events_url": self + "/events{/privacy}", "following_url": self + "/following{/other_user}",
	}
	for _, part := range []string{"followers", "subscriptions", "repos", "received_events"} {
		user[part+"_url"] = self + "/" + part
	}
	user["organizations_url"] = self + "/orgs"
	return user
}

func (s *Server) repositoryJSON(repo *repository) map[string]any {
	self, web := s.repoURL(repo), s.web+"/"+repo.Name
	s.mu.Lock()
	pushedAt := repo.pushedAt
	s.mu.Unlock()
	return s.repositoryObject(repo, self, web, pushedAt)
}

func (s *Server) repositoryObject(repo *repository, self, web string, pushedAt time.Time) map[string]any {
	object := map[string]any{
		"id": repo.id, "node_id": fmt.Sprintf("R_%d", repo.id), "name": repo.name(), "full_name": repo.Name,
		"owner": s.userJSON(repo.owner()), "private": repo.Private, "html_url": web,
		"description": orNull(repo.Description), "fork": repo.Fork, "url": self,
		"git_url": strings.Replace(web, "http:", "git:", 1) + ".git", "ssh_url": "git@" + s.Host + ":" + repo.Name + ".git",
		"clone_url": web + ".git", "svn_url": web, "mirror_url": nil, "homepage": nil, "language": orNull(repo.Language),
		"forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0, "size": 1,
		"default_branch": repo.DefaultBranch, "open_issues": 0, "open_issues_count": 0,
		"has_issues": true, "has_projects": false, "has_wiki": false, "has_pages": false, "has_downloads": false, "has_discussions": false,
		"archived": repo.Archived, "disabled": false, "license": nil,
		"pushed_at": stamp(pushedAt), "created_at": stamp(repo.createdAt), "updated_at": stamp(pushedAt),
		"network_count": 0, "subscribers_count": 0,
	}
	for key, path := range map[string]string{
		"archive": "{archive_format}{/ref}", "assignees": "assignees{/user}", "blobs": "git/blobs{/sha}", "branches": "branches{/branch}",
		"collaborators": "collaborators{/collaborator}", "comments": "comments{/number}", "commits": "commits{/sha}",
		"compare": "compare/{base}...{head}", "contents": "contents/{+path}", "contributors": "contributors", "deployments": "deployments",
		"downloads": "downloads", "events": "events", "forks": "forks", "git_commits": "git/commits{/sha}", "git_refs": "git/refs{/sha}",
		"git_tags": "git/tags{/sha}", "hooks": "hooks", "issue_comment": "issues/comments{/number}", "issue_events": "issues/events{/number}",
		"issues": "issues{/number}", "keys": "keys{/key_id}", "labels": "labels{/name}", "languages": "languages", "merges": "merges",
		"milestones": "milestones{/number}", "notifications": "notifications{?since,all,participating}", "pulls": "pulls{/number}",
		"releases": "releases{/id}", "stargazers": "stargazers", "statuses": "statuses/{sha}", "subscribers": "subscribers",
		"subscription": "subscription", "tags": "tags", "teams": "teams", "trees": "git/trees{/sha}",
	} {
		object[key+"_url"] = self + "/" + path
	}
	return object
}

func (s *Server) labelJSON(repo *repository, l label) map[string]any {
	return map[string]any{
		"id": l.id, "node_id": fmt.Sprintf("LA_%d", l.id), "url": s.repoURL(repo) + "/labels/" + l.name,
		"name": l.name, "description": "", "color": l.color, "default": false,
	}
}

func (s *Server) teamJSON(repo *repository, slug string) map[string]any {
	self := s.URL + "/organizations/1/team/1"
	return map[string]any{
		"id": 1, "node_id": "T_1", "name": slug, "slug": slug, "description": nil, "privacy": "closed", "permission": "push",
		"url": self, "html_url": s.web + "/orgs/" + repo.owner() + "/teams/" + slug, "members_url": self + "/members{/member}",
		"repositories_url": self + "/repos", "parent": nil, "type": "organization",
	}
}

func (s *Server) reviewJSON(repo *repository, number int, user string) map[string]any {
	pull := fmt.Sprintf("%s/pulls/%d", s.repoURL(repo), number)
	html := fmt.Sprintf("%s/%s/pull/%d#pullrequestreview-1", s.web, repo.Name, number)
	return map[string]any{
		"id": 1, "node_id": "PRR_1", "user": s.userJSON(user), "body": "Looks good.", "state": "APPROVED",
		"html_url": html, "pull_request_url": pull, "author_association": "MEMBER",
		"_links":       map[string]any{"html": map[string]any{"href": html}, "pull_request": map[string]any{"href": pull}},
		"submitted_at": stamp(time.Now()), "commit_id": strings.Repeat("0", 40),
	}
}

// pullJSON is a pull request, in a list or by itself. It does not lock s.mu,
// which its callers hold or do not need.
func (s *Server) pullJSON(repo *repository, p *PullRequest, isWhole bool) map[string]any {
	self := fmt.Sprintf("%s/pulls/%d", s.repoURL(repo), p.Number)
	issue := fmt.Sprintf("%s/issues/%d", s.repoURL(repo), p.Number)
	html := fmt.Sprintf("%s/%s/pull/%d", s.web, repo.Name, p.Number)
	dir := filepath.Join(s.root, repo.dir)
	whole := s.repositoryObject(repo, s.repoURL(repo), s.web+"/"+repo.Name, repo.createdAt)
	side := func(branch string) map[string]any {
		sha := s.head(dir, branch)
		if sha == "" {
			sha = strings.Repeat("0", 40)
		}
		return map[string]any{"label": repo.owner() + ":" + branch, "ref": branch, "sha": sha, "repo": whole, "user": s.userJSON(repo.owner())}
	}
	links := map[string]string{
		"self": self, "html": html, "issue": issue, "comments": issue + "/comments", "review_comments": self + "/comments",
		"review_comment": s.repoURL(repo) + "/pulls/comments{/number}", "commits": self + "/commits",
		"statuses": s.repoURL(repo) + "/statuses/" + strings.Repeat("0", 40),
	}
	object := map[string]any{
		"id": repo.id*1000 + int64(p.Number), "node_id": "PR_1", "number": p.Number, "state": p.State, "locked": false,
		"title": p.Title, "body": orNull(p.Body), "draft": p.Draft, "user": s.userJSON(p.Author),
		"url": self, "html_url": html, "diff_url": html + ".diff", "patch_url": html + ".patch", "issue_url": issue,
		"created_at": stamp(p.CreatedAt), "updated_at": stamp(p.CreatedAt), "closed_at": nil, "merged_at": stamp(p.MergedAt),
		"merge_commit_sha": nil, "assignee": nil, "assignees": []any{}, "milestone": nil, "auto_merge": nil,
		"author_association": "MEMBER", "head": side(p.Head), "base": side(p.Base),
	}
	if p.From != "" {
		fork := repository{Repository: Repository{Name: p.From, DefaultBranch: "main", Fork: true}, id: repo.id + 1, createdAt: repo.createdAt}
		head := side(p.Head)
		head["repo"] = s.repositoryObject(&fork, s.repoURL(&fork), s.web+"/"+p.From, repo.createdAt)
		object["head"] = head
	}
	asLinks := map[string]any{}
	for name, href := range links {
		asLinks[name] = map[string]any{"href": href}
		if name != "self" && name != "html" && name != "issue" {
			object[name+"_url"] = href
		}
	}
	object["_links"] = asLinks
	labels, users, teams := []any{}, []any{}, []any{}
	for _, name := range p.Labels {
		labels = append(labels, s.labelJSON(repo, *repo.findLabel(name)))
	}
	for _, user := range p.Reviewers {
		users = append(users, s.userJSON(user))
	}
	for _, team := range p.Teams {
		teams = append(teams, s.teamJSON(repo, team))
	}
	object["labels"], object["requested_reviewers"], object["requested_teams"] = labels, users, teams
	if isWhole {
		maps.Copy(object, map[string]any{
			"merged": !p.MergedAt.IsZero(), "mergeable": nil, "mergeable_state": "unknown", "merged_by": nil,
			"comments": 0, "review_comments": 0, "maintainer_can_modify": false,
			"commits": 1, "additions": 1, "deletions": 0, "changed_files": 1,
		})
	}
	return object
}
