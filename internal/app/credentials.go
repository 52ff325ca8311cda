package app

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/config"
)

// signIn finds out early whether the forge takes the credentials. One that can't
// be reached now may be there later, which is no reason not to start.
func signIn(ctx context.Context, forge codybatch.Forge, log *slog.Logger) error {
	err := forge.Ping(ctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, codybatch.ErrUnauthorized), ctx.Err() != nil:
		return fmt.Errorf("sign in: %w", err)
	default:
		log.WarnContext(ctx, "the forge does not answer as it should; starting all the same", "error", err)
		return nil
	}
}

// secrets are the values that must not be stored, wherever they turn up. The
// second spelling of GitHub's token is what git sends.
func secrets(c config.Config) []string {
	var values []string
	for _, secret := range append([]config.Secret{c.GitHubToken, c.ClaudeAPIKey, c.APIToken}, c.AWSCredentials...) {
		if secret.IsSet() {
			values = append(values, secret.Reveal())
		}
	}
	if c.GitHubToken.IsSet() {
		values = append(values, base64.StdEncoding.EncodeToString([]byte("x-access-token:"+c.GitHubToken.Reveal())))
	}
	return values
}

// missingError says which credentials are not there. It counts as refused ones do,
// and does not say so: nobody was asked.
type missingError string

func (e missingError) Error() string { return string(e) }

// Unwrap makes it an ErrUnauthorized.
func (missingError) Unwrap() error { return codybatch.ErrUnauthorized }
