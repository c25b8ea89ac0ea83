package workflows_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leadsync/scoring"
	"leadsync/workflows"
)

// event is a submission at a minute of the first of March.
func event(id string, minute float64, fresh bool) workflows.SourceEvent {
	at := day(1).Add(time.Duration(minute * float64(time.Minute)))
	return workflows.SourceEvent{ID: id, At: at, Name: "form " + id, Page: "https://example.com/" + id, Fresh: fresh}
}

// dated is an occurrence that the contact had a date of; within one of which only the bounds are known, 0 and another.
func dated(n int, minute float64) scoring.Activity {
	return scoring.Activity{
		ID: fmt.Sprintf("form/%d", n), Kind: "form", At: day(1).Add(time.Duration(minute * float64(time.Minute))),
		Attributes: map[string]string{"name": "counter"},
	}
}

func within(n int, to float64) scoring.Activity {
	a := dated(n, 0)
	a.Uncertain, a.NotAfter, a.Attributes = true, dated(n, to).At, nil
	return a
}

// shown tells an activity in one word: its number, its minute, the event that gave its name; ~ if it is uncertain.
func shown(acts []scoring.Activity) string {
	var words []string
	for _, a := range acts {
		word := fmt.Sprintf("%s@%v", strings.TrimPrefix(a.ID, "form/"), a.At.Sub(day(1)).Minutes())
		if a.Uncertain {
			word += "~"
		}
		if name, ok := strings.CutPrefix(a.Attributes["name"], "form "); ok {
			word += "=" + name
			if a.Attributes["page"] != "https://example.com/"+name {
				word += "?"
			}
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestSourced(t *testing.T) {
	for name, c := range map[string]struct {
		kind    scoring.ActivityKind
		counted []scoring.Activity
		events  []workflows.SourceEvent
		want    string
	}{
		"no source": {forms(), []scoring.Activity{dated(1, 5)}, nil, "1@5"},
		"the same event": {
			forms(), []scoring.Activity{dated(1, 5)}, []workflows.SourceEvent{event("a", 5.5, true)}, "1@5.5=a",
		},
		"a minute apart, and more": {
			forms(), []scoring.Activity{dated(1, 5), dated(2, 10)}, []workflows.SourceEvent{event("a", 6, false), event("b", 11.1, false)}, "1@6=a 2@10",
		},
		"twice within seconds, the counter went up by two": {
			forms(), []scoring.Activity{within(1, 5), dated(2, 5)}, []workflows.SourceEvent{event("a", 4.9, true), event("b", 5, true)}, "1@4.9=a 2@5=b",
		},
		"the closest first": {
			forms(), []scoring.Activity{dated(1, 5), dated(2, 5.5)}, []workflows.SourceEvent{event("a", 5.5, true), event("b", 5.1, true)}, "1@5.1=b 2@5.5=a",
		},
		"older than every submission stays": {
			forms(), []scoring.Activity{dated(1, -1000), dated(2, 5)}, []workflows.SourceEvent{event("a", 5, false)}, "1@-1000 2@5=a",
		},
		"the narrow bounds first": {
			forms(), []scoring.Activity{within(1, 100), within(2, 10)}, []workflows.SourceEvent{event("a", 5, true), event("b", 50, true)}, "1@50=b 2@5=a",
		},
		"outside its bounds": {
			forms(), []scoring.Activity{within(1, 10)}, []workflows.SourceEvent{event("a", 12, false), event("b", -2, true)}, "1@0~",
		},
		"ahead of the counter": {
			forms(), []scoring.Activity{dated(3, 5)}, []workflows.SourceEvent{event("a", 7, true), event("b", 7.1, true)}, "3@5 4@7=a 5@7.1=b",
		},
		"ahead of a counter that was never seen": {forms(), nil, []workflows.SourceEvent{event("a", 7, true)}, "1@7=a"},
		"old and unexplained":                    {forms(), nil, []workflows.SourceEvent{event("a", 7, false)}, ""},
		"not ahead of what the counter covers": {
			forms(), []scoring.Activity{within(1, 10), dated(2, 20)}, []workflows.SourceEvent{event("a", 5, true), event("b", 6, true)}, "1@5=a 2@20",
		},
		"a kind of dates gets no numbers": {
			without("counter"), []scoring.Activity{dated(1, 5)}, []workflows.SourceEvent{event("a", 5, true), event("b", 9, true)}, "1@5=a",
		},
		"told twice": {
			forms(), []scoring.Activity{dated(1, 5)}, []workflows.SourceEvent{event("a", 7, true), event("a", 7, true)}, "1@5 2@7=a",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := shown(workflows.Sourced(c.kind, c.counted, c.events)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// life is what happened to a contact: forms filled in, some of them listed, and looks at its counter.
type life struct {
	observations []workflows.Observation
	events       []workflows.SourceEvent
	occurred     int
}

func drawLife(t *rapid.T) life {
	var l life
	minute, began := 0, rapid.IntRange(0, 2000).Draw(t, "began")
	for i := range rapid.IntRange(0, 12).Draw(t, "forms") {
		minute += rapid.SampledFrom([]int{0, 1, 2, 30, 400}).Draw(t, "pause")
		l.occurred++
		if rapid.IntRange(0, 4).Draw(t, "listed") > 0 {
			l.events = append(l.events, event(fmt.Sprint(i), float64(minute), minute >= began))
		}
		if rapid.Bool().Draw(t, "looked") {
			last := day(1).Add(time.Duration(minute) * time.Minute)
			l.observations = append(l.observations, observations(
				workflows.KnownReading, last.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "late"))*time.Minute),
				"forms", fmt.Sprint(l.occurred), "last_form", last.Format(time.RFC3339),
			)...)
		}
	}
	return l
}

func (l life) activities() (counted, joined []scoring.Activity) {
	counted = workflows.Occurrences(forms(), l.observations, day(0))
	return counted, workflows.Sourced(forms(), counted, l.events)
}

// Order and repetition of what was read change nothing; no event counts twice, no occurrence of the counter is lost,
// and there are never more occurrences than things that happened.
func TestSourced_properties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLife(t)
		counted, joined := l.activities()
		again := life{
			observations: rapid.Permutation(slices.Concat(l.observations, l.observations)).Draw(t, "observations"),
			events:       rapid.Permutation(slices.Concat(l.events, l.events)).Draw(t, "events"),
		}
		if _, got := again.activities(); gocmp.Diff(joined, got) != "" {
			t.Fatalf("order or repetition counts:\n%s", gocmp.Diff(joined, got))
		}
		if len(joined) < len(counted) || len(joined) > max(l.occurred, len(counted)) {
			t.Fatalf("%d things happened, the counter tells %d, together they are %d: %s", l.occurred, len(counted), len(joined), shown(joined))
		}
		listed, ids := map[string]int{}, map[string]bool{}
		for _, a := range joined {
			if ids[a.ID] {
				t.Fatalf("%s is there twice: %s", a.ID, shown(joined))
			}
			ids[a.ID] = true
			if name := a.Attributes["name"]; name != "" {
				listed[name]++
			}
		}
		for name, n := range listed {
			if n > 1 {
				t.Fatalf("event %q counts %d times: %s", name, n, shown(joined))
			}
		}
		for i, a := range counted {
			if joined[i].ID != a.ID {
				t.Fatalf("occurrence %s was lost: %s", a.ID, shown(joined))
			}
			if from, to := boundsOf(a); joined[i].At.Before(from) || joined[i].At.After(to) {
				t.Fatalf("occurrence %s of %s to %s moved to %s", a.ID, from, to, joined[i].At)
			}
		}
	})
}

// boundsOf is when an occurrence can have happened, as the rule says it.
func boundsOf(a scoring.Activity) (from, to time.Time) {
	from, to = a.At, a.At
	if a.Uncertain && !a.NotBefore.IsZero() {
		from = a.NotBefore
	}
	if a.Uncertain && a.NotAfter.After(to) {
		to = a.NotAfter
	}
	return from.Add(-time.Minute), to.Add(time.Minute)
}
