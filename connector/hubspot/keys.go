package hubspot

import (
	"context"
	"errors"
	"slices"

	"leadsync/connector"
)

// FindByKey tells what HubSpot's primary store holds under idempotency keys; archived records count too. A
// key that is in neither store is absent from the answer. It never uses search, whose index lags
// (hubspot-api 7.3).
func (c *Client) FindByKey(
	ctx context.Context, typ connector.ObjectType, keys []string,
) (map[string]connector.KeyState, error) {
	name, err := plural(typ)
	if err != nil {
		return nil, err
	}
	props := []string{c.keyProperty}
	switch typ { //nolint:exhaustive // only these two can be done
	case connector.TypeTask:
		props = append(props, "hs_task_status")
	case connector.TypeDeal:
		props = append(props, "hs_is_closed")
	}
	out := make(map[string]connector.KeyState, len(keys))
	wanted := slices.DeleteFunc(distinct(keys), func(k string) bool { return k == "" })
	for _, archived := range []bool{false, true} {
		absent := slices.DeleteFunc(slices.Clone(wanted), func(k string) bool { _, ok := out[k]; return ok })
		for chunk := range slices.Chunk(absent, batchLimit) {
			found, err := c.batchRead(ctx, batchReading{
				name: name, idProperty: c.keyProperty, inputs: chunk, archived: archived,
				props: props,
			})
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

// keyStates files the found records under their keys. An entry of the answer other than "not there" means
// that we do not know, and not knowing must never look like "absent": the caller would create again.
func (c *Client) keyStates(
	typ connector.ObjectType, chunk []string, found recordsAnswer, archived bool, out map[string]connector.KeyState,
) error {
	for _, f := range found.Errors {
		if !errors.Is(f.kind(), connector.ErrNotFound) {
			return f.entryError("read by key")
		}
	}
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

func open(typ connector.ObjectType, rec record) bool {
	if typ == connector.TypeTask {
		return rec.Properties["hs_task_status"] != "COMPLETED"
	}
	return rec.Properties["hs_is_closed"] != "true"
}

// closing is one CloseTasks call.
type closing struct {
	client  *Client
	ids     []connector.ObjectID // of the tasks to archive, by input
	results []connector.CloseResult
}

// CloseTasks archives obsolete tasks by their keys, and answers once per key, in input order. A task that
// somebody completed is left as it is, one that is gone already counts as closed.
func (c *Client) CloseTasks(ctx context.Context, keys []string) []connector.CloseResult {
	cl := &closing{client: c, ids: make([]connector.ObjectID, len(keys)), results: make([]connector.CloseResult, len(keys))}
	states, err := c.FindByKey(ctx, connector.TypeTask, keys)
	var fit []int
	for i, key := range keys {
		state, found := states[key]
		cl.results[i].Key = key
		switch {
		case err != nil:
			cl.results[i].Err = err
		case !found || state.Archived:
			cl.results[i].Outcome = connector.CloseGone
		case !state.Open:
			cl.results[i].Outcome = connector.CloseLeft
		default:
			cl.ids[i] = state.ID
			fit = append(fit, i)
		}
	}
	p := perInput{send: cl.send, culprits: cl.culprits, settle: cl.settle}
	p.runAll(ctx, waves(fit, func(i int) string { return string(cl.ids[i]) }))
	return cl.results
}

// settle files a failure; a task that went between look and archive is as closed as can be.
func (cl *closing) settle(i int, err error) {
	cl.results[i].Outcome, cl.results[i].Err = "", err
	if errors.Is(err, connector.ErrNotFound) {
		cl.results[i].Outcome, cl.results[i].Err = connector.CloseGone, nil
	}
}

func (cl *closing) send(ctx context.Context, wave []int) (answer, error) {
	var body struct {
		Inputs []idInput `json:"inputs"`
	}
	byID := make(map[string]int, len(wave))
	for _, i := range wave {
		body.Inputs = append(body.Inputs, idInput{ID: string(cl.ids[i])})
		byID[string(cl.ids[i])] = i
	}
	r := request{op: "archive tasks", endpoint: epBatchArchive, args: []string{"tasks"}, body: body, effect: settles}
	var out recordsAnswer
	ans, err := cl.client.do(ctx, r, &out)
	if err != nil {
		return ans, err
	}
	for _, i := range wave { // 204 names nobody; only a 207 names those that failed
		cl.results[i].Outcome = connector.CloseArchived
	}
	for _, f := range out.Errors {
		for _, i := range f.named(nil, byID) {
			cl.settle(i, f.entryError(r.op))
		}
	}
	return ans, nil
}

func (cl *closing) culprits(f fault, err error, wave []int) map[int]error {
	byID := make(map[string]int, len(wave))
	for _, i := range wave {
		byID[string(cl.ids[i])] = i
	}
	out := make(map[int]error)
	for _, i := range f.named(nil, byID) {
		out[i] = err
	}
	return out
}
