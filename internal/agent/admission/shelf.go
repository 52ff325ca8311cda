package admission

import (
	"sync"
	"time"
)

// shelfLife is how long is kept what no run uses. It is longer than a breaker
// cools down.
const shelfLife = time.Hour

// Shelf keeps what runs share: while one of them uses it, and for shelfLife after
// that, so that keys and models that come and go do not pile up. Its methods may
// be called at once.
type Shelf[K comparable, V any] struct {
	mu    sync.Mutex
	items map[K]*item[V]
}

type item[V any] struct {
	value V
	users int
	since time.Time // it has no users
}

// Take returns what belongs to the key, made if it is not there. The caller calls
// done, once, when it does not use it any more.
func (s *Shelf[K, V]) Take(key K, now func() time.Time, create func(now func() time.Time) V) (V, func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.items[key]
	if found == nil {
		s.clean(now())
		found = &item[V]{value: create(now)}
		s.items[key] = found
	}
	found.users++
	return found.value, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		found.users--
		found.since = now()
	}
}

func (s *Shelf[K, V]) clean(now time.Time) {
	if s.items == nil {
		s.items = map[K]*item[V]{}
	}
	for key, i := range s.items {
		if i.users == 0 && now.Sub(i.since) > shelfLife {
			delete(s.items, key)
		}
	}
}

func (s *Shelf[K, V]) inUse() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	users := 0
	for _, i := range s.items {
		users += i.users
	}
	return users
}
