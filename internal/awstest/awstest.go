// Package awstest starts emulators of AWS for tests, on 127.0.0.1. `make
// aws-emulators` installs them under tools/aws. Each runs once for all tests of a
// program, and ends with it.
package awstest

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Emulator is a program that speaks some of AWS.
type Emulator struct {
	name    string // as CODYBATCH_TEST_REQUIRE lists it
	program string // under tools/aws
	start   func(program string) (*process, error)
	once    sync.Once
	running *process
	err     error
}

// process is an emulator that answers at url as long as life is open.
type process struct {
	url    string
	life   io.WriteCloser // its standard input, whose end ends it; never closed
	stdout io.Reader
}

// Emulators are those that this program may start.
type Emulators struct {
	// Dynoxide is DynamoDB on SQLite, measured against the real one by a public suite.
	Dynoxide Emulator
	// Moto is DynamoDB, S3, SSM and much else, in Python.
	Moto Emulator
}

var emulators = sync.OnceValue(func() *Emulators {
	return &Emulators{
		Dynoxide: Emulator{name: "dynoxide", program: "dynoxide/bin/dynoxide", start: startDynoxide},
		Moto:     Emulator{name: "moto", program: "python/bin/python", start: startMoto},
	}
})

// Dynoxide returns a DynamoDB, which keeps its tables until the test program ends.
func Dynoxide(t testing.TB) Cloud { t.Helper(); return emulators().Dynoxide.cloud(t) }

// Moto returns DynamoDB, S3 and SSM in one. They are empty, whatever other tests do,
// and keep what they are given until the test program ends.
func Moto(t testing.TB) Cloud { t.Helper(); return emulators().Moto.cloud(t) }

// OtherDynamoDB is the variable that names a DynamoDB which tests run against, too: the
// http address, on this machine, of one that somebody else has started.
const OtherDynamoDB = "CODYBATCH_TEST_DYNAMODB"

// Other returns the DynamoDB that OtherDynamoDB names, such as Amazon's DynamoDB Local,
// which we do not install, since its terms are for each to agree to.
func Other(t testing.TB) Cloud {
	t.Helper()
	given := os.Getenv(OtherDynamoDB)
	if given == "" {
		t.Skipf("%s names no DynamoDB that is already running", OtherDynamoDB)
	}
	address, err := url.Parse(given)
	if err != nil || address.Scheme != "http" || !net.ParseIP(address.Hostname()).IsLoopback() {
		t.Fatalf("%s=%q is not an http address of this machine, such as http://127.0.0.1:8000", OtherDynamoDB, given)
	}
	return Cloud{Endpoint: given, Account: fmt.Sprintf("%012d", rand.N(int64(1e12)))}
}

// Cloud is an account of an emulator.
type Cloud struct {
	Endpoint string
	Account  string // moto takes it from the access key, and keeps accounts apart
}

const region = "us-east-1"

// Config is how a client of the SDK reaches it. Transport sees every request; nil is
// the usual one.
func (c Cloud) Config(transport http.RoundTripper) aws.Config {
	config := aws.Config{
		Region: region, BaseEndpoint: aws.String(c.Endpoint),
		Credentials: credentials.NewStaticCredentialsProvider(c.Account, "test", ""),
	}
	if transport != nil {
		config.HTTPClient = &http.Client{Transport: transport}
	}
	return config
}

// Environ is how another process reaches it, as lines for exec.Cmd.Env.
func (c Cloud) Environ() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + c.Endpoint, "AWS_REGION=" + region,
		"AWS_ACCESS_KEY_ID=" + c.Account, "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true",
	}
}

func (e *Emulator) cloud(t testing.TB) Cloud {
	t.Helper()
	program := filepath.Join(root(), "tools", "aws", filepath.FromSlash(e.program))
	if _, err := os.Stat(program); err != nil {
		missing := fmt.Sprintf("%s is not installed; run make aws-emulators: %v", e.name, err)
		if slices.Contains(strings.Split(os.Getenv("CODYBATCH_TEST_REQUIRE"), ","), e.name) {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	e.once.Do(func() { e.running, e.err = e.start(program) })
	if e.err != nil {
		t.Fatalf("start %s: %v", e.name, e.err)
	}
	return Cloud{Endpoint: e.running.url, Account: fmt.Sprintf("%012d", rand.N(int64(1e12)))}
}

// root is the folder of the repository that this file was compiled in.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

//go:embed moto_server.py
var motoServer string

func startMoto(python string) (*process, error) {
	moto, err := run(python, "-c", motoServer)
	if err != nil {
		return nil, err
	}
	port, err := bufio.NewReader(moto.stdout).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("it did not say its port: %w", err)
	}
	moto.url = "http://127.0.0.1:" + strings.TrimSpace(port)
	return moto, nil
}

func startDynoxide(program string) (*process, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	_ = listener.Close() // it can't be told to look for a port itself
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	// The shell ends it when this program's end closes the pipe.
	dynoxide, err := run("/bin/sh", "-c", `"$@" </dev/null >/dev/null & child=$!; cat >/dev/null; kill $child`, "sh",
		program, "--host", "127.0.0.1", "--port", port, "--log", "quiet")
	if err != nil {
		return nil, err
	}
	dynoxide.url = "http://" + address
	return dynoxide, answers(address)
}

// answers waits until a server takes connections.
func answers(address string) error {
	for deadline := time.Now().Add(30 * time.Second); ; {
		connection, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			return connection.Close()
		}
		if time.Now().After(deadline) {
			return err
		}
		runtime.Gosched()
	}
}

// run starts a program that ends when its standard input does: when this program
// ends, however it does.
func run(program string, args ...string) (*process, error) {
	command := exec.Command(program, args...)
	command.Stderr = os.Stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	life, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	return &process{stdout: stdout, life: life}, command.Start()
}
