package dynamo

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// A write of up to 1 KB costs one unit, and every change writes the head.
func TestHeadOfALargeJobCostsOneUnit(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 4, 5, 6, 7, 123_456_789, time.UTC)
	job := head{Job: codybatch.Job{
		ID: "0195e2a0-1111-7222-8333-444455556666", CreatedAt: at, StartedAt: at, CompletedAt: at, ExpiresAt: at, RepositoryCount: 10_000,
		Counts: codybatch.Counts{Queued: 1234, Running: 1234, Succeeded: 1234, Failed: 1234, Canceled: 1234, Changed: 1234, Published: 1234},
		Usage:  codybatch.Usage{InputTokens: 1e9, OutputTokens: 1e9, CacheReadTokens: 1e9, CacheWriteTokens: 1e9, Cost: 1e10, CostUnknown: true},
		Seq:    1_000_000, Reserved: 1e9, CancelRequested: true,
	}}
	for range recentChanges {
		job = job.moved(job.Job, 9_999)
	}
	r, err := headRow(job)
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for name, value := range r {
		size += len(name)
		if text, ok := value.(*types.AttributeValueMemberS); ok {
			size += len(text.Value)
		} else {
			size += 21 // the most that a number takes
		}
	}
	if size += len(attrCreation) + 26; size > 1024 {
		t.Errorf("the head takes %d bytes", size)
	}
	t.Logf("%d bytes", size)
}
