// Package s3 keeps artifacts as objects of a bucket: the document with the key
// "jobs/1/log.txt" is the object of that name.
package s3

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Options of a Bucket.
type Options struct {
	// MaxBackoff is the longest pause before a request is tried again; 0 stands for
	// ten seconds.
	MaxBackoff time.Duration
}

// Bucket implements codybatch.Artifacts and codybatch.Linker.
type Bucket struct {
	client *awss3.Client
	name   string
}

// New makes a Bucket for a bucket that exists. It asks for nothing yet.
func New(config aws.Config, bucket string, o Options) *Bucket {
	return &Bucket{client: awss3.NewFromConfig(config), name: bucket}
}

var errUnfinished = errors.New("not built yet")

// Put stores a document.
func (b *Bucket) Put(ctx context.Context, key codybatch.ArtifactKey, r io.Reader) error {
	return errUnfinished
}

// Append adds to a document.
func (b *Bucket) Append(ctx context.Context, key codybatch.ArtifactKey, data []byte) error {
	return errUnfinished
}

// Open opens a document.
func (b *Bucket) Open(ctx context.Context, key codybatch.ArtifactKey) (codybatch.Artifact, error) {
	return codybatch.Artifact{}, errUnfinished
}

// Link makes an address of a document.
func (b *Bucket) Link(ctx context.Context, key codybatch.ArtifactKey, o codybatch.LinkOptions) (codybatch.Link, error) {
	return codybatch.Link{}, errUnfinished
}

// Ping tells whether the bucket can be used.
func (b *Bucket) Ping(ctx context.Context) error { return errUnfinished }
