package hubspot

import (
	"context"
	"errors"
	"net/url"

	"leadsync/connector"
)

// ScopeProbe is the outcome of one cheap read that needs a scope.
type ScopeProbe struct {
	// Need is what leadsync reads there, Scope the scope that usually gives it (hubspot-api 2.3).
	Need  string
	Scope string
	// Missing are the scopes of which HubSpot wants at least one; empty if the read worked.
	Missing []string
	// Err is nil if the read worked. Other errors than ErrForbidden say nothing about scopes.
	Err error
}

// ProbeScopes makes one small read for everything that leadsync reads and tells which are refused. Write
// scopes cannot be probed without writing. A refused account read is not fatal (hubspot-api 2.3).
func (c *Client) ProbeScopes(ctx context.Context) []ScopeProbe {
	one := url.Values{"limit": {"1"}, "archived": {"false"}}
	list := func(name, scope string) (request, ScopeProbe) {
		return request{op: "list " + name, endpoint: epList, args: []string{name}, query: one}, ScopeProbe{Need: name, Scope: scope}
	}
	definitions := func(name, scope string) (request, ScopeProbe) {
		return request{op: "list properties of " + name, endpoint: epProperties, args: []string{name}},
			ScopeProbe{Need: "properties of " + name, Scope: scope}
	}
	var probes []ScopeProbe
	add := func(r request, p ScopeProbe) {
		ans, err := c.do(ctx, r, nil)
		p.Err = err
		if errors.Is(err, connector.ErrForbidden) {
			p.Missing = ans.fault.scopes()
			if len(p.Missing) == 0 {
				p.Missing = []string{p.Scope}
			}
		}
		probes = append(probes, p)
	}
	add(request{op: "read account", endpoint: epAccount}, ScopeProbe{Need: "account", Scope: "oauth"})
	add(list("contacts", "crm.objects.contacts.read"))
	add(list("companies", "crm.objects.companies.read"))
	add(list("deals", "crm.objects.deals.read"))
	for _, activity := range []string{"calls", "meetings", "tasks"} {
		add(list(activity, "crm.objects.contacts.read"))
	}
	owners := request{op: "list owners", endpoint: epOwners, query: one}
	add(owners, ScopeProbe{Need: "owners", Scope: "crm.objects.owners.read"})
	add(definitions("contacts", "crm.schemas.contacts.read"))
	add(definitions("deals", "crm.schemas.deals.read"))
	add(request{op: "list pipelines", endpoint: epPipelines}, ScopeProbe{Need: "pipelines", Scope: "crm.schemas.deals.read"})
	return probes
}
