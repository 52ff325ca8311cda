// Package prices knows what tokens cost, and what a call of a model may cost at
// most. The engines that ask the Messages API share it.
package prices

import (
	"strings"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// AsOf is the month in which the prices below were read, from
// https://platform.claude.com/docs/en/about-claude/pricing.
const AsOf = "2026-11"

// Price is what a million tokens cost, by the kinds that are priced differently.
type Price struct {
	Input        codybatch.Money // read afresh
	Output       codybatch.Money // thinking included
	CacheRead    codybatch.Money
	CacheWrite5m codybatch.Money
	CacheWrite1h codybatch.Money
}

// Tier is a price for requests whose prompt (read afresh, read from the cache
// and written to it, together) has at most UpTo tokens. The tier that fits prices the
// whole request.
type Tier struct {
	UpTo int64 // 0: no bound
	Price
}

// List maps models, without their dates, to tiers in rising order. A model
// that is missing has an unknown cost, never a cost of 0.
type List map[string][]Tier

// Default is the published list, as of [AsOf]. Callers own the map.
func Default() List {
	flat := func(input, output, read, write5m, write1h float64) []Tier {
		return []Tier{{Price: price(input, output, read, write5m, write1h)}}
	}
	opus := flat(5, 25, 0.50, 6.25, 10)
	sonnet4 := flat(3, 15, 0.30, 3.75, 6)
	return List{
		"claude-haiku-5-5": {
			{UpTo: 100_000, Price: price(0.10, 0.50, 0.01, 0.125, 0.20)},
			{Price: price(0.50, 2.50, 0.05, 0.625, 1.00)},
		},
		"claude-sonnet-5-5": flat(2, 10, 0.10, 2.50, 4),
		"claude-opus-5-5":   flat(4, 20, 0.20, 5, 8),
		"claude-fable-5-1":  flat(10, 50, 0.25, 12.50, 20),
		"claude-sonnet-5":   flat(2, 10, 0.20, 2.50, 4),
		"claude-opus-5":     opus,
		"claude-opus-4-8":   opus,
		"claude-opus-4-7":   opus,
		"claude-opus-4-6":   opus,
		"claude-opus-4-5":   opus,
		"claude-sonnet-4-6": sonnet4,
		"claude-sonnet-4-5": sonnet4,
		"claude-haiku-4-5":  flat(1, 5, 0.10, 1.25, 2),
	}
}

func price(input, output, read, write5m, write1h float64) Price {
	return Price{
		Input: codybatch.USD(input), Output: codybatch.USD(output), CacheRead: codybatch.USD(read),
		CacheWrite5m: codybatch.USD(write5m), CacheWrite1h: codybatch.USD(write1h),
	}
}

// Has reports whether a model's price is known. It may be called at once.
func (p List) Has(model string) bool {
	_, known := p.Of(model, 0)
	return known
}

// Of finds the price of a request whose prompt has so many tokens.
func (p List) Of(model string, promptTokens int64) (Price, bool) {
	tiers, known := p[model]
	if !known {
		tiers = p[Undated(model)]
	}
	for _, tier := range tiers {
		if tier.UpTo == 0 || promptTokens <= tier.UpTo {
			return tier.Price, true
		}
	}
	return Price{}, false
}

// Usage turns what the API counted for one call into a usage with its cost,
// rounded up to the millionth of a dollar.
func (p List) Usage(model string, u anthropic.Usage) codybatch.Usage {
	usage := codybatch.Usage{
		InputTokens: u.InputTokens, OutputTokens: u.OutputTokens,
		CacheReadTokens: u.CacheReadInputTokens, CacheWriteTokens: u.CacheCreationInputTokens,
	}
	if usage == (codybatch.Usage{}) {
		return usage
	}
	price, known := p.Of(model, PromptTokens(usage))
	if !known {
		usage.CostUnknown = true
		return usage
	}
	// What is not said to be written for 5 minutes is taken for the dearer kind.
	short := min(u.CacheCreation.Ephemeral5mInputTokens, u.CacheCreationInputTokens)
	usage.Cost = PerMillion(u.InputTokens*int64(price.Input) +
		u.OutputTokens*int64(price.Output) +
		u.CacheReadInputTokens*int64(price.CacheRead) +
		short*int64(price.CacheWrite5m) +
		(u.CacheCreationInputTokens-short)*int64(price.CacheWrite1h))
	return usage
}

// PromptTokens is all that the model was given to read, from wherever.
func PromptTokens(u codybatch.Usage) int64 {
	return u.InputTokens + u.CacheReadTokens + u.CacheWriteTokens
}

// PerMillion divides a sum of tokens times prices, rounding up: a cost is never
// shown smaller than it is.
func PerMillion(sum int64) codybatch.Money { return codybatch.Money((sum + 999_999) / 1_000_000) }

// LeastOutput is the fewest tokens that are worth asking for: a thought and one
// edit. With less money than that, a session ends.
const LeastOutput = 2_048

// Affordable says how many tokens an answer may have so that the call is paid
// from what is left even in the worst case: nothing of the prompt is in the cache,
// and the answer is as long as it may be. It lowers the answer's length to fit the
// money, and reports false when what is left does not buy LeastOutput, or less if
// less is wanted. Of a model without a price it knows nothing, and lets it pass.
func (p List) Affordable(model string, promptTokens, want int64, left codybatch.Money) (int64, bool) {
	price, known := p.Of(model, promptTokens)
	if !known {
		return want, true
	}
	least := min(want, LeastOutput)
	left -= price.prompt(promptTokens)
	if left <= 0 {
		return 0, false
	}
	if PerMillion(want*int64(price.Output)) > left {
		want = int64(left) * 1_000_000 / int64(price.Output)
	}
	return want, want >= least
}

// Worst is the most that a call can cost; 0 for a model without a price.
func (p List) Worst(model string, promptTokens, output int64) codybatch.Money {
	price, _ := p.Of(model, promptTokens)
	return price.prompt(promptTokens) + PerMillion(output*int64(price.Output))
}

// prompt is what so many tokens cost at most, read afresh or written to the cache.
func (p Price) prompt(tokens int64) codybatch.Money {
	return PerMillion(tokens * int64(max(p.Input, p.CacheWrite5m, p.CacheWrite1h)))
}

// Undated cuts the date off a model's full name, claude-haiku-4-5-20251001, and
// what Bedrock's names begin with: they are the same model, and taken to have the
// same price.
func Undated(model string) string {
	model = strings.TrimPrefix(model, "anthropic.")
	cut := strings.LastIndexByte(model, '-')
	if cut < 0 || len(model)-cut-1 != len("20251001") {
		return model
	}
	for _, digit := range model[cut+1:] {
		if digit < '0' || digit > '9' {
			return model
		}
	}
	return model[:cut]
}
