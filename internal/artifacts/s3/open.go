package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// heldSize is up to which size, in bytes, a document is held in memory. Open reads
// it at once then, and what happens to it afterwards does not matter, not even if the
// connection breaks; Append sends it anew. Nearly all documents are smaller. It is
// also the least that S3 takes as a part of a document, other than the last.
const heldSize = 5 << 20

// Open opens a document. A larger one than 5 MiB is read as the caller reads. If the
// connection breaks it goes on where it was, with the same version; a bucket
// without versions may not have that any more, and the reader fails and says so.
func (b *Bucket) Open(ctx context.Context, key codybatch.ArtifactKey) (codybatch.Artifact, error) {
	err := check(ctx, key)
	if err == nil {
		var document codybatch.Artifact
		if document, err = b.open(ctx, key); err == nil {
			b.regain(key)
			return document, nil
		}
	}
	return codybatch.Artifact{}, fmt.Errorf("open %q: %w", key, err)
}

func (b *Bucket) open(ctx context.Context, key codybatch.ArtifactKey) (codybatch.Artifact, error) {
	object, err := b.read(ctx, key)
	if err != nil {
		return codybatch.Artifact{}, err
	}
	if object.rest == nil {
		return codybatch.Artifact{ReadCloser: io.NopCloser(bytes.NewReader(object.content)), Size: object.size}, nil
	}
	return codybatch.Artifact{Size: object.size, ReadCloser: &stream{
		ctx: ctx, bucket: b, body: object.rest, left: object.size,
		again: awss3.GetObjectInput{Bucket: &b.name, Key: aws.String(string(key)), IfMatch: &object.etag, VersionId: object.version},
		size:  object.size,
	}}, nil
}

// object is what a GetObject found.
type object struct {
	size    int64
	etag    string
	write   string
	version *string       // nil: the bucket keeps none
	content []byte        // if it is at most heldSize
	rest    io.ReadCloser // else; the caller closes it
}

// read gets a document, and a small one to its end: again from the start if the
// connection breaks.
func (b *Bucket) read(ctx context.Context, key codybatch.ArtifactKey) (object, error) {
	for try := 1; ; try++ {
		out, err := b.get(ctx, &awss3.GetObjectInput{Bucket: &b.name, Key: aws.String(string(key))})
		if err != nil {
			return object{}, b.explain(err)
		}
		found := object{
			size: aws.ToInt64(out.ContentLength), etag: aws.ToString(out.ETag), write: out.Metadata[writeTag],
			version: out.VersionId, rest: out.Body,
		}
		if aws.ToString(out.VersionId) == "null" { // it is from before the bucket kept versions
			found.version = nil
		}
		if found.size > heldSize {
			return found, nil
		}
		found.content, err = io.ReadAll(out.Body)
		_ = out.Body.Close()
		found.rest = nil
		if err == nil && int64(len(found.content)) != found.size {
			err = io.ErrUnexpectedEOF
		}
		if err == nil {
			return found, nil
		}
		if ctx.Err() != nil || try == tries {
			return object{}, fmt.Errorf("read %d of %d bytes: %w", len(found.content), found.size, err)
		}
		if err := b.pause(ctx, try); err != nil {
			return object{}, err
		}
	}
}

// get asks for a document, or a part of it. The SDK waits for ever for the rest of an
// answer that has begun; this body fails when nothing comes for longer than the
// Bucket's patience.
func (b *Bucket) get(ctx context.Context, in *awss3.GetObjectInput) (*awss3.GetObjectOutput, error) {
	ctx, cancel := context.WithCancel(ctx)
	out, err := b.client.GetObject(ctx, in)
	if err != nil {
		cancel()
		return nil, err
	}
	out.Body = &watched{ReadCloser: out.Body, patience: b.patience, giveUp: cancel}
	return out, nil
}

// watched is the body of a request that is given up when a Read takes too long.
type watched struct {
	io.ReadCloser
	patience time.Duration
	giveUp   context.CancelFunc
}

func (w *watched) Read(p []byte) (int, error) {
	timer := time.AfterFunc(w.patience, w.giveUp)
	n, err := w.ReadCloser.Read(p)
	if isOver := !timer.Stop(); isOver && err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("nothing came for %s", w.patience)
	}
	return n, err
}

func (w *watched) Close() error {
	defer w.giveUp()
	return w.ReadCloser.Close()
}

// stream reads one version of an object, over several connections if need be.
type stream struct {
	ctx    context.Context // a reader has no other way to know its caller's
	bucket *Bucket
	again  awss3.GetObjectInput
	body   io.ReadCloser // nil: it is to be asked for again
	size   int64
	left   int64
	broken int // connections since the last byte
}

// Read goes on over a new connection when one breaks.
func (s *stream) Read(p []byte) (int, error) {
	for {
		if s.left == 0 {
			return 0, io.EOF
		}
		if s.body == nil {
			if err := s.resume(); err != nil {
				return 0, err
			}
		}
		n, err := s.body.Read(p[:min(int64(len(p)), s.left)])
		s.left -= int64(n)
		if n > 0 {
			s.broken = 0
		}
		if err != nil && s.left > 0 { // also an end that comes early
			_ = s.body.Close()
			s.body = nil
			s.broken++
			if s.broken == tries || s.ctx.Err() != nil {
				return n, fmt.Errorf("read %d of %d bytes: %w", s.size-s.left, s.size, notEOF(err))
			}
		}
		if n > 0 {
			return n, nil
		}
		if s.body == nil {
			if err := s.bucket.pause(s.ctx, s.broken); err != nil {
				return 0, err
			}
		}
	}
}

func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (s *stream) resume() error {
	in := s.again
	in.Range = aws.String(fmt.Sprintf("bytes=%d-%d", s.size-s.left, s.size-1))
	out, err := s.bucket.get(s.ctx, &in)
	if isStatus(err, http.StatusPreconditionFailed) || isStatus(err, http.StatusNotFound) {
		return fmt.Errorf("go on at byte %d: the document was replaced while it was read; open it again: %w", s.size-s.left, codybatch.ErrConflict)
	}
	if err != nil {
		return fmt.Errorf("go on at byte %d: %w", s.size-s.left, s.bucket.explain(err))
	}
	s.body = out.Body
	return nil
}

// Close ends the connection.
func (s *stream) Close() error {
	if s.body == nil {
		return nil
	}
	return s.body.Close()
}
