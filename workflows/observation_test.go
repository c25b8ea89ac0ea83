package workflows_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// forms is a roll-up with everything that a CRM can tell.
func forms() scoring.ActivityKind {
	return scoring.ActivityKind{
		Kind: "form", Attributes: map[string]string{"name": "form_name"},
		Counter: &scoring.Counter{Property: "forms", LastProperty: "last_form", FirstProperty: "first_form", NameProperty: "form_name"},
	}
}

// without is forms without the named parts.
func without(parts ...string) scoring.ActivityKind {
	k := forms()
	for _, part := range parts {
		switch part {
		case "counter":
			k.Counter.Property = ""
		case "last":
			k.Counter.LastProperty = ""
		case "name":
			k.Attributes = nil
		}
	}
	return k
}

func day(n int) time.Time { return time.Date(2026, 3, n, 12, 0, 0, 0, time.UTC) }

func on(n int) string {
	if n == 0 {
		return ""
	}
	return day(n).Format(time.RFC3339)
}

// reading is one look at all properties; a day of 0 is no date.
func reading(count int64, first, last, seen int, name string) []workflows.Observation {
	return observations(workflows.KnownReading, day(seen), "forms", strconv.FormatInt(count, 10), "first_form", on(first), "last_form", on(last), "form_name", name)
}

func written(at time.Time, pairs ...string) []workflows.Observation {
	return observations(workflows.KnownHistory, at, pairs...)
}

func observations(how workflows.Known, at time.Time, pairs ...string) []workflows.Observation {
	var all []workflows.Observation
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			all = append(all, workflows.Observation{Property: pairs[i], Value: pairs[i+1], At: at, Known: how})
		}
	}
	return all
}

func form(n int, at time.Time, name string) scoring.Activity {
	a := scoring.Activity{ID: fmt.Sprintf("form/%d", n), Kind: "form", At: at}
	if name != "" {
		a.Attributes = map[string]string{"name": name}
	}
	return a
}

// between is a form whose date is not known; a day of 0 is one that has no end.
func between(a scoring.Activity, notAfter time.Time) scoring.Activity {
	a.Uncertain, a.NotAfter = true, notAfter
	return a
}

func TestOccurrences(t *testing.T) {
	created := day(1)
	for name, tc := range map[string]struct {
		kind     scoring.ActivityKind
		observed [][]workflows.Observation
		want     []scoring.Activity
	}{
		"none":                       {forms(), nil, nil},
		"another property":           {forms(), [][]workflows.Observation{written(day(2), "visits", "3")}, nil},
		"one, dated by the counter":  {forms(), [][]workflows.Observation{reading(1, 0, 5, 6, "demo")}, []scoring.Activity{form(1, day(5), "demo")}},
		"one without a last date":    {forms(), [][]workflows.Observation{reading(1, 0, 0, 6, "demo")}, []scoring.Activity{between(form(1, created, "demo"), day(6))}},
		"one with a first date only": {forms(), [][]workflows.Observation{reading(1, 4, 0, 6, "")}, []scoring.Activity{form(1, day(4), "")}},
		"older ones at the earliest": {forms(), [][]workflows.Observation{reading(3, 0, 5, 6, "demo")}, []scoring.Activity{between(form(1, created, ""), day(5)), between(form(2, created, ""), day(5)), form(3, day(5), "demo")}},
		"the first has its date":     {forms(), [][]workflows.Observation{reading(3, 2, 5, 6, "")}, []scoring.Activity{form(1, day(2), ""), between(form(2, day(2), ""), day(5)), form(3, day(5), "")}},
		"between two readings": {
			forms(),
			[][]workflows.Observation{reading(1, 0, 5, 6, "a"), reading(3, 0, 9, 10, "b")},
			[]scoring.Activity{form(1, day(5), "a"), between(form(2, day(5), ""), day(9)), form(3, day(9), "b")},
		},
		"a counter that falls adds nothing": {
			forms(),
			[][]workflows.Observation{reading(3, 0, 5, 6, ""), reading(1, 0, 7, 8, ""), reading(3, 0, 8, 9, "")},
			[]scoring.Activity{between(form(1, created, ""), day(5)), between(form(2, created, ""), day(5)), form(3, day(5), "")},
		},
		"until it exceeds its highest": {
			forms(),
			[][]workflows.Observation{reading(2, 0, 5, 6, ""), reading(1, 0, 7, 8, ""), reading(4, 0, 9, 10, "")},
			[]scoring.Activity{between(form(1, created, ""), day(5)), form(2, day(5), ""), between(form(3, day(5), ""), day(9)), form(4, day(9), "")},
		},
		"the same count at a later date": {forms(), [][]workflows.Observation{reading(1, 0, 5, 6, "a"), reading(1, 0, 7, 8, "b")}, []scoring.Activity{form(1, day(5), "a")}},
		"the date comes after the count": {
			forms(),
			[][]workflows.Observation{reading(1, 0, 5, 6, ""), reading(2, 0, 5, 8, ""), reading(2, 0, 7, 9, "")},
			[]scoring.Activity{form(1, day(5), ""), form(2, day(7), "")},
		},
		"the date never comes": {
			forms(),
			[][]workflows.Observation{reading(1, 0, 5, 6, ""), reading(2, 0, 5, 8, "")},
			[]scoring.Activity{form(1, day(5), ""), between(form(2, day(5), ""), day(8))},
		},
		"the history dates each": {
			forms(),
			[][]workflows.Observation{
				written(day(3), "forms", "1", "last_form", on(3), "form_name", "a"), written(day(5).Add(2*time.Second), "forms", "2"),
				written(day(5), "last_form", on(5)), written(day(5).Add(3*time.Second), "form_name", "b"), reading(2, 0, 5, 9, "b"),
			},
			[]scoring.Activity{form(1, day(3), "a"), form(2, day(5), "b")},
		},
		"a counter alone is dated by its history": {
			without("last", "name"),
			[][]workflows.Observation{written(day(3), "forms", "1"), written(day(7), "forms", "3")},
			[]scoring.Activity{
				{ID: "form/1", Kind: "form", At: day(3), Uncertain: true, NotBefore: created, NotAfter: day(3)},
				between(form(2, day(3), ""), day(7)),
				{ID: "form/3", Kind: "form", At: day(7), Uncertain: true, NotBefore: day(3), NotAfter: day(7)},
			},
		},
		"a counter alone, only read": {
			without("last", "name"),
			[][]workflows.Observation{reading(1, 0, 0, 3, ""), reading(2, 0, 0, 7, "")},
			[]scoring.Activity{between(form(1, created, ""), day(3)), between(form(2, day(3), ""), day(7))},
		},
		"a last date alone": {
			without("counter"),
			[][]workflows.Observation{
				written(day(6), "last_form", on(5), "form_name", "b"), written(day(3), "last_form", on(3), "form_name", "a"),
				observations(workflows.KnownReading, day(9), "last_form", fmt.Sprint(day(5).UnixMilli()), "form_name", "b"),
			},
			[]scoring.Activity{
				{ID: fmt.Sprintf("form/%d", day(3).UnixMilli()), Kind: "form", At: day(3), Attributes: map[string]string{"name": "a"}},
				{ID: fmt.Sprintf("form/%d", day(5).UnixMilli()), Kind: "form", At: day(5), Attributes: map[string]string{"name": "b"}},
			},
		},
		"readings of the first release": {
			forms(),
			[][]workflows.Observation{
				observations(workflows.KnownReading, day(6), "@form.count", "1", "@form.last", fmt.Sprint(day(5).UnixMilli()), "@form.name", "a"),
				reading(2, 0, 8, 9, "b"),
			},
			[]scoring.Activity{form(1, day(5), "a"), form(2, day(8), "b")},
		},
		"no number": {forms(), [][]workflows.Observation{written(day(3), "forms", "many"), written(day(4), "forms", "NaN"), written(day(5), "forms", "1e300")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			all := slices.Concat(tc.observed...)
			if diff := gocmp.Diff(tc.want, workflows.Occurrences(tc.kind, all, created)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			turned := slices.Clone(all)
			slices.Reverse(turned)
			if diff := gocmp.Diff(tc.want, workflows.Occurrences(tc.kind, append(turned, all...), created)); diff != "" {
				t.Errorf("in another order and twice (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOccurrences_atMostAThousand(t *testing.T) {
	for name, observed := range map[string][]workflows.Observation{
		"one reading":  reading(1<<40, 0, 8, 9, ""),
		"two readings": append(reading(700, 0, 5, 6, ""), reading(1700, 0, 8, 9, "")...),
	} {
		t.Run(name, func(t *testing.T) {
			got := workflows.Occurrences(forms(), observed, day(1))
			if len(got) != 1000 {
				t.Fatalf("%d activities", len(got))
			}
			if newest := got[999]; !newest.At.Equal(day(8)) || newest.Uncertain || newest.ID == got[0].ID {
				t.Errorf("the newest is %+v", newest)
			}
		})
	}
}

// past is a contact's true past, property by property, and what readings of it would see.
type past struct {
	versions []workflows.Observation
	now      time.Time
}

func (p past) at(moment time.Time) []workflows.Observation {
	var seen []workflows.Observation
	for _, property := range []string{"forms", "last_form", "first_form", "form_name"} {
		value, found := "", false
		for _, v := range p.versions {
			if v.Property == property && !v.At.After(moment) {
				value, found = v.Value, true
			}
		}
		if found {
			seen = append(seen, workflows.Observation{Property: property, Value: value, At: moment, Known: workflows.KnownReading})
		}
	}
	return seen
}

func drawPast(r *rapid.T) past {
	p := past{now: day(1)}
	count := 0
	for range rapid.IntRange(0, 12).Draw(r, "versions") {
		p.now = p.now.Add(time.Duration(rapid.IntRange(1, 5000).Draw(r, "seconds")) * time.Second)
		v := workflows.Observation{At: p.now, Known: workflows.KnownHistory}
		switch rapid.IntRange(0, 4).Draw(r, "what") {
		case 0, 1:
			count = max(0, count+rapid.IntRange(-2, 4).Draw(r, "more"))
			v.Property, v.Value = "forms", strconv.Itoa(count)
		case 2:
			v.Property, v.Value = "last_form", p.now.Add(-time.Duration(rapid.IntRange(0, 9000).Draw(r, "ago"))*time.Second).Format(time.RFC3339)
		case 3:
			v.Property, v.Value = "form_name", rapid.SampledFrom([]string{"a", "b", ""}).Draw(r, "name")
		default:
			v.Property, v.Value = "first_form", on(2)
		}
		p.versions = append(p.versions, v)
	}
	return p
}

// Whatever was read beside the history, in whichever order and how often: the same activities, bit for bit.
func TestOccurrences_readingsAddNothingToTheHistory(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := drawPast(r)
		all := slices.Clone(p.versions)
		for range rapid.IntRange(0, 6).Draw(r, "readings") {
			seen := p.at(day(1).Add(time.Duration(rapid.IntRange(0, 70000).Draw(r, "at")) * time.Second))
			skew := time.Duration(rapid.IntRange(-600, 600).Draw(r, "skew")) * time.Second // our clock is not the CRM's
			for i := range seen {
				seen[i].At = seen[i].At.Add(skew)
			}
			all = append(all, rapid.Permutation(seen).Draw(r, "properties")[:rapid.IntRange(0, len(seen)).Draw(r, "some")]...)
		}
		all = append(rapid.Permutation(all).Draw(r, "order"), p.versions...)
		for _, k := range []scoring.ActivityKind{forms(), without("counter"), without("last"), without("name")} {
			want := workflows.Occurrences(k, p.versions, day(1))
			if diff := gocmp.Diff(want, workflows.Occurrences(k, all, day(1))); diff != "" {
				r.Fatalf("(-want +got):\n%s", diff)
			}
		}
	})
}

// Without a history too, order and repetition change nothing, identities are the numbers, and no occurrence is
// dated outside what is known of it.
func TestOccurrences_anyOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := drawPast(r)
		var readings []workflows.Observation
		for range rapid.IntRange(0, 8).Draw(r, "readings") {
			readings = append(readings, p.at(day(1).Add(time.Duration(rapid.IntRange(0, 70000).Draw(r, "at"))*time.Second))...)
		}
		want := workflows.Occurrences(forms(), readings, day(1))
		shuffled := append(rapid.Permutation(readings).Draw(r, "order"), readings...)
		if diff := gocmp.Diff(want, workflows.Occurrences(forms(), shuffled, day(1))); diff != "" {
			r.Fatalf("(-want +got):\n%s", diff)
		}
		high := 0
		for _, o := range readings {
			if n, err := strconv.Atoi(o.Value); err == nil && o.Property == "forms" {
				high = max(high, n)
			}
		}
		if len(want) != high {
			r.Fatalf("%d occurrences of a counter that was seen at %d", len(want), high)
		}
		for i, a := range want {
			from := a.NotBefore
			if from.IsZero() {
				from = a.At
			}
			switch {
			case a.ID != fmt.Sprintf("form/%d", i+1):
				r.Fatalf("occurrence %d is called %s", i+1, a.ID)
			case a.Uncertain != !a.NotAfter.IsZero():
				r.Fatalf("%+v: an interval says that the date is uncertain", a)
			case a.Uncertain && (a.At.Before(from) || a.At.After(a.NotAfter)):
				r.Fatalf("%+v is dated outside what is known", a)
			}
		}
	})
}

func TestReadings(t *testing.T) {
	model := parseModel(t)
	contact := func(pairs ...string) connector.Object {
		return connector.Object{Type: connector.TypeContact, ID: "1", Properties: with(map[string]string{}, pairs...)}
	}
	now := monday.Add(2 * time.Hour)
	props := []string{"num_conversion_events", "2", "recent_conversion_date", "2026-11-02T09:00:00Z", "recent_conversion_event_name", "demo"}
	before := observations(workflows.KnownReading, monday.Add(time.Hour), props...)
	for name, tc := range map[string]struct {
		contact connector.Object
		before  []workflows.Observation
		want    []workflows.Observation
	}{
		"the first":            {contact(props...), nil, observations(workflows.KnownReading, now, props...)},
		"nothing new":          {contact(props...), before, nil},
		"one of two kinds":     {contact(append(props, "hs_analytics_num_visits", "4.0")...), before, observations(workflows.KnownReading, now, "hs_analytics_num_visits", "4.0")},
		"a count went up":      {contact(append(props, "num_conversion_events", "3")...), before, observations(workflows.KnownReading, now, "num_conversion_events", "3")},
		"a later date":         {contact(append(props, "recent_conversion_date", "2026-11-02T10:00:00Z")...), before, observations(workflows.KnownReading, now, "recent_conversion_date", "2026-11-02T10:00:00Z")},
		"written differently":  {contact(append(props, "num_conversion_events", "2.0", "recent_conversion_date", fmt.Sprint(monday.UnixMilli()))...), before, nil},
		"the history knows it": {contact(props...), observations(workflows.KnownHistory, monday, props...), nil},
		"the first release":    {contact("num_conversion_events", "2"), observations(workflows.KnownReading, monday, "@form.count", "2"), nil},
		"since the first one":  {contact("num_conversion_events", "3"), observations(workflows.KnownReading, monday, "@form.count", "2"), observations(workflows.KnownReading, now, "num_conversion_events", "3")},
		"no counter at all":    {contact(), nil, nil},
		"cleared": {contact("num_conversion_events", "2", "recent_conversion_event_name", "demo"), before, []workflows.Observation{
			{Property: "recent_conversion_date", At: now, Known: workflows.KnownReading},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			byName := func(a, b workflows.Observation) int { return cmp.Compare(a.Property, b.Property) }
			got := workflows.Readings(model, tc.contact, tc.before, now)
			slices.SortFunc(tc.want, byName)
			slices.SortFunc(got, byName)
			if diff := gocmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
