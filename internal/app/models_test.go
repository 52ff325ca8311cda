package app

import (
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func TestModels(t *testing.T) {
	t.Parallel()
	found := false
	for i, model := range Models() {
		if i > 0 && model.Name <= Models()[i-1].Name {
			t.Errorf("%s is out of order", model.Name)
		}
		last := model.Prices[len(model.Prices)-1]
		if last.UpToTokens != nil || last.InputUSD <= 0 || last.OutputUSD <= last.InputUSD || last.CacheReadUSD >= last.InputUSD {
			t.Errorf("%s costs %+v", model.Name, last)
		}
		if model.Name == codybatch.DefaultModel {
			found = last.InputUSD == 2 && last.OutputUSD == 10
		}
	}
	if !found || PricesAsOf == "" {
		t.Errorf("the default model is not in %+v", Models())
	}
}
