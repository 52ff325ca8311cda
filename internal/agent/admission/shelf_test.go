package admission

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const testKey = "sk-ant-0123456789-abcdefghijklmn"

func TestShelf_keeps_what_is_used_and_forgets_the_rest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s Shelf[Lane, *Limiter]
		take := func(key string) (*Limiter, func()) {
			return s.Take(Lane{DigestKey(key), "m"}, time.Now, newLimiter)
		}
		used, _ := take(testKey)
		idle, done := take("idle")
		done()
		time.Sleep(shelfLife)
		if again, done := take("idle"); again != idle {
			t.Error("forgotten too early")
		} else {
			done()
		}
		for i := range 100 {
			time.Sleep(shelfLife + 1)
			_, done := take(fmt.Sprint("key ", i))
			done()
		}
		if again, _ := take(testKey); again != used || len(s.items) > 3 {
			t.Errorf("%d are kept, the one in use: %t", len(s.items), again == used)
		}
		if printed := fmt.Sprintf("%v %+v %#v", s.items, s.items, s.items); strings.Contains(printed, testKey) {
			t.Error("the key is told")
		}
		if digest := DigestKey(testKey); strings.Contains(string(digest[:]), testKey[:8]) {
			t.Error("the key can be read from its digest")
		}
	})
}

// The API has one limit for a model, whatever it is called.
func TestControl_has_one_limiter_for_all_names_of_a_model(t *testing.T) {
	t.Parallel()
	c := NewControl(time.Now, 0)
	first, done := c.Limiter(Lane{DigestKey(testKey), "claude-haiku-4-5"})
	defer done()
	for model, isSame := range map[string]bool{"claude-haiku-4-5-20251001": true, "claude-haiku-4-5": true, "claude-sonnet-5-5": false} {
		limiter, done := c.Limiter(Lane{DigestKey(testKey), model})
		if (limiter == first) != isSame {
			t.Errorf("%s has the limiter of claude-haiku-4-5: %t", model, !isSame)
		}
		done()
	}
}
