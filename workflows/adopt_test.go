package workflows_test

import (
	"errors"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// What will never be readable is parked with the CRM's own words instead of being asked for ever.
func TestPush_lookingIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		entry workflows.OutboxEntry
		crash bool
		fail  string
		kind  error
		tries int
	}{
		"by key, forbidden":      {task("k", "1"), true, "FindByKey", connector.ErrForbidden, 2},
		"by key, unavailable":    {task("k", "1"), true, "FindByKey", connector.ErrUnavailable, 12},
		"links, gone":            {task("k", "1"), true, "AssertLinks", connector.ErrNotFound, 2},
		"open deals, forbidden":  {dealEntry("k", "1"), false, "Links", connector.ErrForbidden, 1},
		"open deals, unavaiable": {dealEntry("k", "1"), false, "Links", connector.ErrUnavailable, 12},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.plan(tc.entry)
			if tc.crash {
				b.crash(tc.entry.Kind)
				b.crm.things["k"] = connector.KeyState{ID: "42"}
			}
			b.crm.fail[tc.fail] = fault(tc.kind)
			for range 20 {
				b.must(b.push())
				b.clock = b.clock.Add(time.Hour)
			}
			b.wants("k", parked, tc.tries, 0)
		})
	}
}

// One task that cannot be linked, since its contact is gone, does not hold up the others.
func TestPush_oneLinkIsRefused(t *testing.T) {
	b := newBench(t)
	for _, key := range []string{"a", "bad", "c"} {
		b.plan(task(key, connector.ObjectID("of-"+key)))
	}
	b.plan(task("missing", "9"))
	b.crash(workflows.KindTask)
	for _, key := range []string{"a", "bad", "c"} {
		b.crm.things[key] = connector.KeyState{ID: connector.ObjectID("id-" + key)}
	}
	b.crm.fail["link of-bad"] = fault(connector.ErrNotFound)
	b.must(b.push())
	b.wants("a", settled, 2, 0)
	b.wants("bad", parked, 2, 0)
	b.wants("c", settled, 2, 0)
	b.wants("missing", settled, 2, 0)
	if len(b.crm.things) != 4 {
		t.Errorf("in the CRM: %v", b.crm.things)
	}
}

// The token is revoked while entries are adopted one by one: none is lost, none created twice.
func TestPush_revokedWhileAdopting(t *testing.T) {
	b := newBench(t)
	for _, key := range []string{"a", "b", "c", "d"} {
		b.plan(task(key, connector.ObjectID("of-"+key)))
	}
	b.crash(workflows.KindTask)
	for _, key := range []string{"b", "c", "d"} {
		b.crm.things[key] = connector.KeyState{ID: connector.ObjectID("id-" + key)}
	}
	b.crm.fail["link of-b"], b.crm.fail["link of-c"] = fault(connector.ErrUnavailable), fault(connector.ErrUnauthorized)
	if err := b.push(); !errors.Is(err, connector.ErrUnauthorized) {
		t.Fatalf("error %v", err)
	}
	for _, key := range []string{"a", "b", "c", "d"} {
		if got := b.entry(key).State; got != sending {
			t.Errorf("%s is %s, want sending", key, got)
		}
	}
	clear(b.crm.fail)
	b.clock = b.clock.Add(time.Minute)
	b.must(b.push())
	for _, key := range []string{"a", "b", "c", "d"} {
		b.wants(key, settled, b.entry(key).Attempt, 0)
	}
	if len(b.crm.things) != 4 {
		t.Errorf("in the CRM: %v", b.crm.things)
	}
}
