package workflows_test

import (
	"errors"
	"strings"
	"testing"

	"leadsync/connector"
	"leadsync/workflows"
)

// ownerTo is what makes contact 1 belong to 8, if it belongs to 7 as it did when that was decided.
func ownerTo() workflows.OutboxEntry {
	return entry(workflows.KindUpdate, workflows.ClassOwner, "contact/1/owner", "1", workflows.UpdatePayload{
		Properties: map[string]string{"hubspot_owner_id": "8"}, Only: map[string]string{"hubspot_owner_id": "7"},
	})
}

// A person who changes the owner between decision and sending wins.
func TestPush_owner(t *testing.T) {
	for name, tc := range map[string]struct {
		stands, owner string
		state         workflows.EntryState
		says          string
		updates       int
	}{
		"as it was":            {"7", "8", workflows.StateSettled, "", 2},
		"there already":        {"8", "8", workflows.StateSettled, "", 1},
		"somebody took it":     {"9", "9", workflows.StateCancelled, "overtaken", 1},
		"somebody cleared it":  {"", "", workflows.StateCancelled, "overtaken", 1},
		"the contact has gone": {"gone", "", workflows.StateParked, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.crm.props["1"] = map[string]string{"hubspot_owner_id": tc.stands, "jobtitle": "x"}
			if tc.stands == "gone" {
				delete(b.crm.props, "1")
				b.crm.fail["update 1"] = fault(connector.ErrNotFound)
			}
			b.crm.props["2"] = map[string]string{}
			b.plan(ownerTo(), update("2", workflows.ClassScore, map[string]string{"leadsync_score": "5"}))
			b.must(b.push())
			b.wants("contact/1/owner", tc.state, 1, 0)
			if got := b.crm.props["1"]["hubspot_owner_id"]; got != tc.owner {
				t.Errorf("the contact belongs to %q, want %q", got, tc.owner)
			}
			if e := b.entry("contact/1/owner"); !strings.Contains(e.Error, tc.says) {
				t.Errorf("it says %q, want %q", e.Error, tc.says)
			}
			if b.crm.props["2"]["leadsync_score"] != "5" {
				t.Error("another contact's update was held up")
			}
		})
	}
}

func TestPush_ownerCannotBeLookedAt(t *testing.T) {
	for name, tc := range map[string]struct {
		err   error
		state workflows.EntryState
		wide  error
	}{
		"unavailable": {connector.ErrUnavailable, workflows.StateReady, nil},
		"throttled":   {connector.ErrThrottled, workflows.StateReady, connector.ErrThrottled},
		"forbidden":   {connector.ErrForbidden, workflows.StateParked, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.crm.props["1"], b.crm.props["2"] = map[string]string{"hubspot_owner_id": "7"}, map[string]string{}
			b.crm.fail["Read contact"] = fault(tc.err)
			b.plan(ownerTo(), update("2", workflows.ClassScore, map[string]string{"leadsync_score": "5"}))
			if err := b.push(); !errors.Is(err, tc.wide) || tc.wide == nil && err != nil {
				t.Errorf("error %v, want %v", err, tc.wide)
			}
			if e := b.entry("contact/1/owner"); e.State != tc.state || b.crm.props["1"]["hubspot_owner_id"] != "7" {
				t.Errorf("%s, owner %s", e.State, b.crm.props["1"]["hubspot_owner_id"])
			}
			if b.crm.props["2"]["leadsync_score"] != "5" {
				t.Error("another contact's update was held up")
			}
		})
	}
}
