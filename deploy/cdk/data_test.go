package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// storeSchema is what internal/store/dynamo writes of its tables.
type storeSchema struct {
	Actions       []string
	WorkerActions []string
	Tables        []struct {
		Name         string
		PartitionKey storeKey
		SortKey      *storeKey
		TimeToLive   string
		Indexes      []struct {
			Name         string
			PartitionKey storeKey
			SortKey      *storeKey
			Projection   string
			Attributes   []string
		}
	}
}

type storeKey struct{ Name, Type string }

func readSchema(t *testing.T) storeSchema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "internal", "store", "dynamo", "testdata", "schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema storeSchema
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	if len(schema.Tables) != 2 {
		t.Fatalf("the store has %d tables", len(schema.Tables))
	}
	return schema
}

func TestTables_are_the_stores(t *testing.T) {
	m := synth(t)
	for _, table := range readSchema(t).Tables {
		resource := m.named(t, table.Name, "AWS::DynamoDB::Table")
		types := map[string]string{}
		if got, want := at(resource, "Properties", "KeySchema"), keySchema(types, table.PartitionKey, table.SortKey); compact(got) != compact(want) {
			t.Errorf("keys of %s\n got: %s\nwant: %s", table.Name, compact(got), compact(want))
		}
		var indexes []any
		for _, index := range table.Indexes {
			projection := object{"ProjectionType": index.Projection}
			if len(index.Attributes) > 0 {
				projection["NonKeyAttributes"] = index.Attributes
			}
			indexes = append(indexes, object{
				"IndexName": index.Name, "KeySchema": keySchema(types, index.PartitionKey, index.SortKey), "Projection": projection,
			})
		}
		if got := at(resource, "Properties", "GlobalSecondaryIndexes"); compact(got) != compact(indexes) {
			t.Errorf("indexes of %s\n got: %s\nwant: %s", table.Name, compact(got), compact(indexes))
		}
		if got := at(resource, "Properties", "TimeToLiveSpecification"); compact(got) != compact(object{"AttributeName": table.TimeToLive, "Enabled": true}) {
			t.Errorf("time to live of %s: %s", table.Name, compact(got))
		}
		for _, attribute := range at(resource, "Properties", "AttributeDefinitions").([]any) {
			name := at(attribute, "AttributeName").(string)
			if types[name] != at(attribute, "AttributeType") {
				t.Errorf("%s of %s is %v, and not %q", name, table.Name, at(attribute, "AttributeType"), types[name])
			}
			delete(types, name)
		}
		if len(types) > 0 {
			t.Errorf("attributes of %s that are not defined: %v", table.Name, types)
		}
	}
}

func keySchema(types map[string]string, partition storeKey, sort *storeKey) []any {
	types[partition.Name] = partition.Type
	schema := []any{object{"AttributeName": partition.Name, "KeyType": "HASH"}}
	if sort != nil {
		types[sort.Name] = sort.Type
		schema = append(schema, object{"AttributeName": sort.Name, "KeyType": "RANGE"})
	}
	return schema
}

func TestTables_have_the_plans_names_and_are_safe(t *testing.T) {
	m := synth(t)
	for name, indexes := range map[string][]string{"Jobs": {"status-createdAt-index"}, "Repositories": {"status-index"}} {
		table := m.named(t, name, "AWS::DynamoDB::Table")
		want(t, table, map[string]string{
			"BillingMode":                      `"PAY_PER_REQUEST"`,
			"DeletionProtectionEnabled":        `true`,
			"PointInTimeRecoverySpecification": `{"PointInTimeRecoveryEnabled":true}`,
			"TimeToLiveSpecification":          `{"AttributeName":"expiresAt","Enabled":true}`,
			"TableName":                        `null`, // CloudFormation's own, so that a change of keys can make a second one
		})
		if table["DeletionPolicy"] != "Retain" || table["UpdateReplacePolicy"] != "Retain" {
			t.Errorf("%s goes with the stack: %v", name, table["DeletionPolicy"])
		}
		var names []string
		for _, index := range at(table, "Properties", "GlobalSecondaryIndexes").([]any) {
			names = append(names, at(index, "IndexName").(string))
		}
		for _, index := range indexes {
			if !slices.Contains(names, index) {
				t.Errorf("%s has no %s", name, index)
			}
		}
	}
}

func TestBuckets_are_private_and_kept(t *testing.T) {
	m := synth(t)
	for _, name := range []string{"Artifacts", "Site", "AccessLogs"} {
		bucket := m.named(t, name, "AWS::S3::Bucket")
		want(t, bucket, map[string]string{
			"PublicAccessBlockConfiguration": `{"BlockPublicAcls":true,"BlockPublicPolicy":true,"IgnorePublicAcls":true,"RestrictPublicBuckets":true}`,
			"BucketEncryption":               `{"ServerSideEncryptionConfiguration":[{"ServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}`,
		})
		if bucket["DeletionPolicy"] != "Retain" {
			t.Errorf("%s goes with the stack: %v", name, bucket["DeletionPolicy"])
		}
		statements := at(m.named(t, name+"Policy", "AWS::S3::BucketPolicy"), "Properties", "PolicyDocument", "Statement")
		if got, want := compact(at(statements, 0)), `{"Action":"s3:*","Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny","Principal":{"AWS":"*"},"Resource":["${`+name+`.Arn}","${`+name+`.Arn}/*"]}`; got != want {
			t.Errorf("%s answers without TLS: %s", name, got)
		}
	}
	want(t, m.named(t, "Artifacts", "AWS::S3::Bucket"), map[string]string{
		"LifecycleConfiguration":  `{"Rules":[{"AbortIncompleteMultipartUpload":{"DaysAfterInitiation":1},"ExpirationInDays":31,"Id":"expire","Status":"Enabled"}]}`,
		"VersioningConfiguration": `null`,
		"LoggingConfiguration":    `{"DestinationBucketName":"${AccessLogs}","LogFilePrefix":"artifacts/"}`,
		// Browsers are sent here for long documents; only reading, and only with a presigned address.
		"CorsConfiguration.CorsRules": `[{"AllowedMethods":["GET","HEAD"],"AllowedOrigins":["*"],"ExposedHeaders":["Content-Length","Content-Disposition","ETag"],"MaxAge":600}]`,
	})
	want(t, m.named(t, "Site", "AWS::S3::Bucket"), map[string]string{
		"VersioningConfiguration": `{"Status":"Enabled"}`, "WebsiteConfiguration": `null`,
	})
}
