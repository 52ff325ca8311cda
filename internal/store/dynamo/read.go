package dynamo

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	keysInRead = 100 // the most that BatchGetItem takes
	parallel   = 8   // requests at once of one call
)

// get reads rows by key, consistently: each as it is or later than when get was
// called, but not all of one moment. What is not there is not in the answer. A key may
// come twice, which DynamoDB does not take.
func (s *Store) get(ctx context.Context, keys ...rowKey) (map[rowKey]row, error) {
	keys = distinct(keys)
	found := make(map[rowKey]row, len(keys))
	var mutex sync.Mutex
	err := atOnce(ctx, (len(keys)+keysInRead-1)/keysInRead, func(ctx context.Context, i int) error {
		chunk := keys[i*keysInRead : min((i+1)*keysInRead, len(keys))]
		rows, err := s.getChunk(ctx, chunk)
		mutex.Lock()
		defer mutex.Unlock()
		for table, list := range rows {
			for _, r := range list {
				key := rowKey{table: table, jobID: jobID(r)}
				if table == s.repositories {
					key.repository = repository(r)
				}
				found[key] = r
			}
		}
		return err
	})
	return found, err
}

func distinct(keys []rowKey) []rowKey {
	seen := make(map[rowKey]bool, len(keys))
	var once []rowKey
	for _, key := range keys {
		if !seen[key] {
			seen[key] = true
			once = append(once, key)
		}
	}
	return once
}

func (s *Store) getChunk(ctx context.Context, keys []rowKey) (map[string][]row, error) {
	wanted := map[string]types.KeysAndAttributes{}
	for _, key := range keys {
		table := wanted[key.table]
		table.ConsistentRead = aws.Bool(true)
		table.Keys = append(table.Keys, key.attributes())
		wanted[key.table] = table
	}
	found := map[string][]row{}
	for attempt := 0; ; {
		out, err := s.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: wanted})
		if err != nil {
			return nil, failure(ctx, err, tablesOf(wanted)...)
		}
		got := 0
		for table, rows := range out.Responses {
			for _, r := range rows {
				found[table] = append(found[table], r)
				got++
			}
		}
		if len(out.UnprocessedKeys) == 0 {
			return found, nil
		}
		if attempt++; got > 0 {
			attempt = 0 // an answer of 16 MB is full, and no sign of haste
		}
		if attempt == requestAttempts {
			return nil, errThrottled(tablesOf(wanted))
		}
		wanted = out.UnprocessedKeys
		if err := s.wait(ctx, attempt); err != nil {
			return nil, err
		}
	}
}

// placesAfter is how many places of an index to read next for a page that lacks some
// rows. It begins with just those, which is nearly always enough. When rows at the
// places did not count, because they have expired, more of that kind may follow, and
// are not read one by one.
func placesAfter(round, lacking int) int {
	if round == 0 {
		return lacking
	}
	return max(lacking, keysInRead)
}

// query reads at most limit rows, as many pages as that takes; limit 0 is all.
func (s *Store) query(ctx context.Context, input dynamodb.QueryInput, limit int) ([]row, error) {
	var rows []row
	for {
		if limit > 0 && input.FilterExpression == nil {
			input.Limit = aws.Int32(int32(limit - len(rows))) //nolint:gosec // at most some thousands
		}
		out, err := s.client.Query(ctx, &input)
		if err != nil {
			return nil, failure(ctx, err, *input.TableName)
		}
		for _, item := range out.Items {
			rows = append(rows, item)
			if len(rows) == limit {
				return rows, nil
			}
		}
		if len(out.LastEvaluatedKey) == 0 {
			return rows, nil
		}
		input.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// atOnce calls f for every i below n, some at once, and returns the first error. After
// it, no further call begins; those under way usually fail for the same reason.
func atOnce(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	if n == 1 {
		return f(ctx, 0)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		group sync.WaitGroup
		mutex sync.Mutex
		first error
		next  int
	)
	for range min(n, parallel) {
		group.Go(func() {
			for {
				mutex.Lock()
				i := next
				next++
				stop := i >= n || first != nil
				mutex.Unlock()
				if stop {
					return
				}
				if err := f(ctx, i); err != nil {
					mutex.Lock()
					if first == nil {
						first = err
					}
					mutex.Unlock()
				}
			}
		})
	}
	group.Wait()
	return first
}
