package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func (p *program) repositories() *cobra.Command {
	var server serverFlag
	c := &cobra.Command{
		Use: "repo", Short: "Repositories that jobs may have", Args: onlySubcommands,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	server.add(c)
	c.AddCommand(p.repoList(&server))
	return c
}

func (p *program) repoList(server *serverFlag) *cobra.Command {
	var filter string
	var limit int
	c := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the repositories that the forge shows and the allow-list admits",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkLimit(limit); err != nil {
				return err
			}
			client, err := p.client(c.Context(), server)
			if err != nil {
				return err
			}
			repositories := []httpapi.Repository{}
			for page := (httpapi.Page{Limit: pageSize}); len(repositories) < limit; {
				next, err := client.Repositories(c.Context(), filter, page)
				if err != nil {
					return err
				}
				repositories = append(repositories, next.Repositories...)
				if page.Cursor = string(next.NextCursor); page.Cursor == "" {
					break
				}
			}
			repositories = repositories[:min(len(repositories), limit)]
			if p.json.set {
				return p.json.write(p.out, repositories)
			}
			return repositoryTable(repositories).write(p.out, p.terminal(p.out))
		},
	}
	c.Flags().StringVar(&filter, "filter", "", "only names that contain this `text`")
	c.Flags().IntVarP(&limit, "limit", "L", 1000, "at most so many repositories")
	p.json.add(c, httpapi.Repository{})
	return c
}

func repositoryTable(repositories []httpapi.Repository) *table {
	t := &table{head: []string{"repository", "branch", "language", "pushed", "note", "description"}}
	for _, r := range repositories {
		note, pushed := "", ""
		switch {
		case r.Archived:
			note = "archived"
		case r.Fork:
			note = "fork"
		case r.Private:
			note = "private"
		}
		if r.PushedAt != nil {
			pushed = r.PushedAt.UTC().Format(time.DateOnly)
		}
		t.add(cell{text: r.Name}, cell{text: string(r.DefaultBranch)}, cell{text: string(r.Language)}, cell{text: pushed},
			cell{note, faint}, cell{r.Description, faint})
	}
	return t
}
