package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	typeDiff  = "text/x-diff; charset=utf-8"
	typeLines = "application/jsonl"
	typeLog   = "text/plain; charset=utf-8"
)

func (a *api) registerDocuments(h huma.API) {
	diff := operation("getDiff", http.MethodGet, taskRoute+"/diff", tagTasks,
		"Get a repository's diff", "The unified patch against baseCommit, byte for byte; `git apply` takes it as it is. 404 with the reason while there is none.",
		http.StatusNotFound)
	describeStream(&diff, "The patch.", "text/x-diff")
	register(a, h, diff, a.diff)
	thread := operation("getThread", http.MethodGet, taskRoute+"/claude-thread", tagTasks,
		"Get a repository's conversation", "The full conversation of an attempt in pages of at most 500 messages, or 2 MiB: "+
			"ask again with after = nextAfter until complete. With `format=jsonl` the stored events come instead, one JSON object a line.",
		http.StatusNotFound)
	describeThread(h, &thread)
	register(a, h, thread, a.thread)
	log := operation("getLog", http.MethodGet, taskRoute+"/log", tagTasks,
		"Get a repository's log", "What the commands of an attempt printed. 404 with the reason while there is none, or if they printed nothing.",
		http.StatusNotFound)
	describeStream(&log, "The log.", "text/plain")
	register(a, h, log, a.log)
}

type diffInput struct {
	TaskPath
	Attempt int `query:"attempt" doc:"Which attempt; 0 or left out: that of the latest result. Against baseCommit of its own time." minimum:"0"`
}

func (a *api) diff(ctx context.Context, in *diffInput) (*huma.StreamResponse, error) {
	key, err := a.findTask(ctx, in.TaskPath)
	if err != nil {
		return nil, err
	}
	document, err := a.service.AttemptDiff(ctx, key, in.Attempt)
	if err != nil {
		return nil, err
	}
	return a.stream(ctx, document, typeDiff, key.Repository.Owner()+"-"+key.Repository.Name()+".patch")
}

type threadInput struct {
	TaskPath
	After   int64  `query:"after" doc:"Only messages after this sequence number." minimum:"0"`
	Attempt int    `query:"attempt" doc:"Which attempt; 0 or left out: the latest that has a conversation." minimum:"0"`
	Format  string `query:"format" doc:"json, or jsonl for the stored events." enum:"json,jsonl" default:"json"`
}

func (a *api) thread(ctx context.Context, in *threadInput) (*huma.StreamResponse, error) {
	key, err := a.findTask(ctx, in.TaskPath)
	if err != nil {
		return nil, err
	}
	if in.Format == "jsonl" {
		document, err := a.service.ThreadEvents(ctx, key, in.Attempt)
		if err != nil {
			return nil, err
		}
		return a.stream(ctx, document, typeLines, "")
	}
	thread, err := a.service.Thread(ctx, key, in.Attempt, in.After)
	if err != nil {
		return nil, err
	}
	return a.json(newThread(thread)), nil
}

type logInput struct {
	TaskPath
	Attempt int `query:"attempt" doc:"Which attempt; 0 or left out: the latest that has a log." minimum:"0"`
}

func (a *api) log(ctx context.Context, in *logInput) (*huma.StreamResponse, error) {
	key, err := a.findTask(ctx, in.TaskPath)
	if err != nil {
		return nil, err
	}
	document, err := a.service.TaskLog(ctx, key, in.Attempt)
	if err != nil {
		return nil, err
	}
	return a.stream(ctx, document, typeLog, "")
}

// linkExpiry is how long the address of a large document is good for. A browser or a
// client follows it at once.
const linkExpiry = 5 * time.Minute

// stream answers with a document as it is stored, and closes it; with the way to it if
// it is larger than answers may be. A file name makes browsers save it.
func (a *api) stream(ctx context.Context, document codybatch.Artifact, contentType, fileName string) (*huma.StreamResponse, error) {
	if a.LinkFrom > 0 && document.Size > a.LinkFrom {
		_ = document.Close() // nothing was read
		link, err := a.service.Link(ctx, document.Key, codybatch.LinkOptions{Expiry: linkExpiry, ContentType: contentType, FileName: fileName})
		if err != nil {
			return nil, fmt.Errorf("make an address of the document: %w", err)
		}
		return &huma.StreamResponse{Body: func(ctx huma.Context) {
			ctx.SetHeader("Location", link.URL)
			ctx.SetStatus(http.StatusTemporaryRedirect)
		}}, nil
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		defer document.Close()
		ctx.SetHeader("Content-Type", contentType)
		ctx.SetHeader("Content-Length", strconv.FormatInt(document.Size, 10))
		if fileName != "" {
			ctx.SetHeader("Content-Disposition", `attachment; filename="`+fileName+`"`)
		}
		ctx.SetStatus(http.StatusOK)
		if ctx.Method() == http.MethodHead {
			return
		}
		written, err := io.Copy(ctx.BodyWriter(), document)
		if err == nil && written != document.Size {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			a.Log.InfoContext(ctx.Context(), "document was cut short", "request", requestID(ctx.Context()), "bytes", written, "error", err)
			panic(http.ErrAbortHandler) // so that the client sees a broken answer, not a short document
		}
	}}, nil
}

// json is a JSON answer of a route that can answer with something else, too.
func (a *api) json(body any) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", "application/json")
		ctx.SetStatus(http.StatusOK)
		if err := huma.DefaultJSONFormat.Marshal(ctx.BodyWriter(), body); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
			a.Log.DebugContext(ctx.Context(), "answer was cut short", "request", requestID(ctx.Context()), "error", err)
		}
	}}
}
