package dynamo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const rowsInWrite = 25 // the most that BatchWriteItem takes

func jobID(r row) codybatch.JobID { return codybatch.JobID(r.text(attrJobID)) }

func repository(r row) codybatch.RepositoryName {
	return codybatch.RepositoryName(r.text(attrRepository))
}

func tablesOf[V any](requests map[string]V) []string { return slices.Collect(maps.Keys(requests)) }

func errThrottled(tables []string) error {
	slices.Sort(tables)
	return fmt.Errorf("DynamoDB throttles table %s, and took nothing in %d attempts; try again later", strings.Join(tables, " or "), requestAttempts)
}

// writeAll makes the requests to the table of repositories, in no order and not as a
// whole. What DynamoDB leaves undone is sent again, as long as it takes anything.
func (s *Store) writeAll(ctx context.Context, requests []types.WriteRequest) error {
	return atOnce(ctx, (len(requests)+rowsInWrite-1)/rowsInWrite, func(ctx context.Context, i int) error {
		return s.writeChunk(ctx, requests[i*rowsInWrite:min((i+1)*rowsInWrite, len(requests))])
	})
}

func (s *Store) writeChunk(ctx context.Context, requests []types.WriteRequest) error {
	left := map[string][]types.WriteRequest{s.repositories: requests}
	for attempt := 0; ; {
		before := len(left[s.repositories])
		out, err := s.client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: left})
		if err != nil {
			return failure(ctx, err, s.repositories)
		}
		if len(out.UnprocessedItems) == 0 {
			return nil
		}
		left = out.UnprocessedItems
		if attempt++; len(left[s.repositories]) < before {
			attempt = 1
		}
		if attempt == requestAttempts {
			return errThrottled([]string{s.repositories})
		}
		if err := s.wait(ctx, attempt); err != nil {
			return err
		}
	}
}

// transact makes all writes or none. A refusal that another attempt may mend comes
// back as such, with no error.
func (s *Store) transact(ctx context.Context, writes ...types.TransactWriteItem) (*refusal, error) {
	// The SDK gives the transaction a token, so that an attempt whose answer was lost
	// counts once.
	_, err := s.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes})
	if err == nil {
		return nil, nil //nolint:nilnil // it was not refused
	}
	if r, ok := refused(err); ok && ctx.Err() == nil {
		return &r, nil
	}
	return nil, failure(ctx, err, s.jobs, s.repositories)
}

// condition is an expression with the values that it compares with.
type condition struct {
	expression string
	values     map[string]types.AttributeValue
}

func (s *Store) put(table string, r row, only *condition) types.TransactWriteItem {
	put := &types.Put{TableName: aws.String(table), Item: r}
	if only != nil {
		put.ConditionExpression, put.ExpressionAttributeValues = aws.String(only.expression), only.values
	}
	return types.TransactWriteItem{Put: put}
}

func (s *Store) remove(key rowKey) types.TransactWriteItem {
	return types.TransactWriteItem{Delete: &types.Delete{TableName: aws.String(key.table), Key: key.attributes()}}
}
