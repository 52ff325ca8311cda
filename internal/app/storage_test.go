package app

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/liamzdenek/cody-batch/internal/config"
	"github.com/liamzdenek/cody-batch/internal/store/dynamo"
)

// A connection dies without a word. The request is made again over another one, and
// not waited for until the caller's patience ends.
func TestAnswerThatNeverBegins(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not see that the client has gone
		if requests.Add(1) == 1 {
			<-r.Context().Done()
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_, _ = io.WriteString(w, `{"Responses": {}, "UnprocessedKeys": {}}`)
	}))
	t.Cleanup(server.Close)
	store, err := dynamo.New(aws.Config{
		Region: "eu-central-1", BaseEndpoint: &server.URL, HTTPClient: awsClient(100 * time.Millisecond),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	}, dynamo.Options{JobsTable: "jobs", RepositoriesTable: "repositories"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := store.Ping(ctx); err != nil || requests.Load() != 2 {
		t.Errorf("after %d requests: %v", requests.Load(), err)
	}
}

func TestAWSIsNotWaitedForWithoutEnd(t *testing.T) {
	t.Parallel()
	loaded, err := loadAWS(t.Context(), config.Config{AWSRegion: "eu-central-1"})
	if err != nil {
		t.Fatal(err)
	}
	client, ok := loaded.HTTPClient.(*awshttp.BuildableClient)
	if !ok || client.GetTransport().ResponseHeaderTimeout != answerTime {
		t.Errorf("the client is %T, and may wait without end", loaded.HTTPClient)
	}
}
