// Api is the Lambda function behind API Gateway, and the one that EventBridge calls
// when AWS Batch lost a job and every five minutes: the same program, told apart by
// what they are sent. Lambda starts it as "bootstrap".
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	f, err := open(context.Background(), os.LookupEnv, log)
	if err != nil {
		log.Error("the function can't start; see docs/aws.md", "error", err)
		os.Exit(1)
	}
	lambda.Start(f)
}
