package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"leadsync/connector/hubspot/simulator"
	"leadsync/connector/hubspot/simulator/population"
)

// The program as people use it: command, output, exit code. Each script has a folder of its own, the program
// as `leadsync`, and these commands beside those of testscript:
//
//	account [N] [bare]  a simulated account with N contacts and an installation for it in the folder; bare:
//	                    without the properties that leadsync writes. $API is its address, $SERVE where serve listens;
//	                    without:SCOPE, any number: its token lacks the scope
//	await URL TEXT      wait until the page at the address holds the text
//	json FILE...        each file must hold one JSON document, and something in it
//	exits CODE ARGS...  run leadsync and want this exit code; then stdout and stderr can be looked at
func TestScript(t *testing.T) {
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, programName)); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv(listening, os.Getenv(listening))
			env.Setenv("SERVE", quietAddress(t))
			env.Setenv("QUIET", quietAddress(t))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"account": accountCommand, "await": awaitCommand, "json": jsonCommand, "exits": exitsCommand,
			"control": controlCommand,
		},
		RequireExplicitExec: true, RequireUniqueNames: true,
	})
}

func positively(ts *testscript.TestScript, neg bool) {
	if neg {
		ts.Fatalf("this command cannot be negated")
	}
}

func accountCommand(ts *testscript.TestScript, neg bool, args []string) {
	positively(ts, neg)
	contacts, bare := 0, false
	var denied []string
	for _, arg := range args {
		n, err := strconv.Atoi(arg)
		scope, without := strings.CutPrefix(arg, "without:")
		switch {
		case without:
			denied = append(denied, scope)
		case arg == "bare":
			bare = true
		case err == nil:
			contacts = n
		default:
			ts.Fatalf("usage: account [N] [bare] [without:SCOPE]")
		}
	}
	clock := standingClock(demoStart())
	a := simulator.New(simulator.Options{
		PortalID: simulatedPortal, AppID: simulatedApp, Token: simulatedToken, Now: clock.Now, Wall: time.Now, Seed: 1, Advance: clock.Move,
	})
	if !bare {
		ts.Check(addProperties(a))
	}
	for _, scope := range denied {
		a.DenyScope(scope)
	}
	if contacts > 0 {
		population.Populate(a, population.Options{Seed: 1, Contacts: contacts, Start: demoStart()})
	}
	keepPeople(a)
	server := httptest.NewServer(a.Handler())
	ts.Defer(server.Close)
	ts.Setenv("API", server.URL)
	control := httptest.NewServer(a.Control())
	ts.Defer(control.Close)
	ts.Setenv("CONTROL", control.URL)
	env := environment{stdout: io.Discard}
	ts.Check(writeInstallation(&env, simulateOptions{install: ts.MkAbs("."), serveOn: ts.Getenv("SERVE")}, server.URL, ""))
}

// awaitCommand waits until a page shows a text, whatever white space the page lays out its JSON with.
func awaitCommand(ts *testscript.TestScript, neg bool, args []string) {
	positively(ts, neg)
	if len(args) != 2 {
		ts.Fatalf("usage: await URL TEXT")
	}
	client := &http.Client{Timeout: 2 * time.Second}
	deadline, tick := time.NewTimer(2*time.Minute), time.NewTicker(20*time.Millisecond)
	defer deadline.Stop()
	defer tick.Stop()
	last := ""
	for !strings.Contains(last, args[1]) {
		select {
		case <-deadline.C:
			ts.Fatalf("%s does not show %q within two minutes, but %q", args[0], args[1], last)
		case <-tick.C:
		}
		resp, err := client.Get(args[0])
		if err != nil {
			last = err.Error()
			continue
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		ts.Check(err)
		last = strings.Join(strings.Fields(string(body)), " ")
	}
}

func jsonCommand(ts *testscript.TestScript, neg bool, args []string) {
	positively(ts, neg)
	if len(args) == 0 {
		ts.Fatalf("usage: json FILE...")
	}
	for _, name := range args {
		dec := json.NewDecoder(strings.NewReader(ts.ReadFile(name)))
		var v any
		if err := dec.Decode(&v); err != nil || v == nil {
			ts.Fatalf("%s holds no JSON document: %v (%v)", name, v, err)
		}
		if err := dec.Decode(&v); !errors.Is(err, io.EOF) {
			ts.Fatalf("%s holds more than one JSON document", name)
		}
	}
}

func exitsCommand(ts *testscript.TestScript, neg bool, args []string) {
	positively(ts, neg)
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(programName, args[1:]...)
	got := 0
	var exit interface{ ExitCode() int }
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("run %s: %v", programName, err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// controlCommand asks the simulated account to do something: control PATH JSON.
func controlCommand(ts *testscript.TestScript, neg bool, args []string) {
	positively(ts, neg)
	if len(args) != 2 {
		ts.Fatalf("usage: control PATH JSON")
	}
	resp, err := http.Post(ts.Getenv("CONTROL")+args[0], "application/json", strings.NewReader(args[1]))
	ts.Check(err)
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	ts.Check(err)
	if resp.StatusCode/100 != 2 {
		ts.Fatalf("%s: %s: %s", args[0], resp.Status, body)
	}
}
