package prices

import (
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const one = "{inputUsd: 1, outputUsd: 2, cacheReadUsd: 0, cacheWrite5mUsd: 4, cacheWrite1hUsd: 5}"

func TestRead_adds_to_the_list_and_replaces(t *testing.T) {
	t.Parallel()
	list, month, err := Read([]byte("asOf: 2027-01\nmodels:\n  claude-sonnet-5-5: [" + one + "]\n  mine:\n" +
		"  - {upToTokens: 1000, inputUsd: 0.5, outputUsd: 1, cacheReadUsd: 0, cacheWrite5mUsd: 1, cacheWrite1hUsd: 1}\n  - " + one + "\n"))
	if err != nil || month != "2027-01" {
		t.Fatalf("got %q, %v", month, err)
	}
	for _, want := range []struct {
		model  string
		tokens int64
		input  codybatch.Money
	}{
		{"claude-sonnet-5-5", 0, codybatch.USD(1)}, {"mine", 1000, codybatch.USD(0.5)}, {"mine", 1001, codybatch.USD(1)},
		{"claude-opus-5-5", 0, codybatch.USD(4)},
	} {
		if price, known := list.Of(want.model, want.tokens); !known || price.Input != want.input {
			t.Errorf("%s at %d tokens: %+v, %t", want.model, want.tokens, price, known)
		}
	}
	if price, _ := Default().Of("claude-sonnet-5-5", 0); price.Input != codybatch.USD(2) {
		t.Errorf("the default list changed: %+v", price)
	}
}

func TestRead_refuses_what_is_no_price(t *testing.T) {
	t.Parallel()
	for document, says := range map[string]string{
		"": "asOf",
		"asOf: 2027-13\nmodels: {m: [" + one + "]}": "2027-13",
		"asOf: 2027-01":                               "models",
		"asOf: 2027-01\nmodels: {m: []}":              "models.m: there is no price",
		"asOf: 2027-01\nmodels: {m: [{inputUsd: 1}]}": "models.m: outputUsd is missing",
		"asOf: 2027-01\nmodels: {m: [" + strings.Replace(one, "1,", "-1,", 1) + "]}":       "inputUsd: -1",
		"asOf: 2027-01\nmodels: {m: [" + strings.Replace(one, "1,", ".nan,", 1) + "]}":     "",
		"asOf: 2027-01\nmodels: {m: [" + strings.Replace(one, "1,", "1e9,", 1) + "]}":      "inputUsd: 1e+09",
		"asOf: 2027-01\nmodels: {m: [" + one + ", " + one + "]}":                           "upToTokens",
		"asOf: 2027-01\nmodels: {m: [" + strings.Replace(one, "{", "{upTo: 3, ", 1) + "]}": "upTo",
		"asOf: 2027-01\nmodels: {m: [" + strings.Replace(one, "{", "{upToTokens: 3, ", 1) + ", " +
			strings.Replace(one, "{", "{upToTokens: 3, ", 1) + ", " + one + "]}": "rise",
	} {
		if list, _, err := Read([]byte(document)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s\ngot %v, %v; want an error that says %q", document, list["m"], err, says)
		}
	}
}
