package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// The users that AutoUID takes. Distributions give these numbers to nobody, and
// they are low enough for a container that has 65,536 users
// (https://systemd.io/UIDS-GIDS/).
const (
	firstUser = 60600
	users     = 500
)

// user is whom a command runs as instead of us.
type user struct {
	id   int
	lock int // a socket that says that the number is taken; -1: others may have it as well
}

func (c Confinement) changesUser() bool { return c.UID != 0 && os.Geteuid() == 0 }

// takeUser finds the user for a command; nil: ours. The caller releases it.
func takeUser(c Confinement) (*user, error) {
	switch {
	case c.UID == 0, c.UID == AutoUID && os.Geteuid() != 0:
		return nil, nil
	case os.Geteuid() != 0:
		return nil, fmt.Errorf("%w: user %d, by somebody who is not root", ErrNoUser, c.UID)
	case c.UID > 0:
		return &user{id: c.UID, lock: -1}, nil
	}
	// The name of an abstract socket can be had once on the machine, and is free
	// again when its owner has died.
	socket, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("take a user: %w", err)
	}
	for id := firstUser; id < firstUser+users; id++ {
		err = unix.Bind(socket, &unix.SockaddrUnix{Name: fmt.Sprintf("@codybatch-user-%d", id)})
		if err == nil {
			return &user{id: id, lock: socket}, nil
		}
		if !errors.Is(err, unix.EADDRINUSE) {
			break
		}
	}
	_ = unix.Close(socket)
	return nil, fmt.Errorf("%w: find one of %d to %d that is free: %w", ErrNoUser, firstUser, firstUser+users-1, err)
}

func (u *user) release() {
	if u != nil && u.lock >= 0 {
		_ = unix.Close(u.lock)
	}
}

// isOurs reports whether a file's owner is one of those that commands run as.
func (u *user) isOurs(id int) bool {
	return id == u.id || id >= firstUser && id < firstUser+users
}

// credential is what the command is started with: no groups besides.
func (u *user) credential() *syscall.Credential {
	id := uint32(u.id)
	return &syscall.Credential{Uid: id, Gid: id}
}

// moveIn gives the user what the command may change, and takes from its environment
// the caches that are closed to that user: tools make others in their home then.
func (u *user) moveIn(c Command) (Command, error) {
	for _, dir := range slices.Concat(c.Writable, []string{c.Dir}) {
		if dir == "" {
			continue
		}
		if closed := u.closedAbove(dir); closed != "" {
			return c, fmt.Errorf("%w: user %d may not enter %s; keep the data in a place that everybody may enter (chmod o+x), or leave the user as it is", ErrNoUser, u.id, closed)
		}
	}
	for _, dir := range c.Writable {
		if err := u.take(dir); err != nil {
			return c, fmt.Errorf("give %s to user %d: %w", dir, u.id, err)
		}
	}
	caches := cacheVariables()
	c.Env = slices.DeleteFunc(slices.Clone(c.Env), func(variable string) bool {
		name, dir, _ := strings.Cut(variable, "=")
		_, isCache := caches[name]
		if repository, ok := strings.CutPrefix(dir, mavenRepository); ok {
			return !u.mayChange(filepath.Dir(repository))
		}
		return (isCache || name == "CARGO_HOME") && !u.mayChange(dir)
	})
	return c, nil
}

// take makes the user the owner of a folder and all in it. A file that has another
// name as well is left alone unless a command made it: the other name may be
// outside, and the file somebody's.
func (u *user) take(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // nothing was written through it
	return fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok || int(stat.Uid) == u.id || !entry.IsDir() && stat.Nlink > 1 && !u.isOurs(int(stat.Uid)) {
			return nil
		}
		return root.Lchown(path, u.id, u.id)
	})
}

// closedAbove names the folder above a path that keeps the user from it.
func (u *user) closedAbove(path string) string {
	for dir := filepath.Dir(resolve(path)); ; dir = filepath.Dir(dir) {
		if !u.may(dir, 0o1) {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

func (u *user) mayChange(dir string) bool {
	return filepath.IsAbs(dir) && u.closedAbove(dir) == "" && u.may(resolve(dir), 0o3)
}

// may reports whether the user has the rights (4, 2, 1) on a path itself.
func (u *user) may(path string, rights os.FileMode) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	mode := info.Mode().Perm()
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		switch {
		case int(stat.Uid) == u.id:
			mode >>= 6
		case int(stat.Gid) == u.id:
			mode >>= 3
		}
	}
	return mode&rights == rights
}
