package hubspot

import (
	"context"
	"errors"
	"slices"

	"leadsync/connector"
)

// FindByKey tells what HubSpot's primary store holds under idempotency keys. A key that is in neither store is
// absent from the answer. It never uses search, whose index lags (hubspot-api 7.3).
//
// With a unique property archived records count too, and the contact of a KeyRef does not matter. For kinds of
// Config.Unkeyed the contact is needed: its associated records are read and their markers compared. Archived
// records have no associations, so there they look absent; and doubles are possible, which KeyState.Copies names.
func (c *Client) FindByKey(
	ctx context.Context, typ connector.ObjectType, refs []connector.KeyRef,
) (map[string]connector.KeyState, error) {
	name, err := plural(typ)
	if err != nil {
		return nil, err
	}
	refs = slices.DeleteFunc(distinct(refs), func(r connector.KeyRef) bool { return r.Key == "" })
	if c.unkeyed[typ] {
		return c.findMarked(ctx, typ, refs)
	}
	out := make(map[string]connector.KeyState, len(refs))
	wanted := distinct(keysOf(refs))
	for _, archived := range []bool{false, true} {
		absent := slices.DeleteFunc(slices.Clone(wanted), func(k string) bool { _, ok := out[k]; return ok })
		for chunk := range slices.Chunk(absent, batchLimit) {
			found, err := c.batchReadAll(ctx, batchReading{
				name: name, idProperty: c.keyProperty, inputs: chunk, archived: archived,
				props: append([]string{c.keyProperty}, stateProperties(typ)...),
			}, "read by key", func(rec record) string { return string(rec.Properties[c.keyProperty]) })
			if err != nil {
				return nil, err
			}
			if err := c.keyStates(typ, chunk, found, archived, out); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// stateProperties are those that say whether a record is still open.
func stateProperties(typ connector.ObjectType) []string {
	switch typ { //nolint:exhaustive // only these two can be done
	case connector.TypeTask:
		return []string{"hs_task_status"}
	case connector.TypeDeal:
		return []string{"hs_is_closed"}
	default:
		return nil
	}
}

func keysOf(refs []connector.KeyRef) []string {
	keys := make([]string, len(refs))
	for i, ref := range refs {
		keys[i] = ref.Key
	}
	return keys
}

// keyStates files the found records under their keys.
func (c *Client) keyStates(
	typ connector.ObjectType, chunk []string, found recordsAnswer, archived bool, out map[string]connector.KeyState,
) error {
	for _, rec := range found.Results {
		key := string(rec.Properties[c.keyProperty])
		if !slices.Contains(chunk, key) {
			return &connector.Error{
				Kind: connector.ErrUnavailable, Op: "read by key", Message: "the answer holds a record without the key asked for",
			}
		}
		gone := archived || rec.Archived
		out[key] = connector.KeyState{
			ID: connector.ObjectID(rec.ID), Archived: gone, Open: !gone && open(typ, rec),
			UpdatedAt: wireTime(string(rec.UpdatedAt)),
		}
	}
	return nil
}

// onlyAbsence is the first error of an answer that is about anything else than records that are not there. It
// means that we do not know, and not knowing must never look like "absent": the caller would create again.
func (a recordsAnswer) onlyAbsence(op string) error {
	for _, f := range a.Errors {
		if !errors.Is(f.kind(), connector.ErrNotFound) {
			return f.entryError(op)
		}
	}
	return nil
}

func open(typ connector.ObjectType, rec record) bool {
	if typ == connector.TypeTask {
		return rec.Properties["hs_task_status"] != "COMPLETED"
	}
	return rec.Properties["hs_is_closed"] != "true"
}
