package apispec

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the description below
	"fmt"
	"io"
	"sync"
)

//go:generate go run ./trim -module github.com/anthropics/anthropic-sdk-go -in scripts/mock-spec.json.gz -out anthropic.json.gz -paths /v1/messages,/v1/messages/count_tokens,/v1/messages?beta=true,/v1/messages/count_tokens?beta=true -schemas MessageStreamEvent,BetaMessageStreamEvent,ErrorResponse

// anthropicDescription is what the Go SDK of the version in go.mod ships as
// scripts/mock-spec.json.gz, cut down to the Messages API.
//
//go:embed anthropic.json.gz
var anthropicDescription []byte

// loadAnthropic shares one description, so that its schemas are compiled once.
var loadAnthropic = sync.OnceValues(func() (*Description, error) {
	reader, err := gzip.NewReader(bytes.NewReader(anthropicDescription))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(reader)
	if err != nil {
		return nil, err
	}
	return Load(bytes.NewReader(data))
})

// Anthropic returns the description of the Messages API: POST /v1/messages and
// /v1/messages/count_tokens, each also with ?beta=true, and the schemas of stream
// events and errors. All callers share one.
func Anthropic() (*Description, error) {
	d, err := loadAnthropic()
	if err != nil {
		return nil, fmt.Errorf("unpack the Messages API description: %w", err)
	}
	return d, nil
}
