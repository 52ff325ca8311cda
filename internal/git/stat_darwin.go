package git

import "syscall"

// times are a file's modification and change times, as the index keeps them:
// seconds and nanoseconds, cut to 32 bits.
func times(s *syscall.Stat_t) (timestamp, timestamp) {
	return timestamp{uint32(s.Mtimespec.Sec), uint32(s.Mtimespec.Nsec)}, timestamp{uint32(s.Ctimespec.Sec), uint32(s.Ctimespec.Nsec)}
}
