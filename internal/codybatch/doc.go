// Package codybatch is the domain: one prompt, many repositories, one reviewed
// pull request in each. It knows no database, no forge, no model and no
// protocol; it needs the standard library only, and everything else needs it.
//
// # Nouns
//
// A [Job] is one prompt (or script) over many repositories. A [Task] is the job
// in one repository. An attempt is one execution of a task by a worker, which
// lets an [Agent] edit a workspace. What comes out is a diff, a thread and a
// [Usage]; publishing pushes the diff as a branch and makes sure that there is
// a [PullRequest].
//
// # The life of a task
//
//	            claim                      finish
//	queued ───────────────▶ running ─────────────────▶ succeeded
//	  ▲  ▲                   │  │  │                     failed
//	  │  │ stop, lost lease  │  │  └───────────────────▶ canceled
//	  │  └───────────────────┘  │       a person's cancel    │
//	  │                         │                            │
//	  └─────────────────────────┴── retry, publish ──────────┘
//
// "No change was needed" is succeeded with an empty [DiffStat]. [Outcome] says
// why a task ended as it did, finer than its status.
//
// Every arrow is a pure function in transition.go from a task to the next
// task. [Store.UpdateTask] writes it only if the row is still the one that was
// read, and moves the job's counts and usage in the same write. So two workers
// can hold the same task only on paper: the loser gets [ErrConflict] and goes
// away quietly.
//
// # Ports
//
// [Store] (rows), [Artifacts] (documents), [Dispatcher] (gets tasks to workers),
// [Forge] (repositories and pull requests) and [Agent] (edits a workspace) are
// promises in prose; storetest, artifactstest, dispatchtest, forgetest and
// agenttest are the same promises as programs, run against every adapter.
package codybatch
