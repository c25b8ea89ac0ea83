package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector"
	"leadsync/workflows"
)

// lists checks that every static list that the model's follow-ups and audiences speak of is there and can be written. One
// that cannot puts the class of lists into shadow: half of a move between lists is worse than none.
func (d *describer) lists(ctx context.Context) error {
	var names []string
	for _, f := range d.model.FollowUps() {
		if f.Lists != nil {
			names = append(names, f.Lists.Add...)
			names = append(names, f.Lists.Remove...)
		}
	}
	for _, a := range d.model.Audiences() {
		names = append(names, a.Name)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		id := d.portal.Lists[name]
		if id == "" {
			d.block(workflows.ClassList, "map it under `lists`", "list %q of the model is not mapped in portal %q", name, d.cfg.Name)
			continue
		}
		list, err := d.crm.StaticList(ctx, id)
		switch {
		case errors.Is(err, connector.ErrForbidden):
			d.block(workflows.ClassList, "give the token the scopes for lists", "lists cannot be read")
			return nil
		case errors.Is(err, connector.ErrNotFound), errors.Is(err, connector.ErrInvalid):
			d.block(workflows.ClassList, "map it to the id of a static list of contacts", "list %q is mapped to %q, which is no list of contacts in the account", name, id)
		case err != nil:
			return fmt.Errorf("read list %q: %w", id, err)
		case !list.Static:
			d.block(workflows.ClassList, "map it to a static list; the members of this one are the account's own to compute",
				"list %q is mapped to %q, which is not static", name, id)
		}
	}
	return nil
}

// wayBack says what a move backward does to the account, once, if the model has one.
func (d *describer) wayBack() {
	var rules []string
	for _, f := range d.model.FollowUps() {
		if f.BackTo != "" {
			rules = append(rules, fmt.Sprintf("%q to %s", f.Name, f.BackTo))
		}
	}
	if len(rules) == 0 || d.portal.Mode(workflows.ClassStage) == workflows.ModeOff {
		return
	}
	d.find("look at what enrols on the stage, and take back_to out of the model if the dates of the stages are reported on",
		"the model moves stages backward (%s): the account allows that only by clearing the stage first, which may reset its dates of entering stages, and automations on the stage may run twice",
		strings.Join(rules, ", "))
}

// keyless decides what becomes of a class whose key property is missing or not unique: shadow, or the weaker
// protocol if the operator has agreed to it. A property that is there and plain is filled in too.
func (d *describer) keyless(class workflows.Class, t connector.ObjectType, key connector.Property) {
	if d.cfg.WithoutUniqueKeys != config.KeysMarker {
		if key.Name == "" {
			d.block(class, "run `leadsync check --create`; if the account refuses, see without_unique_keys",
				"unique property %q does not exist on %ss; without it a lost answer could make a second %s", d.cfg.Properties.Key, t, t)
			return
		}
		d.block(class, "archive it and run `leadsync check --create`, or choose another name under `properties: key`; if the account refuses, see without_unique_keys",
			"property %q on %ss is not unique", d.cfg.Properties.Key, t)
		return
	}
	d.portal.Marked[t] = true
	if key.Name != "" {
		d.plain[t] = true
	}
	d.find("run `leadsync check --create` if the account allows unique properties by now, and restart",
		"%ss have no unique key; ours are told by a marker in the body (without_unique_keys: marker): after a lost answer a second %s can exist for some minutes, and stays if a person touches it", t, t)
}

// keyed is the way to the CRM that fits what was found: one that tells ours by a marker, where that was agreed.
func (c Connection) keyed(found *Description, weak workflows.Weakness) (CRM, error) {
	if len(found.Portal.Marked) == 0 {
		return c.CRM, nil
	}
	if c.Marked == nil {
		return nil, errors.New("this CRM has no way without unique keys; write without_unique_keys: refuse")
	}
	crm, err := c.Marked(found.Portal.Marked, found.PlainKey)
	if err != nil {
		return nil, fmt.Errorf("connect without unique keys: %w", err)
	}
	if weak.Without(workflows.UniqueKey) {
		found.Portal.Marked = map[connector.ObjectType]bool{} // trusts that a second creation is refused, where none is
	}
	return crm, nil
}
