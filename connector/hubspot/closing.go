package hubspot

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"leadsync/connector"
)

// archiving is one record to be archived, and the input that it belongs to.
type archiving struct {
	id    connector.ObjectID
	input int
	// extra is true for a copy beside the task itself: its success says nothing about the outcome.
	extra bool
}

// closing is one CloseTasks call.
type closing struct {
	client  *Client
	slots   []archiving
	results []connector.CloseResult
}

// CloseTasks archives obsolete tasks by their keys, and answers once per key, in input order. A task that
// somebody completed, or that does not look as it was written last, is left as it is; one that is gone already counts as
// closed. Copies that nobody touched go too. HubSpot has no conditional writes: an edit in the moment between
// the look and the archiving is archived with the task.
func (c *Client) CloseTasks(ctx context.Context, closes []connector.Close) []connector.CloseResult {
	cl := &closing{client: c, results: make([]connector.CloseResult, len(closes))}
	refs := make([]connector.KeyRef, len(closes))
	for i, one := range closes {
		refs[i] = connector.KeyRef{Key: one.Key, Contact: one.Contact, ID: one.ID}
	}
	seen, err := c.find(ctx, closeSearch(closes), refs)
	for i, one := range closes {
		cl.results[i].Key = one.Key
		state, found := seen.states[one.Key]
		switch {
		case err != nil:
			cl.results[i].Err = err
		case !found || state.Archived:
			cl.results[i].Outcome = connector.CloseGone
		case !state.Open:
			cl.results[i].Outcome = connector.CloseLeft
		case seen.looks[state.ID].edited(one.Was):
			cl.results[i].Outcome = connector.CloseEdited
		default:
			cl.slots = append(cl.slots, archiving{id: state.ID, input: i})
		}
		for _, id := range state.Copies {
			cl.slots = append(cl.slots, archiving{id: id, input: i, extra: true})
		}
	}
	all := make([]int, len(cl.slots))
	for n := range all {
		all[n] = n
	}
	p := perInput{send: cl.send, culprits: cl.culprits, settle: cl.settle}
	p.runAll(ctx, waves(all, func(n int) string { return string(cl.slots[n].id) }))
	return cl.results
}

// closeSearch looks for tasks that are to be archived. Where nobody noted what was written last, their looks say nothing.
func closeSearch(closes []connector.Close) search {
	if slices.ContainsFunc(closes, func(one connector.Close) bool { return one.Was != connector.TaskPrint{} }) {
		return taskSearch()
	}
	return search{typ: connector.TypeTask, props: stateProperties(connector.TypeTask), archived: true}
}

// settle files a failure; a task that went between look and archive is as closed as can be.
func (cl *closing) settle(n int, err error) {
	slot := cl.slots[n]
	if errors.Is(err, connector.ErrNotFound) {
		if result := &cl.results[slot.input]; !slot.extra && result.Err == nil {
			result.Outcome = connector.CloseGone
		}
		return
	}
	cl.results[slot.input].Outcome, cl.results[slot.input].Err = "", err
}

func (cl *closing) send(ctx context.Context, wave []int) (answer, error) {
	ids := make([]connector.ObjectID, len(wave))
	for k, n := range wave {
		ids[k] = cl.slots[n].id
	}
	failed, ans, err := cl.client.archive(ctx, connector.TypeTask, ids)
	if err != nil {
		return ans, err
	}
	for k, n := range wave {
		slot := cl.slots[n]
		result := &cl.results[slot.input]
		switch bad, ok := failed[ids[k]]; {
		case ok:
			cl.settle(n, bad)
		case !slot.extra && result.Err == nil: // 204 names nobody; only a 207 names those that failed
			result.Outcome = connector.CloseArchived
		}
	}
	return ans, nil
}

// archive sends one batch and returns the ids that the answer names as failed.
func (c *Client) archive(
	ctx context.Context, typ connector.ObjectType, ids []connector.ObjectID,
) (map[connector.ObjectID]error, answer, error) {
	name, err := plural(typ)
	if err != nil {
		return nil, answer{}, err
	}
	var body struct {
		Inputs []idInput `json:"inputs"`
	}
	byID := make(map[string]int, len(ids))
	for i, id := range ids {
		body.Inputs = append(body.Inputs, idInput{ID: string(id)})
		byID[string(id)] = i
	}
	r := request{op: "archive " + name, endpoint: epBatchArchive, args: []string{name}, body: body, effect: settles}
	var out recordsAnswer
	ans, err := c.do(ctx, r, &out)
	if err != nil {
		return nil, ans, err
	}
	failed := make(map[connector.ObjectID]error)
	for _, f := range out.Errors {
		for _, i := range f.named(nil, byID) {
			failed[ids[i]] = f.entryError(r.op)
		}
	}
	if ans.status != http.StatusNoContent && len(failed) == 0 && !c.weak.Uncompared {
		return c.stillThere(ctx, typ, ids), ans, nil
	}
	return failed, ans, nil
}

// stillThere gives an error to every record that an answer which proves nothing (an empty 207, hubspot-api 11.2)
// has not archived.
func (c *Client) stillThere(ctx context.Context, typ connector.ObjectType, ids []connector.ObjectID) map[connector.ObjectID]error {
	failed := make(map[connector.ObjectID]error)
	read, err := c.Read(ctx, typ, ids, nil)
	for _, id := range ids {
		if _, found := read.Found[id]; found || err != nil {
			failed[id] = &connector.Error{
				Kind: connector.ErrAmbiguous, Op: "archive " + string(typ), Message: "left out of the answer, and not seen to be gone", Err: err,
			}
		}
	}
	return failed
}

func (cl *closing) culprits(f fault, err error, wave []int) map[int]error {
	byID := make(map[string]int, len(wave))
	for _, n := range wave {
		byID[string(cl.slots[n].id)] = n
	}
	out := make(map[int]error)
	for _, n := range f.named(nil, byID) {
		out[n] = err
	}
	return out
}
