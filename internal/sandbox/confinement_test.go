package sandbox

import (
	"errors"
	"testing"
)

func TestModes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mode    Mode
		version int
		wall    bool
		refused bool
	}{
		{Auto, 7, true, false},
		{Auto, 2, true, false},
		{Auto, 1, false, false},
		{Auto, 0, false, false},
		{Off, 7, false, false},
		{Off, 0, false, false},
		{Require, 7, true, false},
		{Require, 1, false, true},
		{Require, 0, false, true},
	} {
		wall, err := Confinement{Mode: test.mode}.hasWall(test.version)
		if wall != test.wall || errors.Is(err, ErrNoWall) != test.refused {
			t.Errorf("%q with Landlock %d: got %t, %v", test.mode, test.version, wall, err)
		}
	}
}
