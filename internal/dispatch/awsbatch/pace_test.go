package awsbatch

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestPace(t *testing.T) {
	t.Parallel()

	t.Run("lets_through_so_many_a_second", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			p := pace{gap: time.Second / 50}
			began := time.Now()
			var group sync.WaitGroup
			for range 101 {
				group.Go(func() {
					if err := p.wait(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			if took := time.Since(began); took != 2*time.Second {
				t.Errorf("101 took %s, at 50 a second", took)
			}
		})
	})

	t.Run("ends_with_its_context", func(t *testing.T) {
		t.Parallel()
		p := pace{gap: time.Hour}
		ctx, cancel := context.WithCancel(t.Context())
		if err := p.wait(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		if err := p.wait(ctx); err == nil {
			t.Error("it waited")
		}
	})
}
