package connector_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
)

func TestEventNamed(t *testing.T) {
	contact, deal := connector.Ref{Type: connector.TypeContact, ID: "1"}, connector.Ref{Type: connector.TypeDeal, ID: "2"}
	kinds := []connector.ObjectType{connector.TypeContact, connector.TypeDeal}
	for name, tc := range map[string]struct {
		event connector.Event
		want  []connector.Ref
	}{
		"itself":             {connector.Event{Type: contact.Type, ID: contact.ID}, []connector.Ref{contact}},
		"itself goes first":  {connector.Event{Type: deal.Type, ID: deal.ID, Others: []connector.Ref{contact}}, []connector.Ref{deal, contact}},
		"of no kind":         {connector.Event{ID: "3", Others: []connector.Ref{contact}}, []connector.Ref{contact}},
		"of another kind":    {connector.Event{Type: connector.TypeTask, ID: "3"}, nil},
		"an end without id":  {connector.Event{Type: contact.Type, ID: contact.ID, Others: []connector.Ref{{Type: deal.Type}}}, []connector.Ref{contact}},
		"nothing with an id": {connector.Event{Type: contact.Type}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.event.Named(kinds)); diff != "" {
				t.Errorf("named (-want +got):\n%s", diff)
			}
		})
	}
}
