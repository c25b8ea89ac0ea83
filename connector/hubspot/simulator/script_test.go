package simulator_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector/hubspot/simulator"
)

func TestParseScript(t *testing.T) {
	const script = `# a bad day
on the 3rd POST tasks/batch/create: apply, then reset
on the first 2 POST contacts/search: 429 secondly, retry after 2s

on every GET /crm/owners/{v}: 503   # the owners are away
on 5% of every request: 500
on 20% of the first 10 PATCH contacts/{id}: answer after 3s
on every POST associations/contacts/calls/batch/read: 524
on the first POST deals/batch/*: wait, then apply after 1m
on 10% of object.propertyChange: lose
on the 2nd contact.*: deliver twice
on every event: deliver late by 30s
on every POST contacts/batch/update: apply, then empty 207
`
	got, err := simulator.ParseScript("day.txt", script)
	must(t, err)
	want := []simulator.Fault{
		{Kind: simulator.FaultAppliedReset, Endpoint: "POST /crm/objects/{v}/tasks/batch/create", Nth: 3},
		{Kind: simulator.FaultRateSecond, Endpoint: "POST /crm/objects/{v}/contacts/search", Count: 2, RetryAfter: 2 * time.Second},
		{Kind: simulator.Fault503, Endpoint: "GET /crm/owners/{v}"},
		{Kind: simulator.Fault500, Probability: 0.05},
		{Kind: simulator.FaultSlow, Endpoint: "PATCH /crm/objects/{v}/contacts/{id}", Probability: 0.2, Count: 10, Delay: 3 * time.Second},
		{Kind: simulator.Fault524, Endpoint: "POST /crm/associations/{v}/contacts/calls/batch/read"},
		{Kind: simulator.FaultLate, Endpoint: "POST /crm/objects/{v}/deals/batch/*", Count: 1, Delay: time.Minute},
		{Kind: simulator.FaultWebhookLost, Endpoint: "object.propertyChange", Probability: 0.1},
		{Kind: simulator.FaultWebhookDouble, Endpoint: "contact.*", Nth: 2},
		{Kind: simulator.FaultWebhookDelay, Delay: 30 * time.Second},
		{Kind: simulator.FaultAppliedEmpty, Endpoint: "POST /crm/objects/{v}/contacts/batch/update"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestScriptMistakesNameTheLine(t *testing.T) {
	for name, c := range map[string]struct{ line, text string }{
		"no on":          {"the 3rd POST contacts: 500", "write it as"},
		"no outcome":     {"on the 3rd POST contacts", "write it as"},
		"unknown":        {"on every POST contacts: explode", "use one of: "},
		"path":           {"on every POST wizards/search: 500", "no request that this account answers"},
		"method":         {"on every BREW contacts: 500", "no request that this account answers"},
		"no method":      {"on every contacts: 500", "name method and path"},
		"event":          {"on every contact.wedding: lose", "is no event"},
		"share":          {"on 200% of every request: 500", "share above 0"},
		"zeroth":         {"on the 0th POST contacts: 500", "count from 1"},
		"delay":          {"on every POST contacts: answer after lunch", "write the time as"},
		"retry":          {"on every POST contacts: 503, retry after soon", "write it as 2s"},
		"request as a …": {"on every POST contacts: lose", "is no event"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := simulator.ParseScript("s.txt", "# one\non every request: 500\n"+c.line+"\n")
			if !errors.Is(err, simulator.ErrInvalid) || !strings.Contains(err.Error(), "s.txt: line 3: ") || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%v", err)
			}
		})
	}
	f := newWorld(t).Faults()
	if _, err := f.AddScript("s", "on every request: 500\nnonsense\nmore"); err == nil || strings.Count(err.Error(), "line ") != 2 || len(f.List()) != 0 {
		t.Errorf("both mistakes at once and nothing added: %v", err)
	}
}

// Every kind can be said in words, and every phrase is a kind.
func TestScriptKnowsEveryKind(t *testing.T) {
	said := map[simulator.FaultKind]bool{}
	for _, what := range []string{
		"429 ten-secondly", "429 secondly", "429 daily", "423", "477", "500", "502", "503", "504", "521", "522", "523", "524", "525", "526",
		"html", "html 200", "answer after 1s", "wait, then apply after 1s", "reset", "apply, then reset", "apply, then break off", "apply, then 500",
		"apply, then html", "leave one out", "empty 207", "apply, then empty 207", "numbers for strings", "token expired", "revoke the token",
		"lose", "deliver twice", "deliver out of order", "deliver late by 1s",
	} {
		target := "request"
		if strings.HasPrefix(what, "deliver") || what == "lose" {
			target = "event"
		}
		list, err := simulator.ParseScript("s", "on every "+target+": "+what)
		must(t, err)
		said[list[0].Kind] = true
	}
	for _, k := range simulator.FaultKinds() {
		if !said[k] {
			t.Errorf("%s cannot be said", k)
		}
	}
}

// A script reads like a story: the third create is applied and its answer lost.
func TestScriptOnTheWire(t *testing.T) {
	w := newWorld(t)
	_, err := w.Faults().AddScript("story", "on the 3rd POST tasks/batch/create: apply, then reset\non the first GET contacts: html")
	must(t, err)
	for n := range 4 {
		_, err := w.try("POST", tasks+"/batch/create", inputs(`{"properties":{"hs_timestamp":"2026-11-04T09:00:00Z"}}`))
		if (err != nil) != (n == 2) || w.Count("tasks") != n+1 {
			t.Errorf("create %d: %v, %d tasks", n+1, err, w.Count("tasks"))
		}
	}
	if r := w.ask(502, "GET", contacts, ""); !strings.Contains(r.raw, "<html>") {
		t.Errorf("%s", r.raw)
	}
	w.ask(200, "GET", contacts, "")
}
