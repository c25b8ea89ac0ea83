package workflows_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// lists is the part of a CRM that keeps static lists.
type lists struct {
	calls   []string
	members map[string]map[connector.ObjectID]bool // by list; a list that is not there has none
	gone    []connector.ObjectID
	silent  []connector.ObjectID // nothing is answered for these
	fail    error
}

func (l *lists) ChangeList(_ context.Context, c connector.ListChange) (connector.ListResult, error) {
	l.calls = append(l.calls, fmt.Sprintf("%s %v %d", c.List, c.Add, len(c.Member)))
	var out connector.ListResult
	if l.fail != nil {
		return out, l.fail
	}
	if l.members[c.List] == nil {
		return out, fault(connector.ErrNotFound)
	}
	for _, id := range c.Member {
		switch {
		case slices.Contains(l.gone, id):
			out.Missing = append(out.Missing, id)
		case slices.Contains(l.silent, id):
		default:
			l.members[c.List][id] = c.Add
			out.Done = append(out.Done, id)
		}
	}
	return out, nil
}

func listEntry(contact connector.ObjectID, list string, add bool) workflows.OutboxEntry {
	return entry(workflows.KindList, workflows.ClassList, "contact/"+string(contact)+"/list/"+list, contact, workflows.ListPayload{List: list, Name: "n" + list, Add: add})
}

func newListBench(t *testing.T) (*bench, *lists) {
	t.Helper()
	b := newBench(t)
	l := &lists{members: map[string]map[connector.ObjectID]bool{"11": {}, "12": {}}}
	b.pusher.Lists = l
	return b, l
}

func TestPush_lists(t *testing.T) {
	b, l := newListBench(t)
	l.gone, l.silent = []connector.ObjectID{"3"}, []connector.ObjectID{"4"}
	b.plan(listEntry("1", "11", true), listEntry("2", "11", true), listEntry("3", "11", true), listEntry("4", "11", true),
		listEntry("1", "12", false), listEntry("5", "11", false), listEntry("6", "99", true))
	b.must(b.push())
	slices.Sort(l.calls)
	if diff := cmp.Diff([]string{"11 false 1", "11 true 4", "12 false 1", "99 true 1"}, l.calls); diff != "" {
		t.Errorf("one call per list and direction (-want +got):\n%s", diff)
	}
	for key, want := range map[string]workflows.EntryState{
		"contact/1/list/11": settled, "contact/2/list/11": settled, "contact/3/list/11": parked, "contact/4/list/11": ready,
		"contact/1/list/12": settled, "contact/5/list/11": settled, "contact/6/list/99": parked,
	} {
		if e := b.entry(key); e.State != want {
			t.Errorf("%s is %s (%q), want %s", key, e.State, e.Error, want)
		}
	}
	if text := b.entry("contact/3/list/11").Error; !strings.Contains(text, `does not have contact "3"`) {
		t.Errorf("the parked contact: %q", text)
	}
	if text := b.entry("contact/6/list/99").Error; !strings.Contains(text, `list "99" is not there`) || !strings.Contains(text, "outbox retry") {
		t.Errorf("the unknown list: %q", text)
	}
	if diff := cmp.Diff(map[connector.ObjectID]bool{"1": true, "2": true, "5": false}, l.members["11"]); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	l.calls, l.silent = nil, nil
	b.clock = b.clock.Add(time.Hour)
	b.must(b.push())
	if diff := cmp.Diff([]string{"11 true 1"}, l.calls); diff != "" {
		t.Errorf("what nobody answered for is done again (-want +got):\n%s", diff)
	}
}

// A newer plan replaces what the row says, settled or not; 500 go in one call.
func TestPush_listsAreAbsolute(t *testing.T) {
	b, l := newListBench(t)
	b.plan(listEntry("1", "11", true))
	b.must(b.push())
	b.plan(listEntry("1", "11", false))
	b.must(b.push())
	b.plan(listEntry("1", "11", false), listEntry("1", "11", true))
	b.must(b.push())
	if diff := cmp.Diff([]string{"11 true 1", "11 false 1", "11 true 1"}, l.calls); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	l.calls = nil
	var many []workflows.OutboxEntry
	for i := range 501 {
		many = append(many, listEntry(connector.ObjectID(fmt.Sprint(i+1)), "12", true))
	}
	b.plan(many...)
	b.must(b.push())
	b.must(b.push())
	if diff := cmp.Diff([]string{"12 true 500", "12 true 1"}, l.calls); diff != "" {
		t.Errorf("batches (-want +got):\n%s", diff)
	}
}

func TestPush_listsFail(t *testing.T) {
	for name, tc := range map[string]struct {
		err   error
		state workflows.EntryState
		calls int
		wide  bool
	}{
		"lost answer":  {fault(connector.ErrAmbiguous), ready, 2, false},
		"unavailable":  {fault(connector.ErrUnavailable), ready, 2, false},
		"no scope":     {fault(connector.ErrForbidden), parked, 2, false},
		"throttled":    {fault(connector.ErrThrottled), ready, 1, true},
		"unauthorised": {fault(connector.ErrUnauthorized), ready, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			b, l := newListBench(t)
			l.fail = tc.err
			b.plan(listEntry("1", "11", true), listEntry("1", "12", true))
			if err := b.push(); (err != nil) != tc.wide {
				t.Errorf("%v", err)
			}
			if len(l.calls) != tc.calls {
				t.Errorf("calls %v", l.calls)
			}
			for _, key := range []string{"contact/1/list/11", "contact/1/list/12"} {
				if e := b.entry(key); e.State != tc.state {
					t.Errorf("%s is %s (%q), want %s", key, e.State, e.Error, tc.state)
				}
			}
		})
	}
}
