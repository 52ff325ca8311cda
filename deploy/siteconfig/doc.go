// Package siteconfig has one test, which keeps deploy/cdk/site/config.json in step
// with the API: the stack uploads that file as the dashboard's /config.json, and is a
// module of its own that can't ask the handler.
package siteconfig
