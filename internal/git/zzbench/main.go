package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/git"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	pre := os.Args[1]
	os.RemoveAll("work")
	var tot [7]time.Duration
	for i := 1; i <= 20; i++ {
		o, _ := filepath.Abs(fmt.Sprintf("origins/%d.git", i))
		h, _ := exec.Command("git", "-C", o, "rev-parse", "main").Output()
		w0, _ := filepath.Abs(fmt.Sprintf("work/%d", i))
		ctx := context.Background()
		t := time.Now()
		lap := func(k int) { n := time.Now(); tot[k] += n.Sub(t); t = n }
		w, err := git.Checkout(ctx, git.CheckoutOptions{Remote: git.Remote{URL: pre + o}, Branch: "main", Commit: strings.TrimSpace(string(h)), GitDir: w0 + "/git", WorkTree: w0 + "/work"})
		must(err)
		lap(0)
		must(w.LendGit(ctx))
		lap(1)
		must(exec.Command("sh", "-c", "sed -i s/50/fifty/ "+w0+"/work/a/*.txt").Run())
		lap(2)
		tree, err := w.Snapshot(ctx)
		must(err)
		lap(3)
		must(w.Diff(ctx, tree, io.Discard))
		_, err = w.Changes(ctx, tree)
		must(err)
		lap(4)
		c, err := w.Commit(ctx, tree, git.CommitOptions{Message: "x", AuthorName: "a", AuthorEmail: "b", Time: time.Unix(1e9, 0)})
		must(err)
		lap(5)
		must(w.Push(ctx, git.Remote{URL: pre + o}, c, "change"+os.Args[2], ""))
		lap(6)
	}
	var all time.Duration
	for k, n := range []string{"checkout", "lend", "sed", "snapshot", "diff", "commit", "push"} {
		fmt.Printf("%s %v  ", n, tot[k]/20)
		all += tot[k]
	}
	fmt.Println("all", all/20)
}
