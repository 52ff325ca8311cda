package s3

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// maxExpiry is S3's for signatures of version 4.
const maxExpiry = 7 * 24 * time.Hour

// Link signs an address for GET. A document is always one whole object, so that
// every document has one. It costs one request, which tells the size and whether
// the document is there.
func (b *Bucket) Link(ctx context.Context, key codybatch.ArtifactKey, o codybatch.LinkOptions) (codybatch.Link, error) {
	err := check(ctx, key)
	if err == nil {
		var link codybatch.Link
		if link, err = b.link(ctx, key, o); err == nil {
			return link, nil
		}
	}
	return codybatch.Link{}, fmt.Errorf("make an address for %q: %w", key, err)
}

func (b *Bucket) link(ctx context.Context, key codybatch.ArtifactKey, o codybatch.LinkOptions) (codybatch.Link, error) {
	if o.Expiry < time.Second || o.Expiry > maxExpiry {
		return codybatch.Link{}, fmt.Errorf("it can be good for a second to seven days, not for %s", o.Expiry)
	}
	if strings.ContainsAny(o.FileName, "\"\\/\r\n") {
		return codybatch.Link{}, fmt.Errorf("a file name has no quotes and no %q: %.100q", "/", o.FileName)
	}
	name := aws.String(string(key))
	head, err := b.client.HeadObject(ctx, &awss3.HeadObjectInput{Bucket: &b.name, Key: name})
	if isStatus(err, http.StatusNotFound) { // of the document, or of the bucket: HEAD does not say
		if err := b.Ping(ctx); err != nil {
			return codybatch.Link{}, err
		}
	}
	if err != nil {
		return codybatch.Link{}, b.explain(err)
	}
	in := &awss3.GetObjectInput{Bucket: &b.name, Key: name}
	if version := aws.ToString(head.VersionId); version != "" && version != "null" {
		in.VersionId = &version
	}
	if o.ContentType != "" {
		in.ResponseContentType = &o.ContentType
	}
	if o.FileName != "" {
		disposition := mime.FormatMediaType("attachment", map[string]string{"filename": o.FileName})
		if disposition == "" {
			return codybatch.Link{}, errors.New("the file name can't be said in a header")
		}
		in.ResponseContentDisposition = &disposition
	}
	request, err := awss3.NewPresignClient(b.client, awss3.WithPresignExpires(o.Expiry)).PresignGetObject(ctx, in)
	if err != nil {
		return codybatch.Link{}, b.explain(err)
	}
	return codybatch.Link{URL: request.URL, Size: aws.ToInt64(head.ContentLength)}, nil
}
