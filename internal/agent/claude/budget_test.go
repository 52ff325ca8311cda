package claude

import (
	"testing"

	"github.com/liamzdenek/cody-batch/internal/agent/prices"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func TestLedger(t *testing.T) {
	t.Parallel()
	limit := func(dollars float64) *codybatch.Money { m := codybatch.USD(dollars); return &m }
	open := func(limit *codybatch.Money) *ledger {
		return &ledger{prices: prices.Default(), model: "claude-sonnet-5-5", limit: limit}
	}
	t.Run("pays_a_call_in_the_worst_case", func(t *testing.T) {
		t.Parallel()
		// 20,000 bytes are at most 10,000 tokens, at $4 a million when written for an
		// hour: 4 cents. What is left of a dollar buys 96,000 tokens of output.
		if got, paid := open(limit(1)).reserve(20_000, 200_000); !paid || got != 96_000 {
			t.Errorf("got %d, %v", got, paid)
		}
		if got, paid := open(limit(1)).reserve(20_000, 32_000); !paid || got != 32_000 {
			t.Errorf("got %d, %v", got, paid)
		}
	})
	t.Run("lowers_the_answer_to_the_floor_and_not_below", func(t *testing.T) {
		t.Parallel()
		// The prompt is 4 cents; 2,048 tokens of output are 2.048 cents.
		if got, paid := open(limit(0.06048)).reserve(20_000, 32_000); !paid || got != prices.LeastOutput {
			t.Errorf("got %d, %v", got, paid)
		}
		if _, paid := open(limit(0.06047)).reserve(20_000, 32_000); paid {
			t.Error("less than the floor was paid")
		}
		if _, paid := open(limit(0)).reserve(20_000, 32_000); paid {
			t.Error("nothing was paid with nothing")
		}
	})
	t.Run("counts_what_is_spent_and_warns_once", func(t *testing.T) {
		t.Parallel()
		l := open(limit(1))
		l.spend(codybatch.Usage{InputTokens: 5_000, OutputTokens: 100, Cost: codybatch.USD(0.79)}, 20_000, true)
		if l.shouldWarn() {
			t.Error("warned too early")
		}
		if got := l.estimate(20_400); got != 5_000+100+200 {
			t.Errorf("estimated %d tokens", got)
		}
		l.spend(codybatch.Usage{Cost: codybatch.USD(0.01)}, 20_000, false)
		if !l.shouldWarn() || l.shouldWarn() {
			t.Error("does not warn once at 80 %")
		}
	})
	t.Run("takes_the_tier_that_the_prompt_is_in", func(t *testing.T) {
		t.Parallel()
		l := open(limit(1))
		l.model = "claude-haiku-5-5"
		l.lastBytes, l.lastTokens = 400_000, 100_001
		// 100,001 tokens at $1 are 10 cents; 90 cents buy 360,000 tokens at $2.50.
		if got, _ := l.reserve(400_000, 1_000_000); got < 359_000 || got > 360_000 {
			t.Errorf("got %d", got)
		}
	})
	t.Run("can_hold_no_limit_without_a_price", func(t *testing.T) {
		t.Parallel()
		l := open(limit(0.01))
		l.model = "unknown"
		if got, paid := l.reserve(1<<20, 32_000); !paid || got != 32_000 || !l.unenforceable() {
			t.Errorf("got %d, %v, %v", got, paid, l.unenforceable())
		}
	})
}
