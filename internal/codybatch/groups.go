package codybatch

import (
	"cmp"
	"context"
	"regexp"
	"slices"
)

// PatchGroup is tasks whose patches are the same after normalising: reading one
// is reading all. See Fingerprint.
type PatchGroup struct {
	Fingerprint  string
	DiffStat     DiffStat // of the first
	Repositories []RepositoryName
}

// FailureGroup is tasks that failed for the same reason.
type FailureGroup struct {
	Outcome      Outcome
	Code         string
	Message      string // of the first
	Repositories []RepositoryName
}

// Groups sorts what a job has made into patches that are the same and failures
// by cause, largest first.
func (s *Service) Groups(ctx context.Context, id JobID) ([]PatchGroup, []FailureGroup, error) {
	tasks, err := s.allTasks(ctx, TaskQuery{JobID: id})
	if err != nil {
		return nil, nil, err
	}
	patches, failures := groupTasks(tasks)
	return patches, failures, nil
}

func groupTasks(tasks []Task) ([]PatchGroup, []FailureGroup) {
	patches := map[string]*PatchGroup{}
	failures := map[[3]string]*FailureGroup{}
	for _, task := range tasks {
		if task.Changed() {
			group := patches[task.Fingerprint]
			if group == nil {
				group = &PatchGroup{Fingerprint: task.Fingerprint, DiffStat: task.DiffStat}
				patches[task.Fingerprint] = group
			}
			group.Repositories = append(group.Repositories, task.Repository)
		}
		if task.Status == TaskFailed {
			var reason TaskError
			if task.Error != nil {
				reason = *task.Error
			}
			key := [3]string{string(task.Outcome), reason.Code, normalMessage(reason.Message)}
			group := failures[key]
			if group == nil {
				group = &FailureGroup{Outcome: task.Outcome, Code: reason.Code, Message: reason.Message}
				failures[key] = group
			}
			group.Repositories = append(group.Repositories, task.Repository)
		}
	}
	return sortedGroups(patches, func(g PatchGroup) []RepositoryName { return g.Repositories }),
		sortedGroups(failures, func(g FailureGroup) []RepositoryName { return g.Repositories })
}

func sortedGroups[K comparable, G any](groups map[K]*G, names func(G) []RepositoryName) []G {
	list := make([]G, 0, len(groups))
	for _, group := range groups {
		list = append(list, *group)
	}
	slices.SortFunc(list, func(a, b G) int {
		return cmp.Or(cmp.Compare(len(names(b)), len(names(a))), cmp.Compare(names(a)[0], names(b)[0]))
	})
	return list
}

var variableParts = regexp.MustCompile(`[0-9a-f]{7,}|\d+|"[^"]*"|\S+/\S+`)

// normalMessage drops what differs between two failures of the same kind:
// numbers, hashes, paths and quoted names.
func normalMessage(message string) string { return variableParts.ReplaceAllString(message, "…") }
