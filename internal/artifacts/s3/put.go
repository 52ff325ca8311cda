package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	partSize  = 8 << 20 // bytes of a part of a large document; a Put holds one in memory
	partLimit = 10_000  // parts of a document, S3's
)

// writeTag names, in an object's metadata, the write that made it. An answer that
// was lost on the way is found out by it.
const writeTag = "cody-batch-write"

// cleanTime is how long a failed write may take to clear its parts away.
const cleanTime = 10 * time.Second

// Put stores what r holds: in one request, or in parts of 8 MiB, which S3 makes one
// object at the end. It never holds more than one part in memory.
func (b *Bucket) Put(ctx context.Context, key codybatch.ArtifactKey, r io.Reader) error {
	err := check(ctx, key)
	if err == nil {
		err = b.put(ctx, key, cancelable{ctx, r})
	}
	if err != nil {
		return fmt.Errorf("put %q: %w", key, err)
	}
	b.forget(key)
	return nil
}

func (b *Bucket) put(ctx context.Context, key codybatch.ArtifactKey, r io.Reader) error {
	var first bytes.Buffer
	if _, err := io.CopyN(&first, r, partSize); errors.Is(err, io.EOF) {
		_, err := b.putWhole(ctx, key, first.Bytes(), rand.Text(), condition{})
		return err
	} else if err != nil {
		return err
	}
	part := first.Bytes()
	_, err := b.putParts(ctx, key, condition{}, func(n int32) (*partInput, error) {
		if n == 1 {
			return &partInput{data: part}, nil
		}
		size, err := io.ReadFull(r, part[:partSize])
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, err
		}
		return &partInput{data: part[:size]}, nil
	}, rand.Text())
	return err
}

// condition is what a document has to be for a write to happen. The zero condition
// is always met.
type condition struct {
	etag string // it is still this one
	none bool   // there is none yet
}

func (c condition) ifMatch() *string {
	if c.etag == "" {
		return nil
	}
	return &c.etag
}

func (c condition) ifNoneMatch() *string {
	if !c.none {
		return nil
	}
	return aws.String("*")
}

// putWhole writes a document in one request, and returns its ETag.
func (b *Bucket) putWhole(ctx context.Context, key codybatch.ArtifactKey, data []byte, write string, c condition) (string, error) {
	out, err := b.client.PutObject(ctx, &awss3.PutObjectInput{
		Bucket: &b.name, Key: aws.String(string(key)), Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))),
		Metadata: map[string]string{writeTag: write}, IfMatch: c.ifMatch(), IfNoneMatch: c.ifNoneMatch(),
	})
	if err != nil {
		return b.settle(ctx, key, write, err)
	}
	return aws.ToString(out.ETag), nil
}

// partInput is a part: bytes, or a whole other object, copied by S3 if it is still
// the one with the ETag.
type partInput struct {
	data       []byte
	copyOfETag string
}

// putParts writes a document in parts, until next returns none. Readers see it when
// the last request is through. It returns the ETag.
func (b *Bucket) putParts(ctx context.Context, key codybatch.ArtifactKey, c condition, next func(n int32) (*partInput, error), write string) (string, error) {
	name := aws.String(string(key))
	upload, err := b.client.CreateMultipartUpload(ctx, &awss3.CreateMultipartUploadInput{
		Bucket: &b.name, Key: name, Metadata: map[string]string{writeTag: write},
	})
	if err != nil {
		return "", b.explain(err)
	}
	parts, err := b.uploadParts(ctx, key, upload.UploadId, next)
	if err != nil {
		b.abort(ctx, key, upload.UploadId)
		return "", err
	}
	out, err := b.client.CompleteMultipartUpload(ctx, &awss3.CompleteMultipartUploadInput{
		Bucket: &b.name, Key: name, UploadId: upload.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
		IfMatch: c.ifMatch(), IfNoneMatch: c.ifNoneMatch(),
	})
	if err != nil {
		etag, err := b.settle(ctx, key, write, err)
		if err != nil {
			b.abort(ctx, key, upload.UploadId)
		}
		return etag, err
	}
	return aws.ToString(out.ETag), nil
}

func (b *Bucket) uploadParts(ctx context.Context, key codybatch.ArtifactKey, upload *string, next func(n int32) (*partInput, error)) ([]types.CompletedPart, error) {
	var parts []types.CompletedPart
	for n := int32(1); ; n++ {
		part, err := next(n)
		if err != nil || part == nil {
			return parts, err
		}
		if n > partLimit {
			return nil, fmt.Errorf("it has more than %d parts of %d MiB, the most that S3 takes", partLimit, partSize>>20)
		}
		etag, err := b.uploadPart(ctx, key, upload, n, part)
		if err != nil {
			return nil, fmt.Errorf("part %d: %w", n, b.explain(err))
		}
		parts = append(parts, types.CompletedPart{ETag: etag, PartNumber: &n})
	}
}

func (b *Bucket) uploadPart(ctx context.Context, key codybatch.ArtifactKey, upload *string, n int32, part *partInput) (*string, error) {
	name := aws.String(string(key))
	if part.copyOfETag != "" {
		out, err := b.client.UploadPartCopy(ctx, &awss3.UploadPartCopyInput{
			Bucket: &b.name, Key: name, UploadId: upload, PartNumber: &n,
			CopySource: aws.String(b.name + "/" + string(key)), CopySourceIfMatch: &part.copyOfETag,
		})
		if err != nil {
			return nil, err
		}
		return out.CopyPartResult.ETag, nil
	}
	out, err := b.client.UploadPart(ctx, &awss3.UploadPartInput{
		Bucket: &b.name, Key: name, UploadId: upload, PartNumber: &n,
		Body: bytes.NewReader(part.data), ContentLength: aws.Int64(int64(len(part.data))),
	})
	if err != nil {
		return nil, err
	}
	return out.ETag, nil
}

// abort clears the parts of a failed write away. If that fails, the bucket's
// lifecycle rule does it.
func (b *Bucket) abort(ctx context.Context, key codybatch.ArtifactKey, upload *string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
	defer cancel()
	_, _ = b.client.AbortMultipartUpload(ctx, &awss3.AbortMultipartUploadInput{
		Bucket: &b.name, Key: aws.String(string(key)), UploadId: upload,
	})
}

// settle finds out whether a write that failed was made all the same: its answer
// may have been lost, and a repetition then met the write itself. If so it returns
// the ETag.
func (b *Bucket) settle(ctx context.Context, key codybatch.ArtifactKey, write string, failure error) (string, error) {
	if isRefused(failure) || ctx.Err() != nil {
		return "", b.explain(failure)
	}
	head, err := b.client.HeadObject(ctx, &awss3.HeadObjectInput{Bucket: &b.name, Key: aws.String(string(key))})
	if err == nil && head.Metadata[writeTag] == write {
		return aws.ToString(head.ETag), nil
	}
	return "", b.explain(failure)
}
