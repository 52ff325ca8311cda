package dynamo

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// The rows, by their keys. A repository's name never begins with "#".
//
//	Jobs          jobId                           a job's head: what moves with its tasks, small
//	              #key#<digest>                   an idempotency key
//	Repositories  jobId, owner/name               a task
//	              jobId, #job                     what was asked for; it never changes
//	              jobId, #names#0003              names 1,500 to 1,999 of the job's list; they never change
//	              jobId, #change#0000000000012345 which task has that Seq; none has a Seq that it was created with
const (
	specificationKey = "#job"
	namesPrefix      = "#names#"
	changePrefix     = "#change#"
	idempotencyKey   = "#key#"

	namesInRow = 500
	dueShards  = 8
)

// The attributes that no table or index is keyed by.
const (
	attrCreation   = "creation"   // of a head: the token of its creation
	attrStartedAt  = "startedAt"  // of a head that is no job yet, in seconds since 1970
	attrTotals     = "totals"     // of a head, JSON
	attrDocument   = "document"   // the JSON of a task, a specification or a list of names; bytes are gzip
	attrSeq        = "seq"        // of a head and a task
	attrLeaseUntil = "leaseUntil" // of a task
	attrChanged    = "changed"    // of a change: the task's name
	attrRequest    = "request"    // of an idempotency key
	attrUsedAt     = "usedAt"     // of an idempotency key, in nanoseconds since 1970
	attrKeyJob     = "job"        // of an idempotency key
)

const (
	// maxRow is less than the 400 KB that DynamoDB takes, for the attributes beside
	// the document.
	maxRow = 390_000
	// smallDocument stays readable in the console; larger ones are packed.
	smallDocument = 2_000
	// longestKey is less than what DynamoDB takes as a sort key.
	longestKey = 1_000
)

type row map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number[N ~int | ~int64](n N) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(int64(n), 10)}
}

// text is the attribute's text, empty if there is none.
func (r row) text(name string) string {
	if value, ok := r[name].(*types.AttributeValueMemberS); ok {
		return value.Value
	}
	return ""
}

// number is the attribute's number, 0 if there is none.
func (r row) number(name string) int64 {
	if value, ok := r[name].(*types.AttributeValueMemberN); ok {
		n, _ := strconv.ParseInt(value.Value, 10, 64) // only we write it
		return n
	}
	return 0
}

// expiring gives the row the job's end of life.
func (r row) expiring(at time.Time) row {
	if !at.IsZero() {
		r[attrExpiresAt] = number(at.Unix())
	}
	return r
}

// rowKey is the key of a row in either table.
type rowKey struct {
	table      string
	jobID      codybatch.JobID
	repository codybatch.RepositoryName // none in the table of jobs
}

func (s *Store) headKey(id codybatch.JobID) rowKey { return rowKey{table: s.jobs, jobID: id} }

func (s *Store) rowKey(id codybatch.JobID, repository codybatch.RepositoryName) rowKey {
	return rowKey{table: s.repositories, jobID: id, repository: repository}
}

func (k rowKey) attributes() map[string]types.AttributeValue {
	key := map[string]types.AttributeValue{attrJobID: text(string(k.jobID))}
	if k.repository != "" {
		key[attrRepository] = text(string(k.repository))
	}
	return key
}

func namesKey(chunk int) codybatch.RepositoryName {
	return codybatch.RepositoryName(fmt.Sprintf("%s%04d", namesPrefix, chunk))
}

func changeKey(seq int64) codybatch.RepositoryName {
	return codybatch.RepositoryName(fmt.Sprintf("%s%016d", changePrefix, seq))
}

// isTaskName reports whether a row of that name can be a task.
func isTaskName(name codybatch.RepositoryName) bool {
	return name != "" && len(name) <= longestKey && name[0] != '#'
}

// document is the attribute that holds value as JSON.
func document(value any) (types.AttributeValue, error) {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	if plain.Len() <= smallDocument {
		return text(plain.String()), nil
	}
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write(plain.Bytes()); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	if packed.Len() > maxRow {
		return nil, fmt.Errorf("%d bytes of JSON are %d packed, and a row of DynamoDB holds %d; make it shorter", plain.Len(), packed.Len(), maxRow)
	}
	return &types.AttributeValueMemberB{Value: packed.Bytes()}, nil
}

// decode reads the row's document into value.
func (r row) decode(value any) error {
	switch document := r[attrDocument].(type) {
	case *types.AttributeValueMemberS:
		return json.Unmarshal([]byte(document.Value), value)
	case *types.AttributeValueMemberB:
		reader, err := gzip.NewReader(bytes.NewReader(document.Value))
		if err != nil {
			return err
		}
		plain, err := io.ReadAll(reader)
		if err != nil {
			return err
		}
		return json.Unmarshal(plain, value)
	default:
		return errors.New("the row has no document")
	}
}

// timeKey sorts as text as the times do.
func timeKey(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }

// createdKey is where a job stands in the lists of jobs.
func createdKey(j codybatch.Job) string { return timeKey(j.CreatedAt) + "#" + string(j.ID) }

// dueKey is where a task stands in the lists of due tasks.
func dueKey(t codybatch.Task) string {
	return fmt.Sprintf("%s#%s#%06d", timeKey(t.DueAt()), t.JobID, t.Index)
}

// dueShard spreads the tasks of one status over several partitions of the index.
func dueShard(status codybatch.TaskStatus, shard uint32) string {
	return fmt.Sprintf("%s#%d", status, shard)
}

func shardOf(key codybatch.TaskKey) uint32 {
	hash := fnv.New32a()
	io.WriteString(hash, key.String()) //nolint:errcheck // a hash takes everything
	return hash.Sum32() % dueShards
}

func jobStatusKey(id codybatch.JobID, status codybatch.TaskStatus) string {
	return string(id) + "#" + string(status)
}

// taskRow is the row of a task whose job lives until expiresAt.
func taskRow(task codybatch.Task, expiresAt time.Time) (row, error) {
	doc, err := document(task)
	if err != nil {
		return nil, fmt.Errorf("encode task %s: %w", task.Key(), err)
	}
	r := row{
		attrJobID: text(string(task.JobID)), attrRepository: text(string(task.Repository)),
		attrJobStatus: text(jobStatusKey(task.JobID, task.Status)), attrPosition: number(task.Index),
		attrSeq: number(task.Seq), attrLeaseUntil: text(timeKey(task.LeaseUntil)), attrDocument: doc,
	}
	if task.Outcome != "" {
		r[attrOutcome] = text(string(task.Outcome))
	}
	if !task.DueAt().IsZero() {
		r[attrDueShard], r[attrDueAt] = text(dueShard(task.Status, shardOf(task.Key()))), text(dueKey(task))
	}
	return r.expiring(expiresAt), nil
}

// task is the row's task; ok is false if it is no task's row.
func (r row) task() (codybatch.Task, bool, error) {
	if r[attrPosition] == nil {
		return codybatch.Task{}, false, nil
	}
	var task codybatch.Task
	if err := r.decode(&task); err != nil {
		return codybatch.Task{}, false, fmt.Errorf("decode task %s/%s: %w", r.text(attrJobID), r.text(attrRepository), err)
	}
	return task, true, nil
}

// specificationRow holds what never changes of a job.
func specificationRow(job codybatch.Job) (row, error) {
	doc, err := document(totals{}.in(job))
	if err != nil {
		return nil, fmt.Errorf("encode job %s: %w", job.ID, err)
	}
	return row{attrJobID: text(string(job.ID)), attrRepository: text(specificationKey), attrDocument: doc}.expiring(job.ExpiresAt), nil
}

// nameRows hold the names of the job's tasks in their order.
func nameRows(job codybatch.Job, names []codybatch.RepositoryName) ([]row, error) {
	var rows []row
	for from := 0; from < len(names); from += namesInRow {
		doc, err := document(names[from:min(from+namesInRow, len(names))])
		if err != nil {
			return nil, fmt.Errorf("encode the names of job %s: %w", job.ID, err)
		}
		r := row{attrJobID: text(string(job.ID)), attrRepository: text(string(namesKey(from / namesInRow))), attrDocument: doc}
		rows = append(rows, r.expiring(job.ExpiresAt))
	}
	return rows, nil
}

// totals is the part of a job that changes after its creation. It is kept in the
// head, apart from the rest, so that a heartbeat never rewrites a prompt.
type totals struct {
	StartedAt       time.Time        `json:"startedAt,omitzero"`
	CompletedAt     time.Time        `json:"completedAt,omitzero"`
	CancelRequested bool             `json:"cancelRequested,omitempty"`
	RepositoryCount int              `json:"repositoryCount"`
	Counts          codybatch.Counts `json:"counts"`
	Usage           codybatch.Usage  `json:"usage"`
	Reserved        codybatch.Money  `json:"reserved"`
	Seq             int64            `json:"seq"`
	Recent          []int            `json:"recent,omitempty"` // see head
}

func totalsOf(j codybatch.Job) totals {
	return totals{
		StartedAt: j.StartedAt, CompletedAt: j.CompletedAt, CancelRequested: j.CancelRequested,
		RepositoryCount: j.RepositoryCount, Counts: j.Counts, Usage: j.Usage, Reserved: j.Reserved, Seq: j.Seq,
	}
}

// in returns the job with these totals.
func (t totals) in(j codybatch.Job) codybatch.Job {
	j.StartedAt, j.CompletedAt, j.CancelRequested = t.StartedAt, t.CompletedAt, t.CancelRequested
	j.RepositoryCount, j.Counts, j.Usage, j.Reserved, j.Seq = t.RepositoryCount, t.Counts, t.Usage, t.Reserved, t.Seq
	return j
}

// head is a job as its head tells it, and the places in its list of the tasks that
// changed last: the task at the end has the job's Seq, the one before it one less,
// and so on. -1 is a change of the job itself.
//
// Whoever reads while a transaction is being applied may find the head changed, and
// the rows that belong to it not yet. By these places Changes knows which must come.
type head struct {
	codybatch.Job
	recent []int
}

// recentChanges keeps a head below 1 KB, for which a write costs least. A change that
// is not applied after as many others is one that DynamoDB itself recovers.
const recentChanges = 32

// moved is the head under its next Seq, which the task at the place has.
func (h head) moved(job codybatch.Job, place int) head {
	job.Seq = h.Seq + 1
	recent := append(slices.Clone(h.recent), place)
	return head{job, recent[max(0, len(recent)-recentChanges):]}
}

// latest is the latest Seq of each place among the recent changes.
func (h head) latest() map[int]int64 {
	seqs := map[int]int64{}
	for i, place := range h.recent {
		if place >= 0 {
			seqs[place] = h.Seq - int64(len(h.recent)-1-i)
		}
	}
	return seqs
}

// headRow is the row of a head.
func headRow(job head) (row, error) {
	t := totalsOf(job.Job)
	t.Recent = job.recent
	sums, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("encode totals of job %s: %w", job.ID, err)
	}
	return row{
		attrJobID: text(string(job.ID)), attrStatus: text(string(job.Status())), attrCreatedAt: text(createdKey(job.Job)),
		attrSeq: number(job.Seq), attrTotals: text(string(sums)),
	}.expiring(job.ExpiresAt), nil
}

// head decodes a head, of whose job only id, end of life and totals are filled;
// ErrNotFound if there is none, if it is not whole yet, or if it has expired, which
// DynamoDB takes days to notice.
func (s *Store) head(r row, id codybatch.JobID) (head, error) {
	job := codybatch.Job{ID: id}
	if expires := r.number(attrExpiresAt); expires != 0 {
		job.ExpiresAt = time.Unix(expires, 0).UTC()
	}
	if r[attrTotals] == nil || !job.ExpiresAt.IsZero() && !s.now().Before(job.ExpiresAt) {
		return head{}, fmt.Errorf("job %s: %w", id, codybatch.ErrNotFound)
	}
	var t totals
	if err := json.Unmarshal([]byte(r.text(attrTotals)), &t); err != nil {
		return head{}, fmt.Errorf("decode totals of job %s: %w", id, err)
	}
	return head{t.in(job), t.Recent}, nil
}

// job joins a head with its specification.
func (s *Store) job(headRow, specification row, id codybatch.JobID) (head, error) {
	h, err := s.head(headRow, id)
	if err != nil {
		return head{}, err
	}
	var job codybatch.Job
	if err := specification.decode(&job); err != nil {
		return head{}, fmt.Errorf("decode job %s: %w", id, err)
	}
	return head{totalsOf(h.Job).in(job), h.recent}, nil
}
