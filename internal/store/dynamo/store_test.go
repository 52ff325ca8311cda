package dynamo_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/awstest"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/dynamo"
	"github.com/liamzdenek/cody-batch/internal/store/storetest"
)

// begun is before the stories of storetest: their jobs must not have expired.
var begun = time.Date(2026, time.March, 4, 0, 0, 0, 0, time.UTC)

func TestStoreOnDynoxide(t *testing.T) {
	t.Parallel()
	endpoint := awstest.Dynoxide(t)
	storetest.Run(t, func(t *testing.T) codybatch.Store { return open(t, endpoint, nil) })
}

func TestStoreOnMoto(t *testing.T) {
	t.Parallel()
	endpoint := awstest.Moto(t)
	storetest.Run(t, func(t *testing.T) codybatch.Store { return open(t, endpoint, nil) })
}

// open returns a store on new tables. Its requests go through transport.
func open(t testing.TB, endpoint string, transport http.RoundTripper) *dynamo.Store {
	t.Helper()
	jobs, repositories := awstest.Tables(t, awstest.Config(endpoint, nil))
	store, err := dynamo.New(awstest.Config(endpoint, transport), dynamo.Options{
		JobsTable: jobs, RepositoriesTable: repositories, Now: func() time.Time { return begun },
	})
	if err != nil {
		t.Fatal(err)
	}
	return store
}
