package connector_test

import (
	"testing"

	"leadsync/connector"
)

func TestUnheard(t *testing.T) {
	work, other := connector.Hearing(t.Context()), connector.Hearing(t.Context())
	under := connector.For(work, connector.PurposePush)
	if connector.Unheard(work) || connector.Unheard(t.Context()) {
		t.Fatal("unheard before anything was sent")
	}
	connector.Unhear(t.Context())
	if connector.Unheard(t.Context()) {
		t.Error("noted where there is no work")
	}
	connector.Unhear(under)
	if !connector.Unheard(work) || !connector.Unheard(under) || connector.Unheard(other) {
		t.Errorf("noted: %v, below it %v, elsewhere %v", connector.Unheard(work), connector.Unheard(under), connector.Unheard(other))
	}
}
