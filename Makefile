# What a developer does here. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GOLANGCI_LINT_VERSION := v2.15.0
GOTESTSUM_VERSION := v1.13.0
DYNOXIDE_VERSION := 3.2.0
comma := ,
EMULATORS := moto$(if $(WITHOUT_DYNOXIDE),,$(comma)dynoxide)
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X github.com/liamzdenek/cody-batch/internal/cli.version=$(VERSION)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: dashboard ## build bin/codybatch, with the dashboard inside
	@[ -x bin/codybatch ] || echo 'Building codybatch: up to a minute the first time'
	@CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/codybatch ./cmd/codybatch

.PHONY: dashboard
dashboard: internal/webui/dist/index.html ## build the dashboard into the Go package that embeds it

DASHBOARD := $(shell find frontend/src frontend/scripts -type f -not -name '*.test.*') frontend/index.html $(wildcard frontend/vite.*.ts) frontend/package-lock.json

internal/webui/dist/index.html: frontend/node_modules/.package-lock.json $(DASHBOARD)
	@echo 'Building the dashboard: about ten seconds, half a minute the first time'
	@npm run --prefix frontend --silent build -- --logLevel warn
	@npm run --prefix frontend --silent embed

.PHONY: sample
sample: dashboard ## build bin/sample, the server full of sample jobs
	@CGO_ENABLED=0 go build -trimpath -o bin/sample ./bench/sample

.PHONY: demo
demo: build ## six sample repositories, one job, a table of outcomes; EXIT=1 ends by itself
	@EXIT='$(EXIT)' demo/run.sh

.PHONY: test
test: test-dashboard test-browser test-cdk test-go ## every test, and a plain summary (RACE=1: Go's with the race detector)

.PHONY: test-go
test-go: build tools claude-code aws-emulators bin/gotestsum
	@CODYBATCH_TEST_REQUIRE=git,git-http-backend,github-openapi,redocly,claude-code,$(EMULATORS) \
		bin/gotestsum --format pkgname-and-test-fails -- $(if $(RACE),-race) -timeout 15m ./...

.PHONY: test-cdk
test-cdk: tools/aws/python/.installed bin/gotestsum ## the stack of AWS: golden template, assertions, cdk-nag, cfn-lint; minutes the first time
	@cd deploy/cdk && JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20 CODYBATCH_TEST_REQUIRE=cfn-lint \
		../../bin/gotestsum --format pkgname-and-test-fails -- -timeout 20m ./...

.PHONY: test-agent test-agent-loop test-agent-worker
test-agent: claude-code bin/gotestsum ## the agent's loop, faults, interruptions and hostile input against the rehearsal server, with the race detector
	@$(MAKE) --no-print-directory --output-sync -j2 test-agent-loop test-agent-worker

test-agent-loop:
	@CODYBATCH_TEST_REQUIRE=git,claude-code bin/gotestsum --format pkgname-and-test-fails -- -race -timeout 10m \
		./internal/agent/... ./internal/rehearsal/... ./internal/sandbox/...

test-agent-worker:
	@CODYBATCH_TEST_REQUIRE=git bin/gotestsum --format pkgname-and-test-fails -- -race -timeout 10m \
		-run 'Hostile|Planted|WhatTheAgentDoes|TestGates|KnownValues|Documented' ./internal/worker ./internal/git

.PHONY: test-aws
test-aws: tools aws-emulators bin/gotestsum ## a job from end to end on emulators of AWS, faults of all kinds, and the adapters behind it, with the race detector
	@CODYBATCH_TEST_REQUIRE=git,git-http-backend,github-openapi,$(EMULATORS) bin/gotestsum --format pkgname-and-test-fails -- -race -timeout 15m \
		./cmd/... ./internal/awstest/... ./internal/store/dynamo/... ./internal/artifacts/s3/... ./internal/dispatch/awsbatch/...

.PHONY: test-dashboard
test-dashboard: frontend/node_modules/.package-lock.json ## the dashboard's unit tests
	@npm run --prefix frontend --silent test

.PHONY: test-browser
test-browser: build sample ## the dashboard in Chromium against the built programs, and what CI holds its size to
	@npm run --prefix frontend --silent e2e

.PHONY: check
check: format vet lint generated openapi lint-dashboard ## what CI runs: the checks below, then the tests with the race detector
	@$(MAKE) --no-print-directory test test-nx RACE=1

.PHONY: lint-dashboard
lint-dashboard: frontend/node_modules/.package-lock.json ## types, lint, format and generated files of the dashboard
	@npm run --prefix frontend --silent format:check
	@npm run --prefix frontend --silent typecheck
	@npm run --prefix frontend --silent lint
	@npm run --prefix frontend --silent generate >/dev/null
	@$(MAKE) --no-print-directory dashboard
	@git diff --exit-code --stat -- frontend/src/api/schema.gen.ts frontend/src/routeTree.gen.ts \
		|| { echo 'generated files are out of date: run npm run generate and npm run build in frontend, and commit'; exit 1; }

.PHONY: format
format: ## fail if gofmt would change a file
	@unformatted=$$(git ls-files -z '*.go' | xargs -0 gofmt -l); \
	if [ -n "$$unformatted" ]; then printf 'gofmt would change:\n%s\n' "$$unformatted"; exit 1; fi

.PHONY: vet
vet: ## go vet
	@go vet ./...
	@cd deploy/cdk && go vet ./...

.PHONY: lint
lint: bin/golangci-lint ## golangci-lint, with the import rules of docs/architecture.md
	@bin/golangci-lint run ./...
	@cd deploy/cdk && ../../bin/golangci-lint run --config ../../.golangci.yml ./...

.PHONY: generated
generated: tools/aws/python/.installed ## fail if go generate or go mod tidy would change a file
	@go generate ./...
	@go mod tidy -diff
	@cd deploy/cdk && go mod tidy -diff
	@git diff --exit-code --stat -- '*.json' '*.gz' '*.gen.go' || { echo 'generated files are out of date: run go generate ./... and commit'; exit 1; }

.PHONY: openapi
openapi: tools ## validate the OpenAPI description with a public validator
	@REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
		tools/node_modules/.bin/redocly lint --extends=spec internal/httpapi/testdata/openapi.json

.PHONY: bench
bench: build ## 200 repositories against a shell loop, and a job of 10,000 tasks
	@go run ./bench -binary bin/codybatch

.PHONY: bench-agent
bench-agent: ## the agent's numbers as a table: what the cache serves, what our side adds, memory
	@go run ./bench/agent

.PHONY: bench-aws
bench-aws: aws-emulators ## the requests that each operation of the DynamoDB store takes, as a table, and the start of the API's function
	@CODYBATCH_TEST_REQUIRE=dynoxide go test -count=1 -v -run '^TestRequestsOfEachOperation$$' ./internal/store/dynamo
	@CODYBATCH_TEST_REQUIRE=moto go test -count=1 -v -run '^TestStartOfTheFunction$$' ./internal/awstest

.PHONY: image
image: ## the image of AWS Batch's workers, built by its Dockerfile, tried, and its size by its manifest; needs root, buildah and debootstrap
	@tools/aws/image.sh

.PHONY: bench-ui
bench-ui: build sample ## the dashboard's numbers as a table: bytes, paints, nodes, frames
	@npm run --prefix frontend --silent bench

.PHONY: screenshots
screenshots: build sample ## a picture of every screen in both themes, into docs/screenshots
	@npm run --prefix frontend --silent screenshots

.PHONY: packages
packages: node_modules/.package-lock.json ## what is deployed on AWS, into dist/packages (Nx; npx nx deploy goes on)
	@npx nx run-many -t build

.PHONY: test-nx
test-nx: node_modules/.package-lock.json ## a first build makes all packages, a second build is all cache, and a dry run of the deployment names the profile
	@node deploy/nx.test.mjs

node_modules/.package-lock.json: package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: tools
tools: tools/node_modules/.package-lock.json ## the npm packages that tests use

tools/node_modules/.package-lock.json: tools/package-lock.json
	@npm ci --prefix tools --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: claude-code
claude-code: tools/claude-code/node_modules/.package-lock.json ## the Claude Code CLI, which the tests of its engine run

tools/claude-code/node_modules/.package-lock.json: tools/claude-code/package-lock.json
	@echo 'Fetching the Claude Code CLI for the tests: 381 MB, about a minute, this once'
	@npm ci --prefix tools/claude-code --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: aws-emulators
aws-emulators: tools/aws/python/.installed $(if $(WITHOUT_DYNOXIDE),,tools/aws/dynoxide/.$(DYNOXIDE_VERSION)) ## the programs that stand in for AWS in tests (WITHOUT_DYNOXIDE=1: no Rust, and less proof)

tools/aws/python/.installed: tools/aws/requirements.txt
	@python3 -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null \
		|| { echo 'moto, which stands in for AWS in tests, needs Python 3.10 or later with venv: apt-get install python3 python3-venv'; exit 1; }
	@echo 'Fetching moto and cfn-lint for the tests: 315 MB, about a minute, this once'
	@rm -rf tools/aws/python && python3 -m venv tools/aws/python
	@tools/aws/python/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r $<
	@touch $@

# Built fast, not small: it is for tests only.
tools/aws/dynoxide/.$(DYNOXIDE_VERSION):
	@command -v cargo >/dev/null || { echo 'dynoxide, which stands in for DynamoDB in tests, is built from its source: Rust 1.88 or later with cargo is needed; WITHOUT_DYNOXIDE=1 leaves DynamoDB to moto alone'; exit 1; }
	@echo 'Building dynoxide for the tests: some minutes, this once'
	@CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
		cargo install --quiet --locked --force --root tools/aws/dynoxide --no-default-features --features native-sqlite,http-server,cli \
		dynoxide-rs@$(DYNOXIDE_VERSION)
	@touch $@

frontend/node_modules/.package-lock.json: frontend/package-lock.json
	@command -v npm >/dev/null || { echo 'the dashboard needs Node 20.19 or later with npm'; exit 1; }
	@echo "Fetching the dashboard's packages: about a minute, this once"
	@npm ci --prefix frontend --no-audit --no-fund --loglevel=error
	@touch $@

bin/golangci-lint:
	@echo 'installing golangci-lint $(GOLANGCI_LINT_VERSION)'
	@GOBIN='$(CURDIR)/bin' GOFLAGS= go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)

bin/gotestsum:
	@echo 'installing gotestsum $(GOTESTSUM_VERSION)'
	@GOBIN='$(CURDIR)/bin' GOFLAGS= go install gotest.tools/gotestsum@$(GOTESTSUM_VERSION)

.PHONY: clean
clean: ## remove what was built
	@rm -rf bin dist .nx .demo node_modules tools/node_modules tools/claude-code/node_modules tools/aws/python tools/aws/dynoxide frontend/node_modules frontend/dist
	@find internal/webui/dist -type f -not -name .gitkeep -delete
