package dynamo_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/awstest"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/dynamo"
)

// wantOneMoment checks that what the job sums up is what the tasks say that a reader
// has, and that none of them is older than the job knows.
func wantOneMoment(t *testing.T, job codybatch.Job, tasks map[codybatch.RepositoryName]codybatch.Task) {
	t.Helper()
	sum := codybatch.Job{RepositoryCount: job.RepositoryCount}
	for _, task := range tasks {
		sum = sum.Apply(codybatch.Task{}, task)
		if task.Seq > job.Seq {
			t.Errorf("%s has Seq %d, and its job %d", task.Repository, task.Seq, job.Seq)
		}
	}
	if sum.Counts != job.Counts || sum.Usage != job.Usage {
		t.Errorf("the tasks add up to %+v, %+v; their job at %d says %+v, %+v", sum.Counts, sum.Usage, job.Seq, job.Counts, job.Usage)
	}
}

// A job and its tasks are of one moment, whenever somebody changes them while they
// are read.
func TestChangesAreOfOneMoment(t *testing.T) {
	t.Parallel()
	const tasks = 6
	for _, limit := range []int{tasks, 100} {
		for at := 1; at <= 9; at++ {
			t.Run(fmt.Sprintf("limit %d, request %d", limit, at), func(t *testing.T) {
				t.Parallel()
				own := newTables(t, awstest.Dynoxide(t))
				writer := own.store(t, begun, nil)
				created := create(t, writer, "job", tasks)
				list := names(tasks)
				running, _, err := writer.ClaimTask(t.Context(), claimOf(codybatch.TaskKey{JobID: "job", Repository: list[0]}))
				if err != nil {
					t.Fatal(err)
				}
				var requests atomic.Int64
				reader := own.store(t, begun, &wire{answer: func(string, int, []byte) (*http.Response, error) {
					if requests.Add(1) != int64(at) {
						return nil, nil
					}
					if _, err := codybatch.Update(t.Context(), writer, running.Key(), finished); err != nil {
						t.Error(err)
					}
					_, _, err := writer.ClaimTask(t.Context(), claimOf(codybatch.TaskKey{JobID: "job", Repository: list[at%tasks/2+1]}))
					if err != nil {
						t.Error(err)
					}
					return nil, nil
				}})
				for _, after := range []int64{0, created.Seq} {
					known := map[codybatch.RepositoryName]codybatch.Task{}
					if after > 0 {
						for i, name := range list {
							known[name] = codybatch.Task{Repository: name, Status: codybatch.TaskQueued, Seq: int64(i) + 1}
						}
					}
					for more := true; more; {
						job, changed, err := reader.Changes(t.Context(), "job", after, limit)
						if err != nil {
							t.Fatal(err)
						}
						for _, task := range changed {
							known[task.Repository] = task
							after = task.Seq
						}
						if more = len(changed) == limit; !more {
							wantOneMoment(t, job, known)
						}
					}
				}
			})
		}
	}
}

// late hides a part of what a transaction wrote, as long as hiding lasts: the row of
// the change, or the row with an attribute, of which it shows an older one.
type late struct {
	// change changes the answer to an operation in another way, and reports whether it did.
	change func(operation string, answer map[string]json.RawMessage) bool

	rows      bool
	attribute string
	hiding    atomic.Int64
	older     json.RawMessage
}

func (l *late) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	operation := request.Header.Get("X-Amz-Target")
	_, name, _ := strings.Cut(operation, ".")
	switch {
	case l.change != nil:
		if !l.change(name, answer) {
			return again(response, body), nil
		}
	case strings.HasSuffix(operation, ".Query") && l.rows && l.hiding.Add(-1) >= 0:
		answer["Items"], answer["Count"] = json.RawMessage("[]"), json.RawMessage("0")
	case strings.HasSuffix(operation, ".BatchGetItem"):
		l.replace(answer)
	default:
		return again(response, body), nil
	}
	delete(answer, "ScannedCount")
	if body, err = json.Marshal(answer); err != nil {
		return nil, err
	}
	response.Header.Del("X-Amz-Crc32")
	return again(response, body), nil
}

// replace remembers the first such row that it sees, and shows that in the place of
// later ones.
func (l *late) replace(answer map[string]json.RawMessage) {
	var tables map[string][]json.RawMessage
	if json.Unmarshal(answer["Responses"], &tables) != nil {
		return
	}
	for _, items := range tables {
		for i, item := range items {
			switch {
			case l.rows || !bytes.Contains(item, []byte(`"`+l.attribute+`"`)):
			case l.older == nil:
				l.older = item
			case l.hiding.Add(-1) >= 0:
				items[i] = l.older
			}
		}
	}
	answer["Responses"], _ = json.Marshal(tables) // it was JSON
}

func again(response *http.Response, body []byte) *http.Response {
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return response
}

// While DynamoDB applies a transaction, a reader may see some of its rows changed and
// others not yet.
func TestChangesWaitForWhatIsBeingApplied(t *testing.T) {
	t.Parallel()
	for name, slow := range map[string]*late{
		"the row of the change": {rows: true}, "the task": {attribute: "leaseUntil"}, "the head of the job": {attribute: "totals"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := newTables(t, awstest.Dynoxide(t))
			writer, reader := own.store(t, begun, nil), own.store(t, begun, slow)
			created := create(t, writer, "job", 3)
			key := codybatch.TaskKey{JobID: "job", Repository: names(1)[0]}
			before := created.Seq
			for range 2 {
				slow.older = nil
				if _, err := reader.Task(t.Context(), key); err != nil { // which slow remembers
					t.Fatal(err)
				}
				task, _, err := writer.ClaimTask(t.Context(), claimOf(key))
				if err != nil {
					t.Fatal(err)
				}
				for _, after := range []int64{before, 0} {
					slow.hiding.Store(4)
					job, changed, err := dynamo.WithoutPauses(reader).Changes(t.Context(), "job", after, 100)
					if err != nil {
						t.Fatal(err)
					}
					last := int64(0)
					for _, changed := range changed {
						last = changed.Seq
					}
					if last > job.Seq || job.Seq >= task.Seq && last != task.Seq {
						t.Errorf("after %d: the job at %d with a task at %d; want both at %d, or the moment before", after, job.Seq, last, task.Seq)
					}
				}
				slow.hiding.Store(0)
				before = task.Seq
				if _, err := codybatch.Update(t.Context(), writer, key, func(task codybatch.Task) (codybatch.Task, error) {
					return task.Stopped(task.Worker, task.Attempt, codybatch.Usage{}, begun.Add(time.Hour))
				}); err != nil {
					t.Fatal(err)
				}
				before++
			}
		})
	}
}
