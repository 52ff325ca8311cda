package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// register adds a route whose handler speaks in the errors of the domain.
func register[I, O any](a *api, h huma.API, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	huma.Register(h, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, a.problem(ctx, a.findMissing(ctx, in, err))
		}
		return out, nil
	})
}

// answer is a plain JSON answer.
type answer[T any] struct{ Body T }

func reply[T any](body T, err error) (*answer[T], error) {
	if err != nil {
		return nil, err
	}
	return &answer[T]{Body: body}, nil
}

var jobIDPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// JobPath names a job in an address.
type JobPath struct {
	JobID string `path:"jobId" doc:"The job's id." example:"01a20744-e16a-7cf5-bf82-3569ba5c6581"`
}

func (p JobPath) id() (codybatch.JobID, error) {
	if !jobIDPattern.MatchString(p.JobID) {
		return "", fmt.Errorf("job %.80q: %w", p.JobID, codybatch.ErrNotFound)
	}
	return codybatch.JobID(p.JobID), nil
}

// TaskPath names a task in an address.
type TaskPath struct {
	JobPath
	Owner string `path:"owner" doc:"The part of the repository's name before the slash. The whole name in one part, owner%2Fname, works too." example:"acme"`
	Name  string `path:"name" doc:"The part of the repository's name after the slash." example:"site"`
}

func (p TaskPath) key() (codybatch.TaskKey, error) {
	id, err := p.id()
	if err != nil {
		return codybatch.TaskKey{}, err
	}
	name := codybatch.RepositoryName(p.Owner + "/" + p.Name)
	if !name.Valid() {
		return codybatch.TaskKey{}, newProblem(http.StatusNotFound, codeNotFound,
			fmt.Sprintf("%.80q is not a repository name; write owner/name", string(name)))
	}
	return codybatch.TaskKey{JobID: id, Repository: name}, nil
}

// Paging asks for a page of a list.
type Paging struct {
	Limit  int    `query:"limit" doc:"How many entries at most." minimum:"1" maximum:"100" default:"25"`
	Cursor string `query:"cursor" doc:"nextCursor of the page before; left out: the first page." maxLength:"2000"`
}

// document is the body of a request, read but not decoded: what is wrong with it
// is for decodeStrict to say, which knows the way to every field.
type document struct {
	data        []byte
	contentType string
	err         error
}

// Resolve reads the body; huma calls it before the handler.
func (d *document) Resolve(ctx huma.Context) []error {
	d.contentType = ctx.Header("Content-Type")
	d.data, d.err = io.ReadAll(ctx.BodyReader())
	return nil
}

// decode reads the body into the struct that target points to. An empty body
// leaves it as it is, if that is possible for the route.
func (d *document) decode(target any, emptyIsFine bool) error {
	if d.err == nil && len(d.data) == 0 && emptyIsFine {
		return nil
	}
	if err := d.check(); err != nil {
		return err
	}
	return decodeStrict(d.data, target)
}

// check says why the body can't be had, or can't be JSON.
func (d *document) check() error {
	if d.err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(d.err, &tooLarge) {
			return d.err
		}
		return newProblem(http.StatusBadRequest, codeMalformed, "the body ended before it was complete")
	}
	media, _, err := mime.ParseMediaType(d.contentType)
	if err != nil || media != "application/json" && !strings.HasSuffix(media, "+json") {
		return newProblem(http.StatusUnsupportedMediaType, codeMediaType,
			fmt.Sprintf("the body has to be JSON, sent with Content-Type: application/json, not %.80q", d.contentType))
	}
	return nil
}

// moment is a time for the wire: UTC, to the millisecond.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// maybeMoment is a time that may not have come; null then.
func maybeMoment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = moment(t)
	return &t
}

// list makes sure that an empty list is [] on the wire, not null.
func list[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}

// mapped translates a list; an empty one is [] on the wire.
func mapped[A, B any](values []A, translate func(A) B) []B {
	out := make([]B, len(values))
	for i, v := range values {
		out[i] = translate(v)
	}
	return out
}
