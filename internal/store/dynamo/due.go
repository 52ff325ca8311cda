package dynamo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/cursor"
)

// DueTasks implements codybatch.Store. The index lags behind by some milliseconds,
// so what fell due just now may be missing, and comes the next time.
//
// Tasks of a creation that was cut off more than an hour ago are deleted when they
// are met here.
func (s *Store) DueTasks(ctx context.Context, q codybatch.DueQuery) (codybatch.TaskPage, error) {
	page, err := s.dueTasks(ctx, q)
	if err != nil {
		return codybatch.TaskPage{}, fmt.Errorf("list due tasks: %w", err)
	}
	return page, nil
}

func (s *Store) dueTasks(ctx context.Context, q codybatch.DueQuery) (codybatch.TaskPage, error) {
	if err := cursor.CheckLimit(q.Limit); err != nil {
		return codybatch.TaskPage{}, err
	}
	list := cursor.Due(q)
	from, err := startOr(q.Cursor, list, dueStart)
	if err != nil {
		return codybatch.TaskPage{}, err
	}
	var tasks []codybatch.Task
	after := from.After
	for round := 0; len(tasks) <= q.Limit; round++ {
		wanted := placesAfter(round, q.Limit+1-len(tasks)) // the one after the page tells that there is another page
		places, err := s.duePlaces(ctx, q, after, wanted)
		if err != nil {
			return codybatch.TaskPage{}, err
		}
		found, err := s.dueAt(ctx, q, places)
		if err != nil {
			return codybatch.TaskPage{}, err
		}
		tasks = append(tasks, found...)
		if len(places) < wanted {
			break
		}
		after = places[len(places)-1].dueAt
	}
	if len(tasks) <= q.Limit {
		return codybatch.TaskPage{Tasks: tasks}, nil
	}
	from.After = dueKey(tasks[q.Limit-1])
	return codybatch.TaskPage{Tasks: tasks[:q.Limit], NextCursor: cursor.Encode(list, from)}, nil
}

// duePlace is a task's entry in the index.
type duePlace struct {
	key   codybatch.TaskKey
	dueAt string
}

// duePlaces are the tasks that have been due for longest of those behind after, at
// most limit.
func (s *Store) duePlaces(ctx context.Context, q codybatch.DueQuery, after string, limit int) ([]duePlace, error) {
	first := after + "!"            // no key goes on with it, and all behind are greater
	last := timeKey(q.Before) + "$" // greater than "#", which all keys of that time go on with
	if first > last {
		return nil, nil
	}
	lists := make([][]row, dueShards)
	err := atOnce(ctx, dueShards, func(ctx context.Context, shard int) error {
		var err error
		lists[shard], err = s.query(ctx, dynamodb.QueryInput{
			TableName: aws.String(s.repositories), IndexName: aws.String(tasksByDue),
			KeyConditionExpression: aws.String("dueShard = :shard AND dueAt BETWEEN :first AND :last"),
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":shard": text(dueShard(q.Status, uint32(shard))), //nolint:gosec // at most dueShards
				":first": text(first),
				":last":  text(last),
			},
		}, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	var places []duePlace
	for _, r := range slices.Concat(lists...) {
		places = append(places, duePlace{codybatch.TaskKey{JobID: jobID(r), Repository: repository(r)}, r.text(attrDueAt)})
	}
	slices.SortFunc(places, func(a, b duePlace) int { return cmp.Compare(a.dueAt, b.dueAt) })
	return places[:min(limit, len(places))], nil
}

// dueAt reads the tasks at the places, in their order, but for those that moved on
// and those of jobs that are not there.
func (s *Store) dueAt(ctx context.Context, q codybatch.DueQuery, places []duePlace) ([]codybatch.Task, error) {
	heads := map[codybatch.JobID]bool{}
	var keys []rowKey
	for _, place := range places {
		if !heads[place.key.JobID] {
			heads[place.key.JobID] = true
			keys = append(keys, s.headKey(place.key.JobID))
		}
		keys = append(keys, s.rowKey(place.key.JobID, place.key.Repository))
	}
	rows, err := s.get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	var tasks []codybatch.Task
	orphans := map[codybatch.JobID][]rowKey{}
	for _, place := range places {
		key := s.rowKey(place.key.JobID, place.key.Repository)
		if head := rows[s.headKey(place.key.JobID)]; head[attrTotals] == nil {
			orphans[place.key.JobID] = append(orphans[place.key.JobID], key)
			continue
		} else if _, err := s.head(head, place.key.JobID); err != nil {
			continue // it has expired
		}
		task, ok, err := rows[key].task()
		if err != nil {
			return nil, err
		}
		if ok && task.Status == q.Status && dueKey(task) == place.dueAt {
			tasks = append(tasks, task)
		}
	}
	for id, keys := range orphans {
		if err := s.sweep(ctx, id, rows[s.headKey(id)], keys); err != nil {
			return nil, fmt.Errorf("delete what is left of the creation of job %s: %w", id, err)
		}
	}
	return tasks, nil
}

// sweep deletes rows of a creation that was cut off. One that may still be under way
// is left alone: its head is not older than creationTime.
func (s *Store) sweep(ctx context.Context, id codybatch.JobID, head row, keys []rowKey) error {
	if head != nil && s.now().Sub(time.Unix(head.number(attrStartedAt), 0)) < creationTime {
		return nil
	}
	return s.abandon(ctx, id, head.text(attrCreation), keys)
}
