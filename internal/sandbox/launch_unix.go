//go:build unix && !linux

package sandbox

import "os/exec"

// launch starts a program. There is no wall here, and there are no limits.
func launch(build func() *exec.Cmd, c Command) (*exec.Cmd, func(), error) {
	if _, err := c.Confinement.hasWall(wallVersion()); err != nil {
		return nil, nil, err
	}
	cmd := build()
	return cmd, func() {}, cmd.Start()
}

func wallVersion() int { return 0 }
