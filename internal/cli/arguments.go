package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// What arguments mean, for whoever left one out.
var meanings = map[string]string{ //nolint:gochecknoglobals // constant
	"<job>":        "the id of a job, or latest",
	"<owner/name>": "a repository of the job",
}

// arguments checks that there are as many as c.Use has words of the form <…>, and no
// more unless it ends in […].
func arguments(c *cobra.Command, given []string) error {
	var wanted []string
	hasMore := false
	for word := range strings.FieldsSeq(c.Use) {
		if strings.HasPrefix(word, "<") {
			wanted = append(wanted, word)
		}
		hasMore = hasMore || strings.HasSuffix(word, "…]")
	}
	help := c.CommandPath() + " --help tells more"
	if len(given) < len(wanted) {
		missing := wanted[len(given)]
		return withHint(fmt.Errorf("%s is missing: %s", missing, meanings[missing]), "%s", help)
	}
	if len(given) > len(wanted) && !hasMore {
		return withHint(fmt.Errorf("%q is one argument too many: %s takes %s", given[len(wanted)], c.CommandPath(), strings.Join(wanted, " ")), "%s", help)
	}
	return nil
}

// onlySubcommands is for commands that only hold others.
func onlySubcommands(c *cobra.Command, given []string) error {
	if len(given) == 0 {
		return nil
	}
	c.SuggestionsMinimumDistance = 2 // typing errors
	err := fmt.Errorf("there is no command %q in %s", given[0], c.CommandPath())
	if known := c.SuggestionsFor(given[0]); len(known) > 0 {
		return withHint(err, "did you mean %s %s?", c.CommandPath(), known[0])
	}
	return withHint(err, "%s --help lists the commands", c.CommandPath())
}
