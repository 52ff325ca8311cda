package prices

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// mostUSD bounds a price of a million tokens: more is a slip of the pen.
const mostUSD = 100_000

var monthPattern = regexp.MustCompile(`^\d{4}-(0[1-9]|1[0-2])$`)

// file is a list of prices that an operator keeps, in US dollars for a million tokens.
type file struct {
	AsOf   string                `json:"asOf"`
	Models map[string][]fileTier `json:"models"`
}

// fileTier has pointers, so that a price that was left out is not taken for 0.
type fileTier struct {
	UpToTokens *int64   `json:"upToTokens"`
	Input      *float64 `json:"inputUsd"`
	Output     *float64 `json:"outputUsd"`
	CacheRead  *float64 `json:"cacheReadUsd"`
	Write5m    *float64 `json:"cacheWrite5mUsd"`
	Write1h    *float64 `json:"cacheWrite1hUsd"`
}

// Read reads an operator's list, in YAML or JSON, and returns the default list with
// the operator's models added, or in place of the default's, and the month that the
// list is of. It refuses what leaves a price out, and names what is wrong.
func Read(document []byte) (List, string, error) {
	var f file
	if err := yaml.UnmarshalStrict(document, &f); err != nil {
		return nil, "", fmt.Errorf("read the list of prices: %w", err)
	}
	var problems []error
	if !monthPattern.MatchString(f.AsOf) {
		problems = append(problems, fmt.Errorf("asOf: %q is not a month such as %s", f.AsOf, AsOf))
	}
	if len(f.Models) == 0 {
		problems = append(problems, errors.New("models: there is none"))
	}
	list := Default()
	for _, name := range slices.Sorted(maps.Keys(f.Models)) {
		tiers, err := readTiers(f.Models[name])
		if err != nil {
			problems = append(problems, fmt.Errorf("models.%s: %w", name, err))
		}
		list[name] = tiers
	}
	if err := errors.Join(problems...); err != nil {
		return nil, "", fmt.Errorf("read the list of prices: %w", err)
	}
	return list, f.AsOf, nil
}

func readTiers(from []fileTier) ([]Tier, error) {
	if len(from) == 0 {
		return nil, errors.New("there is no price")
	}
	var tiers []Tier
	for i, t := range from {
		var tier Tier
		isLast := i == len(from)-1
		switch {
		case isLast != (t.UpToTokens == nil):
			return nil, errors.New("the last price, and no other, has no upToTokens")
		case t.UpToTokens != nil:
			tier.UpTo = *t.UpToTokens
			if tier.UpTo <= 0 || i > 0 && tier.UpTo <= tiers[i-1].UpTo {
				return nil, errors.New("upToTokens must be more than 0, and rise")
			}
		}
		for _, field := range []struct {
			name string
			usd  *float64
			to   *codybatch.Money
		}{
			{"inputUsd", t.Input, &tier.Input}, {"outputUsd", t.Output, &tier.Output}, {"cacheReadUsd", t.CacheRead, &tier.CacheRead},
			{"cacheWrite5mUsd", t.Write5m, &tier.CacheWrite5m}, {"cacheWrite1hUsd", t.Write1h, &tier.CacheWrite1h},
		} {
			if field.usd == nil {
				return nil, fmt.Errorf("%s is missing", field.name)
			}
			if !(*field.usd >= 0 && *field.usd <= mostUSD) {
				return nil, fmt.Errorf("%s: %v is not between 0 and %d dollars for a million tokens", field.name, *field.usd, mostUSD)
			}
			*field.to = codybatch.USD(*field.usd)
		}
		tiers = append(tiers, tier)
	}
	return tiers, nil
}
