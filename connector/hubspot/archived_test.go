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
	dan, eve, fay, gus := s.contact(t, "dan"), s.contact(t, "eve"), s.contact(t, "fay"), s.contact(t, "gus")
	binned, err := s.Merge(rep, simulator.Contacts, string(dan), string(eve))
	if err == nil {
		err = s.Archive(rep, simulator.Contacts, binned)
	}
	erased, again := s.Merge(rep, simulator.Contacts, string(fay), string(gus))
	if err := errors.Join(err, again, s.PrivacyDelete(rep, simulator.Contacts, erased)); err != nil {
		t.Fatal(err)
	}
	merged, err := s.client.Archived(t.Context(), connector.TypeContact, []connector.ObjectID{dan, eve, fay, gus})
	if diff := cmp.Diff([]connector.ObjectID{dan, eve}, merged); diff != "" || err != nil {
		t.Errorf("those who were merged into somebody in the bin (%v):\n%s", err, diff)
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
