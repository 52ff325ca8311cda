package inproc

import (
	"cmp"
	"slices"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// line is what waits. Lanes take turns; within a lane it is first in, first out.
// The pool's lock guards it.
type line struct {
	lanes   map[lane]*laneLine
	turns   []lane // those that have something to run, next first
	waiting map[attempt]bool
}

// lane is what is held back together: what a job has to make, or what it only has to
// publish.
type lane struct {
	job       codybatch.JobID
	publishes bool
}

func laneOf(ref codybatch.TaskRef) lane { return lane{ref.Key.JobID, ref.Publishes} }

// compareLanes puts jobs in the order of their ids, and what is only to be published
// first.
func compareLanes(a, b lane) int {
	switch {
	case a.job != b.job:
		return cmp.Compare(a.job, b.job)
	case a.publishes == b.publishes:
		return 0
	case a.publishes:
		return -1
	default:
		return 1
	}
}

// laneLine is what waits in one lane. It is not there when nothing does.
type laneLine struct {
	refs []codybatch.TaskRef
	held *time.Timer // not nil: the lane has no turn until this is over
	firm bool        // and not earlier
}

func newLine() line {
	return line{lanes: map[lane]*laneLine{}, waiting: map[attempt]bool{}}
}

func (l *line) push(ref codybatch.TaskRef) { l.insert(ref, false) }

func (l *line) pushFront(ref codybatch.TaskRef) { l.insert(ref, true) }

func (l *line) insert(ref codybatch.TaskRef, front bool) {
	if l.waiting[attemptOf(ref)] {
		return
	}
	l.waiting[attemptOf(ref)] = true
	id := laneOf(ref)
	job := l.lanes[id]
	if job == nil {
		job = &laneLine{}
		l.lanes[id] = job
		l.turns = append(l.turns, id)
	}
	if front {
		job.refs = slices.Insert(job.refs, 0, ref)
	} else {
		job.refs = append(job.refs, ref)
	}
}

// next takes the first task of the lane whose turn it is.
func (l *line) next() (codybatch.TaskRef, bool) {
	if len(l.turns) == 0 {
		return codybatch.TaskRef{}, false
	}
	id := l.turns[0]
	job := l.lanes[id]
	ref := job.refs[0]
	job.refs, l.turns = job.refs[1:], l.turns[1:]
	delete(l.waiting, attemptOf(ref))
	if len(job.refs) > 0 {
		l.turns = append(l.turns, id)
	} else {
		delete(l.lanes, id)
	}
	return ref, true
}

// hold takes a lane's turn until release. A second hold changes nothing, but that
// a firm one takes the place of one that is not.
func (l *line) hold(id lane, timer *time.Timer, firm bool) {
	job := l.lanes[id]
	if job == nil || job.held != nil && (job.firm || !firm) {
		timer.Stop()
		return
	}
	if job.held != nil {
		job.held.Stop()
	}
	job.held, job.firm = timer, firm
	l.turns = slices.DeleteFunc(l.turns, func(other lane) bool { return other == id })
}

func (l *line) release(id lane) {
	job := l.lanes[id]
	if job == nil || job.held == nil {
		return
	}
	job.held.Stop()
	job.held, job.firm = nil, false
	l.turns = append(l.turns, id)
}

// releaseAll releases what is not held firmly.
func (l *line) releaseAll() {
	var held []lane
	for id, job := range l.lanes {
		if job.held != nil && !job.firm {
			held = append(held, id)
		}
	}
	slices.SortFunc(held, compareLanes) // a map has no order; ids are in the order of time
	for _, id := range held {
		l.release(id)
	}
}

// forget drops tasks, whatever their attempt.
func (l *line) forget(keys map[codybatch.TaskKey]bool) {
	lanes := map[lane]bool{}
	for key := range keys {
		lanes[lane{job: key.JobID}], lanes[lane{job: key.JobID, publishes: true}] = true, true
	}
	for id := range lanes {
		job := l.lanes[id]
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

func (l *line) drop(id lane) {
	if held := l.lanes[id].held; held != nil {
		held.Stop()
	}
	delete(l.lanes, id)
	l.turns = slices.DeleteFunc(l.turns, func(other lane) bool { return other == id })
}

func (l *line) clear() {
	for id := range l.lanes {
		l.drop(id)
	}
	clear(l.waiting)
}
