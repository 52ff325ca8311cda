package claude

import "context"

// checkpoint has the workspace kept while the model thinks, if a call may have
// changed it since it was kept last. The caller calls what it returns before it
// records the next answer: an answer in the thread means that all before it is
// kept.
func (s *session) checkpoint(ctx context.Context) func() {
	if s.run.Checkpoint == nil || !s.touched {
		return func() {}
	}
	s.touched = false
	done := make(chan error, 1)
	answers := s.talk.calls
	go func() { done <- s.run.Checkpoint(ctx, answers, nil) }()
	return func() {
		if err := <-done; err != nil && ctx.Err() == nil {
			s.touched = true // the next turn tries again
			s.agent.log.Warn("the workspace could not be kept for a run that goes on after an interruption",
				"repository", s.run.Key.Repository, "error", err)
		}
	}
}
