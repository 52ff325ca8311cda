package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/jsii-runtime-go"
)

// tableSchema is what internal/store/dynamo expects of a table. A test compares it
// with the description that the store itself writes.
type tableSchema struct {
	partitionKey, sortKey key
	indexes               []indexSchema
}

type indexSchema struct {
	name                  string
	partitionKey, sortKey key
	projection            awsdynamodb.ProjectionType
	include               []string
}

// key names an attribute; its zero value is none.
type key struct {
	name string
	kind awsdynamodb.AttributeType
}

func (k key) attribute() *awsdynamodb.Attribute {
	if k.name == "" {
		return nil
	}
	return &awsdynamodb.Attribute{Name: jsii.String(k.name), Type: k.kind}
}

func text(name string) key   { return key{name, awsdynamodb.AttributeType_STRING} }
func number(name string) key { return key{name, awsdynamodb.AttributeType_NUMBER} }

func jobsTable() tableSchema {
	return tableSchema{
		partitionKey: text("jobId"),
		indexes: []indexSchema{
			{name: "status-createdAt-index", partitionKey: text("status"), sortKey: text("createdAt"), projection: awsdynamodb.ProjectionType_KEYS_ONLY},
		},
	}
}

func repositoriesTable() tableSchema {
	return tableSchema{
		partitionKey: text("jobId"), sortKey: text("repositoryName"),
		indexes: []indexSchema{
			// jobStatus holds "jobId#status": a bare status would be one hot partition.
			{
				name: "status-index", partitionKey: text("jobStatus"), sortKey: number("position"),
				projection: awsdynamodb.ProjectionType_INCLUDE, include: []string{"outcome"},
			},
			{name: "due-index", partitionKey: text("dueShard"), sortKey: text("dueAt"), projection: awsdynamodb.ProjectionType_KEYS_ONLY},
		},
	}
}

// workerActions are what workers do to rows.
func workerActions() []string {
	return []string{"dynamodb:BatchGetItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
}

// tableActions are what the API and the reconciler do to rows: never Scan, and nothing
// to the tables.
func tableActions() []string {
	return []string{
		"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem",
		"dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem",
	}
}
