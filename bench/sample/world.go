package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/liamzdenek/cody-batch/internal/artifacts/dir"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
	"github.com/liamzdenek/cody-batch/internal/store/sqlite"
	"github.com/liamzdenek/cody-batch/internal/webui"
)

// world is an installation without workers: the scenes, and later the commands,
// play those.
type world struct {
	store     *sqlite.Store
	artifacts *shelf
	service   *codybatch.Service
	forge     *forge
	clock     *clock
	now       time.Time // at the start; what is in the past is so many hours before it
	campaigns map[string]campaign
	jobs      map[string]codybatch.JobID // by scene

	mu     sync.Mutex
	nextID codybatch.JobID
	live   int // jobs that were created by the API
}

func openWorld(ctx context.Context, o options) (*world, error) {
	w := &world{clock: &clock{}, now: o.now, forge: newForge(), jobs: map[string]codybatch.JobID{}}
	if w.now.IsZero() {
		w.now = time.Now()
	}
	w.now = w.now.UTC().Truncate(time.Second)
	path := filepath.Join(o.data, "codybatch.db")
	if _, err := os.Stat(path); err == nil {
		return nil, fmt.Errorf("%s has a database already; sample seeds empty folders only", o.data)
	}
	var err error
	if w.campaigns, err = loadCampaigns(); err != nil {
		return nil, err
	}
	if w.store, err = sqlite.Open(ctx, path, sqlite.Options{}); err != nil {
		return nil, err
	}
	folder, err := dir.Open(filepath.Join(o.data, "artifacts"))
	if err != nil {
		return nil, errors.Join(err, w.store.Close())
	}
	w.artifacts = &shelf{Dir: folder, promised: map[codybatch.ArtifactKey]func() []byte{}}
	allow, err := codybatch.ParseAllowList(w.forge.Host() + "/*/*")
	if err != nil {
		return nil, err
	}
	w.service = codybatch.NewService(w.store, w.artifacts, idle{}, w.forge, codybatch.ServiceOptions{
		Allow: allow, Now: w.clock.Now, NewID: w.newID, Log: slog.New(slog.DiscardHandler),
	})
	return w, nil
}

func (w *world) close() { _ = errors.Join(w.artifacts.Close(), w.store.Close()) }

func (w *world) handler(address net.Addr, token string) http.Handler {
	return httpapi.New(w.service, httpapi.Options{
		Version: "sample", BasePath: "/api", Token: httpapi.Token(token), Loopback: true, Address: address.String(),
		AgentStatus: "ready", Dashboard: webui.Handler(), LongEvents: true, Now: w.clock.Now,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
}

// newID is what the scene has laid ready, or else the next of the ids for jobs that
// tests create.
func (w *world) newID() codybatch.JobID {
	w.mu.Lock()
	defer w.mu.Unlock()
	id := w.nextID
	if id == "" {
		w.live++
		id = stableID(1_000+w.live, fmt.Sprintf("live %d", w.live))
	}
	w.nextID = ""
	return id
}

// stableID looks like the ids of version 7 that real jobs have, sorts by rank, and
// is the same in every run.
func stableID(rank int, name string) codybatch.JobID {
	sum := sha256.Sum256([]byte(name))
	id := uuid.UUID(sum[:16])
	minute := time.Date(2026, 1, 1, 0, rank, 0, 0, time.UTC)
	binary.BigEndian.PutUint64(id[:8], uint64(minute.UnixMilli())<<16|7<<12|uint64(id[7]))
	id[8] = id[8]&0x3f | 0x80
	return codybatch.JobID(id.String())
}

// create makes a job as it was made at some time.
func (w *world) create(ctx context.Context, rank int, name string, at time.Time, spec codybatch.JobSpec) (codybatch.Job, error) {
	w.clock.set(at)
	w.mu.Lock()
	w.nextID = stableID(rank, name)
	w.mu.Unlock()
	job, _, err := w.service.CreateJob(ctx, spec, "")
	if err != nil {
		return job, fmt.Errorf("create the job of scene %s: %w", name, err)
	}
	w.jobs[name] = job.ID
	return job, nil
}

// keep stores a document that is not there yet. Append does not wait for the disk,
// as Put does.
func (w *world) keep(ctx context.Context, key codybatch.ArtifactKey, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	return w.artifacts.Append(ctx, key, bytes.Clone(data))
}

// clock stands still while the past is made, and then goes on from its end.
type clock struct {
	mu     sync.Mutex
	fixed  time.Time
	offset time.Duration
}

// Now is the time in the world.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fixed.IsZero() {
		return time.Now().Add(c.offset).UTC()
	}
	return c.fixed
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fixed = at
}

func (c *clock) goOn(from time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fixed, c.offset = time.Time{}, time.Until(from)
}

// idle is a Dispatcher without workers: what is queued stays so.
type idle struct{}

// Dispatch leaves the tasks in line.
func (idle) Dispatch(context.Context, []codybatch.TaskRef) error { return nil }

// Cancel leaves the tasks marked; the command settle ends them.
func (idle) Cancel(context.Context, []codybatch.TaskKey) error { return nil }

// Ping says that all is well.
func (idle) Ping(context.Context) error { return nil }
