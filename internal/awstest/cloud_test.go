package awstest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/liamzdenek/cody-batch/internal/awstest"
	"github.com/liamzdenek/cody-batch/internal/awstest/lambdatest"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/dispatch/awsbatch/batchtest"
	"github.com/liamzdenek/cody-batch/internal/forge/github/githubtest"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
	"github.com/liamzdenek/cody-batch/internal/store/dynamo"
)

const (
	apiToken  = "the-token-of-the-api"
	claudeKey = "sk-ant-the-key-of-the-worker"
	patience  = 3 * time.Minute
)

// built is the folder of the programs.
var built string

// programs are cmd/api and cmd/batch, built once for all tests.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "codybatch-programs-")
	if err != nil {
		return "", err
	}
	built = dir
	for name, tags := range map[string]string{"api": "lambda.norpc", "batch": ""} {
		build := exec.Command("go", "build", "-tags", tags, "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid=",
			"-o", filepath.Join(dir, name), "github.com/liamzdenek/cody-batch/cmd/"+name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if output, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s: %w\n%s", name, err, output)
		}
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(built) // "" if no test wanted them
	os.Exit(code)
}

// cloud is a deployment: both functions, both tables, the bucket, the parameters and
// AWS Batch, in front of a GitHub and a rehearsed Claude.
type cloud struct {
	t        *testing.T
	hub      *githubtest.Server
	claude   *rehearsal.Server
	batch    *batchtest.Server
	client   *httpapi.Client
	gateway  *lambdatest.Gateway
	api      *lambdatest.Function
	sweeps   *lambdatest.Function // the function that EventBridge calls
	env      []string             // of everything
	function []string             // of the functions
	log      lockedBuffer

	parameters *ssm.Client
	prefix     string // of the names of the parameters
}

// cloudOptions say what a test wants to be different.
type cloudOptions struct {
	turns    []rehearsal.Turn // of every conversation
	workers  int
	noEvents bool // nobody is told of failed jobs
}

func newCloud(t *testing.T, o cloudOptions, repositories ...githubtest.Repository) *cloud {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	c := &cloud{t: t, hub: githubtest.Start(t)}
	if o.turns == nil {
		o.turns = colours()
	}
	for _, repository := range repositories {
		c.hub.Add(repository)
	}
	if c.claude, err = rehearsal.New(rehearsal.Play(o.turns...), rehearsal.Options{}); err != nil {
		t.Fatal(err)
	}
	claudeURL, stop, err := c.claude.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		if broken := c.claude.Violations(); len(broken) > 0 {
			t.Errorf("rules of the Messages API were broken:\n%s", strings.Join(broken, "\n"))
		}
	})
	account := awstest.Moto(t)
	config := account.Config(nil)
	jobs, tasks := account.Tables(t)
	bucket := strings.ToLower(strings.TrimSuffix(jobs, "-Jobs")) + "-documents"
	if _, err := s3.NewFromConfig(config).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	prefix := "/" + strings.TrimSuffix(jobs, "-Jobs")
	c.parameters, c.prefix = ssm.NewFromConfig(config), prefix
	c.parameter("/github-token", c.hub.Token)
	c.parameter("/api-token", apiToken+"\n")
	endpoint := *config.BaseEndpoint
	home := t.TempDir()
	c.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home,
		"AWS_REGION=" + config.Region, "AWS_ACCESS_KEY_ID=" + account.Account, "AWS_SECRET_ACCESS_KEY=not-a-real-secret-access-key", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ENDPOINT_URL_S3=" + endpoint, "AWS_ENDPOINT_URL_SSM=" + endpoint,
		"DYNAMODB_JOBS_TABLE=" + jobs, "DYNAMODB_REPOSITORIES_TABLE=" + tasks, "ARTIFACTS_BUCKET=" + bucket,
		"ALLOWED_REPOSITORIES=" + c.hub.Host + "/acme/*", "GITHUB_API_URL=" + c.hub.URL,
	}
	options := batchtest.Options{
		Program: []string{filepath.Join(dir, "batch")}, Workers: max(1, o.workers), Grace: 30 * time.Second, Repeat: 1,
		Rand: rand.New(rand.NewPCG(1, 2)),
		Environment: append(c.env[:len(c.env):len(c.env)], "GITHUB_TOKEN="+c.hub.Token, "CLAUDE_API_KEY="+claudeKey, "ANTHROPIC_BASE_URL="+claudeURL,
			"AWS_ENDPOINT_URL_DYNAMODB="+account.DynamoDBFor(t, "a worker", dynamo.WorkerActions())),
		Retry: &types.RetryStrategy{Attempts: aws.Int32(3), EvaluateOnExit: []types.EvaluateOnExit{
			{OnStatusReason: aws.String("Host EC2*"), Action: types.RetryActionRetry},
			{OnExitCode: aws.String("75"), Action: types.RetryActionRetry},
			{OnReason: aws.String("*"), Action: types.RetryActionExit},
		}},
		Output: &c.log,
	}
	if !o.noEvents {
		options.Events = func(event []byte) { c.event(event) }
	}
	if c.batch, err = batchtest.Start(options); err != nil {
		t.Fatal(err)
	}
	function := append(c.env[:len(c.env):len(c.env)], "AWS_ENDPOINT_URL_DYNAMODB="+account.DynamoDBFor(t, "a function", dynamo.Actions()),
		"AWS_ENDPOINT_URL_BATCH="+c.batch.URL(), "AWS_BATCH_JOB_QUEUE=queue", "AWS_BATCH_JOB_DEFINITION=definition",
		"GITHUB_TOKEN_PARAMETER="+prefix+"/github-token", "CLAUDE_API_KEY_PARAMETER="+prefix+"/claude-api-key")
	c.function = function
	c.sweeps = c.start(dir, function)
	c.api = c.start(dir, append(function, "API_TOKEN_PARAMETER="+prefix+"/api-token"))
	// AWS Batch delivers events until it is closed; the functions are closed after it.
	t.Cleanup(func() {
		c.batch.Close()
		for _, refused := range c.batch.Refused() {
			t.Errorf("AWS Batch would refuse: %s", refused)
		}
		if t.Failed() {
			t.Log(c.log.String())
		}
		for _, secret := range []string{c.hub.Token, claudeKey, apiToken} {
			if strings.Contains(c.log.String(), secret) {
				t.Error("a secret was logged")
			}
		}
	})
	c.gateway = &lambdatest.Gateway{Function: c.api, Host: "api.example"}
	c.client, err = httpapi.NewClient("https://api.example", apiToken, &http.Client{Transport: c.gateway})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// parameter puts a secret into SSM, and returns its whole name.
func (c *cloud) parameter(name, value string) string {
	c.t.Helper()
	name = c.prefix + name
	if _, err := c.parameters.PutParameter(c.t.Context(), &ssm.PutParameterInput{
		Name: &name, Value: &value, Type: ssmtypes.ParameterTypeSecureString,
	}); err != nil {
		c.t.Fatal(err)
	}
	return name
}

func (c *cloud) start(dir string, env []string) *lambdatest.Function {
	c.t.Helper()
	f, err := lambdatest.Start(c.t.Context(), lambdatest.Options{Program: filepath.Join(dir, "api"), Env: env, Timeout: 29 * time.Second, Stderr: &c.log})
	if err != nil {
		c.t.Fatalf("%v\n%s", err, c.log.String())
	}
	c.t.Cleanup(f.Close)
	return f
}

// event hands an event to the function that looks after lost work. EventBridge tries
// again what fails.
func (c *cloud) event(event []byte) {
	ctx := context.WithoutCancel(c.t.Context())
	var err error
	for range 3 {
		if _, err = c.sweeps.Invoke(ctx, event); err == nil {
			return
		}
	}
	c.t.Errorf("event %s: %v", event, err)
}

// sweep is what EventBridge sends every five minutes.
func (c *cloud) sweep() {
	c.event([]byte(`{"version":"0","source":"aws.events","detail-type":"Scheduled Event","detail":{}}`))
}

// ended waits until a job has ended.
func (c *cloud) ended(id codybatch.JobID) httpapi.Job {
	c.t.Helper()
	return c.until(id, func(job httpapi.Job) bool { return job.CompletedAt != nil })
}

func (c *cloud) until(id codybatch.JobID, done func(httpapi.Job) bool) httpapi.Job {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		job, err := c.client.Job(ctx, id)
		if err != nil {
			c.t.Fatalf("%v\n%s", err, c.log.String())
		}
		if done(job) {
			return job
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			c.t.Fatalf("the job is %+v\n%s", job, c.log.String())
		}
	}
}

func (c *cloud) create(spec codybatch.JobSpec) codybatch.JobID {
	c.t.Helper()
	job, err := c.client.CreateJob(c.t.Context(), spec, "")
	if err != nil {
		c.t.Fatalf("%v\n%s", err, c.log.String())
	}
	return codybatch.JobID(job.JobID)
}

// submitAgain submits a job of AWS Batch a second time, as somebody does who did not see
// the answer of the first, and returns its id.
func (c *cloud) submitAgain(name string) string {
	c.t.Helper()
	config := aws.Config{
		Region: batchtest.Region, BaseEndpoint: aws.String(c.batch.URL()), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
	id, digest := name[len("cody-batch-"):len(name)-33], name[len(name)-32:]
	out, err := batch.NewFromConfig(config).SubmitJob(c.t.Context(), &batch.SubmitJobInput{
		JobName: aws.String(name), JobQueue: aws.String("queue"), JobDefinition: aws.String("definition"),
		ContainerOverrides: &types.ContainerOverrides{Environment: []types.KeyValuePair{
			{Name: aws.String("CODYBATCH_MANIFEST"), Value: aws.String(string(codybatch.ManifestKey(codybatch.JobID(id), digest)))},
		}},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return *out.JobId
}

// repositories are so many small ones.
func repositories(n int) ([]githubtest.Repository, []codybatch.RepositoryName) {
	var all []githubtest.Repository
	var names []codybatch.RepositoryName
	for i := range n {
		name := fmt.Sprintf("acme/r%02d", i)
		all = append(all, githubtest.Repository{Name: name, Files: map[string]string{"README.md": fmt.Sprintf("# Repository %d\nAny color.\n", i)}})
		names = append(names, codybatch.RepositoryName(name))
	}
	return all, names
}

func text(t *testing.T, r io.ReadCloser, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// lockedBuffer takes what several programs say.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
