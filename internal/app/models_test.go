package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func TestModels(t *testing.T) {
	t.Parallel()
	list, err := readPrices("")
	if err != nil {
		t.Fatal(err)
	}
	found, models := false, list.models()
	for i, model := range models {
		if i > 0 && model.Name <= models[i-1].Name {
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
	if !found || list.month == "" {
		t.Errorf("the default model is not in %+v", models)
	}
}

func TestPricesOfAnOperator(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "prices.yaml")
	text := "asOf: 2027-01\nmodels:\n  mine: [{inputUsd: 1, outputUsd: 2, cacheReadUsd: 0, cacheWrite5mUsd: 4, cacheWrite1hUsd: 5}]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := readPrices(file)
	if err != nil || list.month != "2027-01" || !list.Has("mine") || !list.Has(codybatch.DefaultModel) {
		t.Errorf("got %+v, %v", list, err)
	}
	for name, content := range map[string]string{"wrong": "asOf: 2027-01", "missing": ""} {
		file := filepath.Join(t.TempDir(), name)
		if content != "" {
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := readPrices(file); err == nil || !strings.Contains(err.Error(), "CLAUDE_PRICES") || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
