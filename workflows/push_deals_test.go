package workflows_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// counter is a scripted CRM in which a deal that was made is there for whoever looks: with its contact, its company and its
// pipeline.
type counter struct {
	*crm

	made []connector.Deal
}

func (c *counter) CreateDeals(ctx context.Context, deals []connector.Deal) []connector.CreateResult {
	results := c.crm.CreateDeals(ctx, deals)
	for _, d := range deals {
		state, ok := c.things[d.Key]
		if _, there := c.deals[state.ID]; !ok || there {
			continue
		}
		c.made = append(c.made, d)
		c.open(state.ID, d.Pipeline, connector.Ref{Type: connector.TypeContact, ID: d.Contact}, connector.Ref{Type: connector.TypeCompany, ID: d.Company})
	}
	return results
}

// open puts a deal into the account that belongs to records.
func (c *counter) open(id connector.ObjectID, pipeline string, of ...connector.Ref) {
	c.deals[id] = connector.Object{Type: connector.TypeDeal, ID: id, Properties: map[string]string{"pipeline": pipeline, "hs_is_closed": "false"}}
	for _, ref := range of {
		if ref.ID != "" {
			c.links = append(c.links, connector.Link{FromType: ref.Type, FromID: ref.ID, ToType: connector.TypeDeal, ToID: id})
		}
	}
}

func newCounter(t *testing.T) (*bench, *counter) {
	b := newBench(t)
	c := &counter{crm: b.crm}
	b.pusher.CRM, b.pusher.Look = c, c
	return b, c
}

// wanting is a deal under way: in the pipeline sales, of company 77.
func wanting(key string, contact connector.ObjectID, scope scoring.OpenDeals) workflows.OutboxEntry {
	e := entry(workflows.KindDeal, workflows.ClassDeal, key, contact, workflows.DealPayload{
		UnlessOpen: scope, Deal: connector.Deal{Key: key, Contact: contact, Company: "77", Pipeline: "sales"},
	})
	e.Reason = scoring.Reason{Code: workflows.ReasonFollowUp, Params: map[string]string{"rule": "open it"}}
	return e
}

func of(t connector.ObjectType, id connector.ObjectID) connector.Ref {
	return connector.Ref{Type: t, ID: id}
}

// What was not there when the deal was planned is looked for when it is sent, as far as the rule counts it, and named.
func TestPushDeals_countWhatTheRuleCounts(t *testing.T) {
	const anyDeal, samePipeline, company = scoring.OpenAny, scoring.OpenSamePipeline, scoring.OpenCompany
	mine, colleague, ours := of(connector.TypeContact, "1"), of(connector.TypeContact, "2"), of(connector.TypeCompany, "77")
	for name, c := range map[string]struct {
		scope scoring.OpenDeals
		there func(c *counter)
		used  connector.ObjectID // instead; empty: the deal is made
	}{
		"nothing is there":                     {anyDeal, func(*counter) {}, ""},
		"the contact has one":                  {anyDeal, func(c *counter) { c.open("9", "partners", mine) }, "9"},
		"of several the lowest id":             {anyDeal, func(c *counter) { c.open("10", "sales", mine); c.open("9", "partners", mine) }, "9"},
		"somebody else has one":                {anyDeal, func(c *counter) { c.open("9", "sales", colleague, ours) }, ""},
		"it is in another pipeline":            {samePipeline, func(c *counter) { c.open("9", "partners", mine) }, ""},
		"it is in the same pipeline":           {samePipeline, func(c *counter) { c.open("9", "partners", mine); c.open("10", "sales", mine) }, "10"},
		"the company's does not count there":   {samePipeline, func(c *counter) { c.open("9", "sales", ours) }, ""},
		"the company has one":                  {company, func(c *counter) { c.open("9", "partners", colleague, ours) }, "9"},
		"the contact's own goes first":         {company, func(c *counter) { c.open("9", "sales", ours); c.open("10", "sales", mine) }, "10"},
		"another company has one":              {company, func(c *counter) { c.open("9", "sales", colleague, of(connector.TypeCompany, "78")) }, ""},
		"what was deleted meanwhile is not it": {company, func(c *counter) { c.open("9", "sales", mine, ours); delete(c.deals, "9") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, account := newCounter(t)
			b.plan(wanting("k", "1", c.scope))
			c.there(account)
			b.must(b.push())
			want := settled
			if c.used != "" {
				want = cancelled
			}
			if b.wants("k", want, 1, 0); (len(account.made) == 0) != (c.used != "") {
				t.Errorf("made: %v", account.made)
			}
			decisions, err := b.store.Decisions(b.Context(), portalID, "1", 10)
			b.must(err)
			named := ""
			for _, d := range decisions {
				if d.Reason.Code == workflows.ReasonDealExists {
					named = d.Reason.Params["rule"] + ": " + d.Reason.Params["deal"]
				}
			}
			if expected := "open it: " + string(c.used); c.used != "" && named != expected || c.used == "" && named != "" {
				t.Errorf("recorded %q, want %q", named, expected)
			}
		})
	}
}

// Of several in one batch that would stand in each other's way one is made; the others look when it is there.
func TestPushDeals_oneAtATime(t *testing.T) {
	partners := func(e workflows.OutboxEntry) workflows.OutboxEntry {
		return entry(e.Kind, e.Class, e.Key, e.Contact, workflows.DealPayload{
			UnlessOpen: scoring.OpenSamePipeline, Deal: connector.Deal{Key: e.Key, Contact: e.Contact, Company: "77", Pipeline: "partners"},
		})
	}
	elsewhere := entry(workflows.KindDeal, workflows.ClassDeal, "l", "2", workflows.DealPayload{
		UnlessOpen: scoring.OpenCompany, Deal: connector.Deal{Key: "l", Contact: "2", Pipeline: "sales"},
	})
	for name, c := range map[string]struct {
		batch []workflows.OutboxEntry
		first map[string]workflows.EntryState
		last  map[string]workflows.EntryState
	}{
		"two of one contact": {
			[]workflows.OutboxEntry{wanting("k", "1", scoring.OpenAny), wanting("l", "1", scoring.OpenAny)},
			map[string]workflows.EntryState{"k": settled, "l": ready},
			map[string]workflows.EntryState{"k": settled, "l": cancelled},
		},
		"two of one contact, in two pipelines": {
			[]workflows.OutboxEntry{wanting("k", "1", scoring.OpenSamePipeline), partners(wanting("l", "1", scoring.OpenSamePipeline))},
			map[string]workflows.EntryState{"k": settled, "l": ready},
			map[string]workflows.EntryState{"k": settled, "l": settled},
		},
		"colleagues, whose company counts": {
			[]workflows.OutboxEntry{wanting("k", "1", scoring.OpenCompany), wanting("l", "2", scoring.OpenCompany)},
			map[string]workflows.EntryState{"k": settled, "l": ready},
			map[string]workflows.EntryState{"k": settled, "l": cancelled},
		},
		"a colleague's deal stands in the way of the one whose rule counts it": {
			[]workflows.OutboxEntry{wanting("k", "1", scoring.OpenAny), wanting("l", "2", scoring.OpenCompany)},
			map[string]workflows.EntryState{"k": settled, "l": ready},
			map[string]workflows.EntryState{"k": settled, "l": cancelled},
		},
		"colleagues, whose company does not count": {
			[]workflows.OutboxEntry{wanting("k", "1", scoring.OpenAny), wanting("l", "2", scoring.OpenAny)},
			map[string]workflows.EntryState{"k": settled, "l": settled},
			map[string]workflows.EntryState{"k": settled, "l": settled},
		},
		"people without a company are no colleagues": {
			[]workflows.OutboxEntry{
				entry(workflows.KindDeal, workflows.ClassDeal, "k", "1", workflows.DealPayload{
					UnlessOpen: scoring.OpenCompany, Deal: connector.Deal{Key: "k", Contact: "1", Pipeline: "sales"},
				}), elsewhere,
			},
			map[string]workflows.EntryState{"k": settled, "l": settled},
			map[string]workflows.EntryState{"k": settled, "l": settled},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, account := newCounter(t)
			b.plan(c.batch...)
			states := func(when string, want map[string]workflows.EntryState) {
				t.Helper()
				got := map[string]workflows.EntryState{"k": b.entry("k").State, "l": b.entry("l").State}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", when, diff)
				}
			}
			b.must(b.push())
			states("at first", c.first)
			if waits := b.entry("l"); waits.State == ready && waits.Attempt != 0 {
				t.Errorf("waiting was counted as attempt %d", waits.Attempt)
			}
			b.clock = b.clock.Add(time.Minute)
			b.must(b.push())
			states("a minute later", c.last)
			made := slices.DeleteFunc(slices.Collect(maps.Values(c.last)), func(s workflows.EntryState) bool { return s != settled })
			if len(account.made) != len(made) {
				t.Errorf("made: %v", account.made)
			}
		})
	}
}

// The answer to a creation is lost. The deal that it made is its own and stands in nobody's way but the next one's; one that
// was not made is looked at again like any other.
func TestPushDeals_lostAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		applied bool
		rep     bool // opens a deal meanwhile
		k, l    workflows.EntryState
		made    int
	}{
		"it was made":                        {true, false, settled, cancelled, 1},
		"it was made, and a rep made one":    {true, true, settled, cancelled, 1},
		"it was not":                         {false, false, settled, cancelled, 1},
		"it was not, and a rep has made one": {false, true, cancelled, cancelled, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b, account := newCounter(t)
			b.plan(wanting("k", "1", scoring.OpenAny), wanting("l", "1", scoring.OpenAny))
			account.fail["create k"], account.applied["create k"] = fault(connector.ErrAmbiguous), c.applied
			b.must(b.push())
			b.wants("k", sending, 1, 0)
			b.wants("l", ready, 0, 0)
			clear(account.fail)
			if c.rep {
				account.open("7", "sales", of(connector.TypeContact, "1"))
			}
			for range 5 {
				b.clock = b.clock.Add(time.Minute)
				b.must(b.push())
			}
			if k, l := b.entry("k").State, b.entry("l").State; k != c.k || l != c.l || len(account.made) != c.made {
				t.Errorf("k is %s, l is %s, made %d; want %s, %s, %d", k, l, len(account.made), c.k, c.l, c.made)
			}
		})
	}
}

// What every deal of the account needs is what the configuration says now, and what the rule says goes before it.
func TestPushDeals_properties(t *testing.T) {
	b, account := newCounter(t)
	b.plan(entry(workflows.KindDeal, workflows.ClassDeal, "k", "1", workflows.DealPayload{
		Own:  map[string]string{"dealtype": "newbusiness"},
		Deal: connector.Deal{Key: "k", Contact: "1", Extra: map[string]string{"source": "old", "region": "north"}},
	}))
	b.pusher.Portal.DealProperties = map[string]string{"source": "leadsync", "dealtype": "existing"}
	b.must(b.push())
	want := map[string]string{"source": "leadsync", "region": "north", "dealtype": "newbusiness"}
	if len(account.made) != 1 {
		t.Fatalf("made: %v", account.made)
	}
	if diff := cmp.Diff(want, account.made[0].Extra); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
}
