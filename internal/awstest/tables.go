package awstest

import (
	"crypto/rand"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/liamzdenek/cody-batch/internal/store/dynamo"
)

// Tables makes both tables of the store, under names that no other test has. Time to
// live is not set: emulators that delete by it do so by their own clock.
func (c Cloud) Tables(t testing.TB) (jobs, repositories string) { //nolint:nonamedreturns // two of one type
	t.Helper()
	client := dynamodb.NewFromConfig(c.Config(nil))
	names := map[string]string{}
	prefix := rand.Text()[:12]
	for _, table := range dynamo.Tables() {
		names[table.Name] = prefix + "-" + table.Name
		if _, err := client.CreateTable(t.Context(), creation(names[table.Name], table)); err != nil {
			t.Fatalf("create table %s: %v", table.Name, err)
		}
	}
	return names[dynamo.Jobs], names[dynamo.Repositories]
}

func creation(name string, table dynamo.Table) *dynamodb.CreateTableInput {
	input := &dynamodb.CreateTableInput{TableName: aws.String(name), BillingMode: types.BillingModePayPerRequest}
	defined := map[string]bool{}
	schema := func(keys ...*dynamo.Key) []types.KeySchemaElement {
		var elements []types.KeySchemaElement
		for i, key := range keys {
			if key == nil {
				continue
			}
			kind := types.KeyTypeHash
			if i > 0 {
				kind = types.KeyTypeRange
			}
			elements = append(elements, types.KeySchemaElement{AttributeName: aws.String(key.Name), KeyType: kind})
			if !defined[key.Name] {
				defined[key.Name] = true
				input.AttributeDefinitions = append(input.AttributeDefinitions, types.AttributeDefinition{
					AttributeName: aws.String(key.Name), AttributeType: types.ScalarAttributeType(key.Type),
				})
			}
		}
		return elements
	}
	input.KeySchema = schema(&table.PartitionKey, table.SortKey)
	for _, index := range table.Indexes {
		input.GlobalSecondaryIndexes = append(input.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: aws.String(index.Name), KeySchema: schema(&index.PartitionKey, &index.SortKey),
			Projection: &types.Projection{ProjectionType: types.ProjectionType(index.Projection), NonKeyAttributes: index.Attributes},
		})
	}
	return input
}
