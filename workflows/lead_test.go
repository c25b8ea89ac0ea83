package workflows_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

func TestOccurrences(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 3, n, 12, 0, 0, 0, time.UTC) }
	created := day(1)
	form := func(n int, at time.Time, uncertain bool, name string) scoring.Activity {
		a := scoring.Activity{ID: fmt.Sprintf("form/%d", n), Kind: "form", At: at, Uncertain: uncertain}
		if name != "" {
			a.Attributes = map[string]string{"name": name}
		}
		return a
	}
	read := func(count int64, first, last, seen int, name string) workflows.Observation {
		o := workflows.Observation{Kind: "form", Count: count, Name: name, ObservedAt: day(seen)}
		if first > 0 {
			o.FirstAt = day(first)
		}
		if last > 0 {
			o.LastAt = day(last)
		}
		return o
	}
	for name, tc := range map[string]struct {
		readings []workflows.Observation
		want     []scoring.Activity
	}{
		"none":                       {nil, nil},
		"another kind":               {[]workflows.Observation{{Kind: "visit", Count: 3, LastAt: day(2), ObservedAt: day(2)}}, nil},
		"one, dated by the counter":  {[]workflows.Observation{read(1, 0, 5, 6, "demo")}, []scoring.Activity{form(1, day(5), false, "demo")}},
		"one without a last date":    {[]workflows.Observation{read(1, 0, 0, 6, "demo")}, []scoring.Activity{form(1, created, true, "demo")}},
		"one with a first date only": {[]workflows.Observation{read(1, 4, 0, 6, "")}, []scoring.Activity{form(1, day(4), false, "")}},
		"older ones at the earliest": {[]workflows.Observation{read(3, 0, 5, 6, "demo")}, []scoring.Activity{form(1, created, true, ""), form(2, created, true, ""), form(3, day(5), false, "demo")}},
		"the first has its date":     {[]workflows.Observation{read(3, 2, 5, 6, "")}, []scoring.Activity{form(1, day(2), false, ""), form(2, day(2), true, ""), form(3, day(5), false, "")}},
		"between two readings": {
			[]workflows.Observation{read(1, 0, 5, 6, "a"), read(3, 0, 9, 10, "b")},
			[]scoring.Activity{form(1, day(5), false, "a"), form(2, day(5), true, ""), form(3, day(9), false, "b")},
		},
		"a counter that falls adds nothing": {
			[]workflows.Observation{read(3, 0, 5, 6, ""), read(1, 0, 7, 8, ""), read(3, 0, 8, 9, "")},
			[]scoring.Activity{form(1, created, true, ""), form(2, created, true, ""), form(3, day(5), false, "")},
		},
		"until it exceeds its highest": {
			[]workflows.Observation{read(2, 0, 5, 6, ""), read(1, 0, 7, 8, ""), read(4, 0, 9, 10, "")},
			[]scoring.Activity{form(1, created, true, ""), form(2, day(5), false, ""), form(3, day(5), true, ""), form(4, day(9), false, "")},
		},
		"the same count at a later date": {[]workflows.Observation{read(1, 0, 5, 6, "a"), read(1, 0, 7, 8, "b")}, []scoring.Activity{form(1, day(5), false, "a")}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, workflows.Occurrences("form", tc.readings, created)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			turned := slices.Clone(tc.readings)
			slices.Reverse(turned)
			if diff := cmp.Diff(tc.want, workflows.Occurrences("form", append(turned, tc.readings...), created)); diff != "" {
				t.Errorf("in another order and twice (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOccurrences_atMostAThousand(t *testing.T) {
	last := monday.Add(-time.Hour)
	for name, readings := range map[string][]workflows.Observation{
		"one reading":  {{Kind: "visit", Count: 1 << 40, LastAt: last, ObservedAt: monday}},
		"two readings": {{Kind: "visit", Count: 700, LastAt: last.Add(-time.Hour), ObservedAt: last}, {Kind: "visit", Count: 1700, LastAt: last, ObservedAt: monday}},
	} {
		t.Run(name, func(t *testing.T) {
			got := workflows.Occurrences("visit", readings, monday.AddDate(-1, 0, 0))
			newest := readings[len(readings)-1]
			if len(got) != 1000 || got[999].ID != fmt.Sprintf("visit/%d", newest.Count) || got[0].ID != fmt.Sprintf("visit/%d", newest.Count-999) {
				t.Fatalf("%d activities from %q to %q", len(got), got[0].ID, got[len(got)-1].ID)
			}
			if !got[999].At.Equal(last) || got[999].Uncertain {
				t.Errorf("the newest is %+v", got[999])
			}
		})
	}
}

// Whatever was read and in whichever order it is handed over: the same activities, each once, none dated
// after the newest date that the CRM told.
func TestOccurrences_anyOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var readings []workflows.Observation
		seen, last := monday, monday.AddDate(0, 0, -10)
		for range rapid.IntRange(0, 8).Draw(r, "readings") {
			seen = seen.Add(time.Duration(rapid.IntRange(1, 48).Draw(r, "hours")) * time.Hour)
			if rapid.Bool().Draw(r, "later") {
				last = seen.Add(-time.Hour)
			}
			readings = append(readings, workflows.Observation{Kind: "form", Count: int64(rapid.IntRange(1, 12).Draw(r, "count")), LastAt: last, ObservedAt: seen})
		}
		want := workflows.Occurrences("form", readings, monday.AddDate(-1, 0, 0))
		shuffled := append(rapid.Permutation(readings).Draw(r, "order"), readings...)
		if diff := cmp.Diff(want, workflows.Occurrences("form", shuffled, monday.AddDate(-1, 0, 0))); diff != "" {
			r.Fatalf("(-want +got):\n%s", diff)
		}
		ids, high := map[string]bool{}, int64(0)
		for _, o := range readings {
			high = max(high, o.Count)
		}
		for _, a := range want {
			ids[a.ID] = true
			if a.At.After(last) {
				r.Fatalf("%+v is later than anything the CRM told", a)
			}
		}
		if int64(len(ids)) != high || len(want) != len(ids) {
			r.Fatalf("%d activities with %d identities, want %d", len(want), len(ids), high)
		}
	})
}

func TestReadings(t *testing.T) {
	model := parseModel(t)
	contact := func(pairs ...string) connector.Object {
		return connector.Object{Type: connector.TypeContact, ID: "1", Properties: with(map[string]string{}, pairs...)}
	}
	first := workflows.Observation{Kind: "form", Count: 2, LastAt: monday, FirstAt: monday.AddDate(0, -1, 0), Name: "demo", ObservedAt: monday.Add(time.Hour)}
	props := []string{"num_conversion_events", "2", "recent_conversion_date", "2026-11-02T09:00:00Z", "first_conversion_date", "2026-10-02T09:00:00Z", "recent_conversion_event_name", "demo"}
	now := monday.Add(2 * time.Hour)
	later := func(o workflows.Observation) workflows.Observation { o.ObservedAt = now; return o }
	for name, tc := range map[string]struct {
		contact connector.Object
		before  []workflows.Observation
		want    []workflows.Observation
	}{
		"the first":          {contact(props...), nil, []workflows.Observation{later(first)}},
		"nothing new":        {contact(props...), []workflows.Observation{first}, nil},
		"one of two kinds":   {contact(append(props, "hs_analytics_num_visits", "4.0")...), []workflows.Observation{first}, []workflows.Observation{{Kind: "visit", Count: 4, ObservedAt: now}}},
		"a count went up":    {contact(append(props, "num_conversion_events", "3")...), []workflows.Observation{first}, []workflows.Observation{{Kind: "form", Count: 3, LastAt: first.LastAt, FirstAt: first.FirstAt, Name: "demo", ObservedAt: now}}},
		"a later date":       {contact(append(props, "recent_conversion_date", "2026-11-02T10:00:00Z")...), []workflows.Observation{first}, []workflows.Observation{{Kind: "form", Count: 2, LastAt: monday.Add(time.Hour), FirstAt: first.FirstAt, Name: "demo", ObservedAt: now}}},
		"the newest counts":  {contact(props...), []workflows.Observation{first, {Kind: "form", Count: 1, ObservedAt: monday.Add(-time.Hour)}}, nil},
		"zero":               {contact("num_conversion_events", "0"), nil, nil},
		"no number":          {contact("num_conversion_events", "many"), nil, nil},
		"no counter at all":  {contact(), nil, nil},
		"date in ms is read": {contact("num_conversion_events", "1", "recent_conversion_date", fmt.Sprint(monday.UnixMilli())), nil, []workflows.Observation{{Kind: "form", Count: 1, LastAt: monday, ObservedAt: now}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, workflows.Readings(model, tc.contact, tc.before, now)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLeadOf_facts(t *testing.T) {
	text := func(s string) scoring.Value { return scoring.Value{Type: scoring.TypeText, Text: s} }
	number := func(n float64) scoring.Value { return scoring.Value{Type: scoring.TypeNumber, Number: n} }
	unknown := scoring.Value{}
	for name, tc := range map[string]struct {
		contact map[string]string
		company map[string]string
		fact    string
		want    scoring.Value
	}{
		"text":                    {map[string]string{"jobtitle": "Head of IT"}, nil, "job_title", text("Head of IT")},
		"absent text":             {nil, nil, "job_title", unknown},
		"number":                  {map[string]string{"budget": "10000.50"}, nil, "budget", number(10000.5)},
		"zero is known":           {map[string]string{"budget": "0"}, nil, "budget", number(0)},
		"no number":               {map[string]string{"budget": "10k"}, nil, "budget", unknown},
		"not a number":            {map[string]string{"budget": "NaN"}, nil, "budget", unknown},
		"beyond all numbers":      {map[string]string{"budget": "1e16"}, nil, "budget", unknown},
		"beyond all, negative":    {map[string]string{"budget": "-Inf"}, nil, "budget", unknown},
		"true":                    {map[string]string{"vip": "true"}, nil, "vip", scoring.Value{Type: scoring.TypeBool, Bool: true}},
		"false is known":          {map[string]string{"vip": "false"}, nil, "vip", scoring.Value{Type: scoring.TypeBool}},
		"neither":                 {map[string]string{"vip": "perhaps"}, nil, "vip", unknown},
		"time":                    {map[string]string{"call_back_on": "2026-11-02T10:00:00+01:00"}, nil, "call_back_on", scoring.Value{Type: scoring.TypeTime, Time: monday}},
		"date":                    {map[string]string{"call_back_on": "2026-11-02"}, nil, "call_back_on", scoring.Value{Type: scoring.TypeTime, Time: monday.Add(-9 * time.Hour)}},
		"milliseconds":            {map[string]string{"call_back_on": fmt.Sprint(monday.UnixMilli())}, nil, "call_back_on", scoring.Value{Type: scoring.TypeTime, Time: monday}},
		"a short number is none":  {map[string]string{"call_back_on": "20261102"}, nil, "call_back_on", unknown},
		"no time":                 {map[string]string{"call_back_on": "soon"}, nil, "call_back_on", unknown},
		"domain":                  {map[string]string{"email": "p@Example.ORG"}, nil, "email_domain", text("example.org")},
		"domain of no address":    {map[string]string{"email": "example.org"}, nil, "email_domain", unknown},
		"the company first":       {map[string]string{"industry": "RETAIL"}, map[string]string{"industry": "MACHINERY"}, "industry", text("MACHINERY")},
		"else the contact":        {map[string]string{"industry": "RETAIL"}, map[string]string{"name": "X"}, "industry", text("RETAIL")},
		"without a company":       {map[string]string{"industry": "RETAIL"}, nil, "industry", text("RETAIL")},
		"how many are known":      {map[string]string{"email": "p@example.org", "budget": "many", "vip": "no"}, nil, "known_properties", number(2)},
		"none of them":            {nil, nil, "known_properties", number(0)},
		"no deals are zero deals": {nil, nil, "open_deals", number(0)},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, tc.contact)
			if tc.company != nil {
				p.record.Companies = []connector.Object{{Type: connector.TypeCompany, ID: "9", Properties: tc.company}, {Type: connector.TypeCompany, ID: "10", Properties: map[string]string{"industry": "SECOND"}}}
			}
			if diff := cmp.Diff(tc.want, workflows.LeadOf(p.portal, p.model, p.record).Facts[tc.fact]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.fact, diff)
			}
		})
	}
}

func TestLeadOf_deals(t *testing.T) {
	p := newPerson(t, nil).deal(false, false).deal(false, false).deal(true, true).deal(true, false).deal(true, false).deal(true, false)
	facts := workflows.LeadOf(p.portal, p.model, p.record).Facts
	got := []float64{facts["open_deals"].Number, facts["won_deals"].Number, facts["lost_deals"].Number}
	if !slices.Equal(got, []float64{2, 1, 3}) {
		t.Errorf("open, won, lost = %v, want 2, 1, 3", got)
	}
}

func TestLeadOf_portalsWords(t *testing.T) {
	p := newPerson(t, map[string]string{"lifecyclestage": "salesqualifiedlead", "hs_lead_status": "BAD_TIMING", "budget": "1", "budget_2026": "20000", "email": "p@example.org"})
	p.portal.Sources = map[string][]string{"budget": {"contact.budget_2026"}}
	p.call(connected, time.Hour).call("Left_Message", 2*time.Hour)
	p.record.Activities = append(p.record.Activities,
		connector.Object{Type: connector.TypeCall, ID: "1", Properties: map[string]string{"hs_call_disposition": noAnswer}},
		connector.Object{Type: connector.TypeMeeting, ID: "2", Properties: map[string]string{"hs_timestamp": "2026-11-02T09:00:00Z"}})
	lead := workflows.LeadOf(p.portal, p.model, p.record)
	if lead.Stage != "sql" || lead.Status != "bad_timing" || lead.Facts["budget"].Number != 20000 {
		t.Errorf("stage %q, status %q, budget %v", lead.Stage, lead.Status, lead.Facts["budget"])
	}
	want := []scoring.Activity{
		{ID: "call/501", Kind: "call", At: monday.Add(-time.Hour), Attributes: map[string]string{"outcome": "connected", "direction": "outbound"}},
		{ID: "call/502", Kind: "call", At: monday.Add(-2 * time.Hour), Attributes: map[string]string{"outcome": "left_message", "direction": "outbound"}},
		{ID: "meeting/2", Kind: "meeting", At: monday, Attributes: map[string]string{}},
	}
	if diff := cmp.Diff(want, lead.Activities); diff != "" { // the call without a time cannot be placed
		t.Errorf("activities (-want +got):\n%s", diff)
	}
}

func TestFactsHash(t *testing.T) {
	base := func() *person {
		p := newPerson(t, with(reach("sql"), "lifecyclestage", "lead", "budget", "5", "call_back_on", "2026-12-01", "num_conversion_events", "2", "recent_conversion_date", "2026-11-01T08:00:00Z"))
		p.record.Observations = p.readings()
		return p.call(noAnswer, time.Hour).call(connected, 2*time.Hour)
	}
	hash := func(p *person) string { return p.plan().State.FactsHash }
	want := hash(base())
	for name, tc := range map[string]struct {
		happen func(p *person)
		same   bool
	}{
		"nothing":            {func(*person) {}, true},
		"time":               {func(p *person) { p.after(100 * time.Hour) }, true},
		"our own properties": {func(p *person) { p.set(map[string]string{"leadsync_score": "1"}) }, true},
		"order":              {func(p *person) { slices.Reverse(p.record.Activities) }, true},
		"unreadable":         {func(p *person) { p.set(map[string]string{"jobtitle": ""}) }, true},
		"a fact":             {func(p *person) { p.set(map[string]string{"budget": "6"}) }, false},
		"a fact goes":        {func(p *person) { p.set(map[string]string{"budget": ""}) }, false},
		"a date":             {func(p *person) { p.set(map[string]string{"call_back_on": "2026-12-02"}) }, false},
		"a stage":            {func(p *person) { p.stage("customer") }, false},
		"a status":           {func(p *person) { p.status("NEW") }, false},
		"a call":             {func(p *person) { p.call(noAnswer, 0) }, false},
		"another outcome":    {func(p *person) { p.record.Activities[0].Properties["hs_call_disposition"] = connected }, false},
		"a form": {func(p *person) {
			p.set(map[string]string{"num_conversion_events": "3"})
			p.record.Observations = p.readings()
		}, false},
		"a deal": {func(p *person) { p.deal(false, false) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := base()
			tc.happen(p)
			if got := hash(p) == want; got != tc.same {
				t.Errorf("same hash: %v, want %v", got, tc.same)
			}
		})
	}
}
