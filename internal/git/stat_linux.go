package git

import "syscall"

// times are a file's modification and change times, as the index keeps them:
// seconds and nanoseconds, cut to 32 bits.
func times(s *syscall.Stat_t) (timestamp, timestamp) {
	return timestamp{uint32(s.Mtim.Sec), uint32(s.Mtim.Nsec)}, timestamp{uint32(s.Ctim.Sec), uint32(s.Ctim.Nsec)}
}
