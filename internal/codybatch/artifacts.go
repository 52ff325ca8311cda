package codybatch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"time"
)

// Artifacts keeps documents. All methods may be called at once.
//
// The promises, each a test in artifactstest:
//
//   - A Put is seen whole or not at all, also after a crash in the middle; a
//     second Put replaces the first.
//   - An Append is seen whole or not at all, and appends of one caller in the
//     order of the calls. One caller at a time appends to a key.
//   - Open reads what was there when it was called, even if the document is
//     replaced or appended to meanwhile.
type Artifacts interface {
	// Put stores what r holds, to its end. If r fails, nothing is stored.
	Put(ctx context.Context, key ArtifactKey, r io.Reader) error

	// Append adds data to the end of a document, which need not exist yet.
	Append(ctx context.Context, key ArtifactKey, data []byte) error

	// Open returns a document, or ErrNotFound. The caller closes it.
	Open(ctx context.Context, key ArtifactKey) (Artifact, error)

	// Ping tells whether documents can be reached.
	Ping(ctx context.Context) error
}

// Artifact is an open document.
type Artifact struct {
	io.ReadCloser
	Size int64 // bytes
	// Key is set by the Service, for its callers to ask for a Link with.
	Key ArtifactKey
}

// Linker is what some Artifacts are besides: they make addresses under which
// whoever has one can fetch a document for a while, past this program.
type Linker interface {
	// Link returns an address of a document, or ErrNotFound. Size is that of the
	// document now. Where the keeper of the documents tells versions apart, the
	// address leads to this one; else to what is there when it is fetched. The
	// address is a secret: whoever has it needs no other right.
	Link(ctx context.Context, key ArtifactKey, o LinkOptions) (Link, error)
}

// LinkOptions says what an address is to be like.
type LinkOptions struct {
	Expiry      time.Duration // how long it is good for, from a second to seven days; the credentials that sign it may end earlier
	ContentType string        // what the answer says it is; empty: what the keeper makes of it
	FileName    string        // browsers save it under this name, without quotes and "/"; empty: they show it
}

// Link is an address of a document.
type Link struct {
	URL  string
	Size int64 // bytes
}

// ArtifactKey names a document: segments of letters, digits, "_", "." and "-",
// joined by "/", none of them "." or "..", at most 1,024 bytes in all (S3's limit). The
// functions below make all keys that there are.
type ArtifactKey string

var artifactKeyPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$`)

// Validate refuses what is no key: every implementation of Artifacts does so before it
// makes a path or an address of one.
func (k ArtifactKey) Validate() error {
	if len(k) > 1024 || !artifactKeyPattern.MatchString(string(k)) || path.Clean("/"+string(k)) != "/"+string(k) {
		return errors.New(`a key is segments of letters, digits, "_", "." and "-", joined by "/", none of them "." or "..", at most 1,024 bytes`)
	}
	return nil
}

// DiffKey names the unified patch of an attempt.
func DiffKey(key TaskKey, attempt int) ArtifactKey { return attemptKey(key, attempt, "diff.patch") }

// ThreadKey names the conversation of an attempt, one ThreadEvent a line.
func ThreadKey(key TaskKey, attempt int) ArtifactKey { return attemptKey(key, attempt, "thread.jsonl") }

// LogKey names what the commands of an attempt printed.
func LogKey(key TaskKey, attempt int) ArtifactKey { return attemptKey(key, attempt, "log.txt") }

// CheckpointKey names what an attempt that is interrupted can be gone on with,
// besides its thread: the state of its workspace.
func CheckpointKey(key TaskKey, attempt int) ArtifactKey {
	return attemptKey(key, attempt, "checkpoint.json")
}

// ConversationKey names what an agent needs besides an attempt's thread to go on with
// its conversation in another attempt, in the agent's own form.
func ConversationKey(key TaskKey, attempt int) ArtifactKey {
	return attemptKey(key, attempt, "conversation.jsonl")
}

// ResultKey names the record of a result that any task with the same spec digest
// on the same base commit can use again.
func ResultKey(specDigest string, name RepositoryName, baseCommit string) ArtifactKey {
	return ArtifactKey(fmt.Sprintf("results/%s/%s/%s.json", specDigest, name.Fold(), baseCommit))
}

// ManifestKey names the list of tasks that was handed over in one submission; the
// digest is that of the list.
func ManifestKey(id JobID, digest string) ArtifactKey {
	return ArtifactKey(fmt.Sprintf("manifests/%s/%s.json", id, digest))
}

func attemptKey(key TaskKey, attempt int, file string) ArtifactKey {
	return ArtifactKey(fmt.Sprintf("jobs/%s/%s/%d/%s", key.JobID, key.Repository, attempt, file))
}
