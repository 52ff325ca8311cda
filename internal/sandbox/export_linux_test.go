package sandbox

import "context"

// RunWithoutGroup is Run where there are no control groups.
func RunWithoutGroup(ctx context.Context, c Command) (Result, error) {
	return run(ctx, c, func(Command) *group { return nil })
}

// What there is on this machine.
var (
	HasGroup      = hasGroup
	OwnGroups     = ownGroups
	CountsThreads = countsThreads
)
