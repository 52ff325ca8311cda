package sqlite

import (
	"math"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// place is where a row stands in a list.
type place struct {
	Time     int64           `json:"t,omitempty"` // nanoseconds since 1970
	JobID    codybatch.JobID `json:"j,omitempty"`
	Position int             `json:"p,omitempty"`
}

// The places before the first row of a list.
var (
	jobsStart  = place{Time: math.MaxInt64} // after every time
	tasksStart = place{Position: -1}
	dueStart   = place{Time: math.MinInt64} // before every time
)
