package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/liamzdenek/cody-batch/internal/config"
)

// readParameters reads the secrets whose parameters are named, once, all in one call.
// The key of Claude is read only where it is used: with wantsKey false it is enough
// that there is one.
func readParameters(ctx context.Context, c config.Config, wantsKey bool) (config.Config, error) {
	wanted := map[string][]*config.Secret{}
	variables := map[string]string{}
	add := func(parameter, variable string, secret *config.Secret) {
		if parameter != "" {
			wanted[parameter], variables[parameter] = append(wanted[parameter], secret), variable+config.ParameterSuffix
		}
	}
	add(c.Parameters.GitHubToken, config.GitHubToken, &c.GitHubToken)
	add(c.Parameters.APIToken, config.APIToken, &c.APIToken)
	if wantsKey {
		add(c.Parameters.ClaudeAPIKey, config.ClaudeAPIKey, &c.ClaudeAPIKey)
	}
	if len(wanted) == 0 {
		return c, nil
	}
	loaded, err := loadAWS(ctx, c)
	if err != nil {
		return c, err
	}
	names := slices.Sorted(maps.Keys(wanted))
	out, err := ssm.NewFromConfig(loaded).GetParameters(ctx, &ssm.GetParametersInput{Names: names, WithDecryption: aws.Bool(true)})
	if err != nil {
		return c, fmt.Errorf("read the secrets from SSM: %w; the role needs ssm:GetParameters on %q and kms:Decrypt on their key", err, names)
	}
	var problems []error
	for _, parameter := range out.Parameters {
		value, wrong := config.ParseSecret(aws.ToString(parameter.Value))
		for _, name := range []string{aws.ToString(parameter.Name), aws.ToString(parameter.ARN)} {
			for _, secret := range wanted[name] {
				*secret = value
			}
			if wrong != nil && wanted[name] != nil {
				problems = append(problems, fmt.Errorf("%s: parameter %s in SSM %w; put it there again with aws ssm put-parameter --overwrite", variables[name], name, wrong))
				delete(wanted, name)
			}
		}
	}
	for _, name := range names {
		if secrets := wanted[name]; secrets != nil && !secrets[0].IsSet() {
			problems = append(problems, fmt.Errorf("%s: there is no parameter %s in SSM, or it is empty; make it with aws ssm put-parameter --type SecureString", variables[name], name))
		}
	}
	return c, errors.Join(problems...)
}
