package claude

import (
	"crypto/sha256"
	"sync"
	"time"
)

// shelfLife is how long is kept what no run uses. It is longer than a breaker
// cools down.
const shelfLife = time.Hour

// shelf keeps what runs share: while one of them uses it, and for shelfLife after
// that, so that keys and models that come and go do not pile up. Its methods may
// be called at once.
type shelf[K comparable, V any] struct {
	mu    sync.Mutex
	items map[K]*item[V]
}

type item[V any] struct {
	value V
	users int
	since time.Time // it has no users
}

// take returns what belongs to the key, made if it is not there. The caller calls
// done, once, when it does not use it any more.
func (s *shelf[K, V]) take(key K, now func() time.Time, create func(now func() time.Time) V) (V, func()) {
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

func (s *shelf[K, V]) clean(now time.Time) {
	if s.items == nil {
		s.items = map[K]*item[V]{}
	}
	for key, i := range s.items {
		if i.users == 0 && now.Sub(i.since) > shelfLife {
			delete(s.items, key)
		}
	}
}

// keyDigest stands for an API key where the key itself could be printed.
type keyDigest [sha256.Size]byte

func digestKey(key string) keyDigest { return sha256.Sum256([]byte(key)) }

// lane is what a limit of the API is for.
type lane struct {
	key   keyDigest
	model string
}
