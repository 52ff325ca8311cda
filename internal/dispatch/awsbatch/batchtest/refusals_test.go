package batchtest_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"
	"github.com/aws/smithy-go"

	"github.com/liamzdenek/cody-batch/internal/dispatch/awsbatch/batchtest"
)

func TestListing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, batchtest.Options{})
	big := w.submit(1_200, "wait")
	small := w.submit(2, "wait")
	count := func(in *batch.ListJobsInput) (int, int) {
		t.Helper()
		jobs, pages := 0, 0
		for p := batch.NewListJobsPaginator(w.client, in); p.HasMorePages(); pages++ {
			page, err := p.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			jobs += len(page.JobSummaryList)
		}
		return jobs, pages
	}
	queue := aws.String("queue")
	name := func(pattern string) []types.KeyValuesPair {
		return []types.KeyValuesPair{{Name: aws.String("JOB_NAME"), Values: []string{pattern}}}
	}
	for what, test := range map[string]struct {
		in          *batch.ListJobsInput
		jobs, pages int
	}{
		"waiting children":   {&batch.ListJobsInput{ArrayJobId: &big, JobStatus: types.JobStatusRunnable}, 1_199, 2},
		"running children":   {&batch.ListJobsInput{ArrayJobId: &big}, 1, 1},
		"in smaller pages":   {&batch.ListJobsInput{ArrayJobId: &big, JobStatus: types.JobStatusRunnable, MaxResults: aws.Int32(300)}, 1_199, 4},
		"arrays":             {&batch.ListJobsInput{JobQueue: queue, JobStatus: types.JobStatusPending}, 2, 1},
		"running in a queue": {&batch.ListJobsInput{JobQueue: queue}, 0, 1},
		"by name":            {&batch.ListJobsInput{JobQueue: queue, Filters: name("JO*")}, 2, 1},
		"by another name":    {&batch.ListJobsInput{JobQueue: queue, Filters: name("jobs")}, 0, 1},
		"of a stranger":      {&batch.ListJobsInput{ArrayJobId: aws.String("stranger"), JobStatus: types.JobStatusRunnable}, 0, 1},
	} {
		if jobs, pages := count(test.in); jobs != test.jobs || pages != test.pages {
			t.Errorf("%s: %d jobs on %d pages", what, jobs, pages)
		}
	}
	out, err := w.client.ListJobs(t.Context(), &batch.ListJobsInput{JobQueue: queue, Filters: name("job")})
	if err != nil || aws.ToString(out.JobSummaryList[0].JobId) != small || aws.ToInt32(out.JobSummaryList[0].ArrayProperties.Size) != 2 {
		t.Errorf("the newest is not the first: %v, %v", out, err)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, batchtest.Options{})
	in := &batch.SubmitJobInput{JobName: aws.String("job"), JobQueue: aws.String("queue"), JobDefinition: aws.String("definition"),
		ContainerOverrides: &types.ContainerOverrides{Environment: []types.KeyValuePair{{Name: aws.String(doVariable), Value: aws.String("exit 0")}}}}
	w.Fail("SubmitJob", 1, batchtest.Fault{Status: http.StatusTooManyRequests, Code: "TooManyRequestsException"})
	var api smithy.APIError
	if _, err := w.client.SubmitJob(t.Context(), in); !errors.As(err, &api) || api.ErrorCode() != "TooManyRequestsException" {
		t.Errorf("got %v", err)
	}
	if n := len(w.Jobs()); n != 0 {
		t.Errorf("%d jobs were made", n)
	}
	w.Fail("", 1, batchtest.Fault{Done: true})
	if _, err := w.client.SubmitJob(t.Context(), in); err == nil || errors.As(err, &api) && api.ErrorCode() == "ClientException" {
		t.Errorf("got %v", err)
	}
	if n := len(w.Jobs()); n != 1 {
		t.Errorf("%d jobs were made", n)
	}
	if _, err := w.client.SubmitJob(t.Context(), in); err != nil {
		t.Error(err)
	}
	if n := w.Requests()["SubmitJob"]; n != 3 || len(w.Refused()) != 0 {
		t.Errorf("%d requests, refused %q", n, w.Refused())
	}
	w.idle()
}

func TestRequestsThatAWSWouldRefuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, batchtest.Options{})
	const job = `"jobName":"a","jobQueue":"queue","jobDefinition":"definition"`
	hundred := strings.TrimSuffix(strings.Repeat(`"x",`, 101), ",")
	requests := map[string]string{ // with what the answer says
		`submitjob {"jobName":"a","jobQueue":"queue"}`:                                                                  "jobDefinition is missing",
		`submitjob {` + job + `,"size":3}`:                                                                              "no member size",
		`submitjob {` + job + `,"arrayProperties":{"size":"3"}}`:                                                        "size: is no number",
		`submitjob {` + job + `,"arrayProperties":{"size":3.5}}`:                                                        "is no integer",
		`submitjob {` + job + `,"arrayProperties":{"size":1}}`:                                                          "between 2 and 10000",
		`submitjob {` + job + `,"arrayProperties":{"size":10001}}`:                                                      "between 2 and 10000",
		`submitjob {` + job + `,"arrayProperties":{}}`:                                                                  "between 2 and 10000",
		`submitjob {` + job + `,"tags":{}}`:                                                                             "has 0 entries",
		`submitjob {` + job + `,"tags":{"":"x"}}`:                                                                       "has 0 characters",
		`submitjob {` + job + `,"parameters":["x"]}`:                                                                    "is no map",
		`submitjob {` + job + `,"containerOverrides":{"environment":[{"key":"x"}]}}`:                                    "environment[0]: there is no member key",
		`submitjob {` + job + `,"containerOverrides":{"environment":{"name":"x"}}}`:                                     "is no list",
		`submitjob {` + job + `,"containerOverrides":{"environment":[{"name":"AWS_BATCH_X","value":"x"}]}}`:             "can't be named",
		`submitjob {` + job + `,"retryStrategy":{"attempts":11}}`:                                                       "1 to 10 attempts",
		`submitjob {` + job + `,"retryStrategy":{"attempts":2,"evaluateOnExit":[{"action":"AGAIN","onReason":"*"}]}}`:   "none of",
		`submitjob {` + job + `,"retryStrategy":{"attempts":2,"evaluateOnExit":[{"onReason":"*"}]}}`:                    "action is missing",
		`submitjob {` + job + `,"retryStrategy":{"attempts":2,"evaluateOnExit":[{"action":"RETRY","onExitCode":"x"}]}}`: "not valid",
		`submitjob {` + job + `,"timeout":{"attemptDurationSeconds":59}}`:                                               "at least 60",
		`submitjob {` + job + `,"propagateTags":"yes"}`:                                                                 "is no boolean",
		`submitjob {` + job + `,"dependsOn":[{"jobId":"x"}]}`:                                                           "no dependencies",
		`submitjob {"jobName":"a.b","jobQueue":"queue","jobDefinition":"definition"}`:                                   "job name",
		`submitjob {"jobName":"a","jobQueue":"other","jobDefinition":"definition"}`:                                     "queue other does not exist",
		`submitjob {"jobName":"a","jobQueue":"queue","jobDefinition":"other"}`:                                          "definition other does not exist",
		`submitjob [1]`:   "is no structure",
		`submitjob {`:     "no JSON",
		`submitjob {} {}`: "no JSON",
		`describejobs {"jobs":[` + hundred + `]}`:                                    "at most 100",
		`describejobs {"jobs":[1]}`:                                                  "jobs[0]: is no string",
		`listjobs {}`:                                                                "one of jobQueue",
		`listjobs {"jobQueue":"queue","arrayJobId":"x"}`:                             "one of jobQueue",
		`listjobs {"jobQueue":"queue","jobStatus":"X"}`:                              "none of",
		`listjobs {"jobQueue":"queue","maxResults":0}`:                               "at least 1",
		`listjobs {"jobQueue":"queue","nextToken":"x"}`:                              "nextToken",
		`listjobs {"jobQueue":"other"}`:                                              "does not exist",
		`listjobs {"arrayJobId":"x","filters":[{"name":"JOB_NAME","values":["x"]}]}`: "needs a job queue",
		`terminatejob {"jobId":"x"}`:                                                 "reason is missing",
		`terminatejob {"jobId":"x","reason":""}`:                                     "1 to 1024",
		`canceljob {"reason":"x"}`:                                                   "jobId is missing",
	}
	post := func(path, body, authorization string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL()+"/v1/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", authorization)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		content, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(content)
	}
	const signed = "AWS4-HMAC-SHA256 Credential=key/20261127/us-east-1/batch/aws4_request, SignedHeaders=host, Signature=0"
	for request, want := range requests {
		path, body, _ := strings.Cut(request, " ")
		if status, got := post(path, body, signed); status != http.StatusBadRequest || !strings.Contains(got, want) {
			t.Errorf("%.150s: %d %s; want %s", request, status, got, want)
		}
	}
	if status, got := post("submitjob", "{"+job+"}", ""); status != http.StatusBadRequest || !strings.Contains(got, "not signed") {
		t.Errorf("without a signature: %d %s", status, got)
	}
	if status, _ := post("submitjobs", "{"+job+"}", signed); status != http.StatusNotFound {
		t.Errorf("another path: %d", status)
	}
	if refused := len(w.Refused()); refused != len(requests)+2 || len(w.Jobs()) != 0 {
		t.Errorf("%d requests were refused, and there are %d jobs", refused, len(w.Jobs()))
	}
}
