// Command cdk describes Cody Batch on AWS: one stack, one file for each concern.
// `npx nx run cdk:synth` makes the template, `npx nx run cdk:deploy` deploys it;
// docs/aws.md says how, and what it costs.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

// packages is where `nx build` puts what is deployed, seen from cdk.json.
const packages = "../../dist/packages"

func main() { os.Exit(run()) }

// run makes the template where the cdk command expects it.
func run() int {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	settings, err := readSettings(app.Node())
	if settings.version == "" {
		settings.version = sourceVersion()
	}
	if err == nil {
		err = checkPackages(packages)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cody-batch:", err)
		return 1
	}
	newStack(app, packages, settings)
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(nil), nil)
	app.Synth(nil)
	return 0
}
