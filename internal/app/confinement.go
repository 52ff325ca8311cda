package app

import (
	"github.com/liamzdenek/cody-batch/internal/config"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// Confinement is how far the programs of all agents and verifications are kept in.
func Confinement(c config.Config) sandbox.Confinement {
	return sandbox.Confinement{
		Mode: sandbox.Mode(c.Sandbox), Read: c.SandboxRead, Write: c.SandboxWrite,
		NoNetwork: c.SandboxNoNetwork, UID: c.SandboxUID, Memory: c.SandboxMemory,
	}
}
