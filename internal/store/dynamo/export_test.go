package dynamo

import "time"

// WithoutPauses makes a store that waits for nothing before it tries again.
func WithoutPauses(s *Store) *Store {
	s.pause = func(int) time.Duration { return 1 }
	return s
}
