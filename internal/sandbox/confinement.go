package sandbox

import (
	"errors"
	"fmt"
)

// Mode says what to do about the layers that only some kernels have: the wall
// around the file system, and limits of resources.
type Mode string

// The modes.
const (
	Auto    Mode = ""        // what the kernel has
	Off     Mode = "off"     // neither
	Require Mode = "require" // the wall, or nothing is run
)

// ErrNoWall says that Mode is Require, and that there is no wall here.
var ErrNoWall = errors.New("programs can't be kept out of the file system here, and that is required")

// Confinement is how far all programs of an installation are kept in. The zero
// Confinement takes what the kernel has.
type Confinement struct {
	Mode  Mode
	Read  []string // folders and files that programs may read as well
	Write []string // those that they may also change
}

// Check returns ErrNoWall if programs would not be run.
func (c Confinement) Check() error {
	_, err := c.hasWall(wallVersion())
	return err
}

// hasWall decides by the version of Landlock, which is 0 where there is none.
func (c Confinement) hasWall(version int) (bool, error) {
	switch {
	case c.Mode == Off:
		return false, nil
	case version >= leastWall:
		return true, nil
	case c.Mode == Require:
		return false, fmt.Errorf("%w: it takes Linux 5.19 or later with Landlock switched on, and Landlock's version here is %d, not %d", ErrNoWall, version, leastWall)
	default:
		return false, nil
	}
}

// leastWall is the first version of Landlock's interface that lets programs move
// files between folders of their own; builds do that all the time.
const leastWall = 2
