package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"time"
)

// oddPatch is git's own: renames, modes, a binary file, names that it quotes, an
// empty file, a submodule, a symbolic link, a file without an end. odd.sh made it.
//
//go:embed odd.patch
var oddPatch []byte

// bigdiff is diffs that try a viewer.
func (w *world) bigdiff(ctx context.Context, s scene, at time.Time) error {
	c := w.campaigns["ioutil"]
	c.title = "Diffs of every size and kind"
	repositories := w.forge.some("Go", 200, 4)
	patches := [][]byte{onePatch(2_000), manyPatch(300), lockPatch(20_000), oddPatch}
	return w.done(ctx, s.rank, s.name, at, c, repositories, func(i int, p *plot) {
		p.change.whole = patches[i]
		p.change.summary = []string{
			"One file of Go with 2,000 hunks.", "300 files with 50 lines each.", "A new lock file of 20,000 lines.",
			"Renames, modes, a binary file, quoted names, an empty file, a submodule, a symbolic link.",
		}[i]
	})
}

// onePatch changes one file of Go in so many places, 10 lines each.
func onePatch(hunks int) []byte {
	var out bytes.Buffer
	const path = "internal/generated/handlers.go"
	fmt.Fprintf(&out, "diff --git a/%s b/%s\nindex %s..%s 100644\n--- a/%s\n+++ b/%s\n", path, path, blobID("old"), blobID("new"), path, path)
	for i := range hunks {
		line := 20*i + 5
		noun := domains[i%len(domains)]
		fmt.Fprintf(&out, "@@ -%d,8 +%d,8 @@ func (s *Server) handle%s%04d(ctx context.Context, in *Input) (*Output, error) {\n", line, line, noun, i)
		fmt.Fprintf(&out, " \tctx, span := s.tracer.Start(ctx, \"%s.%04d\")\n \tdefer span.End()\n \tvar out Output\n", noun, i)
		fmt.Fprintf(&out, "-\tdata, err := ioutil.ReadAll(io.LimitReader(in.Body, %d))\n-\tif err != nil {\n", 1<<20+i)
		fmt.Fprintf(&out, "+\tdata, err := io.ReadAll(io.LimitReader(in.Body, %d))\n+\tif err != nil && !errors.Is(err, io.EOF) {\n", 1<<20+i)
		fmt.Fprintf(&out, " \t\treturn nil, fmt.Errorf(\"read the body of %s %04d: %%w\", err)\n \t}\n \tout.Bytes = len(data)\n", noun, i)
	}
	return out.Bytes()
}

// manyPatch changes so many files, 50 lines each.
func manyPatch(files int) []byte {
	var out bytes.Buffer
	for i := range files {
		path := fmt.Sprintf("services/%s/%s/config_%03d.go", domains[i*7%len(domains)], kinds[i%len(kinds)].suffix, i)
		fmt.Fprintf(&out, "diff --git a/%s b/%s\nindex %s..%s 100644\n--- a/%s\n+++ b/%s\n", path, path, blobID(path), blobID("new "+path), path, path)
		for h := range 5 {
			fmt.Fprintf(&out, "@@ -%d,8 +%d,8 @@ func load() Config {\n", 40*h+3, 40*h+3)
			fmt.Fprintf(&out, " \t// Section %d of the settings.\n \tsection := reader.Section(%d)\n \tif section == nil {\n", h, h)
			fmt.Fprintf(&out, "-\t\treturn Config{}, errors.New(\"section %d is missing\")\n-\t}\n", h)
			fmt.Fprintf(&out, "+\t\treturn Config{}, fmt.Errorf(\"section %d of %%s is missing\", reader.Name())\n+\t} // checked above\n", h)
			out.WriteString(" \tconfig.Timeout = section.Duration(\"timeout\")\n \tconfig.Retries = section.Int(\"retries\")\n \tconfig.Name = section.String(\"name\")\n")
		}
	}
	return out.Bytes()
}

// lockPatch adds a lock file of so many lines.
func lockPatch(count int) []byte {
	var out bytes.Buffer
	const path = "package-lock.json"
	fmt.Fprintf(&out, "diff --git a/%s b/%s\nnew file mode 100644\nindex %040d..%s\n--- /dev/null\n+++ b/%s\n@@ -0,0 +1,%d @@\n", path, path, 0, blobID(path), path, count)
	out.WriteString("+{\n+  \"lockfileVersion\": 3,\n+  \"packages\": {\n")
	n := 3
	for i := 0; n+5 <= count-2; i++ {
		fmt.Fprintf(&out, "+    \"node_modules/@acme/%s-%s-%d\": {\n+      \"version\": \"%d.%d.%d\",\n", domains[i%len(domains)], kinds[i%len(kinds)].suffix, i, 1+i%9, i%30, i%12)
		fmt.Fprintf(&out, "+      \"resolved\": \"https://packages.example/@acme/%s/-/%s-%d.tgz\",\n+      \"integrity\": \"sha512-%s%s==\"\n+    },\n",
			domains[i%len(domains)], domains[i%len(domains)], i, blobID(strconv.Itoa(i)), blobID("b"+strconv.Itoa(i)))
		n += 5
	}
	for ; n < count-2; n++ {
		out.WriteString("+\n")
	}
	out.WriteString("+  }\n+}\n")
	return out.Bytes()
}
