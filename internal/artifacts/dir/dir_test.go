package dir_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/artifacts/artifactstest"
	"github.com/liamzdenek/cody-batch/internal/artifacts/dir"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func open(t *testing.T, folder string) *dir.Dir {
	t.Helper()
	d, err := dir.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestDirKeepsThePromises(t *testing.T) {
	t.Parallel()
	artifactstest.Run(t, func(t *testing.T) codybatch.Artifacts { return open(t, filepath.Join(t.TempDir(), "made", "here")) })
}

const key = codybatch.ArtifactKey("jobs/j1/thread.jsonl")

func TestDir(t *testing.T) {
	t.Parallel()

	t.Run("is_for_its_owner_only", func(t *testing.T) {
		t.Parallel()
		folder := filepath.Join(t.TempDir(), "artifacts")
		d := open(t, folder)
		if err := d.Put(t.Context(), "jobs/j1/diff.patch", strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		if err := d.Append(t.Context(), key, []byte("x\n")); err != nil {
			t.Fatal(err)
		}
		files := 0
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			want := fs.FileMode(0o600)
			if entry.IsDir() {
				want = 0o700
			} else {
				files++
			}
			if info.Mode().Perm() != want {
				t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
			}
			return nil
		})
		if err != nil || files != 2 {
			t.Errorf("found %d files, %v", files, err)
		}
	})

	t.Run("removes_old_left_overs_when_it_opens", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		_ = open(t, folder)
		old, young := filepath.Join(folder, "~tmp", "old"), filepath.Join(folder, "~tmp", "young")
		for path, age := range map[string]time.Duration{old: 61 * time.Minute, young: 59 * time.Minute} {
			if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, time.Time{}, time.Now().Add(-age)); err != nil {
				t.Fatal(err)
			}
		}
		_ = open(t, folder)
		if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the old one: %v", err)
		}
		if _, err := os.Stat(young); err != nil {
			t.Errorf("the young one: %v", err)
		}
	})

	t.Run("leaves_no_temporary_file_behind", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		d := open(t, folder)
		if err := d.Put(t.Context(), "jobs", strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		if err := d.Put(t.Context(), "jobs/beneath/a/document", strings.NewReader("x")); err == nil {
			t.Error("put a document beneath a document")
		}
		if entries, err := os.ReadDir(filepath.Join(folder, "~tmp")); err != nil || len(entries) != 0 {
			t.Errorf("left %v, %v", entries, err)
		}
	})

	t.Run("follows_no_link_out_of_the_folder", func(t *testing.T) {
		t.Parallel()
		folder, outside := t.TempDir(), t.TempDir()
		d := open(t, folder)
		if err := os.Symlink(outside, filepath.Join(folder, "jobs")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := d.Put(t.Context(), "jobs/x", strings.NewReader("x")); err == nil {
			t.Error("put went out")
		}
		if err := d.Append(t.Context(), "jobs/secret", []byte("x\n")); err == nil {
			t.Error("append went out")
		}
		if document, err := d.Open(t.Context(), "jobs/secret"); err == nil {
			_ = document.Close()
			t.Error("open went out")
		}
	})

	t.Run("cuts_off_the_torn_line_that_a_crash_left", func(t *testing.T) {
		t.Parallel()
		for name, torn := range map[string]string{"short": `{"seq":2,"te`, "long": strings.Repeat("x", 100_000)} {
			for _, lines := range []string{"", "{\"seq\":1}\n"} {
				folder := filepath.Join(t.TempDir(), name)
				crashed := open(t, folder)
				if err := crashed.Append(t.Context(), key, []byte(lines+torn)); err != nil {
					t.Fatal(err)
				}
				d := open(t, folder) // the next process
				if err := d.Append(t.Context(), key, []byte("{\"seq\":2}\n")); err != nil {
					t.Fatal(err)
				}
				if got, err := os.ReadFile(filepath.Join(folder, string(key))); err != nil || string(got) != lines+"{\"seq\":2}\n" {
					t.Errorf("%s: got %.100q, %v", name, got, err)
				}
			}
		}
	})

	t.Run("tells_when_the_folder_is_gone", func(t *testing.T) {
		t.Parallel()
		folder := filepath.Join(t.TempDir(), "artifacts")
		d := open(t, folder)
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		if err := d.Ping(t.Context()); err == nil {
			t.Error("ping found it")
		}
	})

	t.Run("tells_when_the_folder_cannot_be_made", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := dir.Open(file); err == nil {
			t.Error("opened a file")
		}
	})
}
