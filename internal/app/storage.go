package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
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

// loadAWS reads what the SDK's own variables, files and roles say. The region may come
// from either.
func loadAWS(ctx context.Context, c config.Config) (aws.Config, error) {
	var options []func(*awsconfig.LoadOptions) error
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
