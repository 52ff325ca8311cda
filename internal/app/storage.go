package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"github.com/liamzdenek/cody-batch/internal/artifacts/dir"
	"github.com/liamzdenek/cody-batch/internal/artifacts/s3"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/config"
	"github.com/liamzdenek/cody-batch/internal/store/dynamo"
	"github.com/liamzdenek/cody-batch/internal/store/sqlite"
)

// storage is where rows and documents are kept.
type storage struct {
	store     codybatch.Store
	artifacts codybatch.Artifacts
	aws       aws.Config // zero if nothing is kept at AWS
	close     func() error
}

// openStorage opens DynamoDB and S3 if the environment names them, else SQLite and
// files in the data folder.
func openStorage(ctx context.Context, o Options) (storage, error) {
	if !o.Config.AWS.Stores() {
		return openLocal(ctx, o)
	}
	c, err := loadAWS(ctx, o.Config)
	if err != nil {
		return storage{}, err
	}
	store, err := dynamo.New(c, dynamo.Options{JobsTable: o.Config.AWS.JobsTable, RepositoriesTable: o.Config.AWS.RepositoriesTable, Now: o.Now})
	if err != nil {
		return storage{}, err
	}
	return storage{
		store: store, artifacts: s3.New(c, o.Config.AWS.ArtifactsBucket, s3.Options{}),
		aws: c, close: func() error { return nil },
	}, nil
}

func openLocal(ctx context.Context, o Options) (storage, error) {
	store, err := sqlite.Open(ctx, filepath.Join(o.Data, "codybatch.db"), sqlite.Options{})
	if err != nil {
		return storage{}, err
	}
	artifacts, err := dir.Open(filepath.Join(o.Data, "artifacts"))
	if err != nil {
		return storage{}, errors.Join(err, store.Close())
	}
	return storage{store: store, artifacts: artifacts, close: store.Close}, nil
}

// answerTime is how long AWS may take to begin an answer to a request that was sent. The
// SDK would wait for ever: one connection that died without a word would hold a
// heartbeat until its lease is over. It is more than any of our requests takes.
const answerTime = 20 * time.Second

// awsClient makes a client for HTTP whose requests fail when an answer takes longer to
// begin. The SDK then makes them again, over another connection.
func awsClient(answerTime time.Duration) *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(transport *http.Transport) {
		transport.ResponseHeaderTimeout = answerTime
	})
}

// loadAWS reads what the SDK's own variables, files and roles say. The region may come
// from either.
func loadAWS(ctx context.Context, c config.Config) (aws.Config, error) {
	options := []func(*awsconfig.LoadOptions) error{awsconfig.WithHTTPClient(awsClient(answerTime))}
	if c.AWSRegion != "" {
		options = append(options, awsconfig.WithRegion(c.AWSRegion))
	}
	loaded, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("read the configuration of AWS: %w", err)
	}
	if loaded.Region == "" {
		return aws.Config{}, fmt.Errorf("%s is not set, nor has AWS's own configuration a region; set it to that of the tables, such as eu-central-1", config.AWSRegion)
	}
	return loaded, nil
}
