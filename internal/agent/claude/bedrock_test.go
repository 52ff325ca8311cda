package claude

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

const (
	testAccess  = "AKIDTEST"
	testSecret  = "an-aws-secret-that-nobody-may-see"
	testSession = "a-session-token-that-nobody-may-see"
)

// bedrockAPI is a rehearsal behind Bedrock's door: it lets in what is signed with the
// test's credentials, and only models by Bedrock's names.
type bedrockAPI struct {
	t    *testing.T
	next http.Handler
}

var signature = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([^,]+), Signature=[0-9a-f]{64}$`)

func (b *bedrockAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if err := b.check(r, body); err != nil {
		w.Header().Set(RehearsalHeader, "true")
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, `{"type":"error","error":{"type":"permission_error","message":%q}}`, err)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	http.StripPrefix("/anthropic", b.next).ServeHTTP(w, r)
}

// check signs the request once more, and compares.
func (b *bedrockAPI) check(r *http.Request, body []byte) error {
	m := signature.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil || m[1] != testAccess || m[2] != "eu-central-1" || m[3] != "bedrock-mantle" {
		return fmt.Errorf("it is signed as %q", r.Header.Get("Authorization"))
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return err
	}
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(m[4], ";") {
		if values := r.Header.Values(name); len(values) > 0 && !strings.HasPrefix(name, "x-amz-") {
			again.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	sum := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: testAccess, SecretAccessKey: testSecret, SessionToken: testSession}
	if err := v4.NewSigner().SignHTTP(r.Context(), credentials, again, hex.EncodeToString(sum[:]), m[3], m[2], at); err != nil {
		return err
	}
	if again.Header.Get("Authorization") != r.Header.Get("Authorization") {
		return fmt.Errorf("the signature is wrong: want %s", again.Header.Get("Authorization"))
	}
	if r.Header.Get("X-Api-Key") != "" {
		b.t.Error("a key was sent")
	}
	var request struct{ Model string }
	if json.Unmarshal(body, &request) != nil || request.Model != "anthropic.claude-sonnet-5-5" {
		b.t.Errorf("the model is %q", request.Model)
	}
	return nil
}

// askBedrock makes one run with the credentials.
func askBedrock(t *testing.T, secret string) (*stage, codybatch.AgentResult) {
	t.Helper()
	server, err := rehearsal.New(rehearsal.Play(
		rehearsal.Call("write", map[string]string{"file_path": "new.txt", "content": "new\n"}),
		rehearsal.Finish("changed", "Wrote it.", "", ""),
	), rehearsal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(&bedrockAPI{t, server})
	t.Cleanup(web.Close)
	s := newStage(t, server)
	agent, err := NewBedrock(t.Context(), Options{BaseURL: web.URL + "/anthropic", HTTPClient: web.Client()},
		Bedrock{Region: "eu-central-1", AccessKey: testAccess, SecretKey: secret, SessionToken: testSession})
	if err != nil {
		t.Fatal(err)
	}
	result, err := agent.Run(t.Context(), s.run)
	if err != nil {
		t.Fatal(err)
	}
	if told := fmt.Sprintf("%+v %+v %s", s.events, result, s.log.String()); strings.Contains(told, testSecret) || strings.Contains(told, testSession) {
		t.Error("a secret was told")
	}
	return s, result
}

func TestBedrock_is_asked_with_signed_requests_and_by_its_names_of_models(t *testing.T) {
	t.Parallel()
	s, result := askBedrock(t, testSecret)
	if result.Outcome != codybatch.OutcomeChanged || s.file(t, "new.txt") != "new\n" {
		t.Fatalf("got %+v", result)
	}
	if result.Usage.CostUnknown || result.Usage.Cost == 0 {
		t.Errorf("the usage is %+v", result.Usage)
	}
	if broken := s.server.Violations(); len(broken) > 0 {
		t.Errorf("rules were broken: %q", broken)
	}
	if start := s.of(codybatch.EventRunStart); start[0].Model != "claude-sonnet-5-5" {
		t.Errorf("the thread names %q", start[0].Model)
	}
}

func TestBedrock_that_refuses_the_credentials_says_what_to_check(t *testing.T) {
	t.Parallel()
	_, result := askBedrock(t, "another-secret")
	if result.Outcome != codybatch.OutcomeAuthError || !strings.Contains(result.Reason, "bedrock-mantle:CreateInference") || strings.Contains(result.Reason, "CLAUDE_API_KEY") {
		t.Errorf("got %+v", result)
	}
}

func TestBedrock_needs_a_region(t *testing.T) {
	t.Parallel()
	if _, err := NewBedrock(t.Context(), Options{}, Bedrock{AccessKey: testAccess, SecretKey: testSecret}); err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("got %v", err)
	}
}

func TestBedrock_has_an_address_in_each_region(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	var asked string
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		asked = r.URL.String()
		cancel(codybatch.ErrCanceled)
		return nil, context.Canceled
	})}
	agent, err := NewBedrock(t.Context(), Options{HTTPClient: client}, Bedrock{Region: "eu-central-1", AccessKey: testAccess, SecretKey: testSecret})
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(t, nil)
	_, _ = agent.Run(ctx, s.run) // it is canceled
	if asked != "https://bedrock-mantle.eu-central-1.api.aws/anthropic/v1/messages" {
		t.Errorf("asked %q", asked)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
