package main

import (
	_ "embed"
	"encoding/json"
	"path/filepath"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfrontorigins"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3deployment"
	"github.com/aws/jsii-runtime-go"
)

var (
	//go:embed site/page.js
	pageFunction string
	//go:embed site/api.js
	apiFunction string
	// siteConfig is /config.json as the API's program makes it: defaults, limits, rules
	// and prices. The test of deploy/siteconfig writes it.
	//go:embed site/config.json
	siteConfig []byte
)

// site is the dashboard: a private bucket behind CloudFront, which also passes /api on,
// so that the page and the API have one origin and need no CORS.
type site struct {
	bucket awss3.Bucket
	url    string
}

func newSite(stack awscdk.Stack, d data, a api, files string, s settings) site {
	bucket := awss3.NewBucket(stack, jsii.String("Site"), &awss3.BucketProps{
		BlockPublicAccess:      awss3.BlockPublicAccess_BLOCK_ALL(),
		Encryption:             awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:             jsii.Bool(true),
		MinimumTLSVersion:      jsii.Number(1.2),
		ObjectOwnership:        awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		Versioned:              jsii.Bool(true),
		ServerAccessLogsBucket: d.accessLogs,
		ServerAccessLogsPrefix: jsii.String("site/"),
		LifecycleRules: &[]*awss3.LifecycleRule{{
			Id: jsii.String("forget-old-versions"), NoncurrentVersionExpiration: awscdk.Duration_Days(jsii.Number(logDays)),
		}},
		RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
	})
	distribution := awscloudfront.NewDistribution(stack, jsii.String("Distribution"), &awscloudfront.DistributionProps{
		Comment:           jsii.String("Cody Batch"),
		DefaultRootObject: jsii.String("index.html"),
		PriceClass:        awscloudfront.PriceClass_PRICE_CLASS_100,
		HttpVersion:       awscloudfront.HttpVersion_HTTP2_AND_3,
		LogBucket:         d.accessLogs,
		LogFilePrefix:     jsii.String("cloudfront/"),
		DefaultBehavior: &awscloudfront.BehaviorOptions{
			// With LIST, S3 says 404 for what is not there, in place of 403.
			Origin: awscloudfrontorigins.S3BucketOrigin_WithOriginAccessControl(bucket, &awscloudfrontorigins.S3BucketOriginWithOACProps{
				OriginAccessLevels: &[]awscloudfront.AccessLevel{awscloudfront.AccessLevel_READ, awscloudfront.AccessLevel_LIST},
			}),
			ViewerProtocolPolicy:  awscloudfront.ViewerProtocolPolicy_REDIRECT_TO_HTTPS,
			AllowedMethods:        awscloudfront.AllowedMethods_ALLOW_GET_HEAD_OPTIONS(),
			CachePolicy:           awscloudfront.CachePolicy_CACHING_OPTIMIZED(),
			Compress:              jsii.Bool(true),
			ResponseHeadersPolicy: newHeaders(stack, d),
			FunctionAssociations:  onRequest(stack, "PageFunction", "Cody Batch: pages of the dashboard", pageFunction),
		},
		AdditionalBehaviors: &map[string]*awscloudfront.BehaviorOptions{"/api/*": apiBehavior(stack, a)},
	})
	awscdk.Annotations_Of(distribution).AcknowledgeWarning(jsii.String("@aws-cdk/aws-cloudfront-origins:listBucketSecurityRisk"),
		jsii.String("the distribution has a default root object, so that nobody is shown a list"))
	site := site{bucket: bucket, url: "https://" + *distribution.DistributionDomainName()}
	deployFiles(stack, bucket, files, s)
	return site
}

// apiBehavior passes everything below /api on, Authorization included, and keeps none
// of it. The gateway is named by its id alone: its stage depends on the function, whose
// environment names this distribution.
func apiBehavior(stack awscdk.Stack, a api) *awscloudfront.BehaviorOptions {
	domain := awscdk.Fn_Join(jsii.String("."), &[]*string{
		a.gateway.RestApiId(), jsii.String("execute-api"), stack.Region(), stack.UrlSuffix(),
	})
	return &awscloudfront.BehaviorOptions{
		Origin: awscloudfrontorigins.NewHttpOrigin(domain, &awscloudfrontorigins.HttpOriginProps{
			OriginPath:         jsii.String("/" + stage),
			ProtocolPolicy:     awscloudfront.OriginProtocolPolicy_HTTPS_ONLY,
			OriginSslProtocols: &[]awscloudfront.OriginSslPolicy{awscloudfront.OriginSslPolicy_TLS_V1_2},
		}),
		ViewerProtocolPolicy: awscloudfront.ViewerProtocolPolicy_HTTPS_ONLY, // a token never goes out in the clear
		AllowedMethods:       awscloudfront.AllowedMethods_ALLOW_ALL(),
		CachePolicy:          awscloudfront.CachePolicy_CACHING_DISABLED(),
		OriginRequestPolicy:  awscloudfront.OriginRequestPolicy_ALL_VIEWER_EXCEPT_HOST_HEADER(),
		Compress:             jsii.Bool(false), // the gateway does it
		FunctionAssociations: onRequest(stack, "ApiFunction", "Cody Batch: takes /api off", apiFunction),
	}
}

func onRequest(stack awscdk.Stack, id, comment, code string) *[]*awscloudfront.FunctionAssociation {
	return &[]*awscloudfront.FunctionAssociation{{
		EventType: awscloudfront.FunctionEventType_VIEWER_REQUEST,
		Function: awscloudfront.NewFunction(stack, jsii.String(id), &awscloudfront.FunctionProps{
			Comment: jsii.String(comment), Code: awscloudfront.FunctionCode_FromInline(jsii.String(code)), Runtime: awscloudfront.FunctionRuntime_JS_2_0(),
		}),
	}}
}

// dashboardPolicy is that of internal/httpapi/guard.go; a test compares them. %s is
// where the API sends browsers for long documents.
const dashboardPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self' https://%s; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// deployFiles uploads the dashboard. What has a hash in its name comes first and is
// kept for good: a page that is open, and a version that is put back, find their parts.
func deployFiles(stack awscdk.Stack, bucket awss3.Bucket, files string, s settings) {
	logs := newLog(stack, "DeploymentLog")
	assets := awss3deployment.NewBucketDeployment(stack, jsii.String("Assets"), &awss3deployment.BucketDeploymentProps{
		DestinationBucket:    bucket,
		DestinationKeyPrefix: jsii.String("assets"),
		Sources:              &[]awss3deployment.ISource{awss3deployment.Source_Asset(jsii.String(filepath.Join(files, "assets")), nil)},
		CacheControl: &[]awss3deployment.CacheControl{
			awss3deployment.CacheControl_FromString(jsii.String("public, max-age=31536000, immutable")),
		},
		Prune: jsii.Bool(false), LogGroup: logs, MemoryLimit: jsii.Number(512),
	})
	shell := awss3deployment.NewBucketDeployment(stack, jsii.String("Shell"), &awss3deployment.BucketDeploymentProps{
		DestinationBucket: bucket,
		Sources: &[]awss3deployment.ISource{
			awss3deployment.Source_Asset(jsii.String(files), &awss3assets.AssetOptions{Exclude: jsii.Strings("assets", ".vite", ".gitkeep")}),
			awss3deployment.Source_JsonData(jsii.String("config.json"), configJSON(s), nil),
		},
		CacheControl: &[]awss3deployment.CacheControl{awss3deployment.CacheControl_NoCache()},
		Prune:        jsii.Bool(false), LogGroup: logs, MemoryLimit: jsii.Number(512),
	})
	shell.Node().AddDependency(assets)
}

// configJSON is what the dashboard must know before it can ask: where the API is, that
// it has to be polled, and whether it wants a token.
func configJSON(s settings) map[string]any {
	var config map[string]any
	if err := json.Unmarshal(siteConfig, &config); err != nil {
		panic(err) // it is inside the program
	}
	config["apiBaseUrl"], config["live"], config["rehearsal"] = "/api", "poll", false
	config["version"] = s.version
	config["authorization"] = "token"
	if s.open {
		config["authorization"] = "none"
	}
	return config
}
