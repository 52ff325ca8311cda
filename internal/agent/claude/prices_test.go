package claude

import (
	"testing"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func counted(input, output, read, write5m, write1h int64) anthropic.Usage {
	return anthropic.Usage{
		InputTokens: input, OutputTokens: output, CacheReadInputTokens: read, CacheCreationInputTokens: write5m + write1h,
		CacheCreation: anthropic.CacheCreation{Ephemeral5mInputTokens: write5m, Ephemeral1hInputTokens: write1h},
	}
}

func TestPrices_count_every_kind_of_token_by_tier(t *testing.T) {
	t.Parallel()
	const million = 1_000_000
	for _, test := range []struct {
		name, model string
		usage       anthropic.Usage
		want        float64 // dollars
	}{
		{"input", "claude-sonnet-5-5", counted(million, 0, 0, 0, 0), 2},
		{"output", "claude-sonnet-5-5", counted(0, million, 0, 0, 0), 10},
		{"read from the cache", "claude-sonnet-5-5", counted(0, 0, million, 0, 0), 0.10},
		{"written for 5 minutes", "claude-sonnet-5-5", counted(0, 0, 0, million, 0), 2.50},
		{"written for an hour", "claude-sonnet-5-5", counted(0, 0, 0, 0, million), 4},
		{"all at once", "claude-opus-4-8", counted(1000, 2000, 3000, 4000, 5000), 0.005 + 0.05 + 0.0015 + 0.025 + 0.05},
		{"haiku, short prompt", "claude-haiku-5-5", counted(50_000, 1000, 40_000, 5_000, 5_000), 0.005 + 0.0005 + 0.0004 + 0.000625 + 0.001},
		{"haiku, one token more prices all", "claude-haiku-5-5", counted(50_001, 1000, 40_000, 5_000, 5_000), 0.0250005 + 0.0025 + 0.002 + 0.003125 + 0.005},
		{"dated name", "claude-haiku-4-5-20251001", counted(million, 0, 0, 0, 0), 1},
		{"rounds up", "claude-haiku-5-5", counted(1, 0, 0, 0, 0), 0.000001},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u := DefaultPrices().usage(test.model, test.usage)
			want := codybatch.USD(test.want)
			if u.CostUnknown || u.Cost < want || u.Cost > want+1 {
				t.Errorf("got %d millionths (unknown: %v), want %d", u.Cost, u.CostUnknown, want)
			}
			if u.InputTokens != test.usage.InputTokens || u.CacheWriteTokens != test.usage.CacheCreationInputTokens ||
				u.CacheReadTokens != test.usage.CacheReadInputTokens || u.OutputTokens != test.usage.OutputTokens {
				t.Errorf("got %+v", u)
			}
		})
	}
}

func TestPrices_of_an_unknown_model_are_unknown_and_not_zero(t *testing.T) {
	t.Parallel()
	for _, model := range []string{"claude-mythos-5-1", "claude-sonnet-5-5-turbo", "gpt", ""} {
		if u := DefaultPrices().usage(model, counted(1, 1, 1, 1, 1)); !u.CostUnknown || u.Cost != 0 {
			t.Errorf("%s: got %+v", model, u)
		}
	}
	if u := DefaultPrices().usage("gpt", anthropic.Usage{}); u.CostUnknown {
		t.Error("nothing spent is known to cost nothing")
	}
}

func TestLedger(t *testing.T) {
	t.Parallel()
	limit := func(dollars float64) *codybatch.Money { m := codybatch.USD(dollars); return &m }
	open := func(limit *codybatch.Money) *ledger {
		return &ledger{prices: DefaultPrices(), model: "claude-sonnet-5-5", limit: limit}
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
		if got, paid := open(limit(0.06048)).reserve(20_000, 32_000); !paid || got != leastOutput {
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
