package claude

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/anthropics/anthropic-sdk-go/bedrock"
	"github.com/anthropics/anthropic-sdk-go/option"
)

// Bedrock says that Claude is asked through Amazon Bedrock, at its endpoint for the
// Messages API (bedrock-mantle), which needs no API key: requests are signed with
// AWS credentials that may call bedrock-mantle:CreateInference
// (https://docs.aws.amazon.com/bedrock/latest/userguide/inference.html).
type Bedrock struct {
	Region string

	// AccessKey, SecretKey and SessionToken are the credentials. If they are empty
	// the AWS SDK looks for some as it does everywhere: in the variables and files of
	// AWS, then where a container or an instance finds those of its role.
	AccessKey, SecretKey, SessionToken string
}

// bedrockAccount stands for the credentials where the API's key does otherwise.
const bedrockAccount = "the AWS credentials of this process"

// bedrockPrefix is what Bedrock's names of models begin with.
const bedrockPrefix = "anthropic."

const (
	bedrockAdvice = "Check the AWS credentials of this process, that they may call bedrock-mantle:CreateInference, that the account has this model in AWS_REGION, and the clock"
)

// NewBedrock makes an Agent that asks Bedrock. Options.APIKey is not used, and an
// empty Options.BaseURL stands for the region's endpoint. Credentials are looked for
// at once, which may be a request to AWS; they are renewed as they expire.
func NewBedrock(ctx context.Context, o Options, b Bedrock) (*Agent, error) {
	if b.Region == "" {
		return nil, errors.New("claude: Bedrock needs a region; set AWS_REGION")
	}
	base := o.BaseURL
	o.APIKey = func(context.Context) (string, error) { return bedrockAccount, nil }
	a, err := New(o)
	if err != nil {
		return nil, err
	}
	client, err := bedrock.NewMantleClient(ctx, bedrock.MantleClientConfig{
		AWSAccessKey: b.AccessKey, AWSSecretAccessKey: b.SecretKey, AWSSessionToken: b.SessionToken,
		AWSRegion: b.Region, BaseURL: base,
	}, option.WithHTTPClient(a.http), option.WithMaxRetries(0))
	if err != nil {
		return nil, fmt.Errorf("claude: find AWS credentials for Bedrock: %w", err)
	}
	a.bedrock = &client.Messages
	return a, nil
}

// bedrockName is the name under which Bedrock has a model. A name with a dot is
// taken for one already.
func bedrockName(model string) string {
	if strings.Contains(model, ".") {
		return model
	}
	return bedrockPrefix + model
}
