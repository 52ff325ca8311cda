// Package dynamo keeps jobs and tasks in two DynamoDB tables.
package dynamo
