package config

import (
	"errors"
	"regexp"
	"slices"
)

// The variables that choose AWS's services.
const (
	DynamoDBJobsTable         = "DYNAMODB_JOBS_TABLE"
	DynamoDBRepositoriesTable = "DYNAMODB_REPOSITORIES_TABLE"
	ArtifactsBucket           = "ARTIFACTS_BUCKET"
	AWSBatchJobQueue          = "AWS_BATCH_JOB_QUEUE"
	AWSBatchJobDefinition     = "AWS_BATCH_JOB_DEFINITION"

	// Manifest names, in an AWS Batch job's environment, the list of tasks of which
	// the job does one.
	Manifest = "CODYBATCH_MANIFEST"
)

// ParameterSuffix ends the names of variables that hold, in a secret's place, the name
// of the SSM parameter to read it from.
const ParameterSuffix = "_PARAMETER"

// AWS is what the environment says about AWS's services. The zero AWS means none of
// them: rows in SQLite, documents in files, work in this process.
type AWS struct {
	JobsTable         string
	RepositoriesTable string
	ArtifactsBucket   string
	JobQueue          string // name or ARN
	JobDefinition     string // name, name:revision or ARN
}

// Stores reports whether jobs are in DynamoDB and documents in S3.
func (a AWS) Stores() bool { return a.JobsTable != "" }

// Dispatches reports whether AWS Batch does the work.
func (a AWS) Dispatches() bool { return a.JobQueue != "" }

// Parameters are names of SSM parameters, each for the secret that is empty then.
type Parameters struct {
	GitHubToken  string
	ClaudeAPIKey string
	APIToken     string
}

// parameterPattern is a path of SSM's, or the ARN of a parameter
// (https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html).
// SSM takes names without a path, too. They look like secrets, and what is no name is
// never told, but a name is.
var parameterPattern = regexp.MustCompile(`^(/|arn:[a-z-]+:ssm:)[A-Za-z0-9_.:/-]+$`)

// aws reads the variables that belong together, and says of those that are missing
// beside the others.
func (r *reader) aws() AWS {
	a := AWS{
		JobsTable: r.text(DynamoDBJobsTable), RepositoriesTable: r.text(DynamoDBRepositoriesTable),
		ArtifactsBucket: r.text(ArtifactsBucket),
		JobQueue:        r.text(AWSBatchJobQueue), JobDefinition: r.text(AWSBatchJobDefinition),
	}
	r.together("jobs in DynamoDB need both tables and the bucket for their documents", DynamoDBJobsTable, DynamoDBRepositoriesTable, ArtifactsBucket)
	r.together("jobs on AWS Batch need the queue and the job definition", AWSBatchJobQueue, AWSBatchJobDefinition)
	if a.Dispatches() && !a.Stores() {
		r.problem(AWSBatchJobQueue, "workers on AWS Batch can't reach SQLite; set %s, %s and %s as well",
			DynamoDBJobsTable, DynamoDBRepositoriesTable, ArtifactsBucket)
	}
	return a
}

// together names the variables of a group that are not set, if one is.
func (r *reader) together(why string, names ...string) {
	isMissing := func(name string) bool { return r.text(name) == "" }
	missing := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !isMissing(name) })
	if len(missing) == len(names) {
		return
	}
	for _, name := range missing {
		r.problem(name, "is not set; %s", why)
	}
}

// ReadLambda reads what the API's Lambda function can't do without, and the rest.
func ReadLambda(lookup func(string) (string, bool)) (Config, error) {
	if err := needed(lookup, DynamoDBJobsTable, DynamoDBRepositoriesTable, ArtifactsBucket, AWSBatchJobQueue, AWSBatchJobDefinition); err != nil {
		return Config{}, err
	}
	return Read(lookup)
}

// ReadBatch reads what a job on AWS Batch can't do without, and the rest.
func ReadBatch(lookup func(string) (string, bool)) (Config, error) {
	if err := needed(lookup, DynamoDBJobsTable, DynamoDBRepositoriesTable, ArtifactsBucket, Manifest); err != nil {
		return Config{}, err
	}
	return Read(lookup)
}

// needed names the variables that are not set.
func needed(lookup func(string) (string, bool), names ...string) error {
	r := reader{lookup: lookup}
	for _, name := range names {
		if r.text(name) == "" {
			r.problem(name, "is not set; the deployment sets it, see docs/aws.md")
		}
	}
	return errors.Join(r.problems...)
}

// parameter reads the name of the parameter that holds a secret, unless the secret is
// there itself.
func (r *reader) parameter(secret string) string {
	name := r.text(secret + ParameterSuffix)
	switch {
	case name == "":
	case r.text(secret) != "":
		r.problem(secret+ParameterSuffix, "%s is set as well; unset one of the two", secret)
	case !parameterPattern.MatchString(name):
		r.problem(secret+ParameterSuffix, "want the name of an SSM parameter that begins with /, such as /cody-batch/github-token, or its ARN") // the value may be the secret itself
	}
	return name
}

func (r *reader) parameters() Parameters {
	p := Parameters{GitHubToken: r.parameter(GitHubToken), ClaudeAPIKey: r.parameter(ClaudeAPIKey), APIToken: r.parameter(APIToken)}
	if p.ClaudeAPIKey == "" {
		p.ClaudeAPIKey = r.parameter(AnthropicAPIKey)
	}
	return p
}
