package main

import (
	"bytes"
	"strings"
	"testing"

	"leadsync/cmd/leadsync/service"
)

// Who restarts a service that died sees why nothing happens until the lease has run out.
func TestTellPortal_waiting(t *testing.T) {
	for state, want := range map[service.State]bool{service.StateWaiting: true, service.StateWorking: false, service.StatePaused: false} {
		var out bytes.Buffer
		tellPortal(&out, portalHealth{Portal: "acme", State: state})
		if got := strings.HasPrefix(out.String(), "acme: waiting for the lease"); got != want {
			t.Errorf("%s: %q", state, out.String())
		}
	}
}
