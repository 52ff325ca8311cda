package sqlite

// Every statement that runs after Open is here, so that a test can ask SQLite
// for its plan: none may read a table from end to end.
const (
	selectOne = `SELECT 1 FROM idempotency_keys WHERE key = ''`

	selectJob = `SELECT d.document, j.totals FROM jobs j JOIN job_documents d ON d.job_id = j.id WHERE j.id = ?`

	selectJobExists = `SELECT 1 FROM jobs WHERE id = ?`

	selectJobs = `SELECT d.document, j.totals, j.created_at FROM jobs j CROSS JOIN job_documents d ON d.job_id = j.id
		WHERE (j.created_at, j.id) < (?, ?) ORDER BY j.created_at DESC, j.id DESC LIMIT ?`

	selectJobsByStatus = `SELECT d.document, j.totals, j.created_at FROM jobs j CROSS JOIN job_documents d ON d.job_id = j.id
		WHERE j.status = ? AND (j.created_at, j.id) < (?, ?) ORDER BY j.created_at DESC, j.id DESC LIMIT ?`

	selectTask = `SELECT document FROM tasks WHERE job_id = ? AND repository = ?`

	selectTaskAndTotals = `SELECT t.document, j.totals FROM tasks t JOIN jobs j ON j.id = t.job_id
		WHERE t.job_id = ? AND t.repository = ?`

	selectTasks = `SELECT document FROM tasks WHERE job_id = ? AND position > ? ORDER BY position LIMIT ?`

	selectTasksByStatus = `SELECT document FROM tasks
		WHERE job_id = ? AND status = ? AND position > ? ORDER BY position LIMIT ?`

	// The test against '' makes the partial index usable.
	selectTasksByOutcome = `SELECT document FROM tasks
		WHERE job_id = ? AND outcome = ? AND outcome <> '' AND position > ? ORDER BY position LIMIT ?`

	// An outcome has one status, so the index on outcomes is the finer one.
	selectTasksByOutcomeAndStatus = `SELECT document FROM tasks
		WHERE job_id = ? AND outcome = ? AND outcome <> '' AND position > ? AND +status = ? ORDER BY position LIMIT ?`

	selectChanges = `SELECT document FROM tasks WHERE job_id = ? AND seq > ? ORDER BY seq LIMIT ?`

	selectDue = `SELECT document FROM tasks
		WHERE status = ? AND due_at <= ? AND (due_at, job_id, position) > (?, ?, ?)
		ORDER BY due_at, job_id, position LIMIT ?`

	selectIdempotencyKey = `SELECT request, job_id FROM idempotency_keys WHERE key = ? AND used_at > ?`

	insertJob            = `INSERT INTO jobs (id, created_at, status, totals) VALUES (?, ?, ?, ?)`
	insertJobDocument    = `INSERT INTO job_documents (job_id, document) VALUES (?, ?)`
	insertTask           = `INSERT INTO tasks (job_id, repository, position, status, outcome, seq, due_at, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	insertIdempotencyKey = `INSERT INTO idempotency_keys (key, request, job_id, used_at) VALUES (?, ?, ?, ?)`

	updateTotals = `UPDATE jobs SET status = ?, totals = ? WHERE id = ?`
	updateTask   = `UPDATE tasks SET status = ?, outcome = ?, seq = ?, due_at = ?, document = ? WHERE job_id = ? AND repository = ?`
	updateLease  = `UPDATE tasks SET due_at = ?, document = ? WHERE job_id = ? AND repository = ?`

	deleteIdempotencyKeys = `DELETE FROM idempotency_keys WHERE used_at <= ?`
)

func readStatements() []string {
	return []string{
		selectOne, selectJob, selectJobExists, selectJobs, selectJobsByStatus, selectTask, selectTasks,
		selectTasksByStatus, selectTasksByOutcome, selectTasksByOutcomeAndStatus, selectChanges, selectDue,
	}
}

func writeStatements() []string {
	return []string{
		selectJob, selectTaskAndTotals, selectIdempotencyKey, insertJob, insertJobDocument, insertTask,
		insertIdempotencyKey, updateTotals, updateTask, updateLease, deleteIdempotencyKeys,
	}
}
