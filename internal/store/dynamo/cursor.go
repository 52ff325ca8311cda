package dynamo

import (
	"fmt"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/cursor"
)

// place is where a row stands in a list. It holds our own sort keys and nothing of
// DynamoDB's: a forged one skips rows of a list that its owner may read anyway.
type place struct {
	After    string `json:"a,omitempty"` // a sort key: createdAt of jobs, dueAt of tasks
	Position int    `json:"p,omitempty"`
}

// The places before the first row of a list.
var (
	jobsStart  = place{After: "~"} // after every time
	tasksStart = place{Position: -1}
	dueStart   = place{After: "!"} // before every time
)

// lastPosition is behind the last task of any job, and far from where sums overflow.
const lastPosition = 1_000_000

// startOr is the place that a cursor's text names, or start when text is empty.
func startOr(text string, list cursor.Listing, start place) (place, error) {
	p, err := cursor.Decode(text, list, start)
	if err != nil {
		return place{}, err
	}
	if len(p.After) > longestKey || p.Position < -1 || p.Position > lastPosition || p.After == "" && start.After != "" {
		return place{}, fmt.Errorf("cursor to nowhere: %w", codybatch.ErrCursor)
	}
	return p, nil
}
