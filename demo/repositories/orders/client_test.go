package orders

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOrder(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("X-Auth-Token"); got != "secret" {
			t.Errorf("X-Auth-Token is %q", got)
		}
		if r.URL.Path != "/v1/orders/7" {
			t.Errorf("path is %q", r.URL.Path)
		}
		w.Write([]byte(`{"id": "7", "total": 1250}`))
	}))
	defer server.Close()

	client := &Client{Base: server.URL + "/v1", Token: "secret", HTTP: server.Client()}
	order, err := client.Order(context.Background(), "7")
	if err != nil || order.Total != 1250 {
		t.Fatalf("got %+v, %v", order, err)
	}
}

func TestDefaultBase(t *testing.T) {
	if !strings.HasPrefix(DefaultBase, "https://api.internal.example/") {
		t.Errorf("the default is %q", DefaultBase)
	}
}
