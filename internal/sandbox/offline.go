package sandbox

// offline are settings by which tools take what their caches hold, or fail at once.
// Where there is no network, they otherwise try again for minutes, npm even for what
// it has: each name is one that its tool documents.
func offline() []string {
	return []string{
		"npm_config_offline=true",   // npm and pnpm
		"YARN_ENABLE_NETWORK=false", // yarn 2 and later
		"GOPROXY=off",
		"CARGO_NET_OFFLINE=true",
		"UV_OFFLINE=1",
		"PIP_RETRIES=0", // it has no cache without an index; PIP_FIND_LINKS works
	}
}

// environment is what the command finds.
func (c Command) environment(mark string) []string {
	env := append([]string(nil), c.Env...)
	if c.Confinement.NoNetwork {
		env = append(env, offline()...) // the last one of a name counts
	}
	return append(env, mark)
}
