package main

import (
	"fmt"
	"net/http"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector/hubspot"
)

// wireTo is the wire to a portal's CRM: to that host only, and to no private address unless the configuration says so.
func wireTo(p config.Portal) (http.RoundTripper, error) {
	e := hubspot.Egress{BaseURL: p.BaseURL, Proxy: p.ProxyFromEnvironment}
	switch {
	case p.AllowPrivateAddress:
		e.Reach = hubspot.ReachPrivate
	case p.Simulated():
		e.Reach = hubspot.ReachLoopback
	}
	t, err := hubspot.NewTransport(e)
	if err != nil {
		return nil, fmt.Errorf("portal %q: %w", p.Name, err)
	}
	return t, nil
}

// typed is a portal whose base URL somebody typed on the command line. Who types an address of this machine means it.
func typed(p config.Portal, base string) config.Portal {
	p.BaseURL = base
	if hubspot.ReachOf(base) == hubspot.ReachLoopback {
		p.AllowPrivateAddress = true
	}
	return p
}
