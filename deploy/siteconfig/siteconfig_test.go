package siteconfig

import (
	"bytes"
	"encoding/json"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/app"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

var update = flag.Bool("update", false, "rewrite the file")

func TestTheDashboardOnAWSIsToldWhatTheAPITells(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	a, err := app.Open(t.Context(), app.Options{Data: t.TempDir(), Forge: app.ForgeLocalGit, ForgeRoot: t.TempDir(), Workers: 1, Lease: time.Minute, Now: time.Now, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(t.Context()) })
	api := httpapi.New(a.Service, httpapi.Options{Version: "", Models: a.Models(), PricesAsOf: a.PricesAsOf(), Now: time.Now, Log: log})
	answer := httptest.NewRecorder()
	api.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/config.json", nil))
	var got bytes.Buffer
	if err := json.Indent(&got, answer.Body.Bytes(), "", "  "); err != nil {
		t.Fatalf("%s: %v", answer.Body, err)
	}
	got.WriteByte('\n')

	file := filepath.Join("..", "cdk", "site", "config.json")
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s is out of date: run go test ./deploy/siteconfig -update, and go test . -update in deploy/cdk\n got: %s", file, got.Bytes())
	}
}
