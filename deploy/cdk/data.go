package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"
)

const (
	artifactDays = 31 // a day more than rows live
	logDays      = 90
)

// data is what outlives the rest: all of it stays when the stack is removed.
type data struct {
	jobs, repositories awsdynamodb.Table
	artifacts          awss3.Bucket
	accessLogs         awss3.Bucket
}

func newData(stack awscdk.Stack) data {
	d := data{
		jobs:         newTable(stack, "Jobs", jobsTable()),
		repositories: newTable(stack, "Repositories", repositoriesTable()),
		accessLogs:   newAccessLogs(stack),
	}
	d.artifacts = awss3.NewBucket(stack, jsii.String("Artifacts"), &awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		MinimumTLSVersion: jsii.Number(1.2),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		// No versions: a document is written once under a name with its attempt, and
		// checkpoints, which are written again and again, would pile up for a month.
		Versioned:              jsii.Bool(false),
		ServerAccessLogsBucket: d.accessLogs,
		ServerAccessLogsPrefix: jsii.String("artifacts/"),
		LifecycleRules: &[]*awss3.LifecycleRule{{
			Id:                                  jsii.String("expire"),
			Expiration:                          awscdk.Duration_Days(jsii.Number(artifactDays)),
			AbortIncompleteMultipartUploadAfter: awscdk.Duration_Days(jsii.Number(1)),
		}},
		// The API sends browsers here for what is too long for a Lambda's answer. The
		// presigned address is what lets them in; the dashboard's own origin can't be
		// named, because its policy names this bucket.
		Cors: &[]*awss3.CorsRule{{
			AllowedMethods: &[]awss3.HttpMethods{awss3.HttpMethods_GET, awss3.HttpMethods_HEAD},
			AllowedOrigins: jsii.Strings("*"),
			ExposedHeaders: jsii.Strings("Content-Length", "Content-Disposition", "ETag"),
			MaxAge:         jsii.Number(600),
		}},
		RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
	})
	return d
}

// newAccessLogs makes the bucket that says who read what: S3's own logs of the other
// buckets, and CloudFront's.
func newAccessLogs(stack awscdk.Stack) awss3.Bucket {
	return awss3.NewBucket(stack, jsii.String("AccessLogs"), &awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		MinimumTLSVersion: jsii.Number(1.2),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_PREFERRED, // CloudFront writes its logs by an ACL
		LifecycleRules:    &[]*awss3.LifecycleRule{{Id: jsii.String("expire"), Expiration: awscdk.Duration_Days(jsii.Number(logDays))}},
		RemovalPolicy:     awscdk.RemovalPolicy_RETAIN,
	})
}

// newTable makes a table that costs by the request, can be put back to any second of
// the last 35 days, and forgets rows by their expiresAt.
func newTable(stack awscdk.Stack, name string, t tableSchema) awsdynamodb.Table {
	table := awsdynamodb.NewTable(stack, jsii.String(name), &awsdynamodb.TableProps{
		PartitionKey:                     t.partitionKey.attribute(),
		SortKey:                          t.sortKey.attribute(),
		BillingMode:                      awsdynamodb.BillingMode_PAY_PER_REQUEST,
		TimeToLiveAttribute:              jsii.String("expiresAt"),
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: jsii.Bool(true)},
		DeletionProtection:               jsii.Bool(true),
		RemovalPolicy:                    awscdk.RemovalPolicy_RETAIN,
	})
	for _, index := range t.indexes {
		props := &awsdynamodb.GlobalSecondaryIndexProps{
			IndexName:      jsii.String(index.name),
			PartitionKey:   index.partitionKey.attribute(),
			SortKey:        index.sortKey.attribute(),
			ProjectionType: index.projection,
		}
		if len(index.include) > 0 {
			props.NonKeyAttributes = jsii.Strings(index.include...)
		}
		table.AddGlobalSecondaryIndex(props)
	}
	return table
}
