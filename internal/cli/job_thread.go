package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// resultLines is how much of a tool's result a person is shown without --full.
const resultLines = 12

func (p *program) jobThread(server *serverFlag) *cobra.Command {
	var full bool
	c := &cobra.Command{
		Use:   "thread <job> <owner/name>",
		Short: "Print the conversation with the agent",
		Args:  arguments,
		RunE: func(c *cobra.Command, args []string) error {
			client, err := p.client(c.Context(), server)
			if err != nil {
				return err
			}
			id, names, err := jobAndRepositories(c.Context(), client, args)
			if err != nil {
				return err
			}
			messages, err := wholeThread(c.Context(), client, codybatch.TaskKey{JobID: id, Repository: names[0]})
			if err != nil {
				return err
			}
			if p.json.set {
				return p.json.write(p.out, messages)
			}
			return printThread(p.out, messages, full, p.terminal(p.out).colour)
		},
	}
	c.Flags().BoolVar(&full, "full", false, "print what tools said to the last line")
	p.json.add(c, httpapi.Message{})
	return c
}

func wholeThread(ctx context.Context, client *httpapi.Client, key codybatch.TaskKey) ([]httpapi.Message, error) {
	messages := []httpapi.Message{}
	for after := int64(0); ; {
		page, err := client.Thread(ctx, key, 0, after)
		if err != nil {
			return nil, err
		}
		messages = append(messages, page.Messages...)
		if page.NextAfter == after {
			return messages, nil
		}
		after = page.NextAfter
	}
}

func printThread(w io.Writer, messages []httpapi.Message, full, colour bool) error {
	var errs []error
	for _, m := range messages {
		_, err := fmt.Fprintf(w, "%s\n", paint(colour, bold, m.Time.UTC().Format("15:04:05")+" "+oneLine(m.Role)))
		errs = append(errs, err)
		for _, block := range m.Blocks {
			_, err := fmt.Fprintln(w, blockText(block, full, colour))
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func blockText(block httpapi.Block, full, colour bool) string {
	text := strings.TrimRight(lines(block.Text), "\n")
	switch codybatch.BlockType(block.Type) {
	case codybatch.BlockToolUse:
		return paint(colour, cyan, "▸ "+oneLine(block.Name)+" ") + oneLine(string(block.Input))
	case codybatch.BlockThinking:
		return paint(colour, faint, text)
	case codybatch.BlockToolResult:
		look := faint
		if block.IsError {
			look = red
		}
		return paint(colour, look, indent(shorten(text, full)))
	default:
		return text
	}
}

func shorten(text string, full bool) string {
	all := strings.Split(text, "\n")
	if full || len(all) <= resultLines {
		return text
	}
	return strings.Join(all[:resultLines], "\n") + fmt.Sprintf("\n… %d more lines, see --full", len(all)-resultLines)
}

func indent(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }
