package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func (p *program) jobDiff(server *serverFlag) *cobra.Command {
	return &cobra.Command{
		Use:   "diff <job> [owner/name…]",
		Short: "Print diffs, as git apply takes them",
		Long: `Print the diffs of a job, or of some of its repositories. In a pipe not a byte is
changed. Where there are several, a line "# owner/name" stands before each.`,
		Args: arguments,
		RunE: func(c *cobra.Command, args []string) error {
			client, err := p.client(c.Context(), server)
			if err != nil {
				return err
			}
			id, names, err := jobAndRepositories(c.Context(), client, args)
			if err != nil {
				return err
			}
			if len(names) == 1 {
				return p.printDiff(c.Context(), client, codybatch.TaskKey{JobID: id, Repository: names[0]})
			}
			return p.printDiffs(c.Context(), client, id, names)
		},
	}
}

// printDiffs prints the diffs of repositories, or of all that have one.
func (p *program) printDiffs(ctx context.Context, client *httpapi.Client, id codybatch.JobID, names []codybatch.RepositoryName) error {
	if len(names) == 0 {
		tasks, err := allTasks(ctx, client, codybatch.TaskQuery{JobID: id})
		if err != nil {
			return err
		}
		for _, task := range tasks {
			if task.DiffStat.Files > 0 {
				names = append(names, codybatch.RepositoryName(task.RepositoryName))
			}
		}
	}
	for _, name := range names {
		if _, err := fmt.Fprintln(p.out, "#", oneLine(string(name))); err != nil {
			return err
		}
		if err := p.printDiff(ctx, client, codybatch.TaskKey{JobID: id, Repository: name}); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) printDiff(ctx context.Context, client *httpapi.Client, key codybatch.TaskKey) error {
	diff, err := client.Diff(ctx, key)
	if err != nil {
		return err
	}
	defer diff.Close()
	to := p.terminal(p.out)
	if !to.is {
		_, err = io.Copy(p.out, diff)
		return err
	}
	return paintDiff(p.out, diff, to.colour)
}

// paintDiff shows a diff to a person: coloured, and without the control
// characters by which a repository could play tricks on a terminal.
func paintDiff(w io.Writer, diff io.Reader, colour bool) error {
	out := bufio.NewWriter(w)
	in := bufio.NewReaderSize(diff, 64<<10)
	var look style
	for starts := true; ; {
		piece, err := in.ReadSlice('\n')
		if starts && len(piece) > 0 {
			look = diffStyle(piece)
		}
		text := bytes.TrimSuffix(piece, []byte("\n"))
		_, _ = out.WriteString(paint(colour, look, lines(string(text)))) // Flush tells
		if starts = len(text) < len(piece); starts {
			_ = out.WriteByte('\n')
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return errors.Join(err, out.Flush())
		}
	}
}

func diffStyle(line []byte) style {
	switch {
	case bytes.HasPrefix(line, []byte("diff ")), bytes.HasPrefix(line, []byte("+++ ")), bytes.HasPrefix(line, []byte("--- ")):
		return bold
	case line[0] == '+':
		return green
	case line[0] == '-':
		return red
	case line[0] == '@':
		return cyan
	default:
		return plain
	}
}
