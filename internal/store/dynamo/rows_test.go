package dynamo_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// rows counts the tasks of a job that lie in the table, seen or not.
func (own tables) rows(t *testing.T, id string) int {
	t.Helper()
	client := dynamodb.NewFromConfig(own.cloud.Config(nil))
	out, err := client.Query(t.Context(), &dynamodb.QueryInput{
		TableName: aws.String(own.repositories), KeyConditionExpression: aws.String("jobId = :id AND repositoryName >= :name"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":id": &types.AttributeValueMemberS{Value: id}, ":name": &types.AttributeValueMemberS{Value: "$"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Items)
}
