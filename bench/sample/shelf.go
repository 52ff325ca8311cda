package main

import (
	"context"
	"errors"
	"sync"

	"github.com/liamzdenek/cody-batch/internal/artifacts/dir"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// shelf is the folder of artifacts, and documents that are written only when
// somebody opens them: of a job of 10,000 tasks hardly any are ever looked at.
type shelf struct {
	*dir.Dir

	mu       sync.Mutex
	promised map[codybatch.ArtifactKey]func() []byte
}

func (s *shelf) promise(key codybatch.ArtifactKey, write func() []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.promised[key] = write
}

// Open writes what was promised, and opens it.
func (s *shelf) Open(ctx context.Context, key codybatch.ArtifactKey) (codybatch.Artifact, error) {
	document, err := s.Dir.Open(ctx, key)
	if !errors.Is(err, codybatch.ErrNotFound) {
		return document, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	write := s.promised[key]
	if write == nil {
		return document, err
	}
	if data := write(); len(data) > 0 {
		if err := s.Append(ctx, key, data); err != nil {
			return document, err
		}
	}
	delete(s.promised, key)
	return s.Dir.Open(ctx, key)
}
