package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

var update = flag.Bool("update", false, "rewrite the golden template")

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

// object is a piece of a template.
type object = map[string]any

// template is what a deployment would send to CloudFormation.
type template struct {
	document object
	text     []byte   // of the document, as it is deployed
	messages []string // of the synth: "warning: …"
}

// cache keeps a template for each context: making one takes seconds. One at a time is
// made, because CDK runs in one process of Node.
var cache = struct {
	sync.Mutex
	made map[string]template
}{made: map[string]template{}}

// synth makes the template for a context, given as "name=value", with cdk-nag.
func synth(t *testing.T, context ...string) template {
	t.Helper()
	return synthOf(t, "first", context...)
}

// synthOf makes it for packages with that content.
func synthOf(t *testing.T, content string, context ...string) template {
	t.Helper()
	cache.Lock()
	defer cache.Unlock()
	key := strings.Join(append([]string{content}, context...), " ")
	if made, isThere := cache.made[key]; isThere {
		return made
	}
	app := newApp(t, context...)
	settings, err := readSettings(app.Node())
	if err != nil {
		t.Fatal(err)
	}
	newStack(app, somePackages(t, content), settings)
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(nil), nil)
	artifact := app.Synth(nil).GetStackByName(jsii.String(stackName))
	made := template{}
	if made.text, err = os.ReadFile(*artifact.TemplateFullPath()); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(made.text, &made.document); err != nil {
		t.Fatal(err)
	}
	made.messages = messages(t, filepath.Dir(*artifact.TemplateFullPath()))
	cache.made[key] = made
	return made
}

// messages reads what a synth has to say, from the file that the cdk command reads.
func messages(t *testing.T, folder string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, stackName+".metadata.json"))
	if err != nil {
		t.Fatal(err)
	}
	var ofConstructs map[string][]struct {
		Type string
		Data any
	}
	if err := json.Unmarshal(text, &ofConstructs); err != nil {
		t.Fatal(err)
	}
	var found []string
	for path, entries := range ofConstructs {
		for _, entry := range entries {
			if kind, isMessage := strings.CutPrefix(entry.Type, "aws:cdk:"); isMessage && slices.Contains([]string{"info", "warning", "error"}, kind) {
				found = append(found, fmt.Sprintf("%s: %s: %v", kind, path, entry.Data))
			}
		}
	}
	return found
}

// newApp makes an app with the context of cdk.json, which only the cdk command reads.
func newApp(t *testing.T, context ...string) awscdk.App {
	t.Helper()
	text, err := os.ReadFile("cdk.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Context object }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	file.Context["aws:cdk:disable-asset-staging"] = true // nothing is copied
	for _, setting := range context {
		name, value, _ := strings.Cut(setting, "=")
		file.Context[name] = value
	}
	return awscdk.NewApp(&awscdk.AppProps{Context: &file.Context, Outdir: jsii.String(t.TempDir()), AnalyticsReporting: jsii.Bool(false)})
}

// somePackages makes a folder of packages such as `nx build` makes it. CDK needs it
// for the fingerprints; no program runs.
func somePackages(t *testing.T, content string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"api/bootstrap", "batch/batch", "batch/Dockerfile", "frontend/index.html", "frontend/assets/app-1a.js"} {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}
