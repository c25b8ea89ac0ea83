package hubspot_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"leadsync/connector"
	"leadsync/connector/hubspot"
)

// searched is a fake of search: filters, one sort, pages of 200, the 10,000 cap, 3,000 characters. Ties in
// the sort come in an order that changes with every call, which is what HubSpot leaves open.
type searched struct {
	t        testing.TB
	modified map[int]int64 // id to milliseconds
	searches int
	partial  []string // the properties asked for last
	before   func()   // runs before every search
	most     int      // records a page, whatever was asked; 0: as asked
}

type wireSearch struct {
	FilterGroups []struct {
		Filters []struct{ PropertyName, Operator, Value string }
	}
	Sorts      []struct{ PropertyName, Direction string }
	Properties []string
	Limit      int
	After      string
}

// beyond reports whether this is more than HubSpot's search can do (hubspot-api 5.4).
func (q wireSearch) beyond(after int, err error) bool {
	return err != nil || after+q.Limit > 10_000 || q.Limit > 200 || len(q.Sorts) != 1 || len(q.FilterGroups) > 5
}

func (s *searched) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.before != nil {
		s.before()
	}
	s.searches++
	if r.ContentLength > 3000 || r.ContentLength <= 0 {
		return answerWith(400, `{"category":"VALIDATION_ERROR","message":"too long"}`), nil
	}
	q := bodyOf[wireSearch](s.t, r)
	after, unread := strconv.Atoi(q.After)
	if q.beyond(after, unread) {
		return answerWith(400, `{"category":"VALIDATION_ERROR","message":"beyond what search can do"}`), nil
	}
	var hits []int
	for id, at := range s.modified {
		if slices.ContainsFunc(q.FilterGroups, func(g struct {
			Filters []struct{ PropertyName, Operator, Value string }
		},
		) bool {
			ok := len(g.Filters) <= 6
			for _, f := range g.Filters {
				ok = ok && s.holds(f.PropertyName, f.Operator, f.Value, id, at)
			}
			return ok
		}) {
			hits = append(hits, id)
		}
	}
	s.partial = q.Properties
	slices.SortFunc(hits, func(a, b int) int {
		if q.Sorts[0].PropertyName == "hs_object_id" {
			return a - b
		}
		return cmp.Or(cmp.Compare(s.modified[a], s.modified[b]), (a*7919+s.searches)%1009-(b*7919+s.searches)%1009, a-b)
	})
	if s.most > 0 {
		q.Limit = s.most
	}
	return answerWith(200, s.page(hits, after, q.Limit)), nil
}

func (s *searched) holds(name, operator, value string, id int, at int64) bool {
	have := int64(id)
	if name != "hs_object_id" {
		have = at
		if name != "lastmodifieddate" {
			s.t.Errorf("filter on %q: an empty answer in reality", name)
		}
	}
	want, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		s.t.Errorf("filter value %q", value)
	}
	switch operator {
	case "GTE":
		return have >= want
	case "GT":
		return have > want
	case "EQ":
		return have == want
	case "NEQ":
		return have != want
	default:
		s.t.Errorf("operator %q", operator)
		return false
	}
}

func (s *searched) page(hits []int, after, limit int) string {
	type rec struct {
		ID         string            `json:"id"`
		Properties map[string]string `json:"properties"`
	}
	results := []rec{}
	for _, id := range hits[min(after, len(hits)):min(after+limit, len(hits))] {
		results = append(results, rec{strconv.Itoa(id), map[string]string{
			"lastmodifieddate": time.UnixMilli(s.modified[id]).UTC().Format("2006-01-02T15:04:05.000Z"),
		}})
	}
	b, err := json.Marshal(map[string]any{"total": len(hits), "results": results})
	if err != nil {
		s.t.Error(err)
	}
	return string(b)
}

const t0 = int64(1_790_000_000_000)

// walkAll walks from t0 and counts how often each record came.
func walkAll(t rapid.TB, s *searched, props ...string) map[int]int {
	t.Helper()
	c, err := hubspot.New(quick(s))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]int{}
	q := connector.ChangedQuery{Type: connector.TypeContact, Since: time.UnixMilli(t0), Properties: props}
	for pages := 0; ; pages++ {
		page, err := c.Changed(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		if pages > 1000 {
			t.Fatal("the walk does not end")
		}
		for _, o := range page.Objects {
			id, err := strconv.Atoi(string(o.ID))
			if err != nil {
				t.Fatal(err)
			}
			seen[id]++
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return seen
		}
	}
}

func TestChangeWalkCosts(t *testing.T) {
	spread := func(n, perInstant int) map[int]int64 {
		m := map[int]int64{}
		for i := range n {
			m[i+1] = t0 + int64(i/perInstant)
		}
		return m
	}
	tied := func(before, at, after int) map[int]int64 {
		m := map[int]int64{}
		for i := range before + at + after {
			switch {
			case i < before:
				m[1000+i] = t0 + int64(i)
			case i < before+at:
				m[1000+i] = t0 + 50_000
			default:
				m[1000+i] = t0 + 50_000 + int64(i)
			}
		}
		return m
	}
	tests := []struct {
		name     string
		modified map[int]int64
		searches int // at most; exactly where the contract promises it
		exactly  bool
	}{
		{"nothing changed", nil, 1, true},
		{"one record", spread(1, 1), 1, true},
		{"one full page and no more", spread(200, 1), 1, true},
		{"one record more than a page", spread(201, 1), 2, true},
		{"1,000 contacts with distinct times", spread(1000, 1), 5, true},
		{"1,000 contacts in pairs", spread(1000, 2), 5, true},
		{"1,000 contacts in fives", spread(1000, 5), 5, true},
		{"450 at one instant", tied(30, 450, 300), 7, false},
		{"25,000 at one instant", tied(30, 25_000, 30), 130, false},
		{"12,000 records", spread(12_000, 1), 60, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &searched{t: t, modified: tt.modified}
			seen := walkAll(t, s)
			if len(seen) != len(tt.modified) {
				t.Errorf("%d of %d records delivered", len(seen), len(tt.modified))
			}
			if s.searches > tt.searches || tt.exactly && s.searches != tt.searches {
				t.Errorf("%d searches, want %d", s.searches, tt.searches)
			}
		})
	}
}

func TestChangeWalkDeliversWhatDoesNotChange(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := &searched{t: t, modified: map[int]int64{}}
		instants := rapid.Int64Range(1, 40).Draw(r, "instants")
		n := rapid.IntRange(0, 1500).Draw(r, "records")
		for i := range n {
			s.modified[i+1] = t0 + rapid.Int64Range(0, instants).Draw(r, "at")*rapid.SampledFrom([]int64{1, 1, 1000}).Draw(r, "scale")
		}
		still := map[int]bool{}
		for id := range s.modified {
			still[id] = true
		}
		now := t0 + 1_000_000
		churn := rapid.IntRange(0, 60).Draw(r, "churn")
		s.before = func() {
			for range churn {
				now += rapid.Int64Range(0, 1).Draw(r, "pass")
				id := rapid.IntRange(1, n+5).Draw(r, "changes")
				if rapid.IntRange(0, 9).Draw(r, "deletes") == 0 {
					delete(s.modified, id)
				} else {
					s.modified[id] = now
				}
				delete(still, id)
			}
			if s.searches > 12 {
				churn = 0 // let the walk come to its end
			}
		}
		seen := walkAll(r, s)
		for id := range still {
			if seen[id] == 0 {
				r.Fatalf("record %d did not change during the walk and was not delivered", id)
			}
		}
	})
}

func TestChangeWalkLeavesOutPropertiesThatDoNotFit(t *testing.T) {
	s := &searched{t: t, modified: map[int]int64{7: t0}}
	var few, many []string
	for i := range 200 {
		many = append(many, fmt.Sprintf("some_long_property_%d", i))
	}
	few = many[:40]
	c := newClient(t, quick(s))
	for _, tt := range []struct {
		props   []string
		partial bool
	}{{few, false}, {many, true}} {
		page, err := c.Changed(t.Context(), connector.ChangedQuery{Type: connector.TypeContact, Since: time.UnixMilli(t0), Properties: tt.props})
		if err != nil || page.Partial != tt.partial || len(page.Objects) != 1 {
			t.Errorf("%d properties: partial %t, %d records, %v", len(tt.props), page.Partial, len(page.Objects), err)
		}
		if asked := slices.Contains(s.partial, "some_long_property_0"); asked == tt.partial {
			t.Errorf("%d properties: asked for %v", len(tt.props), s.partial)
		}
	}
}

func TestChangedRefusesForeignCursor(t *testing.T) {
	s := &searched{t: t, modified: map[int]int64{}}
	_, err := newClient(t, quick(s)).Changed(t.Context(), connector.ChangedQuery{Type: connector.TypeContact, Cursor: "200"})
	if err == nil || !strings.Contains(err.Error(), "cursor") || s.searches != 0 {
		t.Errorf("cursor of another walk: %v after %d searches", err, s.searches)
	}
}

// TestChangeWalkOnShortPages has a server that gives fewer records than it was asked for and than it has.
func TestChangeWalkOnShortPages(t *testing.T) {
	s := &searched{t: t, most: 2, modified: map[int]int64{}}
	for i := range 60 {
		s.modified[i+1] = t0 + int64(i/4) // four at each instant: two pages of one instant
	}
	if seen := walkAll(t, s); len(seen) != 60 || s.searches != 30 {
		t.Errorf("%d of 60 records in %d searches, want 30", len(seen), s.searches)
	}
}
