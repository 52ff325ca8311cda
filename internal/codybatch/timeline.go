package codybatch

import (
	"context"
	"time"
)

// MaxTimelineBuckets bounds how finely a timeline is cut.
const MaxTimelineBuckets = 500

// TimelinePoint is how a job stood at a moment.
type TimelinePoint struct {
	Time      time.Time
	Queued    int
	Running   int
	Succeeded int
	Failed    int
	Canceled  int
	Cost      Money // of what had ended by then
}

// Timeline tells how a job went, in the given number of steps (from 1 to
// MaxTimelineBuckets) between its creation and its end, or now. A task that was
// queued again counts with its latest attempt only.
func (s *Service) Timeline(ctx context.Context, id JobID, buckets int) ([]TimelinePoint, error) {
	if buckets < 1 || buckets > MaxTimelineBuckets {
		return nil, &ValidationError{Fields: []FieldError{{Field: "buckets", Message: "must be from 1 to 500"}}}
	}
	job, err := s.store.Job(ctx, id)
	if err != nil {
		return nil, err
	}
	tasks, err := s.allTasks(ctx, TaskQuery{JobID: id})
	if err != nil {
		return nil, err
	}
	end := job.CompletedAt
	if end.IsZero() {
		end = s.Now()
	}
	return timeline(job.CreatedAt, end, tasks, buckets), nil
}

func timeline(start, end time.Time, tasks []Task, buckets int) []TimelinePoint {
	points := make([]TimelinePoint, buckets)
	step := end.Sub(start) / time.Duration(buckets)
	for i := range points {
		points[i].Time = start.Add(step * time.Duration(i+1))
	}
	points[buckets-1].Time = end
	for _, task := range tasks {
		for i := range points {
			points[i].count(task)
		}
	}
	return points
}

// count adds a task as it stood at the point's time.
func (p *TimelinePoint) count(task Task) {
	switch {
	case !task.CompletedAt.IsZero() && !task.CompletedAt.After(p.Time):
		p.Cost += task.Spent.Cost + task.Usage.Cost
		switch task.Status {
		case TaskSucceeded:
			p.Succeeded++
		case TaskFailed:
			p.Failed++
		case TaskCanceled:
			p.Canceled++
		case TaskQueued, TaskRunning: // never completed
		}
	case !task.StartedAt.IsZero() && !task.StartedAt.After(p.Time):
		p.Running++
	default:
		p.Queued++
	}
}
