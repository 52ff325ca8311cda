package cli

import "golang.org/x/sys/unix"

// freeSpace is how many GiB this user can still write to a folder's disk.
func freeSpace(folder string) (float64, error) {
	path, err := existing(folder)
	if err != nil {
		return 0, err
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(path, &disk); err != nil {
		return 0, err
	}
	return float64(disk.Bavail) * float64(disk.Bsize) / (1 << 30), nil
}
