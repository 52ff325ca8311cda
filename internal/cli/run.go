package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/app"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/config"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func (p *program) runJob() *cobra.Command {
	var engine engineFlags
	var path, resume string
	c := &cobra.Command{
		Use:   "run (-f job.yaml | --resume <job>)",
		Short: "Run one job in the foreground",
		Long: `Run one job in this process, show how it goes, and print what became of every repository.

The job's file has the fields of POST /jobs, in YAML or JSON. ALLOWED_REPOSITORIES says
which repositories jobs may have.

The first Ctrl-C stops gently: finished results stay, running repositories go back in
line, and "codybatch run --resume <job>" goes on with them. So does "codybatch serve" with
the same --data. "codybatch job cancel" is for ending a job for good.`,
		Example: `  codybatch run -f job.yaml
  codybatch run -f job.yaml --forge-root ~/mirrors --json status,counts,usage
  codybatch run --resume latest`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if (path == "") == (resume == "") {
				return withHint(errors.New("name a job's file with -f, or a job to go on with by --resume"), "%s --help tells more", c.CommandPath())
			}
			return p.runForeground(c.Context(), &engine, path, resume)
		},
	}
	c.Flags().StringVarP(&path, "file", "f", "", "the job's `file`, - for standard input")
	c.Flags().StringVar(&resume, "resume", "", "go on with the `job` of that id, or with the latest")
	engine.add(c)
	p.json.add(c, jobWithTasks{})
	return c
}

func (p *program) runForeground(ctx context.Context, engine *engineFlags, path, resume string) (err error) {
	notes := &notes{w: p.err}
	log := slog.New(slog.NewTextHandler(notes, &slog.HandlerOptions{Level: slog.LevelWarn}))
	options, err := p.options(engine, log)
	if err != nil {
		return err
	}
	options.OwnJobsOnly = true
	var file jobFile
	if path != "" {
		if file, err = readJobFile(path, p.in); err != nil {
			return err
		}
	}
	running, err := app.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), putBackTime)
		defer cancel()
		err = errors.Join(err, running.Close(closing))
	}()
	p.announceRehearsal(options)
	if running.Allow.Empty() {
		return withHint(errors.New(config.AllowedRepositories+" is not set, so no repository may be worked on"),
			"set it, for example to %s/<owner>/*", running.Host)
	}
	client := inProcess(running, options, log)
	var id codybatch.JobID
	var job httpapi.Job
	if resume != "" {
		if id, err = jobID(ctx, client, resume); err != nil {
			return err
		}
		running.Adopt(id)
		if job, err = client.Job(ctx, id); err != nil {
			return err
		}
	}
	if err := running.Start(ctx); err != nil {
		return err
	}
	if resume == "" {
		if job, err = client.CreateJob(ctx, file.spec, ""); err != nil {
			return file.explain(err)
		}
		id = codybatch.JobID(job.JobID)
	}
	job, tasks, err := p.follow(ctx, client, job, notes)
	if stopped(ctx) && err != nil {
		return withHint(errors.New("stopped before the job has ended; nothing is lost"), "go on: codybatch run --resume %s%s", id, again(engine))
	}
	if err != nil {
		return err
	}
	if err := p.printJob(job, tasks); err != nil {
		return err
	}
	p.sayWhatNext(job, engine)
	return ending(job, tasks)
}

// sayWhatNext names a job that has ended here, and the commands by which a person
// looks at it and finishes it: they ask a server with the same data.
func (p *program) sayWhatNext(job httpapi.Job, engine *engineFlags) {
	fmt.Fprintln(p.err, "\nThis was job", oneLine(job.JobID))
	line := func(what, command string) { fmt.Fprintf(p.err, "  %s codybatch %s\n", pad(what, 17), oneLine(command)) }
	line("serve it here:", "serve"+again(engine))
	if job.Counts.Changed > 0 {
		line("see the diffs:", "job diff "+job.JobID)
	} else {
		line("see the thread:", "job thread "+job.JobID+" <owner/name>")
	}
	if job.Counts.Changed > job.Counts.Published {
		line("publish them:", "job publish "+job.JobID)
	}
	if job.Counts.Failed > 0 {
		line("retry the failed:", "job retry "+job.JobID)
	}
}

// again repeats the flags that a job can't go on without.
func again(f *engineFlags) string {
	text := ""
	for _, flag := range []struct{ name, value string }{
		{"data", f.data}, {"forge", f.forge}, {"forge-root", f.forgeRoot}, {"rehearsal", f.rehearsal},
	} {
		switch flag.value {
		case "":
		case builtIn:
			text += " --" + flag.name
		default:
			text += " --" + flag.name + " " + shellWord(flag.value)
		}
	}
	return text
}

// shellWord quotes text for a shell where it has to be.
func shellWord(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-+=:@%,", r)
	}) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// inProcess is a client of the API that needs no network: run and serve go the
// same way.
func inProcess(running *app.App, o app.Options, log *slog.Logger) *httpapi.Client {
	return httpapi.NewInProcessClient(httpapi.New(running.Service, httpapi.Options{
		Version: versionText(), Open: true, AgentStatus: running.AgentStatus(), LongEvents: true, Now: o.Now, Log: log,
	}))
}
