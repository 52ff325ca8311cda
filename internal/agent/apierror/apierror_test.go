package apierror

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

const key = "sk-ant-secret"

func TestTheKeyIsTakenOutOfWhatServersSay(t *testing.T) {
	t.Parallel()
	body := Read(`{"error":{"type":"authentication_error","message":"invalid key sk-ant-secret, sk-ant-secret"}}`, key)
	if body.Error.Message != "invalid key [redacted], [redacted]" || body.Error.Type != "authentication_error" {
		t.Errorf("got %+v", body.Error)
	}
	if got := Read(`<html>sk-ant-secret`, key); got != (Body{}) {
		t.Errorf("of what is no JSON: %+v", got)
	}
	if got := Redact("as it is", ""); got != "as it is" {
		t.Errorf("without a key: %q", got)
	}
	for words, want := range map[string]string{
		"key sk-ant-secret":                 "key [redacted]",
		"key sk-ant-sec":                    "key ",
		"key s":                             "key ",
		"whole sk-ant-secret, begun sk-ant": "whole [redacted], begun ",
		"key sk-ant-sec is not at the end":  "key sk-ant-sec is not at the end",
		"":                                  "",
	} {
		if got := RedactCut(words, key); got != want {
			t.Errorf("%q, cut off: got %q, want %q", words, got, want)
		}
	}
	header := http.Header{"Location": {"https://other.example/?key=sk-ant-secret"}, "Via": {"one", "sk-ant-secret"}}
	RedactHeader(header, key)
	if header.Get("Location") != "https://other.example/?key=[redacted]" || header["Via"][1] != Redacted || header["Via"][0] != "one" {
		t.Errorf("got %v", header)
	}
}

func TestClientTakesTheKeyNowhereElse(t *testing.T) {
	t.Parallel()
	var followed bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	defer other.Close()
	api := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer api.Close()
	base := &http.Client{Transport: &http.Transport{}}
	for name, given := range map[string]*http.Client{"Go's own": nil, "one that is given": base} {
		client := Client(given)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, api.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Api-Key", key)
		answer, err := client.Do(request)
		if err == nil {
			answer.Body.Close()
		}
		if !errors.Is(err, ErrRedirect) || followed {
			t.Errorf("%s: err %v, followed %v", name, err, followed)
		}
	}
	if base.CheckRedirect != nil {
		t.Error("the client that is given is changed")
	}
}
