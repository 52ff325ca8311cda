package sqlite

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func openTemporary(t *testing.T, opts Options) *Store {
	t.Helper()
	store, err := Open(t.Context(), filepath.Join(t.TempDir(), "codybatch.db"), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func TestEveryStatementGoesByIndex(t *testing.T) {
	t.Parallel()
	store := openTemporary(t, Options{})
	for _, statement := range append(readStatements(), writeStatements()...) {
		for _, detail := range planOf(t, store, statement) {
			if strings.Contains(detail, "SCAN") || strings.Contains(detail, "TEMP B-TREE") || strings.Contains(detail, "AUTOMATIC") {
				t.Errorf("%s\nis answered by %s", statement, detail)
			}
		}
	}
}

func planOf(t *testing.T, store *Store, statement string) []string {
	t.Helper()
	args := make([]any, strings.Count(statement, "?"))
	rows, err := store.writer.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	t.Log(strings.Join(plan, "; "))
	return plan
}

func TestConnectionsAreSetUp(t *testing.T) {
	t.Parallel()
	store := openTemporary(t, Options{})
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "1", "foreign_keys": "1", "busy_timeout": "10000", "journal_size_limit": "67108864",
	} {
		var got string
		if err := store.writer.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", pragma, got, err, want)
		}
	}
	if _, err := store.reader.ExecContext(t.Context(), "DELETE FROM tasks"); err == nil {
		t.Error("a reading connection writes")
	}
}

func TestMigrationIsAllOrNothing(t *testing.T) {
	t.Parallel()
	path, err := createFile(filepath.Join(t.TempDir(), "codybatch.db"))
	if err != nil {
		t.Fatal(err)
	}
	pool, err := openPool(path, time.Second, forWriting)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	files := fstest.MapFS{
		"migrations/0001_first.sql":  {Data: []byte("CREATE TABLE first (x);")},
		"migrations/0002_second.sql": {Data: []byte("CREATE TABLE second (x); INSERT INTO nowhere VALUES (1);")},
	}
	wantTables := func(want ...string) {
		t.Helper()
		var names string
		if err := pool.QueryRowContext(t.Context(), "SELECT group_concat(name) FROM sqlite_schema").Scan(&names); err != nil {
			t.Fatal(err)
		}
		version, err := userVersion(t.Context(), pool)
		if err != nil || version != len(want) || names != strings.Join(want, ",") {
			t.Errorf("version %d, %v, with the tables %s; want %v", version, err, names, want)
		}
	}
	if err := migrate(t.Context(), pool, files); err == nil || !strings.Contains(err.Error(), "0002_second.sql") {
		t.Errorf("error %v, want one that names the broken file", err)
	}
	wantTables("first")
	files["migrations/0002_second.sql"].Data = []byte("CREATE TABLE second (x);")
	for range 2 {
		if err := migrate(t.Context(), pool, files); err != nil {
			t.Fatal(err)
		}
		wantTables("first", "second")
	}
	files["migrations/0004_fourth.sql"] = &fstest.MapFile{}
	if err := migrate(t.Context(), pool, files); err == nil || !strings.Contains(err.Error(), "migration 3 is missing") {
		t.Errorf("error %v, want one that names the gap", err)
	}
}
