package workflows_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"

	"leadsync/connector/hubspot/simulator"
	"leadsync/fixtures/canary"
)

// heard is what the tests of this package have logged, at every level, and the people of whom nothing may stand there.
var heard struct {
	mu     sync.Mutex
	log    bytes.Buffer
	people canary.Cage
}

// ear writes down what is logged.
type ear struct{}

func (ear) Write(text []byte) (int, error) {
	heard.mu.Lock()
	defer heard.mu.Unlock()
	return heard.log.Write(text)
}

// quiet is a log that nobody reads, but that is listened to.
func quiet() *slog.Logger {
	return slog.New(slog.NewTextHandler(ear{}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// cage keeps the people of a simulated account.
func cage(account *simulator.Account) {
	for _, o := range account.Objects(simulator.Contacts) {
		heard.people.KeepPerson(o.Properties)
	}
	for _, o := range account.Owners() {
		heard.people.Keep("owner", o.Email, o.FirstName+" "+o.LastName)
	}
}

// TestMain listens to everything that was logged: whatever names a person fails the package.
func TestMain(m *testing.M) {
	heard.people.Keep("name", "Petra Wolf") // whom most tests are about
	code := m.Run()
	for _, text := range heard.people.Listen("log", heard.log.String()) {
		fmt.Fprintln(os.Stderr, "a canary was heard:", text)
		code = 1
	}
	os.Exit(code)
}
