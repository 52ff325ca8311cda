package app

import (
	"cmp"
	"slices"

	"github.com/liamzdenek/cody-batch/internal/agent/prices"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// PricesAsOf is the month in which the prices of Models were read.
const PricesAsOf = prices.AsOf

// Models lists the models whose prices are known, and which jobs can name
// therefore, by name.
func Models() []httpapi.Model {
	var models []httpapi.Model
	for name, tiers := range prices.Default() {
		model := httpapi.Model{Name: name}
		for _, tier := range tiers {
			price := httpapi.ModelPrice{
				InputUSD: tier.Input.Dollars(), OutputUSD: tier.Output.Dollars(), CacheReadUSD: tier.CacheRead.Dollars(),
				CacheWrite5mUSD: tier.CacheWrite5m.Dollars(), CacheWrite1hUSD: tier.CacheWrite1h.Dollars(),
			}
			if tier.UpTo > 0 {
				price.UpToTokens = &tier.UpTo
			}
			model.Prices = append(model.Prices, price)
		}
		models = append(models, model)
	}
	slices.SortFunc(models, func(a, b httpapi.Model) int { return cmp.Compare(a.Name, b.Name) })
	return models
}
