package connector_test

import (
	"errors"
	"testing"

	"leadsync/connector"
)

func TestRejected(t *testing.T) {
	first := &connector.Error{Kind: connector.ErrUnauthorized, Op: "read contacts", Status: 401}
	work, other := connector.UntilRejected(t.Context()), connector.UntilRejected(t.Context())
	under := connector.For(work, connector.PurposePush)
	if err := connector.Rejected(under); err != nil {
		t.Fatalf("at first: %v", err)
	}
	connector.Reject(under, first)
	connector.Reject(work, &connector.Error{Kind: connector.ErrUnauthorized, Op: "update contacts"})
	if err := connector.Rejected(work); !errors.Is(err, connector.ErrUnauthorized) || !errors.Is(err, first) {
		t.Errorf("rejected: %v, want the first answer", err)
	}
	if err := connector.Rejected(other); err != nil {
		t.Errorf("other work: %v", err)
	}
	connector.Reject(t.Context(), first)
	if err := connector.Rejected(t.Context()); err != nil {
		t.Errorf("no work: %v", err)
	}
}
