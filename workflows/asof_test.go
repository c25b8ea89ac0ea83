package workflows_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// wholeLife is a contact whose every moment is remembered: what the CRM's history would tell, and the lead and the
// evaluation at each look.
type wholeLife struct {
	*person
	versions  connector.History
	before    map[string]string
	decisions []workflows.Decision
	looks     []glance
}

type glance struct {
	at   time.Time
	lead scoring.Lead
	ev   scoring.Evaluation
}

func newLife(t fail, props map[string]string) *wholeLife {
	l := &wholeLife{person: newPerson(t, nil), versions: connector.History{}, before: map[string]string{}}
	l.record.Contact.CreatedAt = monday
	l.set(props)
	l.look()
	return l
}

// look lets the CRM write its history, leadsync read, plan and save, and the plan arrive.
func (l *wholeLife) look() {
	l.journal(connector.OriginPerson)
	l.record.Observations = l.readings()
	lead := workflows.LeadOf(l.portal, l.model, l.record)
	l.looks = append(l.looks, glance{l.now, lead, l.model.Evaluate(lead, l.now)})
	l.after(time.Millisecond)
	if planned := l.step(); len(planned.Actions) > 0 {
		l.decisions = append(l.decisions, workflows.Decision{At: l.now, Model: l.model.Version(), Reason: planned.Reason, Actions: planned.Actions})
	}
	l.journal(connector.OriginOwn)
}

func (l *wholeLife) journal(by connector.Origin) {
	for _, prop := range append(slices.Collect(maps.Keys(l.before)), slices.Collect(maps.Keys(l.record.Contact.Properties))...) {
		if value := l.record.Contact.Properties[prop]; value != l.before[prop] {
			l.versions[prop] = append(l.versions[prop], connector.Version{Value: value, At: l.now, Origin: by})
			l.record.Contact.UpdatedAt = l.now
			l.before[prop] = value
		}
	}
}

// deed is something that happens, of which the CRM keeps a history.
func (l *wholeLife) deed(r *rapid.T) {
	l.after(time.Minute)
	begin, calls, deals, before := l.now.Add(-time.Second), len(l.record.Activities), len(l.record.Deals), l.record.Deals
	switch rapid.IntRange(0, 8).Draw(r, "deed") {
	case 0, 1:
		deed(r, l.person)
		l.record.Deals = before // of what was deleted nothing is known
	case 2:
		l.deal(rapid.Bool().Draw(r, "closed"), rapid.Bool().Draw(r, "won"))
		l.record.Deals[deals].CreatedAt = l.now
		l.record.Deals[deals].UpdatedAt = l.now
	case 3:
		n, _ := strconv.Atoi(l.record.Contact.Properties["num_conversion_events"])
		l.set(map[string]string{"num_conversion_events": strconv.Itoa(n + rapid.IntRange(1, 4).Draw(r, "forms")), "recent_conversion_date": l.now.Add(-time.Second).Format(time.RFC3339)})
	case 4:
		l.call(rapid.SampledFrom([]string{noAnswer, connected}).Draw(r, "outcome"), 0)
	case 5:
		l.set(map[string]string{"budget": rapid.SampledFrom([]string{"", "500", "20000"}).Draw(r, "budget")})
	case 6:
		l.set(map[string]string{"jobtitle": rapid.SampledFrom([]string{"", "clerk", "Head of IT"}).Draw(r, "title")})
	default:
		l.after(time.Duration(rapid.IntRange(1, 24*20).Draw(r, "hours")) * time.Hour)
	}
	l.after(time.Minute)
	for i := calls; i < len(l.record.Activities); i++ {
		a := &l.record.Activities[i]
		if a.CreatedAt, a.UpdatedAt = l.now, l.now; a.Properties["hs_timestamp"] < begin.Format(time.RFC3339Nano) {
			a.Properties["hs_timestamp"] = begin.Format(time.RFC3339Nano) // what is logged late was not known at the looks before
		}
	}
}

func (l *wholeLife) past(at time.Time, told bool) workflows.Past {
	p := workflows.Past{Portal: l.portal, Model: l.model, Record: l.record, Decisions: l.decisions, At: at, Now: l.now}
	if told {
		history := connector.History{}
		for _, prop := range workflows.HistoryAsks(l.portal, l.model, l.record)[0].Props {
			history[prop] = l.versions[prop]
		}
		p.Told = map[connector.Ref]connector.History{{Type: connector.TypeContact, ID: l.record.ID}: history}
	}
	return p
}

func lives(r *rapid.T) *wholeLife {
	l := newLife(r, reach(rapid.SampledFrom([]string{"lead", "mql", "sql", "other"}).Draw(r, "first")))
	for range rapid.IntRange(1, 9).Draw(r, "deeds") { // fewer than a CRM keeps of one property
		l.deed(r)
		l.look()
	}
	l.after(time.Duration(rapid.IntRange(0, 24*60).Draw(r, "hours since")) * time.Hour)
	return l
}

// What was written to the CRM is not part of what is known of the past.
func unwritten() cmp.Option {
	return cmpopts.IgnoreFields(scoring.Evaluation{}, "Push", "NextChange", "Change")
}

// Where the CRM tells the history of properties, the evaluation of the past is the one that was made then.
func TestAsOf_equalsWhatWasEvaluatedThen(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		l := lives(r)
		for i, look := range l.looks {
			then := workflows.AsOf(l.past(look.at, true))
			if diff := cmp.Diff(look.ev, l.model.Evaluate(then.Lead, look.at), unwritten()); diff != "" {
				r.Fatalf("look %d at %s (-then +as of):\n%s\n%+v", i, look.at, diff, then.Known)
			}
			for _, k := range then.Known {
				if k.Basis != workflows.OfThen && k.What != workflows.KnownWritten && k.Reason.Code != workflows.ReasonMaybe {
					r.Fatalf("look %d: everything has a history, but %+v", i, k)
				}
			}
		}
	})
}

// Without a word from the CRM less is known. What is said to be of then is of then all the same.
func TestAsOf_claimsNoMoreThanItKnows(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		l := lives(r)
		for i, look := range l.looks {
			then := workflows.AsOf(l.past(look.at, false))
			for _, k := range then.Known {
				if k.Basis != workflows.OfThen {
					continue
				}
				var want, got any
				switch k.What {
				case workflows.KnownFact:
					want, got = look.lead.Facts[k.Name], then.Lead.Facts[k.Name]
				case workflows.KnownStage:
					want, got = look.lead.Stage, then.Lead.Stage
				case workflows.KnownStatus:
					want, got = look.lead.Status, then.Lead.Status
				case workflows.KnownActivity:
					want, got = begun(look.lead, k.Name, look.at), begun(then.Lead, k.Name, look.at)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					r.Fatalf("look %d at %s: %+v (-was +claimed):\n%s", i, look.at, k, diff)
				}
			}
		}
	})
}

// begun are the identities of the activities of a kind that count at a moment.
func begun(lead scoring.Lead, kind string, at time.Time) []string {
	ids := []string{}
	for _, a := range lead.Activities {
		if a.Kind == kind && !a.At.After(at) {
			ids = append(ids, a.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// A moment ago, if nothing has happened since, is as now; and so is now itself.
func TestAsOf_now(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		l := lives(r)
		l.look()
		at := l.now.Add(time.Second)
		l.after(time.Duration(rapid.IntRange(0, 100).Draw(r, "hours")) * time.Hour).after(2 * time.Second)
		now := workflows.LeadOf(l.portal, l.model, l.record)
		for name, past := range map[string]workflows.Past{"now": l.past(l.now, false), "a moment ago": l.past(at, false), "told": l.past(at, true)} {
			then := workflows.AsOf(past)
			if diff := cmp.Diff(l.model.Evaluate(now, past.At), l.model.Evaluate(then.Lead, past.At)); diff != "" {
				r.Fatalf("%s (-now +as of):\n%s", name, diff)
			}
		}
	})
}

func knowledgeOf(t fail, then workflows.Then, what, name string) workflows.Knowledge {
	t.Helper()
	for _, k := range then.Known {
		if k.What == what && k.Name == name {
			return k
		}
	}
	t.Fatalf("nothing is said about %s %q: %+v", what, name, then.Known)
	return workflows.Knowledge{}
}

func TestAsOf_basis(t *testing.T) {
	day := func(n int) time.Time { return monday.AddDate(0, 0, n) }
	contact := connector.Ref{Type: connector.TypeContact, ID: "101"}
	acme := connector.Object{Type: connector.TypeCompany, ID: "7", Properties: map[string]string{"industry": "Steel"}, UpdatedAt: day(1)}
	version := func(n int, value string) connector.Version { return connector.Version{Value: value, At: day(n)} }
	tell := func(prop string, versions ...connector.Version) func(*workflows.Past) {
		return func(p *workflows.Past) {
			p.Told = map[connector.Ref]connector.History{contact: {prop: versions}}
		}
	}
	many := make([]connector.Version, 10)
	for i := range many {
		many[i] = version(6+i, "1")
	}
	for name, tc := range map[string]struct {
		set   func(*workflows.Past)
		what  string
		of    string
		basis workflows.Basis
		code  scoring.ReasonCode
		value any
	}{
		"no history": {nil, "fact", "budget", workflows.OfToday, workflows.ReasonNoHistory, 500.0},
		"not modified since": {
			func(p *workflows.Past) { p.Record.Contact.UpdatedAt = day(2) },
			"fact", "budget", workflows.OfThen, workflows.ReasonUnmodified, 500.0,
		},
		"modified afterwards": {
			func(p *workflows.Past) { p.Record.Contact.UpdatedAt = day(6) },
			"fact", "budget", workflows.OfToday, workflows.ReasonNoHistory, 500.0,
		},
		"the version of then":  {tell("budget", version(1, "7"), version(4, "8"), version(6, "500")), "fact", "budget", workflows.OfThen, workflows.ReasonVersion, 8.0},
		"set later":            {tell("budget", version(6, "500")), "fact", "budget", workflows.OfThen, workflows.ReasonNotSetYet, nil},
		"older versions went":  {tell("budget", many...), "fact", "budget", workflows.OfToday, workflows.ReasonTooShort, 500.0},
		"a history of nothing": {tell("budget"), "fact", "budget", workflows.OfToday, workflows.ReasonNoHistory, 500.0},
		"never set":            {tell("vip"), "fact", "vip", workflows.OfThen, workflows.ReasonNotSetYet, nil},
		"a stored reading": {func(p *workflows.Past) {
			p.Record.Observations = []workflows.Observation{{Property: "budget", Value: "9", At: day(3), Known: workflows.KnownReading}, {Property: "budget", Value: "500", At: day(6), Known: workflows.KnownReading}}
		}, "fact", "budget", workflows.OfThen, workflows.ReasonVersion, 9.0},
		"the part of an address": {tell("email", version(1, "a@old.example"), version(6, "a@new.example")), "fact", "email_domain", workflows.OfThen, workflows.ReasonVersion, "old.example"},
		"the company's own": {func(p *workflows.Past) {
			tell("associatedcompanyid", version(1, "7"))(p)
			p.Record.Companies = []connector.Object{acme}
		}, "fact", "industry", workflows.OfThen, workflows.ReasonUnmodified, "Steel"},
		"a company that changed since": {func(p *workflows.Past) {
			tell("associatedcompanyid", version(1, "7"))(p)
			c := acme
			c.UpdatedAt = day(9)
			p.Record.Companies = []connector.Object{c}
		}, "fact", "industry", workflows.OfToday, workflows.ReasonNoHistory, "Steel"},
		"another company": {func(p *workflows.Past) {
			tell("associatedcompanyid", version(1, "8"), version(6, "7"))(p)
			p.Record.Companies = []connector.Object{acme}
		}, "fact", "industry", workflows.Unknown, workflows.ReasonOther, nil},
		"a company of which nobody knows since when": {
			func(p *workflows.Past) { p.Record.Companies = []connector.Object{acme} },
			"fact", "industry", workflows.OfToday, workflows.ReasonNoHistory, "Steel",
		},
		"a deal made later": {func(p *workflows.Past) {
			p.Record.Deals = []connector.Object{{Type: connector.TypeDeal, ID: "1", CreatedAt: day(6), UpdatedAt: day(6)}}
		}, "fact", "open_deals", workflows.OfThen, workflows.ReasonHappened, 0.0},
		"a deal that was open then": {func(p *workflows.Past) {
			p.Record.Deals = []connector.Object{{Type: connector.TypeDeal, ID: "1", CreatedAt: day(1), UpdatedAt: day(6), Properties: map[string]string{"hs_is_closed": "true", "hs_is_closed_won": "true"}}}
			p.Told = map[connector.Ref]connector.History{{Type: connector.TypeDeal, ID: "1"}: {"hs_is_closed": {version(1, "false"), version(6, "true")}, "hs_is_closed_won": {version(1, "false"), version(6, "true")}}}
		}, "fact", "open_deals", workflows.OfThen, workflows.ReasonHappened, 1.0},
		"a deal that was changed since": {func(p *workflows.Past) {
			p.Record.Deals = []connector.Object{{Type: connector.TypeDeal, ID: "1", CreatedAt: day(1), UpdatedAt: day(6), Properties: map[string]string{"hs_is_closed": "true", "hs_is_closed_won": "true"}}}
		}, "fact", "won_deals", workflows.OfToday, workflows.ReasonNoHistory, 1.0},
		"a deal of an unknown day": {func(p *workflows.Past) {
			p.Record.Deals = []connector.Object{{Type: connector.TypeDeal, ID: "1", UpdatedAt: day(1)}}
		}, "fact", "open_deals", workflows.OfToday, workflows.ReasonNoHistory, 1.0},
		"the stage since": {
			func(p *workflows.Past) { p.Record.State = &workflows.LeadState{Stage: "mql", StageSince: day(4)} },
			"stage", "", workflows.OfThen, workflows.ReasonSince, "mql",
		},
		"the stage between two moves": {func(p *workflows.Past) {
			p.Record.State = &workflows.LeadState{Stage: "sql", StageSince: day(6)}
			p.Decisions = []workflows.Decision{
				{At: day(6), Actions: []workflows.Action{{Class: workflows.ClassStage, Mode: workflows.ModeOn, From: "mql", To: "sql"}}},
				{At: day(2), Actions: []workflows.Action{{Class: workflows.ClassStage, Mode: workflows.ModeOn, From: "lead", To: "mql"}}},
			}
		}, "stage", "", workflows.Inferred, workflows.ReasonMoves, "mql"},
		"a shadowed move is none": {func(p *workflows.Past) {
			p.Decisions = []workflows.Decision{{At: day(6), Actions: []workflows.Action{{Class: workflows.ClassStage, Mode: workflows.ModeShadow, From: "mql", To: "sql"}}}}
		}, "stage", "", workflows.OfToday, workflows.ReasonNoHistory, ""},
		"the status in the CRM's history": {tell("hs_lead_status", version(2, "NEW"), version(8, "BAD_TIMING")), "status", "", workflows.OfThen, workflows.ReasonVersion, "new"},
		"the status before the first move": {func(p *workflows.Past) {
			p.Decisions = []workflows.Decision{{At: day(6), Actions: []workflows.Action{{Class: workflows.ClassStatus, Mode: workflows.ModeOn, From: "new", To: "attempted"}}}}
		}, "status", "", workflows.Inferred, workflows.ReasonMoves, "new"},
		"a call that is logged later": {
			func(p *workflows.Past) { p.Record.Activities = []connector.Object{call(day(4), day(6), day(6))} },
			"activity", "call", workflows.OfThen, workflows.ReasonLogged, 1,
		},
		"a call that was edited since": {
			func(p *workflows.Past) { p.Record.Activities = []connector.Object{call(day(4), day(4), day(6))} },
			"activity", "call", workflows.OfToday, workflows.ReasonEdited, 1,
		},
		"a call that had not happened": {
			func(p *workflows.Past) { p.Record.Activities = []connector.Object{call(day(6), day(6), day(6))} },
			"activity", "call", workflows.OfThen, workflows.ReasonHappened, 0,
		},
		"a call that was planned by then": {
			func(p *workflows.Past) { p.Record.Activities = []connector.Object{call(day(6), day(4), day(4))} },
			"activity", "call", workflows.OfThen, workflows.ReasonHappened, 1,
		},
		"forms that may have happened": {func(p *workflows.Past) {
			p.Record.Observations = []workflows.Observation{
				{Property: "num_conversion_events", Value: "1", At: day(2), Known: workflows.KnownReading},
				{Property: "recent_conversion_date", Value: day(2).Format(time.RFC3339), At: day(2), Known: workflows.KnownReading},
				{Property: "num_conversion_events", Value: "3", At: day(7), Known: workflows.KnownReading},
				{Property: "recent_conversion_date", Value: day(7).Format(time.RFC3339), At: day(7), Known: workflows.KnownReading},
			}
		}, "activity", "form", workflows.Unknown, workflows.ReasonMaybe, 1},
		"forms read later that surely had happened": {func(p *workflows.Past) {
			p.Record.Observations = []workflows.Observation{
				{Property: "num_conversion_events", Value: "3", At: day(7), Known: workflows.KnownReading}, {Property: "recent_conversion_date", Value: day(4).Format(time.RFC3339), At: day(7), Known: workflows.KnownReading},
			}
		}, "activity", "form", workflows.OfThen, workflows.ReasonHappened, 3},
		"written before": {func(p *workflows.Past) {
			p.Record.State = &workflows.LeadState{Pushed: map[string]int64{"fit": 3}}
			p.Decisions = []workflows.Decision{{At: day(2), Actions: []workflows.Action{{Class: workflows.ClassScore}}}}
		}, "written", "", workflows.OfThen, workflows.ReasonWrittenThen, int64(3)},
		"written since": {func(p *workflows.Past) {
			p.Record.State = &workflows.LeadState{Pushed: map[string]int64{"fit": 3}}
			p.Decisions = []workflows.Decision{{At: day(6), Actions: []workflows.Action{{Class: workflows.ClassScore}}}}
		}, "written", "", workflows.Unknown, workflows.ReasonUnwritten, int64(0)},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, map[string]string{"budget": "500", "email": "a@new.example"})
			past := workflows.Past{Portal: p.portal, Model: p.model, Record: p.record, At: day(5), Now: day(20)}
			if tc.set != nil {
				tc.set(&past)
			}
			then := workflows.AsOf(past)
			got := knowledgeOf(t, then, tc.what, tc.of)
			if got.Basis != tc.basis || got.Reason.Code != tc.code {
				t.Errorf("basis %s, reason %v; want %s, %s", got.Basis, got.Reason, tc.basis, tc.code)
			}
			if value := valueOf(then, tc.what, tc.of); value != tc.value {
				t.Errorf("value %v, want %v", value, tc.value)
			}
		})
	}
}

// A model that reads more than the mirror was read with: what it lacks is not taken for empty.
func TestAsOf_anotherModel(t *testing.T) {
	p := newPerson(t, map[string]string{"budget": "500"})
	p.record.Contact.UpdatedAt = monday
	other, err := scoring.Parse("other", []byte(strings.NewReplacer("contact.budget", "contact.budget_new", "contact.hs_analytics_num_visits", "contact.other_visits").Replace(string(p.model.Canonical()))))
	if err != nil {
		t.Fatal(err)
	}
	past := workflows.Past{Portal: p.portal, Model: other, Mirror: p.model, Record: p.record, Now: monday.AddDate(0, 0, 9)}
	contact := connector.Ref{Type: connector.TypeContact, ID: "101"}
	for name, tc := range map[string]struct {
		day  int
		told connector.History
		want workflows.Basis
	}{
		"then":          {5, nil, workflows.Unknown},
		"now":           {9, nil, workflows.Unknown},
		"later":         {12, nil, workflows.Unknown},
		"the CRM tells": {5, connector.History{"budget_new": {{Value: "7", At: monday}}, "other_visits": {{Value: "1", At: monday}}}, workflows.OfThen},
	} {
		t.Run(name, func(t *testing.T) {
			past.At, past.Told = monday.AddDate(0, 0, tc.day), map[connector.Ref]connector.History{contact: tc.told}
			then := workflows.AsOf(past)
			if got := knowledgeOf(t, then, "fact", "budget"); got.Basis != tc.want {
				t.Errorf("budget: %+v, want %s", got, tc.want)
			}
			if got := knowledgeOf(t, then, "activity", "visit"); got.Basis != tc.want {
				t.Errorf("visits: %+v, want %s", got, tc.want)
			}
			if got := knowledgeOf(t, then, "fact", "email"); got.Basis == workflows.Unknown {
				t.Errorf("the address is read: %+v", got)
			}
		})
	}
}

func call(at, created, updated time.Time) connector.Object {
	return connector.Object{
		Type: connector.TypeCall, ID: "1", CreatedAt: created, UpdatedAt: updated,
		Properties: map[string]string{"hs_timestamp": at.Format(time.RFC3339), "hs_call_disposition": connected},
	}
}

func valueOf(then workflows.Then, what, name string) any {
	switch what {
	case workflows.KnownStage:
		return then.Lead.Stage
	case workflows.KnownStatus:
		return then.Lead.Status
	case workflows.KnownWritten:
		return then.Lead.Pushed["fit"]
	case workflows.KnownActivity:
		return len(slices.DeleteFunc(slices.Clone(then.Lead.Activities), func(a scoring.Activity) bool { return !strings.HasPrefix(a.ID, name+"/") }))
	}
	switch v := then.Lead.Facts[name]; v.Type {
	case scoring.TypeText:
		return v.Text
	case scoring.TypeNumber:
		return v.Number
	case scoring.TypeBool, scoring.TypeTime:
	}
	return nil
}

func TestModelThen(t *testing.T) {
	at := func(n int) time.Time { return monday.AddDate(0, 0, n) }
	models := []workflows.StoredModel{{Version: "a", FirstUsed: at(0)}, {Version: "b", FirstUsed: at(10)}}
	decisions := []workflows.Decision{{Model: "a", At: at(15)}, {Model: "", At: at(16)}, {Model: "b", At: at(30)}}
	for day, want := range map[int]string{-1: "", 0: "a", 9: "a", 10: "b", 14: "b", 15: "a", 29: "a", 30: "b"} {
		if got, _ := workflows.ModelThen(models, decisions, at(day)); got != want {
			t.Errorf("day %d: model %q, want %q", day, got, want)
		}
	}
}
