package claude

import (
	"github.com/anthropics/anthropic-sdk-go"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// PricesAsOf is the month in which the prices below were read, from
// https://platform.claude.com/docs/en/about-claude/pricing.
const PricesAsOf = "2026-11"

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

// Prices maps models, without their dates, to tiers in rising order. A model
// that is missing has an unknown cost, never a cost of 0.
type Prices map[string][]Tier

// DefaultPrices is the published list, as of [PricesAsOf]. Callers own the map.
func DefaultPrices() Prices {
	flat := func(input, output, read, write5m, write1h float64) []Tier {
		return []Tier{{Price: price(input, output, read, write5m, write1h)}}
	}
	opus := flat(5, 25, 0.50, 6.25, 10)
	sonnet4 := flat(3, 15, 0.30, 3.75, 6)
	return Prices{
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
func (p Prices) Has(model string) bool {
	_, known := p.of(model, 0)
	return known
}

// of finds the price of a request whose prompt has so many tokens.
func (p Prices) of(model string, promptTokens int64) (Price, bool) {
	tiers, known := p[model]
	if !known {
		tiers = p[undated(model)]
	}
	for _, tier := range tiers {
		if tier.UpTo == 0 || promptTokens <= tier.UpTo {
			return tier.Price, true
		}
	}
	return Price{}, false
}

// usage turns what the API counted for one call into a usage with its cost,
// rounded up to the millionth of a dollar.
func (p Prices) usage(model string, u anthropic.Usage) codybatch.Usage {
	usage := codybatch.Usage{
		InputTokens: u.InputTokens, OutputTokens: u.OutputTokens,
		CacheReadTokens: u.CacheReadInputTokens, CacheWriteTokens: u.CacheCreationInputTokens,
	}
	if usage == (codybatch.Usage{}) {
		return usage
	}
	price, known := p.of(model, promptTokens(usage))
	if !known {
		usage.CostUnknown = true
		return usage
	}
	// What is not said to be written for 5 minutes is taken for the dearer kind.
	short := min(u.CacheCreation.Ephemeral5mInputTokens, u.CacheCreationInputTokens)
	usage.Cost = perMillion(u.InputTokens*int64(price.Input) +
		u.OutputTokens*int64(price.Output) +
		u.CacheReadInputTokens*int64(price.CacheRead) +
		short*int64(price.CacheWrite5m) +
		(u.CacheCreationInputTokens-short)*int64(price.CacheWrite1h))
	return usage
}

// promptTokens is all that the model was given to read, from wherever.
func promptTokens(u codybatch.Usage) int64 {
	return u.InputTokens + u.CacheReadTokens + u.CacheWriteTokens
}

// perMillion divides a sum of tokens times prices, rounding up: a cost is never
// shown smaller than it is.
func perMillion(sum int64) codybatch.Money { return codybatch.Money((sum + 999_999) / 1_000_000) }
