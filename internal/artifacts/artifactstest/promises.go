package artifactstest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func openReturnsWhatWasPut(t *testing.T, a codybatch.Artifacts) {
	task := codybatch.TaskKey{JobID: "j1", Repository: "acme/Site.js"}
	for i, key := range []codybatch.ArtifactKey{
		codybatch.DiffKey(task, 1), codybatch.DiffKey(task, 2), codybatch.ThreadKey(task, 1), codybatch.LogKey(task, 1),
		codybatch.ResultKey("0a1b", task.Repository, "0123456789abcdef0123456789abcdef01234567"), "plain", ".hidden", "a/.b/-c/_d/...",
	} {
		content := fmt.Sprintf("document %d without an end of line", i)
		put(t, a, key, content)
		expect(t, a, key, content)
	}
}

func largeDocument(t *testing.T, a codybatch.Artifacts) {
	content := pattern(12<<20 + 7)
	put(t, a, key, content)
	expect(t, a, key, content)
}

func emptyDocument(t *testing.T, a codybatch.Artifacts) {
	put(t, a, key, "")
	expect(t, a, key, "")
}

func notFound(t *testing.T, a codybatch.Artifacts) {
	expectNone(t, a, key)
	put(t, a, "jobs/j1/log.txt", "x")
	expectNone(t, a, "jobs/j1")              // where documents are, but none itself
	expectNone(t, a, "jobs/j1/log.txt/more") // beneath a document
	expectNone(t, a, "jobs/j1/log.tx")
}

func putReplaces(t *testing.T, a codybatch.Artifacts) {
	put(t, a, key, pattern(100_000))
	put(t, a, key, "short")
	expect(t, a, key, "short")
}

func failingReader(t *testing.T, a codybatch.Artifacts) {
	lost := errors.New("connection lost")
	failing := func(before int) io.Reader {
		return io.MultiReader(strings.NewReader(pattern(before)), iotest.ErrReader(lost))
	}
	for _, before := range []int{0, 10, 1 << 20, 6 << 20} {
		if err := a.Put(t.Context(), key, failing(before)); !errors.Is(err, lost) {
			t.Errorf("put with a reader that fails after %d bytes: %v", before, err)
		}
	}
	expectNone(t, a, key)
	put(t, a, key, "first")
	if err := a.Put(t.Context(), key, failing(10)); !errors.Is(err, lost) {
		t.Errorf("put: %v", err)
	}
	expect(t, a, key, "first")
}

func putIsWhole(t *testing.T, a codybatch.Artifacts) {
	contents := map[string]bool{strings.Repeat("a", 100_000): true, strings.Repeat("b", 300_000): true}
	write := func() error {
		for range 10 {
			for content := range contents {
				if err := a.Put(t.Context(), key, strings.NewReader(content)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	watch(t, a, write, func(got string) error {
		if !contents[got] {
			return fmt.Errorf("saw %d bytes, %.10q", len(got), got)
		}
		return nil
	})
}

func appendMakes(t *testing.T, a codybatch.Artifacts) {
	add(t, a, key, "one\n")
	expect(t, a, key, "one\n")
}

func appendsStayInOrder(t *testing.T, a codybatch.Artifacts) {
	var want strings.Builder
	for i := range 100 {
		line := fmt.Sprintf("{\"seq\":%d,\"text\":%q}\n", i+1, pattern(i*37))
		add(t, a, key, line)
		want.WriteString(line)
		if i%33 == 0 {
			expect(t, a, key, want.String())
		}
	}
	expect(t, a, key, want.String())
}

func appendAfterPut(t *testing.T, a codybatch.Artifacts) {
	put(t, a, key, "put\n")
	add(t, a, key, "appended\n")
	expect(t, a, key, "put\nappended\n")
}

func putAfterAppend(t *testing.T, a codybatch.Artifacts) {
	add(t, a, key, "appended\n")
	add(t, a, key, "in the middle of a li")
	put(t, a, key, "put\n")
	expect(t, a, key, "put\n")
	add(t, a, key, "appended again\n")
	expect(t, a, key, "put\nappended again\n")
}

func appendWithoutLineEnd(t *testing.T, a codybatch.Artifacts) {
	for _, data := range []string{"10%", "", " 20%", " 30%\n", "", "don", "e\n"} {
		add(t, a, key, data)
	}
	expect(t, a, key, "10% 20% 30%\ndone\n")
}

func appendIsWhole(t *testing.T, a codybatch.Artifacts) {
	line := strings.Repeat("x", 99_999) + "\n"
	write := func() error {
		for range 20 {
			if err := a.Append(t.Context(), key, []byte(line)); err != nil {
				return err
			}
		}
		return nil
	}
	watch(t, a, write, func(got string) error {
		if len(got)%len(line) != 0 || strings.Count(got, "\n") != len(got)/len(line) {
			return fmt.Errorf("saw %d bytes with %d lines", len(got), strings.Count(got, "\n"))
		}
		return nil
	})
	expect(t, a, key, strings.Repeat(line, 20))
}

// watch reads the document all the time while write changes it.
func watch(t *testing.T, a codybatch.Artifacts, write func() error, check func(got string) error) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for ctx.Err() == nil {
				got, err := read(t.Context(), a, key)
				if err == nil {
					err = check(got)
				}
				if err != nil && !errors.Is(err, codybatch.ErrNotFound) {
					t.Error(err)
					return
				}
			}
		})
	}
	err := write()
	stop()
	readers.Wait()
	if err != nil {
		t.Fatal(err)
	}
}

func openReadsWhatWasThere(t *testing.T, a codybatch.Artifacts) {
	before := pattern(200_000) + "\n"
	for name, change := range map[string]func(key codybatch.ArtifactKey){
		"append": func(key codybatch.ArtifactKey) { add(t, a, key, "more\n") },
		"put":    func(key codybatch.ArtifactKey) { put(t, a, key, "another") },
	} {
		key := codybatch.ArtifactKey("jobs/" + name)
		add(t, a, key, before)
		document, err := a.Open(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		first := make([]byte, 10)
		if _, err := io.ReadFull(document, first); err != nil {
			t.Fatal(err)
		}
		change(key)
		rest, err := io.ReadAll(document)
		if got := string(first) + string(rest); err != nil || got != before || document.Size != int64(len(before)) {
			t.Errorf("after the %s: read %d bytes, size %d, %v; want %d", name, len(got), document.Size, err, len(before))
		}
		if err := document.Close(); err != nil {
			t.Error(err)
		}
	}
}

func documentsAreApart(t *testing.T, a codybatch.Artifacts) {
	var group sync.WaitGroup
	name := func(i int) codybatch.ArtifactKey {
		return codybatch.ArtifactKey(fmt.Sprintf("jobs/j/acme/r%d/1/log.txt", i))
	}
	for i := range 20 {
		group.Go(func() {
			for line := range 5 {
				if err := a.Append(t.Context(), name(i), fmt.Appendf(nil, "%d %d\n", i, line)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	for i := range 20 {
		expect(t, a, name(i), fmt.Sprintf("%[1]d 0\n%[1]d 1\n%[1]d 2\n%[1]d 3\n%[1]d 4\n", i))
	}
}

func badKeys(t *testing.T, a codybatch.Artifacts) {
	for _, key := range []codybatch.ArtifactKey{
		"", "/", "/etc/passwd", "jobs/", "jobs//x", ".", "..", "../x", "jobs/../x", "jobs/./x", "jobs/..", "./x",
		"jobs/a b", "jobs/a\x00", "jobs/a\nb", "jobs/ä", `jobs\x`, "~x", "jobs/~x", "C:x", "jobs/x?y", "jobs/%2e%2e/x", "x\n",
		codybatch.ArtifactKey(strings.Repeat("long/", 205)) + "x",
	} {
		if err := a.Put(t.Context(), key, strings.NewReader("x")); err == nil {
			t.Errorf("put took the key %q", key)
		}
		if err := a.Append(t.Context(), key, []byte("x\n")); err == nil {
			t.Errorf("append took the key %q", key)
		}
		document, err := a.Open(t.Context(), key)
		if err == nil {
			_ = document.Close()
			t.Errorf("open took the key %q", key)
		}
	}
}

func canceledContext(t *testing.T, a codybatch.Artifacts) {
	put(t, a, key, "before\n")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Put(ctx, key, strings.NewReader("after")); err == nil {
		t.Error("put went on")
	}
	if err := a.Append(ctx, key, []byte("after\n")); err == nil {
		t.Error("append went on")
	}
	expect(t, a, key, "before\n")

	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	half := io.MultiReader(strings.NewReader(pattern(100_000)), readerFunc(func([]byte) (int, error) {
		cancel()
		return 0, nil
	}), strings.NewReader("the rest"))
	if err := a.Put(ctx, key, half); err == nil {
		t.Error("put went on after a cancel in the middle")
	}
	expect(t, a, key, "before\n")
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func ping(t *testing.T, a codybatch.Artifacts) {
	if err := a.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
