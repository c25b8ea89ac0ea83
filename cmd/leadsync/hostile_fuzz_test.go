package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/fixtures/hostile"
)

// FuzzRun calls the program with any arguments, one a line, where there is no configuration: it ends soon with one of
// its exit codes, says why on the screen for errors, and shows nothing of its environment.
func FuzzRun(f *testing.F) {
	root := rootCommand(&environment{})
	for _, c := range root.Commands() {
		f.Add(c.Name())
		f.Add(c.Name() + "\n--help")
		f.Add("help\n" + c.Name())
		f.Add("--config\nother.yaml\n" + c.Name() + "\n--portal\nx\n7\n--json")
		for _, sub := range c.Commands() {
			f.Add(c.Name() + "\n" + sub.Name() + "\n--yes\n--limit\n-1")
		}
	}
	for _, text := range []string{"", "-", "--", "--config", "-c=", "nothing", "serve\nx", "explain\n101\n--as-of\nyesterday", "rank\n--limit\n9999999999999999999", "completion\nbash", "\x00\xff"} {
		f.Add(text)
	}
	folder := f.TempDir()
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, text string) {
		args := strings.Split(text, "\n")
		if slices.ContainsFunc(args, func(a string) bool { return strings.ContainsAny(a, "/\\") || strings.Contains(a, "..") }) {
			return // it must not leave its folder
		}
		if (slices.Contains(args, "demo") || slices.Contains(args, "simulate") || slices.Contains(args, "schema")) && !slices.Contains(args, "--help") {
			return // these need no configuration, and make a whole world or try everything that a model can say: that takes its time
		}
		t.Chdir(folder)
		w.Run(t, func() {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			var out, errs bytes.Buffer
			code := run(ctx, environment{
				args: args, stdin: strings.NewReader("y\ny\n"), stdout: &out, stderr: &errs, now: func() time.Time { return time.Unix(1790000000, 0) },
				getenv: func(string) string { return hostile.Canary }, readFile: func(string) ([]byte, error) { return nil, os.ErrNotExist },
			})
			if code < exitOK || code > exitFound {
				t.Errorf("exit code %d", code)
			}
			if said := errs.String(); code != exitOK && code != exitFound && !strings.HasPrefix(said, "leadsync: ") && !strings.Contains(said, "\nleadsync: ") {
				t.Errorf("exit code %d with %.300q", code, said)
			}
			hostile.Quiet(t, "screen", out.String()+errs.String())
		})
	})
}

// FuzzRankTable writes any contacts as CSV: a reader gets the same rows, and no cell is a formula. There is no CSV that
// leadsync reads.
func FuzzRankTable(f *testing.F) {
	f.Add("101", "=HYPERLINK(\"http://x\")", "+1", "-2\r\n=3", "@SUM(A1)", "\t=1", "\"a\",\"b\"")
	f.Add("", " =1", "\n=1", "'=1", "\xff", "a\x00b", "\u202e=1")
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, id, grade, tier, stage, status, owner, reasons string) {
		w.Run(t, func() {
			r := &ranking{Portal: "x", List: []rankedContact{
				{Rank: 1, Contact: connector.ObjectID(id), Grade: grade, Tier: tier, Stage: stage, Status: status, Owner: owner, Reasons: reasons, Latest: time.Unix(1790000000, 0)},
				{Rank: 2, Contact: "2"},
			}}
			var b bytes.Buffer
			if err := r.table(&b); err != nil {
				t.Fatal(err)
			}
			rows, err := csv.NewReader(&b).ReadAll()
			if err != nil || len(rows) != 3 || rows[2][1] != "2" {
				t.Fatalf("read again: %d rows, %v", len(rows), err)
			}
			for i, cell := range rows[1] {
				if i != 2 && i != 5 && strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r\n") { // the two are our own numbers
					t.Errorf("cell %d is %.100q", i, cell)
				}
			}
		})
	})
}
