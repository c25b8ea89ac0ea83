package hubspot

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"leadsync/connector"
)

// amending is one AmendTasks call.
type amending struct {
	client  *Client
	amends  []connector.Amend
	results []connector.AmendResult
	inputs  []int // of the updates, in their order
	updates []connector.Update
}

// AmendTasks rewrites open tasks of ours by the keys that they have, and answers once per input, in input order. The
// new key is written with the rest, in the same input of the same call, so that whoever lost the answer finds out
// by the new key. Only a task that nobody completed, archived or edited is rewritten, and its status is never sent.
// That it happened is proven by reading it back by the new key. Without Amend.Was the history of the task tells whether a
// person edited it. HubSpot has no conditional writes: what a person does in
// the moment between the look and the update is overwritten. For kinds of Config.Unkeyed the marker in the body moves.
func (c *Client) AmendTasks(ctx context.Context, amends []connector.Amend) []connector.AmendResult {
	am := &amending{client: c, amends: amends, results: make([]connector.AmendResult, len(amends))}
	wanted := make([]map[string]string, len(amends))
	var refs []connector.KeyRef
	for i, a := range amends {
		am.results[i].Key = a.Task.Key
		if wanted[i], am.results[i].Err = c.amendedProperties(a); am.results[i].Err == nil {
			refs = append(refs, connector.KeyRef{Key: a.Old, Contact: a.Task.Contact, ID: a.ID})
		}
	}
	if len(refs) == 0 {
		return am.results
	}
	seen, err := c.find(ctx, taskSearch(), refs)
	if err == nil {
		err = am.guess(ctx, seen)
	}
	for i, a := range amends {
		switch r := &am.results[i]; {
		case r.Err != nil:
		case err != nil:
			r.Err = err
		default:
			r.ID, r.Outcome = standing(seen, a)
			if r.Outcome == "" {
				r.Err = am.add(ctx, i, seen.states[a.Old], wanted[i])
			}
		}
	}
	am.send(ctx)
	return am.results
}

// guess finds out whether people edited the tasks of which nobody noted what was written last: by their history.
func (am *amending) guess(ctx context.Context, seen sightings) error {
	var unsure []record
	for _, a := range am.amends {
		if state, found := seen.states[a.Old]; found && state.Open && a.Was == (connector.TaskPrint{}) {
			unsure = append(unsure, seen.looks[state.ID].record)
		}
	}
	if len(unsure) == 0 {
		return nil
	}
	touched, err := am.client.touched(ctx, connector.TypeTask, unsure)
	for id, yes := range touched {
		l := seen.looks[id]
		l.touched = yes
		seen.looks[id] = l
	}
	return err
}

// standing says why a task is not to be amended, or nothing if it is.
func standing(seen sightings, a connector.Amend) (connector.ObjectID, connector.AmendOutcome) {
	state, found := seen.states[a.Old]
	switch {
	case !found || state.Archived:
		return "", connector.AmendGone
	case !state.Open:
		return state.ID, connector.AmendLeft
	case seen.looks[state.ID].edited(a.Was):
		return state.ID, connector.AmendEdited
	}
	return state.ID, ""
}

// add puts one task among those to be updated. Its copies are archived before: afterwards nothing would find them.
func (am *amending) add(ctx context.Context, i int, state connector.KeyState, properties map[string]string) error {
	if err := am.client.Archive(ctx, connector.TypeTask, state.Copies); err != nil {
		return err
	}
	am.inputs = append(am.inputs, i)
	am.updates = append(am.updates, connector.Update{ID: state.ID, Properties: properties})
	return nil
}

// amendedProperties are all that an amendment writes: what a creation writes, but for the status, and what is empty
// now is cleared.
func (c *Client) amendedProperties(a connector.Amend) (map[string]string, error) {
	const op = "amend tasks"
	if a.Old == "" || a.Task.Key == "" {
		return nil, unfit(op, "an amendment needs the old key and the new one")
	}
	in := c.taskCreation(a.Task)
	if in.err != nil {
		return nil, fmt.Errorf("%s: %w", op, in.err)
	}
	delete(in.properties, "hs_task_status")
	for _, name := range []string{taskBody, ownerProperty, "hs_task_priority", queueProperty, reminderProperty} {
		if _, has := in.properties[name]; !has {
			in.properties[name] = ""
		}
	}
	return in.properties, nil
}

// send updates the tasks and reads back those that were not refused.
func (am *amending) send(ctx context.Context) {
	if len(am.updates) == 0 {
		return
	}
	u := am.client.update(ctx, connector.TypeTask, am.updates)
	var refs []connector.KeyRef
	var written []int
	for n, i := range am.inputs {
		switch err := u.results[n].Err; {
		case errors.Is(err, connector.ErrNotFound):
			am.results[i].ID, am.results[i].Outcome = "", connector.AmendGone
		case err != nil:
			am.results[i].Err = maybeDone(err)
		default:
			written = append(written, i)
			refs = append(refs, connector.KeyRef{Key: am.amends[i].Task.Key, Contact: am.amends[i].Task.Contact, ID: am.results[i].ID})
		}
	}
	if len(refs) == 0 {
		return
	}
	seen, err := am.client.find(ctx, taskSearch(), refs)
	for _, i := range written {
		r := &am.results[i]
		switch state, found := seen.states[r.Key]; {
		case err != nil:
			r.Err = &connector.Error{Kind: connector.ErrAmbiguous, Op: "amend tasks", Message: "not readable after the update", Err: err}
		case !found || state.ID != r.ID:
			r.Err = &connector.Error{Kind: connector.ErrAmbiguous, Op: "amend tasks", Message: "HubSpot accepted the change and does not show it"}
		default:
			r.Outcome = connector.AmendDone
		}
	}
}

// maybeDone is the error of an update of which nobody knows whether it happened. To repeat an update by id is harmless,
// and Update says so; an amendment is looked for by its old key, which it may not have any more.
func maybeDone(err error) error {
	var e *connector.Error
	if !errors.As(err, &e) || !errors.Is(e, connector.ErrUnavailable) || e.Status < http.StatusRequestTimeout {
		return err
	}
	out := *e
	out.Kind = connector.ErrAmbiguous
	return &out
}
