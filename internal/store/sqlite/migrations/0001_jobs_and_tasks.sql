-- A job is split in two. What a person asked for (up to some 100 KiB of prompt)
-- never changes and lies in job_documents; what moves with every task is small
-- and lies in jobs, so that a heartbeat never rewrites a prompt.
--
-- Times are nanoseconds since 1970 in UTC. Documents are the JSON of the domain's
-- structs; the other columns only repeat what a listing needs.

CREATE TABLE jobs (
	id         TEXT    NOT NULL PRIMARY KEY,
	created_at INTEGER NOT NULL,
	status     TEXT    NOT NULL,
	totals     TEXT    NOT NULL
) STRICT;

CREATE INDEX jobs_by_age ON jobs (created_at, id);
CREATE INDEX jobs_by_status ON jobs (status, created_at, id);

CREATE TABLE job_documents (
	job_id   TEXT NOT NULL PRIMARY KEY REFERENCES jobs (id),
	document TEXT NOT NULL
) STRICT;

CREATE TABLE tasks (
	job_id     TEXT    NOT NULL REFERENCES jobs (id),
	repository TEXT    NOT NULL,
	position   INTEGER NOT NULL,
	status     TEXT    NOT NULL,
	outcome    TEXT    NOT NULL,
	seq        INTEGER NOT NULL,
	due_at     INTEGER, -- null: never
	document   TEXT    NOT NULL,
	PRIMARY KEY (job_id, repository)
) STRICT;

CREATE UNIQUE INDEX tasks_by_position ON tasks (job_id, position);
CREATE UNIQUE INDEX tasks_by_seq ON tasks (job_id, seq);
CREATE INDEX tasks_by_status ON tasks (job_id, status, position);
CREATE INDEX tasks_by_outcome ON tasks (job_id, outcome, position) WHERE outcome <> '';
CREATE INDEX tasks_by_due ON tasks (status, due_at, job_id, position) WHERE due_at IS NOT NULL;

CREATE TABLE idempotency_keys (
	key     TEXT    NOT NULL PRIMARY KEY,
	request TEXT    NOT NULL,
	job_id  TEXT    NOT NULL REFERENCES jobs (id),
	used_at INTEGER NOT NULL
) STRICT;

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (used_at);
