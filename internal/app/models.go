package app

import (
	"cmp"
	"fmt"
	"os"
	"slices"

	"github.com/liamzdenek/cody-batch/internal/agent/prices"
	"github.com/liamzdenek/cody-batch/internal/config"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// priceList is what models cost, and since which month that is so.
type priceList struct {
	prices.List
	month string
}

// readPrices reads the operator's list, or takes the one that is built in.
func readPrices(file string) (priceList, error) {
	if file == "" {
		return priceList{prices.Default(), prices.AsOf}, nil
	}
	document, err := os.ReadFile(file)
	if err != nil {
		return priceList{}, fmt.Errorf("%s: %w", config.ClaudePrices, err)
	}
	list, month, err := prices.Read(document)
	if err != nil {
		return priceList{}, fmt.Errorf("%s: %s: %w", config.ClaudePrices, file, err)
	}
	return priceList{list, month}, nil
}

// PricesAsOf is the month in which the prices of Models were read.
func (a *App) PricesAsOf() string { return a.prices.month }

// Models lists the models whose prices are known, and which jobs can name
// therefore, by name.
func (a *App) Models() []httpapi.Model { return a.prices.models() }

func (p priceList) models() []httpapi.Model {
	var models []httpapi.Model
	for name, tiers := range p.List {
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
