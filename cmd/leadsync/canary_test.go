package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
	"leadsync/fixtures/canary"
)

// listening names the folder in which every process of the program under test leaves what it said.
const listening = "LEADSYNC_LISTENING"

// showing are the commands whose output is meant to show people, or to show the simulated account's token. What all
// others print, and what every one says on standard error, is listened to.
func showing() []string {
	return []string{
		"explain", "history", "preview", "rank", "lost", "misjudged", "overrides", "orphans", "violations", "response", "init", "demo",
		"simulate", "test", "record", "replay", "privacy export", "outbox", "effects shadow", "doctor",
	}
}

// heardMain is main, but that what the program says is kept in a folder too.
func heardMain(dir string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	env := environment{args: os.Args[1:], stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, readFile: os.ReadFile, now: time.Now}
	if file, err := os.CreateTemp(dir, "stderr-*"); err == nil {
		env.stderr = io.MultiWriter(os.Stderr, file)
	}
	shows := slices.ContainsFunc(showing(), func(command string) bool {
		return strings.HasPrefix(strings.Join(env.args, " ")+" ", command+" ")
	})
	if file, err := os.CreateTemp(dir, "stdout-*"); err == nil && !shows {
		fmt.Fprintf(file, "# %s\n", strings.Join(env.args[:min(1, len(env.args))], " "))
		env.stdout = io.MultiWriter(os.Stdout, file)
	}
	return run(ctx, env)
}

// listenTo runs the tests and fails if a process of the program said what it may not.
func listenTo(m *testing.M) int {
	dir, err := os.MkdirTemp("", "leadsync-listening")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Setenv(listening, dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	for _, heard := range overheard(dir) {
		fmt.Fprintln(os.Stderr, "overheard:", heard)
		code = max(code, 1)
	}
	return code
}

// townsfolk are the people of all simulated accounts of the tests, and the secrets of the installations.
func townsfolk() *canary.Cage { return &folk }

var folk canary.Cage // of the whole test binary, as its processes are

// keepPeople makes canaries of the people of an account.
func keepPeople(a *simulator.Account) {
	for _, o := range a.Objects(simulator.Contacts) {
		p := o.Properties
		folk.Keep("name", p["firstname"]+" "+p["lastname"])
		folk.Keep("telephone number", p["phone"], p["mobilephone"])
	}
}

// overheard is what the processes said that they may not.
func overheard(dir string) []string {
	folk.Keep("token", simulatedToken, simulatedSecret)
	folk.Allow("ada@example.com") // an example in a message
	var heard []string
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return []string{err.Error()}
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return append(heard, err.Error())
		}
		where := strings.TrimPrefix(strings.SplitN(string(text), "\n", 2)[0], "# ") + " " + filepath.Base(name)
		heard = append(heard, townsfolk().Listen(where, string(text))...)
	}
	return heard
}

// TestOverheard proves that a person in the output of a process fails the suite.
func TestOverheard(t *testing.T) {
	dir := t.TempDir()
	folk.Keep("name", "Kanarina Vogelsang")
	for name, text := range map[string]string{
		"stderr-1": "time=now msg=refused contact=\"Kanarina Vogelsang\"\n", "stdout-1": "# check\ncontact of k.vogelsang@example.com\n", "stdout-2": "# check\nall is well\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if heard := overheard(dir); len(heard) != 2 {
		t.Errorf("heard %q, want a name and an address", heard)
	}
}
