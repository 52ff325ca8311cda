// Package s3 keeps artifacts as objects of a bucket: the document with the key
// "jobs/1/log.txt" is the object of that name, always whole. S3 can't append; an
// Append writes the document anew, on the condition that it is still what was
// read (docs/adr/0020).
package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Options of a Bucket.
type Options struct {
	// MaxBackoff is the longest pause before a request is tried again; 0 stands for
	// ten seconds.
	MaxBackoff time.Duration
	// Patience is how long a document may stand still while it is read, until its
	// connection is given up for another one; 0 stands for twenty seconds.
	Patience time.Duration
}

// tries is how often a request is made until its failure is one: with pauses of up
// to 1, 2, 4 … seconds that bridges half a minute of "503 Slow Down".
const tries = 8

// Bucket implements codybatch.Artifacts and codybatch.Linker. Its role needs
// s3:GetObject, s3:PutObject and s3:AbortMultipartUpload on the objects, and
// s3:ListBucket on the bucket: without that, S3 says of a document that is not
// there that it may not be read. If the bucket keeps versions, which it should not, the
// role needs s3:GetObjectVersion besides: links, and readings that were broken off, ask
// for one.
//
// A process that is killed in the middle of a large Put leaves parts behind that no
// reader sees; a lifecycle rule of the bucket (AbortIncompleteMultipartUpload)
// removes them.
type Bucket struct {
	client     *awss3.Client
	name       string
	maxBackoff time.Duration
	patience   time.Duration

	mu    sync.Mutex
	tails map[codybatch.ArtifactKey]*tail
	uses  int64 // of tails, so far
}

// New makes a Bucket for a bucket that exists. It asks for nothing yet.
func New(config aws.Config, bucket string, o Options) *Bucket {
	if o.MaxBackoff <= 0 {
		o.MaxBackoff = 10 * time.Second
	}
	if o.Patience <= 0 {
		o.Patience = 20 * time.Second
	}
	client := awss3.NewFromConfig(config, func(options *awss3.Options) {
		options.Retryer = retry.NewStandard(func(standard *retry.StandardOptions) {
			standard.MaxAttempts, standard.MaxBackoff = tries, o.MaxBackoff
		})
		options.DisableLogOutputChecksumValidationSkipped = true // true of every document that was put in parts
	})
	return &Bucket{client: client, name: bucket, maxBackoff: o.MaxBackoff, patience: o.Patience, tails: map[codybatch.ArtifactKey]*tail{}}
}

// Ping tells whether the bucket is there and may be listed.
func (b *Bucket) Ping(ctx context.Context) error {
	_, err := b.client.HeadBucket(ctx, &awss3.HeadBucketInput{Bucket: &b.name})
	if isStatus(err, http.StatusNotFound) { // HEAD has no body that would say so
		return fmt.Errorf("look at the bucket for artifacts: %w", b.missing(err))
	}
	if err != nil {
		return fmt.Errorf("look at the bucket for artifacts: %w", b.explain(err))
	}
	return nil
}

// explain adds to an error of S3 what to do about it.
func (b *Bucket) explain(err error) error {
	var api smithy.APIError
	errors.As(err, &api)
	code := ""
	if api != nil {
		code = api.ErrorCode()
	}
	switch {
	case code == "NoSuchBucket":
		return b.missing(err)
	case code == "PermanentRedirect", code == "AuthorizationHeaderMalformed", isStatus(err, http.StatusMovedPermanently):
		return fmt.Errorf("bucket %q is in another region; set AWS_REGION to that one: %w", b.name, err)
	case code == "AccessDenied", code == "Forbidden":
		return fmt.Errorf("bucket %q may not be used so; give the role s3:GetObject and s3:PutObject on its objects and s3:ListBucket on the bucket: %w", b.name, err)
	case isStatus(err, http.StatusNotFound) && code != "NoSuchUpload":
		return codybatch.ErrNotFound
	}
	return err
}

func (b *Bucket) missing(err error) error {
	return fmt.Errorf("there is no bucket %q; deploy the stack that makes it, or set ARTIFACTS_BUCKET to the one that it made: %w", b.name, err)
}

func isStatus(err error, status int) bool {
	var response *smithyhttp.ResponseError
	return errors.As(err, &response) && response.HTTPStatusCode() == status
}

func check(ctx context.Context, key codybatch.ArtifactKey) error {
	if err := key.Validate(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// cancelable is a reader that fails when its context is over.
type cancelable struct {
	ctx context.Context
	r   io.Reader
}

func (c cancelable) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.r.Read(p)
}

// pause waits before something is tried again for the n-th time, from 1.
func (b *Bucket) pause(ctx context.Context, n int) error {
	timer := time.NewTimer(min(b.maxBackoff, 50*time.Millisecond<<min(n, 10)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
