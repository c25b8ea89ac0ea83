package hubspot_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/connector/hubspot/simulator"
)

// What is in the bin is told apart from what was deleted for good.
func TestArchived(t *testing.T) {
	s := simulate(t, simulator.Options{})
	ids := []connector.ObjectID{s.contact(t, "ada"), s.contact(t, "bea"), s.contact(t, "cem")}
	if err := errors.Join(s.Archive(rep, simulator.Contacts, string(ids[0])), s.PrivacyDelete(rep, simulator.Contacts, string(ids[1]))); err != nil {
		t.Fatal(err)
	}
	got, err := s.client.Archived(t.Context(), connector.TypeContact, append(ids, "99", ids[0]))
	if diff := cmp.Diff(ids[:1], got); diff != "" || err != nil {
		t.Errorf("archived (%v):\n%s", err, diff)
	}
	s.RevokeToken()
	if _, err := s.client.Archived(t.Context(), connector.TypeContact, ids); !errors.Is(err, connector.ErrUnauthorized) {
		t.Errorf("not knowing must not look like absent: %v", err)
	}
}
