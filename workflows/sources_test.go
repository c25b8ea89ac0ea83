package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// listing is an account with forms, newest submission first, two on a page, and a place where positions are kept.
type listing struct {
	at    map[string][]time.Time // submissions of each form, newest first
	kept  map[string]workflows.Form
	got   map[string]int
	asked []string
	fail  map[string]error // by form; "" for the list of forms
}

func (l *listing) Forms(ctx context.Context) ([]connector.Form, error) {
	l.asked = append(l.asked, "forms")
	if connector.PurposeOf(ctx) != connector.PurposeSource {
		return nil, errors.New("no purpose")
	}
	var out []connector.Form
	for id := range l.at {
		out = append(out, connector.Form{ID: id, Name: id})
	}
	return out, l.fail[""]
}

func (l *listing) Submissions(_ context.Context, form string, at connector.Cursor) (connector.SubmissionPage, error) {
	l.asked = append(l.asked, form+string(at))
	from, _ := strconv.Atoi(string(at))
	all := l.at[form]
	page := connector.SubmissionPage{}
	for i, at := range all[from:min(from+2, len(all))] {
		page.Submissions = append(page.Submissions, connector.Submission{ID: fmt.Sprint(form, len(all)-from-i), At: at, Email: "a@example.com"})
	}
	if from+2 < len(all) {
		page.Next = connector.Cursor(strconv.Itoa(from + 2))
	}
	return page, l.fail[form]
}

func (l *listing) Occurrences(
	context.Context, connector.ObjectID, string, time.Time, connector.Cursor,
) (connector.OccurrencePage, error) {
	return connector.OccurrencePage{}, errors.New("nobody wants visits here")
}

func (l *listing) SaveForms(_ context.Context, _ workflows.Fence, forms []connector.Form, at time.Time) ([]workflows.Form, error) {
	var out []workflows.Form
	for _, f := range forms {
		if _, ok := l.kept[f.ID]; !ok {
			l.kept[f.ID] = workflows.Form{ID: f.ID, Name: f.Name, Began: at}
		}
		out = append(out, l.kept[f.ID])
	}
	return out, nil
}

func (l *listing) SaveSubmissions(_ context.Context, _ workflows.Fence, page workflows.SubmissionPage) error {
	l.kept[page.Form.ID] = page.Form
	for _, s := range page.Submissions {
		l.got[s.ID]++
	}
	return nil
}

// take tells and forgets what was asked.
func (l *listing) take() string {
	asked := strings.Join(l.asked, " ")
	l.asked = nil
	return asked
}

// reader is a source on a listing, with both clocks at the same time.
type reader struct {
	t *testing.T
	*listing
	*workflows.Sources
	now time.Time
}

func newReader(t *testing.T, forms map[string]int) *reader {
	t.Helper()
	l := &listing{at: map[string][]time.Time{}, kept: map[string]workflows.Form{}, got: map[string]int{}, fail: map[string]error{}}
	r := &reader{t: t, listing: l, now: monday}
	for form, n := range forms {
		l.at[form] = nil
		for i := range n {
			l.at[form] = append(l.at[form], monday.Add(-time.Duration(i+1)*time.Hour))
		}
	}
	r.restart()
	return r
}

// restart is another process on the same store.
func (r *reader) restart() {
	clock := func() time.Time { return r.now }
	r.Sources = &workflows.Sources{
		CRM: r.listing, Forms: r.listing, Portal: &workflows.Portal{ID: portalID, Submissions: true}, Now: clock, Clock: clock,
		Overlap: 15 * time.Minute, Log: quiet(),
	}
}

func (r *reader) step() bool {
	r.t.Helper()
	did, err := r.Step(r.t.Context(), workflows.Fence{Portal: portalID})
	if err != nil {
		r.t.Fatal(err)
	}
	return did
}

func (r *reader) want(asked string) {
	r.t.Helper()
	if got := r.take(); got != asked {
		r.t.Errorf("asked for %q, want %q", got, asked)
	}
}

func TestSources_walk(t *testing.T) {
	r := newReader(t, map[string]int{"f": 7})
	if r.step() {
		t.Error("nobody asked for a round")
	}
	r.Begin(true)
	r.step()
	r.want("forms f f2") // no more than two pages
	r.restart()          // a crash costs nothing that was stored
	r.Begin(true)
	for r.step() {
		continue
	}
	r.want("forms f4 f6")
	r.listing.at["f"] = slices.Insert(r.listing.at["f"], 0, r.now)
	r.now = r.now.Add(time.Minute)
	r.Begin(true)
	for r.step() {
		continue
	}
	r.want("forms f f2") // it has met what it has, and the overlap
	if len(r.got) != 8 {
		t.Errorf("%d submissions were stored, want all 8: %v", len(r.got), r.got)
	}
	if high := r.kept["f"].High; !high.Equal(monday) {
		t.Errorf("the newest is of %s, want %s", high, monday)
	}
}

// A form that nobody fills in is looked at once an hour, one in use whenever the clock asks.
func TestSources_quietForms(t *testing.T) {
	r := newReader(t, map[string]int{"busy": 1, "empty": 0})
	r.Begin(true)
	for r.step() {
		continue
	}
	r.take()
	for range 12 {
		r.now = r.now.Add(5 * time.Minute)
		r.Begin(false)
		for r.step() {
			continue
		}
	}
	if asked := r.take(); strings.Count(asked, "busy") < 8 || strings.Count(asked, "empty") != 1 || strings.Count(asked, "forms") != 1 {
		t.Errorf("in an hour asked for %s", asked)
	}
}

func TestSources_failures(t *testing.T) {
	for name, c := range map[string]struct {
		form  string
		err   error
		after time.Duration // until it is asked again
	}{
		"refused":     {"", connector.ErrForbidden, time.Hour},
		"no feature":  {"", connector.ErrNotFound, time.Hour},
		"unavailable": {"f", connector.ErrUnavailable, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReader(t, map[string]int{"f": 1})
			r.fail[c.form] = &connector.Error{Kind: c.err, Op: "list"}
			r.Begin(true)
			r.step()
			r.take()
			for range 3 {
				if r.step() {
					t.Error("it does not wait")
				}
			}
			r.want("")
			delete(r.fail, c.form)
			r.now = r.now.Add(c.after)
			for r.step() {
				continue
			}
			if len(r.got) != 1 {
				t.Error("it is never asked again")
			}
		})
	}
	t.Run("a form is gone", func(t *testing.T) {
		r := newReader(t, map[string]int{"f": 1, "gone": 1})
		r.fail["gone"] = &connector.Error{Kind: connector.ErrNotFound, Op: "list"}
		r.Begin(true)
		for r.step() {
			continue
		}
		if r.got["f1"] != 1 {
			t.Error("the other form was not read")
		}
	})
	t.Run("the place in the listing is gone", func(t *testing.T) {
		r := newReader(t, map[string]int{"f": 7})
		r.Begin(true)
		r.step()
		r.fail["f"] = &connector.Error{Kind: connector.ErrInvalid, Op: "list"}
		r.step()
		delete(r.fail, "f")
		r.Begin(true)
		for r.step() {
			continue
		}
		if len(r.got) != 7 {
			t.Errorf("%d submissions, want 7", len(r.got))
		}
	})
	t.Run("the portal as a whole", func(t *testing.T) {
		r := newReader(t, map[string]int{"f": 1})
		r.fail[""] = &connector.Error{Kind: connector.ErrUnauthorized, Op: "list"}
		r.Begin(true)
		if _, err := r.Step(t.Context(), workflows.Fence{Portal: portalID}); !errors.Is(err, connector.ErrUnauthorized) {
			t.Errorf("got %v", err)
		}
	})
}
