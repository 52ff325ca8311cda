package awsbatch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// What a child job finds in its environment.
const (
	// ManifestVariable has the artifact key of the submission's manifest.
	ManifestVariable = "CODYBATCH_MANIFEST"
	// IndexVariable has the child's place in the manifest, from 0. AWS Batch sets
	// it for the children of an array only; a plain job takes place 0.
	IndexVariable = "AWS_BATCH_JOB_ARRAY_INDEX"
)

// manifestLimit bounds a manifest in bytes: 10,000 of the longest repositories,
// and room.
const manifestLimit = 8 << 20

// manifestVersion is of the format. Children of an older one may still wait when a
// new program is deployed.
const manifestVersion = 1

// Manifest lists the tasks of one submission: child N of the array runs the task
// at place N. It never changes, because its key has its digest.
type Manifest struct {
	JobID codybatch.JobID
	refs  []codybatch.TaskRef
}

// manifestDocument is how a manifest is stored.
type manifestDocument struct {
	Version int             `json:"version"`
	JobID   codybatch.JobID `json:"jobId"`
	Tasks   []manifestTask  `json:"tasks"`
}

type manifestTask struct {
	Repository codybatch.RepositoryName `json:"repository"`
	Attempt    int                      `json:"attempt"`
	Index      int                      `json:"index"` // place in the job, not in the manifest
}

// newManifest takes references of one job, from one to arrayLimit.
func newManifest(id codybatch.JobID, refs []codybatch.TaskRef) (Manifest, error) {
	m := Manifest{JobID: id, refs: refs}
	return m, m.check()
}

// Len is the number of tasks.
func (m Manifest) Len() int { return len(m.refs) }

// Ref is the task of a child, by the child's index. An index out of range is an
// error: the child is not of this submission.
func (m Manifest) Ref(index int) (codybatch.TaskRef, error) {
	if index < 0 || index >= len(m.refs) {
		return codybatch.TaskRef{}, fmt.Errorf("find task %d of a manifest of job %s that lists %d", index, m.JobID, len(m.refs))
	}
	return m.refs[index], nil
}

// ReadManifest reads a submission's list of tasks, and holds it to its key. The
// error is codybatch.ErrNotFound if it is gone: documents are kept as long as jobs.
func ReadManifest(ctx context.Context, artifacts codybatch.Artifacts, key codybatch.ArtifactKey) (Manifest, error) {
	m, err := readManifest(ctx, artifacts, key)
	if err != nil {
		return Manifest{}, fmt.Errorf("read manifest %.200q: %w", key, err)
	}
	return m, nil
}

func readManifest(ctx context.Context, artifacts codybatch.Artifacts, key codybatch.ArtifactKey) (Manifest, error) {
	id, digest, err := splitKey(key)
	if err != nil {
		return Manifest{}, err
	}
	document, err := artifacts.Open(ctx, key)
	if err != nil {
		return Manifest{}, err
	}
	defer document.Close()
	if document.Size > manifestLimit {
		return Manifest{}, fmt.Errorf("it has %d bytes; at most %d are read", document.Size, manifestLimit)
	}
	content, err := io.ReadAll(io.LimitReader(document, manifestLimit))
	if err != nil {
		return Manifest{}, err
	}
	m, err := parseManifest(content)
	switch {
	case err != nil:
		return Manifest{}, err
	case m.JobID != id:
		return Manifest{}, fmt.Errorf("it is of job %.100q", m.JobID)
	case m.digest() != digest:
		return Manifest{}, errors.New("its content is not what its name says; it has been changed")
	}
	return m, nil
}

func parseManifest(content []byte) (Manifest, error) {
	var document manifestDocument
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&document); err != nil {
		return Manifest{}, err
	}
	if document.Version != manifestVersion {
		return Manifest{}, fmt.Errorf("it has version %d; this program reads version %d", document.Version, manifestVersion)
	}
	m := Manifest{JobID: document.JobID, refs: make([]codybatch.TaskRef, len(document.Tasks))}
	for i, task := range document.Tasks {
		m.refs[i] = codybatch.TaskRef{
			Key: codybatch.TaskKey{JobID: document.JobID, Repository: task.Repository}, Attempt: task.Attempt, Index: task.Index,
		}
	}
	return m, m.check()
}

// check holds a manifest to what the Dispatcher makes.
func (m Manifest) check() error {
	if len(m.refs) == 0 || len(m.refs) > arrayLimit {
		return fmt.Errorf("a manifest lists 1 to %d tasks, not %d", arrayLimit, len(m.refs))
	}
	if !jobIDPattern.MatchString(string(m.JobID)) {
		return fmt.Errorf("job id %.100q does not fit into a name of AWS Batch: at most %d letters, digits and hyphens", m.JobID, jobIDLimit)
	}
	for i, ref := range m.refs {
		switch {
		case ref.Key.JobID != m.JobID:
			return fmt.Errorf("task %d is of job %.100q, not of %s; a submission is of one job", i, ref.Key.JobID, m.JobID)
		case !ref.Key.Repository.Valid():
			return fmt.Errorf("task %d: %.200q is no repository name", i, ref.Key.Repository)
		case ref.Attempt < 1 || ref.Index < 0:
			return fmt.Errorf("task %d has attempt %d and index %d", i, ref.Attempt, ref.Index)
		}
	}
	return nil
}

func (m Manifest) document() []byte {
	document := manifestDocument{Version: manifestVersion, JobID: m.JobID, Tasks: make([]manifestTask, len(m.refs))}
	for i, ref := range m.refs {
		document.Tasks[i] = manifestTask{Repository: ref.Key.Repository, Attempt: ref.Attempt, Index: ref.Index}
	}
	content, err := json.Marshal(document)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return content
}

// digest is the same for the same tasks in the same order.
func (m Manifest) digest() string {
	sum := sha256.Sum256(m.document())
	return hex.EncodeToString(sum[:digestBytes])
}

func (m Manifest) key() codybatch.ArtifactKey { return codybatch.ManifestKey(m.JobID, m.digest()) }

func (m Manifest) name() string { return jobName(m.JobID, m.digest()) }

// Names of jobs in AWS Batch have at most 128 characters: letters, digits, hyphens
// and underscores, the first one no hyphen (SubmitJob in AWS's API reference).
// They lead to the manifest, so that nothing else has to be remembered about a
// submission.
const (
	namePrefix  = "cody-batch-"
	nameLimit   = 128
	digestBytes = 16
	jobIDLimit  = nameLimit - len(namePrefix) - 1 - 2*digestBytes
)

var (
	jobIDPattern  = regexp.MustCompile(fmt.Sprintf(`^[A-Za-z0-9-]{1,%d}$`, jobIDLimit))
	digestPattern = regexp.MustCompile(fmt.Sprintf(`^[0-9a-f]{%d}$`, 2*digestBytes))
)

func jobName(id codybatch.JobID, digest string) string {
	return namePrefix + string(id) + "-" + digest
}

// splitName takes a name apart. Names of other makers are not ok.
func splitName(name string) (codybatch.JobID, string, bool) {
	rest, ok := strings.CutPrefix(name, namePrefix)
	i := len(rest) - 2*digestBytes - 1
	if !ok || i < 1 || rest[i] != '-' {
		return "", "", false
	}
	id, digest := rest[:i], rest[i+1:]
	return codybatch.JobID(id), digest, jobIDPattern.MatchString(id) && digestPattern.MatchString(digest)
}

func splitKey(key codybatch.ArtifactKey) (codybatch.JobID, string, error) {
	parts := strings.Split(string(key), "/")
	if len(parts) == 3 {
		digest, isJSON := strings.CutSuffix(parts[2], ".json")
		id := codybatch.JobID(parts[1])
		if isJSON && jobIDPattern.MatchString(parts[1]) && digestPattern.MatchString(digest) && codybatch.ManifestKey(id, digest) == key {
			return id, digest, nil
		}
	}
	return "", "", errors.New("this is no key of a manifest")
}
