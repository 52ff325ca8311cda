// Package cli is the program that people type: one file for each verb. Results
// go to standard output and nothing else does; progress, notes and errors go to
// standard error. On a terminal results are tables, in a pipe they are fields
// parted by tabs, and with --json they are the objects of the HTTP API.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/config"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// program is what all commands share.
type program struct {
	streams
	now  func() time.Time
	json jsonFlag

	contact *contact // with the server; no use is made of it without one
}

// Main runs one command and returns its exit code. The context's end, by
// codybatch.ErrStopped, is a gentle stop. Lookup is os.LookupEnv, or a test's own.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, lookup func(string) (string, bool)) int {
	p := &program{streams: streams{in: stdin, out: stdout, err: stderr, lookup: lookup}, now: time.Now, contact: &contact{next: http.DefaultTransport}}
	root := p.root()
	root.SetArgs(joinOptional(args))
	return report(ctx, stderr, p.tokenHint(root.ExecuteContext(ctx)))
}

// tokenHint says what to do when the server wants a token, or another one.
func (p *program) tokenHint(err error) error {
	var problem *httpapi.Problem
	if !errors.As(err, &problem) || problem.Status != http.StatusUnauthorized {
		return err
	}
	switch {
	case strings.Contains(problem.Detail, config.APIAuthorization): // nobody's token would do
		return err
	case p.getenv(config.APIToken) == "":
		return withHint(&signInError{"the server wants a token", err}, "set %s to the one that the server was started with", config.APIToken)
	default:
		return withHint(&signInError{"the server refuses this " + config.APIToken, err}, "set %s to the one that the server was started with", config.APIToken)
	}
}

// signInError says in the words of this program that a server refuses.
type signInError struct {
	text  string
	cause error
}

func (e *signInError) Error() string { return e.text }
func (e *signInError) Unwrap() error { return e.cause }

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "codybatch",
		Short: "One prompt, many repositories, one reviewed pull request in each",
		Long: `Codybatch runs one prompt (or script) over many repositories and opens one reviewed
pull request in each.

  codybatch run -f job.yaml      runs one job in the foreground
  codybatch serve                serves the API and the dashboard, and runs jobs
  codybatch job create -f …      gives a job to a server

Exit codes: 0 all succeeded, 1 error, 2 some repositories failed, 3 canceled,
4 sign-in needed: credentials are missing or refused, also if that is why all that
failed in a job has failed.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       versionText(),
		Args:          onlySubcommands,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetVersionTemplate("codybatch {{.Version}}\n")
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if words := c.Flags().Args(); c.HasSubCommands() && len(words) > 0 {
			return onlySubcommands(c, words) // the flag may be right, in the right command
		}
		return withHint(err, "%s --help tells the flags", c.CommandPath())
	})
	root.AddCommand(p.serve(), p.runJob(), p.jobs(), p.repositories(), p.doctor(), p.versionCommand())
	return root
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.out, "codybatch", versionText())
			return err
		},
	}
}

// version is set by the linker (-X); see the Makefile.
var version string

// versionText is what this program was built from.
func versionText() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}
