package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestDistribution(t *testing.T) {
	m := synth(t)
	distribution := m.named(t, "Distribution", "AWS::CloudFront::Distribution")
	const (
		cachingOptimized   = "658327ea-f89d-4fab-a63d-7e88639e58f6"
		cachingDisabled    = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
		allViewerButNoHost = "b689b0a8-53d0-40ab-baf2-68738e2966ac" // Authorization, too
	)
	want(t, distribution, map[string]string{
		"DistributionConfig.PriceClass": `"PriceClass_100"`, "DistributionConfig.HttpVersion": `"http2and3"`, "DistributionConfig.Enabled": "true",
		"DistributionConfig.DefaultRootObject":                            `"index.html"`,
		"DistributionConfig.CustomErrorResponses":                         "null", // they would make pages of the API's 404s
		"DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy":    `"redirect-to-https"`,
		"DistributionConfig.DefaultCacheBehavior.AllowedMethods":          `["GET","HEAD","OPTIONS"]`,
		"DistributionConfig.DefaultCacheBehavior.CachePolicyId":           `"` + cachingOptimized + `"`,
		"DistributionConfig.DefaultCacheBehavior.Compress":                "true",
		"DistributionConfig.DefaultCacheBehavior.ResponseHeadersPolicyId": `"${Headers}"`,
		"DistributionConfig.DefaultCacheBehavior.FunctionAssociations":    `[{"EventType":"viewer-request","FunctionARN":"${PageFunction.FunctionARN}"}]`,
		"DistributionConfig.Logging":                                      `{"Bucket":"${AccessLogs.RegionalDomainName}","Prefix":"cloudfront/"}`,
		"DistributionConfig.Restrictions":                                 "null",
	})
	behaviors := at(distribution, "Properties", "DistributionConfig", "CacheBehaviors").([]any)
	if len(behaviors) != 1 {
		t.Fatalf("%d behaviors beside the default one", len(behaviors))
	}
	want(t, object{"Type": "behavior", "Properties": behaviors[0]}, map[string]string{
		"PathPattern": `"/api/*"`, "ViewerProtocolPolicy": `"https-only"`, "CachePolicyId": `"` + cachingDisabled + `"`, "OriginRequestPolicyId": `"` + allViewerButNoHost + `"`,
		"AllowedMethods":       `["GET","HEAD","OPTIONS","PUT","PATCH","POST","DELETE"]`,
		"FunctionAssociations": `[{"EventType":"viewer-request","FunctionARN":"${ApiFunction.FunctionARN}"}]`,
	})
	origins := at(distribution, "Properties", "DistributionConfig", "Origins")
	want(t, object{"Type": "origin of the files", "Properties": at(origins, 0)}, map[string]string{
		"DomainName": `"${Site.RegionalDomainName}"`, "OriginAccessControlId": `"${DistributionOrigin1S3OriginAccessControl.Id}"`, "S3OriginConfig": `{"OriginAccessIdentity":""}`,
	})
	want(t, object{"Type": "origin of the API", "Properties": at(origins, 1)}, map[string]string{
		"DomainName": `"${Gateway}.execute-api.${AWS::Region}.${AWS::URLSuffix}"`, "OriginPath": `"/prod"`,
		"CustomOriginConfig": `{"OriginProtocolPolicy":"https-only","OriginSSLProtocols":["TLSv1.2"]}`,
	})
	// Only this distribution reads the bucket, and is told 404 for what is not there.
	statements := at(m.named(t, "SitePolicy", "AWS::S3::BucketPolicy"), "Properties", "PolicyDocument", "Statement")
	onlyOurs := `"Condition":{"StringEquals":{"AWS:SourceArn":"arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}"}},"Effect":"Allow","Principal":{"Service":"cloudfront.amazonaws.com"},`
	if want := `{"Action":["s3:GetObject","s3:ListBucket"],` + onlyOurs + `"Resource":["${Site.Arn}","${Site.Arn}/*"]}`; !strings.Contains(compact(statements), want) {
		t.Errorf("the bucket's policy lacks %s\n got: %s", want, compact(statements))
	}
}

func TestHeaders_are_those_of_serve(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "..", "internal", "httpapi", "guard.go"))
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?s)const dashboardPolicy = "(.*?)" \+\s+"(.*?)"\n`).FindSubmatch(source)
	if declared == nil {
		t.Fatal("guard.go declares no dashboardPolicy in two pieces")
	}
	served := string(declared[1]) + string(declared[2])
	// One thing more than there: where the API sends browsers for long documents.
	policy := strings.Replace(served, "connect-src 'self'", "connect-src 'self' https://${Artifacts.RegionalDomainName}", 1)
	want(t, synth(t).named(t, "Headers", "AWS::CloudFront::ResponseHeadersPolicy"), map[string]string{
		"ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentSecurityPolicy":   `{"ContentSecurityPolicy":"` + policy + `","Override":true}`,
		"ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentTypeOptions":      `{"Override":true}`,
		"ResponseHeadersPolicyConfig.SecurityHeadersConfig.ReferrerPolicy":          `{"Override":true,"ReferrerPolicy":"no-referrer"}`,
		"ResponseHeadersPolicyConfig.SecurityHeadersConfig.StrictTransportSecurity": `{"AccessControlMaxAgeSec":31536000,"Override":true}`,
		"ResponseHeadersPolicyConfig.CustomHeadersConfig": `{"Items":[{"Header":"Cross-Origin-Opener-Policy","Override":true,"Value":"same-origin"},` +
			`{"Header":"Cross-Origin-Resource-Policy","Override":true,"Value":"same-origin"}]}`,
	})
}

func TestFiles_are_uploaded_twice(t *testing.T) {
	m := synth(t)
	deployments := m.ofType("Custom::CDKBucketDeployment")
	if len(deployments) != 2 {
		t.Fatalf("%d deployments", len(deployments))
	}
	for id, deployment := range deployments {
		if strings.HasPrefix(id, "Assets") {
			want(t, deployment, map[string]string{
				"SystemMetadata": `{"cache-control":"public, max-age=31536000, immutable"}`, "Prune": "false", "DestinationBucketKeyPrefix": `"assets"`,
			})
			continue
		}
		want(t, deployment, map[string]string{"SystemMetadata": `{"cache-control":"no-cache"}`, "Prune": "false", "DestinationBucketKeyPrefix": "null"})
		if !strings.Contains(compact(deployment["DependsOn"]), "Assets") {
			t.Errorf("index.html may come before what it names: %s", compact(deployment["DependsOn"]))
		}
	}
}

func TestConfig(t *testing.T) {
	for authorization, s := range map[string]settings{"token": {version: "v1.2"}, "none": {open: true}} {
		config := configJSON(s)
		for name, want := range map[string]any{"apiBaseUrl": "/api", "live": "poll", "rehearsal": false, "authorization": authorization, "version": s.version} {
			if config[name] != want {
				t.Errorf("%s is %v, want %v", name, config[name], want)
			}
		}
		if len(config["models"].([]any)) == 0 || len(config["gateRules"].([]any)) == 0 || config["limits"] == nil || config["defaults"] == nil {
			t.Errorf("the dashboard is not told what jobs may say: %v", config)
		}
	}
}

// request is what CloudFront hands a function, as far as ours look at it.
type request struct{ uri, accept string }

// onEdge runs a function of CloudFront's in Node, as text: it exports nothing. It
// returns the paths that go on to the origin.
func onEdge(t *testing.T, code string, requests ...request) []string {
	t.Helper()
	var events []object
	for _, r := range requests {
		headers := object{}
		if r.accept != "" {
			headers["accept"] = object{"value": r.accept}
		}
		events = append(events, object{"version": "1.0", "request": object{"method": "GET", "uri": r.uri, "querystring": object{}, "headers": headers}})
	}
	list, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "node", "-")
	command.Stdin = strings.NewReader(fmt.Sprintf("%s\nprocess.stdout.write(JSON.stringify(%s.map((event) => handler(event).uri)))", code, list))
	var problems bytes.Buffer
	command.Stderr = &problems
	answer, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &problems)
	}
	var uris []string
	if err := json.Unmarshal(answer, &uris); err != nil || len(uris) != len(requests) {
		t.Fatalf("%s: %v", answer, err)
	}
	return uris
}

func TestPageFunction(t *testing.T) {
	t.Parallel()
	const browser = "text/html,application/xhtml+xml,*/*;q=0.8"
	requests := []request{
		{"/", browser}, {"/", "*/*"}, {"/jobs", browser}, {"/jobs", ""},
		{"/jobs/0199/repositories/acme/site.js", browser}, {"/jobs/0199/repositories/acme/site.js", "*/*"},
		{"/assets/app-1a.js", browser}, {"/assets/gone", browser}, {"/config.json", browser}, {"/boot.js", "*/*"},
	}
	const index = "/index.html"
	want := []string{
		index, "/" /* CloudFront's default root object */, index, "/jobs",
		index, "/jobs/0199/repositories/acme/site.js",
		"/assets/app-1a.js", "/assets/gone", "/config.json", "/boot.js",
	}
	for i, got := range onEdge(t, pageFunction, requests...) {
		if got != want[i] {
			t.Errorf("%s for %q: %s, want %s", requests[i].uri, requests[i].accept, got, want[i])
		}
	}
}

func TestApiFunction(t *testing.T) {
	t.Parallel()
	requests := []request{{uri: "/api/jobs"}, {uri: "/api/"}, {uri: "/api"}, {uri: "/api/api/x"}, {uri: "/apis/x"}, {uri: "/api/jobs/0199/repositories/acme%2Fsite/diff"}}
	want := []string{"/jobs", "/", "/", "/api/x", "/apis/x", "/jobs/0199/repositories/acme%2Fsite/diff"}
	for i, got := range onEdge(t, apiFunction, requests...) {
		if got != want[i] {
			t.Errorf("%s: %s, want %s", requests[i].uri, got, want[i])
		}
	}
}
