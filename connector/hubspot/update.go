package hubspot

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"leadsync/connector"
)

// batchInput is one input of batch/update and batch/create.
type batchInput struct {
	ID           string            `json:"id,omitempty"`
	Properties   map[string]string `json:"properties"`
	Associations []association     `json:"associations,omitzero"` // of a creation: always sent (hubspot-api 11.3)
	TraceID      string            `json:"objectWriteTraceId"`
}

type batchBody struct {
	Inputs []batchInput `json:"inputs"`
}

// updating is one Update call.
type updating struct {
	client  *Client
	typ     connector.ObjectType
	name    string
	updates []connector.Update
	results []connector.UpdateResult
	silent  []int // neither answered nor refused
	// answered are the properties that HubSpot returned with a success, by input.
	answered map[int]map[string]text
}

// Update changes properties of existing records, 100 a call, and answers once per input, in input order.
// Updates of one record are sent in their order, in separate batches. A record that HubSpot leaves out
// silently is looked up: ErrNotFound if it is gone or merged away (the message names the survivor),
// ErrAmbiguous if it is there.
func (c *Client) Update(ctx context.Context, typ connector.ObjectType, updates []connector.Update) []connector.UpdateResult {
	return c.update(ctx, typ, updates).results
}

func (c *Client) update(ctx context.Context, typ connector.ObjectType, updates []connector.Update) *updating {
	u := &updating{
		client: c, typ: typ, updates: updates, results: make([]connector.UpdateResult, len(updates)),
		answered: make(map[int]map[string]text, len(updates)),
	}
	name, err := plural(typ)
	u.name = name
	var fit []int
	for i, up := range updates {
		u.results[i].ID = up.ID
		switch {
		case err != nil:
			u.results[i].Err = err
		case !decimal(string(up.ID)) || len(up.Properties) == 0:
			u.results[i].Err = unfit(u.op(), "an update needs the id of a record and a property")
		case tooLong(u.op(), up.Properties) != nil:
			u.results[i].Err = tooLong(u.op(), up.Properties)
		default:
			fit = append(fit, i)
		}
	}
	p := perInput{send: u.send, culprits: u.culprits, settle: func(i int, err error) { u.results[i].Err = err }}
	p.runAll(ctx, waves(fit, func(i int) string { return string(updates[i].ID) }))
	u.probe(ctx)
	return u
}

func trace(i int) string { return "input-" + strconv.Itoa(i) }

func (u *updating) op() string { return "update " + u.name }

func (u *updating) send(ctx context.Context, wave []int) (answer, error) {
	body := batchBody{}
	for _, i := range wave {
		body.Inputs = append(body.Inputs, batchInput{
			ID: string(u.updates[i].ID), Properties: u.updates[i].Properties, TraceID: trace(i),
		})
	}
	var out recordsAnswer
	r := request{op: u.op(), endpoint: epBatchUpdate, args: []string{u.name}, body: body, effect: settles}
	ans, err := u.client.do(ctx, r, &out)
	if err != nil {
		return ans, err
	}
	byTrace, byID := u.index(wave)
	settled := make(map[int]bool, len(wave))
	for _, rec := range out.Results {
		if i, ok := byID[string(rec.ID)]; ok {
			u.results[i].UpdatedAt, settled[i] = wireTime(string(rec.UpdatedAt)), true
			u.answered[i] = rec.Properties
			u.results[i].Properties = echoed(rec, u.updates[i].Properties)
		} else if i, ok := byTrace[string(rec.TraceID)]; ok {
			u.results[i].Err, settled[i] = u.survivor(string(rec.ID)), true
		}
	}
	for _, f := range out.Errors {
		for _, i := range f.named(byTrace, byID) {
			if !settled[i] {
				u.results[i].Err, settled[i] = f.entryError(u.op()), true
			}
		}
	}
	for _, i := range wave {
		if !settled[i] && !u.client.weak.Uncompared {
			u.silent = append(u.silent, i)
		}
	}
	return ans, nil
}

// echoed are those of the written properties that the answer shows; a null is an empty value.
func echoed(rec record, written map[string]string) map[string]string {
	var out map[string]string
	for name := range written {
		if value, has := rec.Properties[name]; has {
			if out == nil {
				out = map[string]string{}
			}
			out[name] = string(value)
		}
	}
	return out
}

func (u *updating) index(wave []int) (byTrace, byID map[string]int) {
	byTrace, byID = make(map[string]int, len(wave)), make(map[string]int, len(wave))
	for _, i := range wave {
		byTrace[trace(i)], byID[string(u.updates[i].ID)] = i, i
	}
	return byTrace, byID
}

func (u *updating) culprits(f fault, err error, wave []int) map[int]error {
	byTrace, byID := u.index(wave)
	out := make(map[int]error)
	for _, e := range append([]fault{f}, f.Errors.value...) {
		for _, i := range e.named(byTrace, byID) {
			out[i] = err
		}
	}
	for _, i := range f.definitional(wave, func(i int) map[string]string { return u.updates[i].Properties }) {
		out[i] = err
	}
	return out
}

// probe finds out what became of the records that an answer left out (hubspot-api 5.5 and 11.2).
func (u *updating) probe(ctx context.Context) {
	if len(u.silent) == 0 {
		return
	}
	ids := make([]connector.ObjectID, len(u.silent))
	for n, i := range u.silent {
		ids[n] = u.updates[i].ID
	}
	read, err := u.client.Read(ctx, u.typ, ids, nil)
	for _, i := range u.silent {
		id := u.updates[i].ID
		o, found := read.Found[id]
		if err == nil && !found {
			o, err = u.client.get(ctx, u.typ, id, nil)
			if errors.Is(err, connector.ErrNotFound) {
				u.results[i].Err, err = err, nil
				continue
			}
		}
		switch {
		case err != nil:
			u.results[i].Err = &connector.Error{
				Kind: connector.ErrAmbiguous, Op: u.op(), Message: "left out of the answer and not readable", Err: err,
			}
		case o.ID != id:
			u.results[i].Err = u.survivor(string(o.ID))
		default:
			u.results[i].Err = &connector.Error{
				Kind: connector.ErrAmbiguous, Op: u.op(), Message: "left out of the answer, though the record exists",
			}
		}
	}
}

// survivor is the error of a record that was merged away.
func (u *updating) survivor(id string) error {
	return &connector.Error{
		Kind: connector.ErrNotFound, Op: u.op(), Message: fmt.Sprintf("merged into %q", id),
	}
}
