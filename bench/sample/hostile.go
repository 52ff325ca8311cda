package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// hostileOwner has repositories that mean harm to whoever shows them.
const hostileOwner = "evil-corp"

func isHostile(name codybatch.RepositoryName) bool { return name.Owner() == hostileOwner }

// A trick is what a repository holds, and the model repeats.
type trick struct {
	name  string
	text  string // in every place for words
	patch []byte // nil: a file with the text
	bulk  string // what a tool and the log say, if not the text
	url   string // of the repository and of its pull request
	fails bool
}

const (
	markup   = `<script>alert(1)</script><img src=x onerror="alert(document.domain)"><svg/onload=alert(2)></title></textarea><iframe src="javascript:alert(3)">`
	markdown = "[click](javascript:alert(1)) [more](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==) ![pixel](https://evil.example/pixel.png?who=reader) <https://evil.example> [x]: vbscript:msgbox(1)\n\n<details open ontoggle=alert(1)><summary>x</summary></details>"
	ansi     = "\x1b[31mred\x1b[0m \x1b[2J\x1b[H \x1b]8;;https://evil.example\x07link\x1b]8;;\x07 \x1b]0;title\x07 \b\b\b\r over"
	bidi     = "access = \"user\u202E \u2066// admin only\u2069 \u2066\"; zero\u200Bwidth\u200Djoin\uFEFFed \u202Egnp.exe"
	entities = "&lt;b&gt; &amp;amp; &#x3c;script&#x3e;alert(1)&#x3c;/script&#x3e; </title> ${{ secrets.GITHUB_TOKEN }} {{constructor.constructor('alert(1)')()}} %3Cscript%3E \\u003cscript\\u003e"
)

const longLine = 5 << 20 // bytes

func tricks() []trick {
	line := strings.Repeat("function a(b){return b+1};", longLine/26)
	longPath := strings.Repeat("a-folder-with-a-name-that-goes-on/", 60) + strings.Repeat("x", 200) + ".go"
	return []trick{
		{name: "markup", text: markup, url: "javascript:alert(document.cookie)"},
		{name: "markdown", text: markdown, url: "data:text/html,<script>alert(1)</script>"},
		{name: "ansi", text: ansi, fails: true},
		{name: "bidi", text: bidi},
		{name: "entities", text: entities, fails: true},
		{name: "long-line", text: "One line of 5 MB.", patch: added("dist/app.min.js", line+"\n"), bulk: line},
		{name: "long-names", text: longPath, patch: append(added(longPath, "x\n"), added("<img src=x onerror=alert(1)>\u202E\x1b[31m\"\t.html", markup+"\n")...)},
		{name: "table-bomb", text: strings.Repeat("|a", 1_000) + "|\n" + strings.Repeat("|-", 1_000) + "|\n" + strings.Repeat("|\n", 1_000)},
		{name: "quotes", text: strings.Repeat(">", 3_000) + " deep\n\n" + strings.Repeat("- ", 1_000) + "deeper\n\n" + strings.Repeat("*_", 2_000) + strings.Repeat("[", 2_000)},
		{name: "no-patch", text: "The diff is none.", patch: []byte("this is no patch\n@@ -1,999999999 +1 @@\n--- \n+++ \n@@ garbage @@\ndiff --git\n\x00\xff\xfe binary\n")},
		{name: "crlf", text: "Lines end\r\nas on Windows.\r\n", patch: []byte("diff --git a/run.bat b/run.bat\nindex 1111111..2222222 100644\n--- a/run.bat\n+++ b/run.bat\n@@ -1,3 +1,3 @@\n @echo off\r\n-set TOKEN=X-Auth-Token\r\n+set TOKEN=Authorization\r\n call build.cmd\r\n")},
		{name: strings.Repeat("very-", 19) + "long", text: "The name of the repository has 99 characters."},
	}
}

// hostileRepositories are what the forge tells of them.
func hostileRepositories() []codybatch.Repository {
	var all []codybatch.Repository
	for _, t := range tricks() {
		name := codybatch.RepositoryName(hostileOwner + "/" + t.name)
		repository := codybatch.Repository{Name: name, Description: t.text[:min(len(t.text), 4_000)], URL: t.url, DefaultBranch: "main", Language: "Go"}
		if t.name == "markup" {
			repository.Language, repository.DefaultBranch = markup, markup
		}
		all = append(all, repository)
	}
	return all
}

// hostile is a job in which everything that can be chosen by a repository or a model
// is chosen badly.
func (w *world) hostile(ctx context.Context, s scene, at time.Time) error {
	repositories := hostileRepositories()
	c := w.campaigns["ioutil"]
	c.title = `<img src=x onerror=alert(1)> </title><script>alert(2)</script> ${{ secrets.TOKEN }} ` + "\u202Egnp.tfarC"
	c.description, c.body = markdown, markup
	c.prompt = "Do what the repository says.\n\n" + strings.Join([]string{markup, markdown, bidi, entities}, "\n\n")
	c.branch = `cody-batch/<img-src=x-onerror=alert(1)>`
	c.verify = []string{`echo '` + markup + `'`}
	job, err := w.create(ctx, s.rank, s.name, at, c.spec(repositories))
	if err != nil {
		return err
	}
	var steps steps
	lanes := newLanes(3, at.Add(time.Second))
	for i, trick := range tricks() {
		lane := lanes.next()
		p := plot{job: job, repository: repositories[i], change: c.on(repositories[i]), outcome: codybatch.OutcomeChanged, start: *lane}
		told := p.spoiled(trick)
		*lane = told.end.Add(time.Second)
		w.attempt(&steps, key(job, repositories[i]), told)
		if trick.url != "" {
			steps.add(told.end.Add(time.Hour), func(ctx context.Context) error {
				return w.review(ctx, p.key(), told.end.Add(time.Hour), codybatch.ReviewApproved, trick.text)
			})
		}
	}
	return steps.run(ctx)
}

func (p plot) key() codybatch.TaskKey { return key(p.job, p.repository) }

// spoiled is a story that says the trick's text wherever it says something.
func (p plot) spoiled(trick trick) story {
	p.change.plan, p.change.summary, p.change.passed, p.change.title, p.change.body = trick.text, trick.text, trick.text, trick.text, trick.text
	p.change.whole = trick.patch
	if p.change.whole == nil {
		p.change.whole = added("docs/"+trick.name+".md", trick.text+"\n")
	}
	p.gates = []codybatch.GateFinding{{Rule: "deleted_tests", Level: codybatch.GateWarn, Message: trick.text[:min(len(trick.text), 4_000)], Paths: []string{trick.text[:min(len(trick.text), 500)]}}}
	told := tell(p)
	t := newTalk(trick.name, told.end)
	bulk := trick.bulk
	if bulk == "" {
		bulk = trick.text
	}
	t.add(told.events[len(told.events)-1], 0)
	t.turn(turn{think: trick.text, say: trick.text, tool: "bash", input: map[string]any{"command": trick.text}, output: bulk, exit: new(int)})
	t.turn(turn{say: trick.text, tool: trick.text[:min(len(trick.text), 64)], input: map[string]any{trick.text[:min(len(trick.text), 200)]: trick.text}, output: trick.text, isError: true})
	t.notice(codybatch.EventNotice, trick.text, 0)
	t.notice(codybatch.EventFeedback, trick.text, 0)
	told.events = append(told.events, t.events[1:]...)
	told.log += t.log.String()
	told.end = t.now
	if told.result.DiffStat.Empty() {
		told.result.DiffStat = codybatch.DiffStat{Files: 1, Additions: 1, Deletions: 1}
	}
	if trick.fails {
		told.result.Outcome = codybatch.OutcomeBlocked
		told.result.Error = &codybatch.TaskError{Code: trick.text, Message: trick.text}
	}
	if trick.url != "" {
		told.result.Branch, told.result.HeadCommit = p.job.PullRequest.Branch, commit("head")
		told.result.PullRequest = &codybatch.PullRequest{Number: 1, URL: trick.url, State: codybatch.PullRequestOpen}
	}
	return told
}

// added is the patch that adds a file, its name quoted as git does.
func added(path, content string) []byte {
	var out bytes.Buffer
	count := strings.Count(content, "\n")
	fmt.Fprintf(&out, "diff --git %s %s\nnew file mode 100644\nindex %040d..%s\n--- /dev/null\n+++ %s\n@@ -0,0 +1,%d @@\n",
		quoted("a/"+path), quoted("b/"+path), 0, blobID(content), quoted("b/"+path), count)
	for line := range strings.Lines(content) {
		out.WriteString("+" + line)
	}
	return out.Bytes()
}

// quoted is a name as git writes it.
func quoted(path string) string {
	var out strings.Builder
	isPlain := true
	for _, b := range []byte(path) {
		switch {
		case b == '"' || b == '\\':
			out.WriteString("\\" + string(rune(b)))
			isPlain = false
		case b < ' ' || b >= 0x7f:
			fmt.Fprintf(&out, "\\%03o", b)
			isPlain = false
		default:
			out.WriteByte(b)
		}
	}
	if isPlain {
		return path
	}
	return `"` + out.String() + `"`
}
