package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector/hubspot/simulator"
	"leadsync/connector/hubspot/simulator/population"
	"leadsync/connector/recorder"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

var update = flag.Bool("update", false, "record the synthetic fixtures anew")

// syntheticAccount is where the recorded simulated account is.
func syntheticAccount() string {
	return filepath.Join("..", "..", "fixtures", "hubspot", "synthetic", "account")
}

// simulated is an account of the simulator whose clocks stand still, with an installation for it.
func simulated(t *testing.T, contacts int) (*installation, *environment) {
	t.Helper()
	still := demoStart
	a := simulator.New(simulator.Options{
		PortalID: simulatedPortal, AppID: simulatedApp, Token: simulatedToken, Now: still, Wall: still, Seed: 1,
	})
	if err := addProperties(a); err != nil {
		t.Fatal(err)
	}
	population.Populate(a, population.Options{Seed: 1, Contacts: contacts, Start: demoStart()})
	server := httptest.NewServer(a.Handler())
	t.Cleanup(server.Close)
	dir := t.TempDir()
	quiet := &environment{stdout: io.Discard}
	if err := writeInstallation(quiet, simulateOptions{install: dir, serveOn: "127.0.0.1:1"}, server.URL, ""); err != nil {
		t.Fatal(err)
	}
	env := &environment{
		stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, now: time.Now,
		getenv: func(string) string { return "" },
		readFile: func(name string) ([]byte, error) {
			if !filepath.IsAbs(name) {
				name = filepath.Join(dir, name)
			}
			return os.ReadFile(name)
		},
	}
	cmd := rootCommand(env)
	if err := cmd.ParseFlags([]string{"--config", filepath.Join(dir, "leadsync.yaml")}); err != nil {
		t.Fatal(err)
	}
	in, err := loadInstallation(cmd, env)
	if err != nil {
		t.Fatal(err)
	}
	return in, env
}

func taped(t *testing.T, in *installation, env *environment, o recordOptions) string {
	t.Helper()
	o.out = filepath.Join(t.TempDir(), "tapes")
	o.secret = bytes.Repeat([]byte{3}, 32)
	if _, err := recordAccount(t.Context(), env, in, in.cfg.Portals[0], o); err != nil {
		t.Fatal(err)
	}
	return o.out
}

// TestSyntheticAccount replays the recorded simulated account. With -update it is recorded anew.
func TestSyntheticAccount(t *testing.T) {
	in, env := simulated(t, 25)
	if *update {
		made := taped(t, in, env, recordOptions{contacts: 20})
		if err := os.RemoveAll(syntheticAccount()); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(syntheticAccount(), os.DirFS(made)); err != nil {
			t.Fatal(err)
		}
	}
	first := replayedOf(t, in, env, syntheticAccount())
	if len(first.Contacts) != 20 || len(first.Unplayed) > 0 || len(first.Missing) > 0 {
		t.Errorf("%d contacts, unplayed %v, missing %v", len(first.Contacts), first.Unplayed, first.Missing)
	}
	if diff := cmp.Diff(asText(t, first), asText(t, replayedOf(t, in, env, syntheticAccount()))); diff != "" {
		t.Errorf("the second replay differs:\n%s", diff)
	}
	found, err := driftOf(syntheticAccount())
	if err != nil || len(found) > 0 {
		t.Errorf("drift %+v, %v", found, err)
	}
}

func replayedOf(t *testing.T, in *installation, env *environment, folder string) *replayed {
	t.Helper()
	out, err := replay(t.Context(), env, in, in.cfg.Portals[0], folder)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func asText(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestRedactionKeepsDecisions compares what is decided about an account with what a redacted recording of it
// decides: the same, as far as the facts are not among those that were replaced.
func TestRedactionKeepsDecisions(t *testing.T) {
	in, env := simulated(t, 60)
	// titles, names of forms and domains are facts of the model; kept, they decide as they do in the account
	facts := []string{"contacts.jobtitle", "contacts.recent_conversion_event_name", "contacts.email", "contacts.phone", "contacts.mobilephone"}
	original := rehearsed(t, in, env)
	kept := replayedOf(t, in, env, taped(t, in, env, recordOptions{keep: facts}))
	if diff := cmp.Diff(outcome(original), outcome(kept)); diff != "" {
		t.Errorf("with the model's facts kept (-account +recording):\n%s", diff)
	}
	redacted := replayedOf(t, in, env, taped(t, in, env, recordOptions{}))
	same := 0
	before, after := outcome(original), outcome(redacted)
	for i := range before {
		if cmp.Equal(before[i].Engagement, after[i].Engagement) {
			same++
		}
	}
	// engagement comes from counters and dates, which nothing replaces; forms are told apart by name
	if same < len(before)*3/4 || len(before) != len(after) {
		t.Errorf("the engagement of %d of %d contacts is the same", same, len(before))
	}
	for i := range before {
		if before[i].Stage != after[i].Stage {
			t.Errorf("stage %q became %q", before[i].Stage, after[i].Stage)
		}
	}
}

type outcomeOf struct {
	Stage, Status   string
	Fit, Engagement int64
	Would           []string
}

// outcome is what a replay says without the ids.
func outcome(r *replayed) []outcomeOf {
	var all []outcomeOf
	for _, c := range r.Contacts {
		o := outcomeOf{Stage: c.Stage, Status: c.Status}
		for _, s := range c.Evaluation.Scores {
			switch s.Name {
			case "fit":
				o.Fit = int64(s.Points)
			case "engagement":
				o.Engagement = int64(s.Points)
			}
		}
		for _, a := range c.Would {
			o.Would = append(o.Would, string(a.Class)+" "+a.Rule+" "+a.From+" "+a.To+" "+a.DueAt)
		}
		slices.Sort(o.Would)
		all = append(all, o)
	}
	return all
}

// rehearsed works the account itself; what its recorder keeps is not used.
func rehearsed(t *testing.T, in *installation, env *environment) *replayed {
	t.Helper()
	p := in.cfg.Portals[0]
	_, r, err := recording(env, in, p, recorder.Options{BaseURL: p.BaseURL, Secret: bytes.Repeat([]byte{1}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	out := &replayed{}
	if err := r.definitions(t.Context()); err != nil {
		t.Fatal(err)
	}
	err = r.run(t.Context(), func(st *store.Store, described *workflows.Portal) error {
		c := collector{out: out, store: st, in: in, portal: described, at: demoStart()}
		return c.all(t.Context(), p.Account)
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRecordStopsAtTrouble wants an end with the cause, and nothing written.
func TestRecordStopsAtTrouble(t *testing.T) {
	in, env := simulated(t, 5)
	p := in.cfg.Portals[0]
	p.Account = "48000002"
	out := filepath.Join(t.TempDir(), "tapes")
	_, err := recordAccount(t.Context(), env, in, p, recordOptions{out: out})
	if err == nil || !strings.Contains(err.Error(), "another account") || !strings.Contains(err.Error(), "nothing was written") {
		t.Errorf("recorded another account: %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("something was written")
	}
}
