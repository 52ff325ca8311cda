package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	driver "modernc.org/sqlite"
)

type purpose int

const (
	forReading purpose = iota
	forWriting
)

// createFile makes an empty database, readable by this user alone, unless there
// is one already, and returns its absolute path. SQLite gives the files that it
// puts beside it the same mode.
func createFile(path string) (string, error) {
	if path == "" {
		return "", errors.New("its path is empty")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("make its folder: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return "", errors.Join(errors.New("it is not a regular file"), err)
		}
		return path, nil
	}
	if err != nil {
		return "", err
	}
	return path, file.Close()
}

// openPool opens connections that are all set up the same way.
//
// With synchronous=NORMAL and a write-ahead log, a commit is handed to the
// operating system, but only a checkpoint waits for the disk. So a process that
// is killed loses nothing that it was told is stored. A machine that loses power
// may lose the last commits, in whole transactions and newest first, and never
// ends with a damaged file (https://www.sqlite.org/pragma.html#pragma_synchronous).
// That is good enough here: the tasks whose end is forgotten run again, and
// publishing the same branch twice changes nothing. In return a heartbeat costs
// microseconds and not a turn of the disk.
func openPool(path string, busyTimeout time.Duration, p purpose) (*sql.DB, error) {
	params := url.Values{
		"_busy_timeout": {strconv.FormatInt(busyTimeout.Milliseconds(), 10)},
		"_synchronous":  {"NORMAL"},
		"_foreign_keys": {"on"},
		// Without a limit the log keeps the size of the greatest burst for good.
		"_pragma": {"journal_size_limit(67108864)"},
	}
	connections := readConnections
	if p == forWriting {
		params.Set("_txlock", "immediate")
		connections = 1
	} else {
		params.Set("_query_only", "on")
	}
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: params.Encode()}
	connector, err := driver.NewConnector(name.String())
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections) // a new connection costs more than a call
	return pool, nil
}
