package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/demomodel"
	"leadsync/connector/hubspot/simulator"
	"leadsync/scoring"
)

// worldClock is the time of a simulated account. It stands still until it is moved, or goes on at the
// machine's pace from where it was set.
type worldClock struct {
	mu    sync.Mutex
	at    time.Time
	since time.Time        // machine time at which `at` was set; zero: standing still
	now   func() time.Time // machine time
}

func standingClock(at time.Time) *worldClock { return &worldClock{at: at} }

func runningClock(at time.Time, now func() time.Time) *worldClock {
	return &worldClock{at: at, since: now(), now: now}
}

// Now is the world's time.
func (c *worldClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read()
}

func (c *worldClock) read() time.Time {
	if c.now == nil {
		return c.at
	}
	return c.at.Add(c.now().Sub(c.since))
}

// Move sets the world's time; it cannot go back.
func (c *worldClock) Move(to time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if to.Before(c.read()) {
		return fmt.Errorf("the world is at %s already; it cannot go back to %s", c.read().Format(time.RFC3339), to.Format(time.RFC3339))
	}
	c.at = to.UTC()
	if c.now != nil {
		c.since = c.now()
	}
	return nil
}

// Simulated credentials. They open nothing but a simulated account on the loopback address.
const (
	simulatedToken  = "simulated-token"
	simulatedSecret = "simulated-client-secret"
	simulatedPortal = 48000001
	simulatedApp    = 4100001
)

// serveHandler answers on a listener until the context ends.
func serveHandler(ctx context.Context, now func() time.Time, l net.Listener, h http.Handler) func() error {
	g := newGate(config.Default().Limits, now, slog.New(slog.DiscardHandler))
	server := httpServer(h, g)
	done := make(chan error, 1)
	go func() { done <- server.Serve(g.listener(l)) }()
	return func() error {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(stop); err != nil {
			_ = server.Close() // a client that opened a connection and says nothing is not waited for
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	}
}

// addProperties gives a simulated account the properties that leadsync writes, as `check --create` would.
func addProperties(a *simulator.Account) error {
	for _, p := range []simulator.Property{
		{Name: "leadsync_score", Label: "Lead score", Type: "number"},
		{Name: "leadsync_fit", Label: "Fit score", Type: "number"},
		{Name: "leadsync_engagement", Label: "Engagement score", Type: "number"},
		{Name: "leadsync_reasons", Label: "Reasons of the score", Type: "string"},
		{Name: "leadsync_last_reason", Label: "Reason of the last move", Type: "string"},
		{Name: "leadsync_scored_at", Label: "Scored at", Type: "datetime"},
	} {
		if err := a.AddProperty(simulator.Contacts, p); err != nil {
			return fmt.Errorf("add property %q: %w", p.Name, err)
		}
	}
	m, err := scoring.Parse("model.yaml", demoModel())
	if err != nil {
		return fmt.Errorf("read the model of the demo: %w", err)
	}
	for _, p := range rankProperties(config.DefaultPortal().Properties, m) {
		property := simulator.Property{Name: p.spec.Name, Label: p.spec.Label, Type: p.spec.Type}
		for i, o := range p.spec.Options {
			property.Options = append(property.Options, simulator.Option{Label: o.Label, Value: o.Value, DisplayOrder: i})
		}
		if err := a.AddProperty(simulator.Contacts, property); err != nil {
			return fmt.Errorf("add property %q: %w", p.spec.Name, err)
		}
	}
	for _, t := range []string{simulator.Tasks, simulator.Deals} {
		if err := a.AddProperty(t, simulator.Property{Name: "leadsync_key", Label: "leadsync key", Type: "string", HasUniqueValue: true}); err != nil {
			return fmt.Errorf("add key property: %w", err)
		}
	}
	return nil
}

// installationFor is the configuration text of an installation that works a simulated account.
func installationFor(apiURL, listenOn, targetURL, effects string) string {
	text := fmt.Sprintf(`# An installation of leadsync for a simulated account.
database: leadsync.db
listen: %[2]s
model: model.yaml
schedules: {contacts: "@every 2s", activities: "@every 2s", companies: "@every 2s", deals: "@every 2s", owners: "@every 10m", catch_up_overlap: 15m}
limits: {tasks_per_hour: 100000, deals_per_hour: 100000, stage_moves_per_hour: 100000, company_moves_per_hour: 100000, general_per_second: 1000, search_per_second: 1000, batch_window: 5ms}
portals:
  - name: demo
    crm: hubspot
    account: "%[3]d"
    token_file: token
    base_url: %[1]s
    clock: simulator
    webhooks: {enabled: true, target_url: %[4]s, app_id: "%[5]d", client_secret_file: secret}
    effects: {score: %[6]s, stage: %[6]s, status: %[6]s, task: %[6]s, company: %[6]s, deal: %[6]s}
    language: en
    time_zone: Europe/Berlin
    calendar:
      country: DE
      region: BY
      due_at: "09:00"
      tasks_per_day: 3
      people:
        jana: {owner: janavogt@our-company.example, hours: {mon-wed: "10:00-14:00"}, deputy: grace}
        svenja: {owner: svenjaluedtke@our-company.example, absent: [{from: 2026-11-09, to: 2026-11-20}], deputy: grace}
        grace: {owner: gracelockley@our-company.example, zone: Europe/London}
    queues: {calls: "4711"}
    pipelines: {sales: {id: default, stage: appointmentscheduled}}
`, apiURL, listenOn, simulatedPortal, targetURL, simulatedApp, effects)
	if targetURL == "" {
		text = strings.Replace(text, "webhooks: {enabled: true, target_url: , app_id", "webhooks: {enabled: false, app_id", 1)
	}
	return text
}

// demoModel is the model that the demo scores with: fixtures/models/demo.yaml, embedded.
func demoModel() []byte { return demomodel.Text() }

// writeFiles writes an installation for a simulated account into a folder, as for a real one: configuration,
// model, and the credentials in files of their own.
func writeFiles(dir, installation string, model []byte) error {
	if err := os.MkdirAll(dir, 0o750); err != nil { //nolint:gosec // whoever runs the command names the folder
		return fmt.Errorf("make folder: %w", err)
	}
	for name, text := range map[string]string{
		"leadsync.yaml": installation, "model.yaml": string(model), "token": simulatedToken, "secret": simulatedSecret,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil { //nolint:gosec // in that folder, by names of ours
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}
