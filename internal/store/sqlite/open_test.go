package sqlite_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/sqlite"
)

var created = time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC)

func newJob(id codybatch.JobID) codybatch.Job {
	return codybatch.Job{ID: id, Name: "Replace io/ioutil", Agent: codybatch.AgentSpec{Type: codybatch.AgentScript}, CreatedAt: created}
}

func createJob(t testing.TB, store *sqlite.Store, id codybatch.JobID, names []codybatch.RepositoryName) codybatch.Job {
	t.Helper()
	job, _, err := store.CreateJob(t.Context(), newJob(id), names, codybatch.IdempotencyKey{})
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func TestOpen(t *testing.T) {
	t.Parallel()

	t.Run("makes folder and files for this user only", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "new", "data")
		createJob(t, open(t, filepath.Join(dir, "codybatch.db")), "job", []codybatch.RepositoryName{"acme/site"})
		err := filepath.WalkDir(filepath.Dir(dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err == nil && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %s", path, info.Mode())
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})

	t.Run("takes any path", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "a b?mode=memory#c%41&é", "ö ?.db")
		createJob(t, open(t, path), "job", []codybatch.RepositoryName{"acme/site"})
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	})

	t.Run("finds what was stored before", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "codybatch.db")
		first, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		createJob(t, first, "job", []codybatch.RepositoryName{"acme/site"})
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := open(t, path).Task(t.Context(), codybatch.TaskKey{JobID: "job", Repository: "acme/site"}); err != nil {
			t.Error(err)
		}
	})

	t.Run("many at once make one database", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "codybatch.db")
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
				if err != nil {
					t.Error(err)
					return
				}
				if err := errors.Join(store.Ping(t.Context()), store.Close()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	})

	t.Run("refuses what a newer program wrote, and leaves it alone", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "codybatch.db")
		runScript(t, path, "CREATE TABLE future (x); PRAGMA user_version = 999")
		_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		wantText(t, err, path, "version 999", "newer codybatch")
		runScript(t, path, "SELECT x FROM future")
	})

	t.Run("says what is wrong with a path", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		text := filepath.Join(dir, "notes.txt")
		if err := os.WriteFile(text, []byte(strings.Repeat("not a database\n", 100)), 0o600); err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]string{
			"":                           "empty",
			dir:                          "not a regular file",
			text:                         "not a database",
			filepath.Join(text, "db.db"): "folder",
		} {
			_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
			wantText(t, err, "open database "+path, want)
		}
	})
}

func TestClosedStoreAnswersWithErrors(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "codybatch.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	_, createErr := store.CancelJob(t.Context(), "job", true)
	for _, err := range []error{store.Ping(t.Context()), createErr} {
		wantText(t, err, "closed")
	}
}

// runScript does to the file what another program might.
func runScript(t *testing.T, path, script string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), script); err != nil {
		t.Fatal(err)
	}
}

func wantText(t *testing.T, err error, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("error %v, want one that says %q", err, text)
		}
	}
}
