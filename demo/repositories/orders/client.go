// Package orders reads orders from the internal API.
package orders

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// DefaultBase is where the API lives in production.
const DefaultBase = "https://api.internal.example/v1"

// Order is one order.
type Order struct {
	ID    string `json:"id"`
	Total int    `json:"total"` // cents
}

// Client calls the API. The zero Base means DefaultBase.
type Client struct {
	Base  string
	Token string
	HTTP  *http.Client
}

// Order returns one order.
func (c *Client) Order(ctx context.Context, id string) (Order, error) {
	base := c.Base
	if base == "" {
		base = DefaultBase
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/orders/"+id, nil)
	if err != nil {
		return Order{}, err
	}
	req.Header.Set("X-Auth-Token", c.Token)
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return Order{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return Order{}, fmt.Errorf("order %s: %s", id, resp.Status)
	}
	var order Order
	err = json.NewDecoder(resp.Body).Decode(&order)
	return order, err
}
