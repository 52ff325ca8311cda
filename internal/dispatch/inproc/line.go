package inproc

import (
	"slices"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// line is what waits. Jobs take turns; within a job it is first in, first out.
// The pool's lock guards it.
type line struct {
	jobs    map[codybatch.JobID]*jobLine
	turns   []codybatch.JobID // jobs that have something to run, next first
	waiting map[attempt]bool
}

// jobLine is what waits of one job. It is not there when nothing does.
type jobLine struct {
	refs []codybatch.TaskRef
	held *time.Timer // not nil: the job has no turn until this is over
	firm bool        // and not earlier
}

func newLine() line {
	return line{jobs: map[codybatch.JobID]*jobLine{}, waiting: map[attempt]bool{}}
}

func (l *line) push(ref codybatch.TaskRef) { l.insert(ref, false) }

func (l *line) pushFront(ref codybatch.TaskRef) { l.insert(ref, true) }

func (l *line) insert(ref codybatch.TaskRef, front bool) {
	if l.waiting[attemptOf(ref)] {
		return
	}
	l.waiting[attemptOf(ref)] = true
	id := ref.Key.JobID
	job := l.jobs[id]
	if job == nil {
		job = &jobLine{}
		l.jobs[id] = job
		l.turns = append(l.turns, id)
	}
	if front {
		job.refs = slices.Insert(job.refs, 0, ref)
	} else {
		job.refs = append(job.refs, ref)
	}
}

// next takes the first task of the job whose turn it is.
func (l *line) next() (codybatch.TaskRef, bool) {
	if len(l.turns) == 0 {
		return codybatch.TaskRef{}, false
	}
	id := l.turns[0]
	job := l.jobs[id]
	ref := job.refs[0]
	job.refs, l.turns = job.refs[1:], l.turns[1:]
	delete(l.waiting, attemptOf(ref))
	if len(job.refs) > 0 {
		l.turns = append(l.turns, id)
	} else {
		delete(l.jobs, id)
	}
	return ref, true
}

// hold takes a job's turn until release. A second hold changes nothing, but that
// a firm one takes the place of one that is not.
func (l *line) hold(id codybatch.JobID, timer *time.Timer, firm bool) {
	job := l.jobs[id]
	if job == nil || job.held != nil && (job.firm || !firm) {
		timer.Stop()
		return
	}
	if job.held != nil {
		job.held.Stop()
	}
	job.held, job.firm = timer, firm
	l.turns = slices.DeleteFunc(l.turns, func(other codybatch.JobID) bool { return other == id })
}

func (l *line) release(id codybatch.JobID) {
	job := l.jobs[id]
	if job == nil || job.held == nil {
		return
	}
	job.held.Stop()
	job.held, job.firm = nil, false
	l.turns = append(l.turns, id)
}

// releaseAll releases what is not held firmly.
func (l *line) releaseAll() {
	var held []codybatch.JobID
	for id, job := range l.jobs {
		if job.held != nil && !job.firm {
			held = append(held, id)
		}
	}
	slices.Sort(held) // a map has no order; ids are in the order of time
	for _, id := range held {
		l.release(id)
	}
}

// forget drops tasks, whatever their attempt.
func (l *line) forget(keys map[codybatch.TaskKey]bool) {
	jobs := map[codybatch.JobID]bool{}
	for key := range keys {
		jobs[key.JobID] = true
	}
	for id := range jobs {
		job := l.jobs[id]
		if job == nil {
			continue
		}
		job.refs = slices.DeleteFunc(job.refs, func(ref codybatch.TaskRef) bool {
			if !keys[ref.Key] {
				return false
			}
			delete(l.waiting, attemptOf(ref))
			return true
		})
		if len(job.refs) == 0 {
			l.drop(id)
		}
	}
}

func (l *line) drop(id codybatch.JobID) {
	if held := l.jobs[id].held; held != nil {
		held.Stop()
	}
	delete(l.jobs, id)
	l.turns = slices.DeleteFunc(l.turns, func(other codybatch.JobID) bool { return other == id })
}

func (l *line) clear() {
	for id := range l.jobs {
		l.drop(id)
	}
	clear(l.waiting)
}
