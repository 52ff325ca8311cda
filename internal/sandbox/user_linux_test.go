package sandbox

import (
	"path/filepath"
	"slices"
	"testing"
)

// Caches that are closed to another user are not named to it: tools make others.
func TestCachesThatAreClosedToAnotherUser(t *testing.T) {
	t.Parallel()
	closed := t.TempDir() // its mode may be 0755, but nobody else may write there
	open := "/tmp"
	u := &user{id: firstUser, lock: -1}
	env := func(dir string) []string {
		return []string{"GRADLE_USER_HOME=" + dir, "MAVEN_OPTS=" + mavenRepository + filepath.Join(dir, "repository")}
	}
	for dir, want := range map[string][]string{closed: nil, open: env(open)} {
		c, err := u.moveIn(Command{Env: env(dir)})
		if err != nil || !slices.Equal(c.Env, want) {
			t.Errorf("in %s: got %q, %v", dir, c.Env, err)
		}
	}
}
