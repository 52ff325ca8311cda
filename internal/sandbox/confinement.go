package sandbox

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
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

// AutoUID has every command run as a user of its own, where the caller is root.
const AutoUID = -1

var (
	// ErrNoWall says that Mode is Require, and that there is no wall here.
	ErrNoWall = errors.New("programs can't be kept out of the file system here, and that is required")
	// ErrNoCut says that programs are to have no network, and that it can't be taken
	// from them here.
	ErrNoCut = errors.New("programs can't be kept off the network here, and that is asked for")
	// ErrNoUser says that programs are to run as another user, and can't.
	ErrNoUser = errors.New("programs can't be run as another user here, and that is asked for")
)

// Confinement is how far all programs of an installation are kept in. The zero
// Confinement takes what the kernel has, and leaves the network and the user as
// they are.
type Confinement struct {
	Mode  Mode
	Read  []string // folders and files that programs may read as well
	Write []string // those that they may also change

	// NoNetwork gives every command a network of its own that leads nowhere: it
	// reaches what itself listens to on loopback, and nothing else.
	NoNetwork bool

	// UID is the user that programs run as, and the number of the only group that
	// they are in. 0 is ours; AutoUID is a number for each command that nobody else
	// has at the time. Only root can become another user: for others AutoUID changes
	// nothing, and a number is an error. The folders around Command.Writable must be
	// open for everybody to enter; what is in Writable is given to that user.
	UID int

	// Memory is what a command may use at most, in bytes, with all that it started;
	// 0: half of the machine's.
	Memory int64

	// Processes is how many a command may have at once, itself included; 0: 512. A
	// command with a user or a control group for itself may have twice as many
	// threads, all its processes together.
	Processes int
}

// Check tells why programs would not be run: ErrNoWall, ErrNoCut or ErrNoUser. It
// tries out what has to be asked for.
func (c Confinement) Check() error {
	if _, err := c.hasWall(wallVersion()); err != nil {
		return err
	}
	if !c.NoNetwork && c.UID == 0 {
		return nil
	}
	_, err := Run(context.Background(), Command{Args: []string{"true"}, Dir: "/", Confinement: c, Timeout: trialTime})
	if err != nil {
		return fmt.Errorf("try a program: %w", err)
	}
	return nil
}

// Held names the layers that programs of c run behind on this machine, for the
// record. Layers tries them out.
func (c Confinement) Held() []string {
	held := []string{"clean environment", "file tools"}
	if runtime.GOOS != "linux" {
		return held
	}
	held = append(held, "process tree")
	if c.Mode != Off && hasGroup() {
		held = append(held, "control group")
	}
	if hasWall, err := c.hasWall(wallVersion()); err == nil && hasWall {
		held = append(held, FileSystem+" (Landlock "+strconv.Itoa(wallVersion())+")", "fewer rights")
	}
	if c.changesUser() {
		held = append(held, "own user")
	}
	if c.Mode != Off {
		held = append(held, "limits", fmt.Sprintf("memory (%d MiB)", c.memory()>>20))
	}
	if c.NoNetwork {
		held = append(held, "no network")
	}
	return held
}

// memory is what a command may use, in bytes.
func (c Confinement) memory() int64 {
	if c.Memory > 0 {
		return c.Memory
	}
	return machineMemory() / 2
}

// processes is how many a command may have.
func (c Confinement) processes() int {
	if c.Processes > 0 {
		return c.Processes
	}
	return 512
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
