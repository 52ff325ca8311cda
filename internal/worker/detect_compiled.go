package worker

import (
	"path"
	"regexp"
	"strings"
)

var (
	goModule    = regexp.MustCompile(`(?m)^\s*module\s+\S`)
	goWorkspace = regexp.MustCompile(`(?m)^\s*use\s+\S`)
)

// goProject checks all modules of a workspace, which "./..." does not; the go command
// tells which they are, and module paths are plain (https://go.dev/ref/mod).
func goProject(f folder) project {
	if goWorkspace.MatchString(f.read("go.work")) {
		const all = " $(go list -m -f '{{.Path}}/...')"
		return project{because: "go.work", commands: []string{"go build" + all, "go test" + all}}
	}
	if !goModule.MatchString(f.read("go.mod")) {
		return project{because: "go.mod", idle: f.unusable("go.mod")}
	}
	return project{because: "go.mod", commands: []string{"go build ./...", "go test ./..."}}
}

func mavenProject(f folder) project {
	if !strings.Contains(f.read("pom.xml"), "<project") {
		return project{because: "pom.xml", idle: f.unusable("pom.xml")}
	}
	return project{because: "pom.xml", commands: []string{f.wrapper("mvnw", "mvn") + " -B -q verify"}}
}

// gradleProject starts no daemon: none may be left when the command has ended.
func gradleProject(f folder) project {
	because := f.first("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts")
	if because == "" {
		return project{}
	}
	return project{because: because, commands: []string{f.wrapper("gradlew", "gradle") + " --no-daemon --console=plain check"}}
}

// wrapper is the script that brings the right version of a program, or the program.
func (f folder) wrapper(script, program string) string {
	if !f.has(script) {
		return program
	}
	return "sh ./" + script // its executable bit may be lost
}

var cargoManifest = regexp.MustCompile(`(?m)^\s*\[\s*(package|workspace)\s*\]`)

func rustProject(f folder) project {
	if !cargoManifest.MatchString(f.read("Cargo.toml")) {
		return project{because: "Cargo.toml", idle: f.unusable("Cargo.toml")}
	}
	return project{because: "Cargo.toml", commands: []string{"cargo build --workspace", "cargo test --workspace"}}
}

// solutionName is a file name without quotes, which it stands between.
var solutionName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_ .+-]{0,99}$`)

// dotnetProject takes a solution before a project. The file is named where dotnet
// would not know which one is meant. MSBuild builds in one process: others would be
// asked by sockets in /tmp, where nothing can be written
// (https://github.com/dotnet/msbuild, src/Shared/NamedPipeUtil.cs).
func dotnetProject(f folder) project {
	var solutions, projects []string
	for _, entry := range f.list(".") {
		if !solutionName.MatchString(entry.Name()) || !f.has(entry.Name()) {
			continue
		}
		switch strings.ToLower(path.Ext(entry.Name())) {
		case ".sln", ".slnx":
			solutions = append(solutions, entry.Name())
		case ".csproj", ".fsproj", ".vbproj":
			projects = append(projects, entry.Name())
		}
	}
	all := append(solutions, projects...)
	if len(all) == 0 {
		return project{}
	}
	which := ""
	if len(all) > 1 {
		which = " '" + all[0] + "'"
	}
	return project{because: all[0], commands: []string{"dotnet build" + which + " -m:1 --nologo -v quiet", "dotnet test" + which + " -m:1 --nologo -v quiet"}}
}

// Rules of a Makefile, but no variables ("test := x") and no .PHONY alone.
var (
	testTarget  = regexp.MustCompile(`(?m)^(?:[\w./-]+[ \t]+)*test(?:[ \t]+[\w./-]+)*[ \t]*::?(?:[^=:]|$)`)
	checkTarget = regexp.MustCompile(`(?m)^(?:[\w./-]+[ \t]+)*check(?:[ \t]+[\w./-]+)*[ \t]*::?(?:[^=:]|$)`)
)

// makeProject prefers test, which needs less than check does: linters, formatters.
func makeProject(f folder) project {
	name := f.first("GNUmakefile", "makefile", "Makefile") // as make looks for them
	switch text := f.read(name); {
	case name == "":
	case testTarget.MatchString(text):
		return project{because: name, commands: []string{"make test"}}
	case checkTarget.MatchString(text):
		return project{because: name, commands: []string{"make check"}}
	default:
		return project{because: name, idle: "has no target test or check"}
	}
	return project{}
}
