//go:build !linux

package cli

// hide does nothing here: a program of the same user can read our environment.
func hide() error { return nil }
