//go:build unix && !linux

package sandbox

import (
	"fmt"
	"os/exec"
)

// launch starts a program. There is no wall here, and there are no limits.
func launch(build func() *exec.Cmd, c Command, _ *user, _ *group) (*exec.Cmd, func(), error) {
	if _, err := c.Confinement.hasWall(wallVersion()); err != nil {
		return nil, nil, err
	}
	if c.Confinement.NoNetwork {
		return nil, nil, fmt.Errorf("%w: this is not Linux", ErrNoCut)
	}
	cmd := build()
	return cmd, func() {}, cmd.Start()
}

func wallVersion() int { return 0 }

// Inside does nothing here: no command has a first step of ours.
func Inside() {}
