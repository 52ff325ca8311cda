package cli

import (
	"cmp"
	"crypto/rand"
	"errors"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func (p *program) jobFeedback(server *serverFlag) *cobra.Command {
	var message, file, idempotencyKey string
	var watch bool
	c := &cobra.Command{
		Use:   "feedback <job> <owner/name> [owner/name…] (-m TEXT | -F FILE)",
		Short: "Send results back to the agent with a remark",
		Long: `Send finished repositories of a job back to their agents with a remark. An agent goes on
with its conversation and mends its change, on the same branch; what the model has answered
is not paid for again. The answer is a new attempt, with the limits of one. A review of the
earlier diff is withdrawn. Scripts take no remarks.

A remark whose answer is lost on the way is sent once more, and counts once. If that fails
too, the error tells how to send it again.`,
		Example: `  codybatch job feedback latest acme/site -m "Keep the old name as an alias."
  codybatch job feedback latest acme/site acme/api -F remark.md --watch`,
		Args: arguments,
		RunE: func(c *cobra.Command, args []string) error {
			if err := p.checkBulk(watch); err != nil {
				return err
			}
			if file != "" {
				var err error
				if message, err = p.readText("the remark", file); err != nil {
					return err
				}
			}
			if message == "" {
				return withHint(errors.New("the remark is empty"), "say with -m what is to be different")
			}
			client, err := p.client(c.Context(), server)
			if err != nil {
				return err
			}
			id, names, err := jobAndRepositories(c.Context(), client, args)
			if err != nil {
				return err
			}
			key := cmp.Or(idempotencyKey, rand.Text())
			result, err := client.FeedbackTasks(c.Context(), id, message, names, key)
			if err != nil {
				return unsure(err, key)
			}
			return p.finishBulk(c.Context(), client, bulk{result: result, did: "Sent back", watch: watch})
		},
	}
	c.Flags().StringVarP(&message, "message", "m", "", "the remark: what is to be different")
	c.Flags().StringVarP(&file, "file", "F", "", "a `file` with the remark; - is standard input")
	c.Flags().StringVar(&idempotencyKey, "idempotency-key", "", "pass the remark on once, however often the command is run with this `key` before there is another remark")
	c.MarkFlagsMutuallyExclusive("message", "file")
	c.MarkFlagsOneRequired("message", "file")
	addWatch(c, &watch)
	p.json.add(c, httpapi.BulkResult{})
	return c
}

// unsure says how to send a remark again if nobody knows whether it arrived.
func unsure(err error, key string) error {
	if !httpapi.AnswerLost(err) {
		return err
	}
	if plain := unreachable(err); plain != nil {
		err = plain
	}
	return withHint(err, "the answer is missing, so the remark may have been passed on; add --idempotency-key %s to send it again, and it counts once", key)
}
