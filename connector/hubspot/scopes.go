package hubspot

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"leadsync/connector"
)

// ScopeProbe is the outcome of one cheap read that needs a scope.
type ScopeProbe struct {
	// Need is what leadsync reads there, Scope the scope that usually gives it (hubspot-api 2.3).
	Need  string
	Scope string
	// Optional is true for what leadsync works without.
	Optional bool
	// Missing are the scopes of which HubSpot wants at least one; empty if the read worked.
	Missing []string
	// Err is nil if the read worked. Other errors than ErrForbidden say nothing about scopes.
	Err error
}

// ProbeScopes makes one small read for everything that leadsync reads and tells which are refused. reads are the
// kinds of record that the model reads as activities; of the optional ones (e-mails, notes, communications) only
// those are asked for. Lists, workflows and forms are always asked for, and optional too. Write scopes cannot be
// probed without writing. A refused account read is not fatal (hubspot-api 2.3).
func (c *Client) ProbeScopes(ctx context.Context, reads []connector.ObjectType) []ScopeProbe {
	s := scoping{client: c}
	s.required(ctx)
	s.optional(ctx, reads)
	return s.probes
}

// scoping is one ProbeScopes call.
type scoping struct {
	client *Client
	probes []ScopeProbe
}

func (s *scoping) add(ctx context.Context, r request, p ScopeProbe) {
	ans, err := s.client.do(ctx, r, nil)
	p.Err = err
	if errors.Is(err, connector.ErrForbidden) {
		p.Missing = ans.fault.scopes()
		if len(p.Missing) == 0 {
			p.Missing = []string{p.Scope}
		}
	}
	s.probes = append(s.probes, p)
}

func onlyOne() url.Values { return url.Values{"limit": {"1"}, "archived": {"false"}} }

func listingOf(name, scope string) (request, ScopeProbe) {
	return request{op: "list " + name, endpoint: epList, args: []string{name}, query: onlyOne()}, ScopeProbe{Need: name, Scope: scope}
}

func (s *scoping) required(ctx context.Context) {
	definitions := func(name, scope string) (request, ScopeProbe) {
		return request{op: "list properties of " + name, endpoint: epProperties, args: []string{name}},
			ScopeProbe{Need: "properties of " + name, Scope: scope}
	}
	add := func(r request, p ScopeProbe) { s.add(ctx, r, p) }
	add(request{op: "read account", endpoint: epAccount}, ScopeProbe{Need: "account", Scope: "oauth"})
	add(listingOf("contacts", "crm.objects.contacts.read"))
	add(listingOf("companies", "crm.objects.companies.read"))
	add(listingOf("deals", "crm.objects.deals.read"))
	for _, activity := range []string{"calls", "meetings", "tasks"} {
		add(listingOf(activity, "crm.objects.contacts.read"))
	}
	owners := request{op: "list owners", endpoint: epOwners, query: onlyOne()}
	add(owners, ScopeProbe{Need: "owners", Scope: "crm.objects.owners.read"})
	add(definitions("contacts", "crm.schemas.contacts.read"))
	add(definitions("deals", "crm.schemas.deals.read"))
	add(request{op: "list pipelines", endpoint: epPipelines}, ScopeProbe{Need: "pipelines", Scope: "crm.schemas.deals.read"})
}

// optional asks for what needs scopes beyond those of contacts, companies and deals (hubspot-api 2.3, 9.4).
func (s *scoping) optional(ctx context.Context, reads []connector.ObjectType) {
	add := func(r request, p ScopeProbe) {
		p.Optional = true
		s.add(ctx, r, p)
	}
	for _, kind := range []struct {
		typ   connector.ObjectType
		scope string
	}{
		{connector.TypeEmail, "sales-email-read"},
		{connector.TypeNote, "crm.objects.contacts.read"},
		{connector.TypeCommunication, "crm.objects.contacts.read"},
	} {
		if name, err := plural(kind.typ); err == nil && slices.Contains(reads, kind.typ) {
			add(listingOf(name, kind.scope))
		}
	}
	search := map[string]any{ // all fields, as in StaticLists
		"query": "", "count": 1, "offset": 0, "processingTypes": []string{"MANUAL"}, "listIds": []string{}, "additionalProperties": []string{},
	}
	few := url.Values{"limit": {"1"}}
	add(request{op: "search lists", endpoint: epListSearch, body: search}, ScopeProbe{Need: "lists", Scope: "crm.lists.read"})
	add(request{op: "list workflows", endpoint: epFlows, query: few}, ScopeProbe{Need: "workflows", Scope: "automation"})
	add(request{op: "list forms", endpoint: epForms, query: few}, ScopeProbe{Need: "forms", Scope: "forms"})
}
