package prices

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
			u := Default().Usage(test.model, test.usage)
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
		if u := Default().Usage(model, counted(1, 1, 1, 1, 1)); !u.CostUnknown || u.Cost != 0 {
			t.Errorf("%s: got %+v", model, u)
		}
	}
	if u := Default().Usage("gpt", anthropic.Usage{}); u.CostUnknown {
		t.Error("nothing spent is known to cost nothing")
	}
}
