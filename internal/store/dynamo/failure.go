package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// failure is what a caller gets of an error of the SDK in a request to tables. A
// context that ended is reported as just that, whatever its cause.
func failure(ctx context.Context, err error, tables ...string) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("ask DynamoDB: %w", ctx.Err())
	}
	if reasons := because(err); reasons != "" {
		return fmt.Errorf("DynamoDB refuses the transaction (%s): %w", reasons, err)
	}
	names := strings.Join(slices.Compact(slices.Sorted(slices.Values(tables))), " or ")
	var notFound *types.ResourceNotFoundException
	var answer smithy.APIError
	switch {
	case errors.As(err, &notFound):
		return fmt.Errorf("DynamoDB has no table %s in this account and region, or not with the indexes that it needs; deploy the stack, or mend DYNAMODB_JOBS_TABLE and DYNAMODB_REPOSITORIES_TABLE: %w", names, err)
	case !errors.As(err, &answer):
		return err
	}
	switch answer.ErrorCode() {
	case "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded":
		return fmt.Errorf("DynamoDB throttles table %s, and did so for %d attempts; try again later: %w", names, requestAttempts, err)
	case "AccessDeniedException":
		return fmt.Errorf("these credentials may not use table %s; the role needs the actions that docs/adr/0019-dynamodb.md lists: %w", names, err)
	default:
		return err
	}
}

// The reasons for which DynamoDB refuses a transaction that can be tried again.
const (
	reasonCondition = "ConditionalCheckFailed" // the row is not what the condition says
	reasonConflict  = "TransactionConflict"    // another transaction is at the row
)

// refusal is a transaction that was refused and changed nothing, with a reason for
// each of its items: "None" for those that were not to blame.
type refusal struct{ reasons []string }

// refused finds a refusal in err. Reasons that a second attempt does not mend, such
// as a row that is too large, are none.
func refused(err error) (refusal, bool) {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		return refusal{}, false
	}
	var r refusal
	for _, reason := range canceled.CancellationReasons {
		code := "None"
		if reason.Code != nil {
			code = *reason.Code
		}
		switch code {
		case "None", reasonCondition, reasonConflict, "ThrottlingError", "ProvisionedThroughputExceeded":
		default:
			return refusal{}, false
		}
		r.reasons = append(r.reasons, code)
	}
	return r, true
}

// because lists the reasons of a transaction that was refused for good.
func because(err error) string {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		return ""
	}
	var reasons []string
	for _, reason := range canceled.CancellationReasons {
		if reason.Code != nil && *reason.Code != "None" {
			reasons = append(reasons, strings.TrimSuffix(fmt.Sprintf("%s: %s", *reason.Code, aws.ToString(reason.Message)), ": "))
		}
	}
	return strings.Join(reasons, "; ")
}

// of is the reason of the item at i.
func (r refusal) of(i int) string {
	if i < len(r.reasons) {
		return r.reasons[i]
	}
	return "None"
}

func (r refusal) String() string { return strings.Join(r.reasons, ", ") }

// isMoved reports whether a single write was refused because the row is not what its
// condition says, or because a transaction is at it.
func isMoved(err error) bool {
	var condition *types.ConditionalCheckFailedException
	var conflict *types.TransactionConflictException
	return errors.As(err, &condition) || errors.As(err, &conflict)
}
