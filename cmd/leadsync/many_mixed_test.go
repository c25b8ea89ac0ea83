package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// upgrade is an account that processes of two releases work, one after the other, on one database.
type upgrade struct {
	*siege
	previous string // the program of the previous release; empty: this one
	acts     int    // of people, in each part of the story
}

// launchOf starts a program that may be of another release.
func launchOf(t *testing.T, program, dir string) *process {
	t.Helper()
	p := &process{cmd: exec.CommandContext(t.Context(), program), stderr: &lockedBuffer{}, dead: make(chan struct{})}
	p.cmd.Args = []string{programName, "serve", "--config", "leadsync.yaml"}
	p.cmd.Dir, p.cmd.Stderr, p.cmd.Stdout = dir, p.stderr, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.dead)
	}()
	t.Cleanup(func() {
		p.kill()
		<-p.dead
		if t.Failed() {
			t.Logf("%s, process %d, said at the end:\n%s", program, p.cmd.Process.Pid, p.stderr.tail(4000))
		}
	})
	return p
}

// beside copies the installation for a second process: the same database, another address.
func (u *upgrade) beside() (dir, listen string) {
	u.Helper()
	dir, listen = u.TempDir(), quietAddress(u.T)
	for _, name := range []string{"leadsync.yaml", "model.yaml", "token", "secret"} {
		text, err := os.ReadFile(filepath.Join(u.dir, name))
		if err != nil {
			u.Fatal(err)
		}
		out := string(text)
		if name == "leadsync.yaml" {
			out = strings.Replace(out, "listen: "+u.listen, "listen: "+listen, 1)
			out = strings.Replace(out, "database: leadsync.db", "database: "+filepath.Join(u.dir, "leadsync.db"), 1)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(out), 0o600); err != nil {
			u.Fatal(err)
		}
	}
	return dir, listen
}

// day lets people act, and audits the account each time.
func (u *upgrade) day(who string) {
	u.Helper()
	began := time.Now()
	for range u.acts {
		u.wait(u.serve)
		u.act()
		u.rest()
		u.audit()
	}
	u.Logf("%s: %d deeds so far, %s", who, u.deeds, time.Since(began).Round(time.Millisecond))
}

// handOver stops who works and goes on with the other.
func (u *upgrade) handOver(to *process, listen string) {
	u.Helper()
	old := u.serve
	old.stop(u.T)
	u.serve, u.listen = to, listen
	u.unsure()
	u.rest()
	old.sound(u.T)
}

// The previous release works; the next one starts beside it and migrates the database; the previous one goes on, then hands
// over; then back again, as when an upgrade is taken back. The account is audited all the way. LEADSYNC_PREVIOUS is the program
// of the previous release (`make mixed PREVIOUS=rev` builds it); without it this program plays both parts, on SQLite only and
// up to the first handing over.
func TestServe_rollingUpgrade(t *testing.T) {
	t.Parallel() // it mostly waits for sweeps
	previous := os.Getenv("LEADSYNC_PREVIOUS")
	t.Run("sqlite", func(t *testing.T) { roll(t, previous, "") })
	if previous == "" {
		return
	}
	t.Run("postgres", func(t *testing.T) {
		if address := postgresSchema(t); address != "" {
			roll(t, previous, address)
		}
	})
}

func roll(t *testing.T, previous, database string) {
	t.Helper()
	u := &upgrade{previous: previous, acts: 1}
	contacts := 60
	if previous != "" {
		u.acts, contacts = 3, 100
	}
	u.siege = newSiege(t, siegeOptions{database: database, contacts: contacts})
	start := func(dir string) *process {
		if u.previous == "" {
			return launch(t, dir, nil, "serve", "--config", "leadsync.yaml")
		}
		return launchOf(t, u.previous, dir)
	}
	first := u.listen
	u.unsure()
	u.serve = start(u.dir)
	u.rest()
	u.goLive = u.firstWrite()
	if previous != "" {
		u.day("the previous release alone")
	}
	dir, listen := u.beside()
	next := launch(t, dir, nil, "serve", "--config", "leadsync.yaml")
	eventually(t, patience, next.stderr.String, func() bool {
		return strings.Contains(next.stderr.String(), "serving") // it has migrated
	})
	u.day("the previous release, on the tables of this one")
	u.handOver(next, listen)
	u.day("this release")

	if previous != "" {
		back := start(u.dir)
		eventually(t, patience, back.stderr.String, func() bool { return strings.Contains(back.stderr.String(), "serving") })
		u.handOver(back, first)
		u.day("the previous release once more")
	}
	u.serve.stop(t)
	if u.deeds == 0 {
		t.Error("nobody did anything, so nothing was proven")
	}
}
