package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"leadsync/connector"
	"leadsync/workflows"
)

// timed tells when owners work, for a CRM that knows.
type timed interface {
	WorkTimes(ctx context.Context, owners []connector.Owner) ([]connector.Owner, error)
}

// people says which of those who are to be given work cannot be: owners that the account does not have, or that have
// left. It asks only where the portal names people or a fallback, or the model assigns work.
func (d *describer) people(ctx context.Context) error {
	if len(d.portal.People) == 0 && len(d.model.Assignments()) == 0 {
		return nil
	}
	owners, err := d.crm.Owners(ctx)
	if errors.Is(err, connector.ErrForbidden) {
		return nil // the scopes tell
	}
	if err != nil {
		return fmt.Errorf("read owners: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(d.portal.People)) {
		d.person("person "+fmt.Sprintf("%q", name), d.portal.People[name].Owner, owners)
	}
	if d.portal.FallbackOwner != "" {
		d.person("the fallback_owner", d.portal.FallbackOwner, owners)
	}
	return d.workTimes(ctx, owners)
}

// person reports an owner who cannot be given work.
func (d *describer) person(who, owner string, owners []connector.Owner) {
	found := func(o connector.Owner) bool {
		return o.ID == owner || strings.Contains(owner, "@") && strings.EqualFold(o.Email, owner)
	}
	const remedy = "name another owner, or make the user active again; work for nobody goes to the fallback_owner"
	var others []connector.Owner
	for _, o := range owners {
		if found(o) {
			others = append(others, o)
		}
	}
	switch {
	case len(others) == 0:
		d.find(remedy, "%s of portal %q is an owner that the account does not have", who, d.cfg.Name)
	case !slices.ContainsFunc(others, func(o connector.Owner) bool { return o.Active }):
		d.find(remedy, "%s of portal %q has left: the account has deactivated the owner", who, d.cfg.Name)
	case !slices.ContainsFunc(others, func(o connector.Owner) bool { return o.Active && o.Person }):
		d.find(remedy, "%s of portal %q is no person: tasks cannot be given to it", who, d.cfg.Name)
	}
}

// workTimes says so if the account does not tell when people work, as far as the configuration leaves it to the account.
func (d *describer) workTimes(ctx context.Context, owners []connector.Owner) error {
	crm, ok := d.crm.(timed)
	open := slices.ContainsFunc(slices.Collect(maps.Values(d.portal.People)), func(p workflows.Person) bool { return p.Zone == nil || p.Hours == nil })
	if !ok || !open {
		return nil
	}
	_, err := crm.WorkTimes(ctx, owners)
	if errors.Is(err, connector.ErrForbidden) || errors.Is(err, connector.ErrNotFound) || errors.Is(err, connector.ErrInvalid) {
		d.find("give the token the scope crm.objects.users.read, or write zone and hours of everybody under calendar.people",
			"the account does not tell the time zones and working hours of its users: people without their own have those of the portal")
		return nil
	}
	if err != nil {
		return fmt.Errorf("read working hours of users: %w", err)
	}
	return nil
}
