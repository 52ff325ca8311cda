package codybatch_test

import (
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func TestAllowList(t *testing.T) {
	t.Parallel()
	allow, err := codybatch.ParseAllowList("github.com/acme/*, github.com/Other/exact,local/*/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		host string
		name codybatch.RepositoryName
		want bool
	}{
		{"github.com", "acme/site", true},
		{"github.com", "ACME/Site", true},
		{"github.com", "acme-evil/site", false},
		{"github.com", "other/exact", true},
		{"github.com", "other/exact2", false},
		{"ghe.example", "acme/site", false},
		{"local", "any/thing", true},
	} {
		if got := allow.Admits(test.host, test.name); got != test.want {
			t.Errorf("%s/%s: got %t", test.host, test.name, got)
		}
	}
	if (codybatch.AllowList{}).Admits("github.com", "acme/site") {
		t.Error("an empty list admits something")
	}
	for _, bad := range []string{"acme/*", "*", "github.com/[/x"} {
		if _, err := codybatch.ParseAllowList(bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}
