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
	found, err := c.find(ctx, search{typ: typ, props: stateProperties(typ), archived: true}, refs)
	return found.states, err
}

// search says what is looked for under keys: the properties that the answer needs, and whether the archive is asked
// too.
type search struct {
	typ      connector.ObjectType
	props    []string
	archived bool
}

// taskSearch looks for tasks that are to be amended or archived: how they look now decides. One in the archive is as
// good as gone.
func taskSearch() search { return search{typ: connector.TypeTask, props: printProperties()} }

// sightings is what a search found: states by key, and how tasks look by id.
type sightings struct {
	states map[string]connector.KeyState
	looks  map[connector.ObjectID]look
}

// look is how a task looks that was read with printProperties.
type look struct {
	record
	print connector.TaskPrint
	// begun says that somebody gave the task another status than the one that we created it with.
	begun bool
	// touched says that the history tells of a person; it is asked only where nobody knows what was written last.
	touched bool
	blind   bool // nobody looks (Weak.Overwrites)
}

// edited reports whether a person did something to a task of which this is what was written last.
func (l look) edited(was connector.TaskPrint) bool {
	return !l.blind && (l.touched || was != connector.TaskPrint{} && (l.print != was || l.begun))
}

func newSightings(n int) sightings {
	return sightings{make(map[string]connector.KeyState, n), make(map[connector.ObjectID]look, n)}
}

func (c *Client) find(ctx context.Context, s search, refs []connector.KeyRef) (sightings, error) {
	name, err := plural(s.typ)
	if err != nil {
		return sightings{}, err
	}
	refs = slices.DeleteFunc(distinct(refs), func(r connector.KeyRef) bool { return r.Key == "" })
	if c.unkeyed[s.typ] {
		return c.findMarked(ctx, s, refs)
	}
	out := newSightings(len(refs))
	wanted := distinct(keysOf(refs))
	for _, archived := range s.stores() {
		absent := slices.DeleteFunc(slices.Clone(wanted), func(k string) bool { _, ok := out.states[k]; return ok })
		for chunk := range slices.Chunk(absent, batchLimit) {
			found, err := c.batchReadAll(ctx, batchReading{
				name: name, idProperty: c.keyProperty, inputs: chunk, archived: archived,
				props: append([]string{c.keyProperty}, s.props...),
			}, "read by key", func(rec record) string { return string(rec.Properties[c.keyProperty]) })
			if err != nil {
				return sightings{}, err
			}
			if err := c.keyStates(s.typ, chunk, found, archived, out); err != nil {
				return sightings{}, err
			}
		}
	}
	return out, nil
}

// stores are the values of "archived" to ask with, in order.
func (s search) stores() []bool {
	if s.archived {
		return []bool{false, true}
	}
	return []bool{false}
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

// printProperties are those that make up the print of a task, with its state.
func printProperties() []string {
	return append(stateProperties(connector.TypeTask), "hs_timestamp", ownerProperty, "hs_task_priority", "hs_task_type", "hs_task_subject")
}

// lookOf is how a record looks that was read with printProperties.
func (c *Client) lookOf(rec record) look {
	prop := func(name string) string { return string(rec.Properties[name]) }
	status := prop("hs_task_status")
	return look{record: rec, blind: c.weak.Overwrites, begun: status != "" && status != taskCreated, print: connector.PrintOf(connector.Task{
		Kind: connector.TaskKind(prop("hs_task_type")), Subject: prop("hs_task_subject"), Priority: prop("hs_task_priority"),
		DueAt: instant(prop("hs_timestamp")), OwnerID: prop(ownerProperty),
	})}
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
	typ connector.ObjectType, chunk []string, found recordsAnswer, archived bool, out sightings,
) error {
	for _, rec := range found.Results {
		key := string(rec.Properties[c.keyProperty])
		if !slices.Contains(chunk, key) {
			return &connector.Error{
				Kind: connector.ErrUnavailable, Op: "read by key", Message: "the answer holds a record without the key asked for",
			}
		}
		gone := archived || rec.Archived
		out.states[key] = connector.KeyState{
			ID: connector.ObjectID(rec.ID), Archived: gone, Open: !gone && open(typ, rec),
			UpdatedAt: wireTime(string(rec.UpdatedAt)),
		}
		out.looks[connector.ObjectID(rec.ID)] = c.lookOf(rec)
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
