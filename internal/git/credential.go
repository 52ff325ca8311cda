package git

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"runtime"
	"syscall"
)

// privateConfig is a configuration file for one process. On Linux it is an open
// file without a name, so that nothing is left to find even after a kill -9.
// Elsewhere /dev/fd shares one offset between all readers, so the file (mode
// 0600) keeps its name until close.
type privateConfig struct {
	file    *os.File
	path    string   // what the process opens
	secrets []string // what must not be in an error text
}

// inheritedPath is the first of exec.Cmd.ExtraFiles as the process sees it.
const inheritedPath = "/dev/fd/3"

// openPrivateConfig asks for the credential and writes what the processes of
// one exchange read as their "global" configuration. It also holds
// safe.directory, which git passes to the other end of a local path in no other
// way. The caller closes it.
func openPrivateConfig(ctx context.Context, remote Remote) (privateConfig, error) {
	if err := remote.check(); err != nil {
		return privateConfig{}, err
	}
	text := "[safe]\n\tdirectory = *\n"
	var private privateConfig
	if remote.Credential != nil && remote.isHTTP() {
		username, password, err := remote.Credential(ctx)
		if err != nil {
			return privateConfig{}, fmt.Errorf("get a credential: %w", err)
		}
		if username != "" || password != "" {
			basic := base64.StdEncoding.EncodeToString([]byte(username + ":" + password))
			text += "[http]\n\textraHeader = Authorization: Basic " + basic + "\n"
			private.secrets = []string{basic, password}
		}
	}
	file, err := os.CreateTemp(memoryFolder(), "codybatch-git-") // mode 0600
	if err != nil {
		return privateConfig{}, fmt.Errorf("make a private configuration: %w", err)
	}
	private.file, private.path = file, file.Name()
	if runtime.GOOS == "linux" {
		private.path = inheritedPath
		err = os.Remove(file.Name())
	}
	if err == nil {
		_, err = file.WriteString(text)
	}
	if err != nil {
		private.close()
		return privateConfig{}, fmt.Errorf("write a private configuration: %w", err)
	}
	return private, nil
}

// memoryFolder is a folder that is kept in memory, where there is one: no secret
// comes to a disk, and making a file costs less. Else "" for the usual place.
func memoryFolder() string {
	const shared = "/dev/shm"
	if runtime.GOOS == "linux" && syscall.Access(shared, 2) == nil { // W_OK
		return shared
	}
	return ""
}

// close may be called when the process has ended.
func (p privateConfig) close() {
	if p.file == nil {
		return
	}
	_ = p.file.Close()
	if p.path != inheritedPath {
		_ = os.Remove(p.path)
	}
}
