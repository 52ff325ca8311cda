package dir

import (
	"errors"
	"testing"
)

// shortDisk takes a few bytes and then no more.
type shortDisk struct {
	content []byte
	room    int
}

var errFull = errors.New("no space left on device")

func (d *shortDisk) Write(p []byte) (int, error) {
	n := min(d.room, len(p))
	d.content = append(d.content, p[:n]...)
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

func (d *shortDisk) Truncate(size int64) error {
	d.content = d.content[:size]
	return nil
}

func TestAppendThatFailsMidwayIsTakenBack(t *testing.T) {
	t.Parallel()
	disk := &shortDisk{content: []byte("one\n"), room: 3}
	if err := writeOrNothing(disk, 4, []byte("two\nthree\n")); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
	if string(disk.content) != "one\n" {
		t.Errorf("left %q", disk.content)
	}
}
