package hubspot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"leadsync/connector"
)

// ProbeUnique finds out whether the account's unique property protects against doubles (hubspot-api 7.3): it
// creates one record that says that it is a probe, twice under one key, expects a conflict, archives what it
// made, checks that it is gone and whether the key is free again. It writes into the account: call it only
// with an operator's consent.
//
// A refusal by HubSpot is an answer, not an error: UniqueProbe.Refusal has its words. The error is for what
// left the question open (throttled, no answer, no scope for it); then too everything that was made is
// archived, and UniqueProbe.Left names what could not be.
func (c *Client) ProbeUnique(ctx context.Context, typ connector.ObjectType) (connector.UniqueProbe, error) {
	name, err := plural(typ)
	if err != nil {
		return connector.UniqueProbe{}, err
	}
	p := &probing{client: c, typ: typ, name: name, key: "leadsync-probe-" + strconv.FormatInt(c.now().UnixMilli(), 10)}
	if p.properties, err = c.probeRecord(ctx, typ); err != nil {
		return connector.UniqueProbe{}, err
	}
	err = p.try(ctx)
	// What was made must go even if the operator has interrupted the probe by now.
	p.clear(context.WithoutCancel(ctx))
	return p.result, err
}

// probing is one ProbeUnique call.
type probing struct {
	client     *Client
	typ        connector.ObjectType
	name, key  string
	properties map[string]string
	made       []connector.ObjectID
	result     connector.UniqueProbe
}

// probeRecord is a record that nobody can take for real work.
func (c *Client) probeRecord(ctx context.Context, typ connector.ObjectType) (map[string]string, error) {
	const title = "leadsync probe (will be deleted at once)"
	switch typ { //nolint:exhaustive // only these two have keys
	case connector.TypeTask:
		return map[string]string{
			"hs_task_subject": title, "hs_task_status": "NOT_STARTED", "hs_task_type": "TODO",
			"hs_timestamp": c.now().UTC().Format(time.RFC3339),
		}, nil
	case connector.TypeDeal:
		pipelines, err := c.Pipelines(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range pipelines {
			if len(p.Stages) > 0 {
				return map[string]string{"dealname": title, "pipeline": p.ID, "dealstage": p.Stages[0].ID}, nil
			}
		}
		return nil, unfit("probe unique property", "the account has no deal pipeline with a stage")
	default:
		return nil, unfit("probe unique property", fmt.Sprintf("records of kind %q have no keys; only tasks and deals do", typ))
	}
}

// create makes the probe record once more. refused is true if HubSpot answered and surely made nothing.
func (p *probing) create(ctx context.Context) (refused bool, err error) {
	properties := map[string]string{p.client.keyProperty: p.key}
	maps.Copy(properties, p.properties)
	r := p.client.create(ctx, p.name, []creation{{key: p.key, properties: properties}})[0]
	if r.Err == nil {
		p.made = append(p.made, r.ID)
		return false, nil
	}
	refused = errors.Is(r.Err, connector.ErrInvalid) || errors.Is(r.Err, connector.ErrConflict) || errors.Is(r.Err, connector.ErrForbidden)
	return refused, r.Err
}

func (p *probing) try(ctx context.Context) error {
	refused, err := p.create(ctx)
	if refused {
		p.result.Refusal = words(err)
		return nil
	}
	if err != nil {
		return p.lookFor(ctx, err)
	}
	_, err = p.create(ctx)
	switch {
	case errors.Is(err, connector.ErrConflict):
		p.result.Unique = true
		return nil
	case errors.Is(err, connector.ErrInvalid):
		p.result.Refusal = "the second record was refused, but not as a double: " + words(err)
		return nil
	case err != nil:
		return p.lookFor(ctx, err)
	default:
		p.result.Refusal = "a second record was created under the same key"
		return nil
	}
}

// lookFor adds to what was made what a lost answer may have made, and returns the error that lost it.
func (p *probing) lookFor(ctx context.Context, lost error) error {
	ctx = context.WithoutCancel(ctx)
	found, err := p.client.batchReadAll(ctx, batchReading{
		name: p.name, idProperty: p.client.keyProperty, inputs: []string{p.key}, props: []string{p.client.keyProperty},
	}, "read by key", func(record) string { return p.key }) // the only one asked for
	if err != nil {
		return fmt.Errorf("probe unique property: look for %q and delete it by hand: %w", p.key, errors.Join(lost, err))
	}
	for _, rec := range found.Results {
		if id := connector.ObjectID(rec.ID); !slices.Contains(p.made, id) {
			p.made = append(p.made, id)
		}
	}
	return fmt.Errorf("probe unique property: %w", lost)
}

// clear archives what was made, checks that it is gone, and tries the key once more.
func (p *probing) clear(ctx context.Context) {
	if len(p.made) == 0 {
		return
	}
	made := slices.Clone(p.made)
	p.result.Left = p.archive(ctx, made)
	if !p.result.Unique || len(p.result.Left) > 0 {
		return
	}
	if _, err := p.create(ctx); errors.Is(err, connector.ErrAmbiguous) {
		_ = p.lookFor(ctx, err) // what it found is in made; the answer to the probe stands already
	}
	if again := p.made[len(made):]; len(again) > 0 {
		p.result.Freed, p.result.Left = true, p.archive(ctx, again)
	}
}

// archive returns those that are still there afterwards, or that nobody can tell of.
func (p *probing) archive(ctx context.Context, ids []connector.ObjectID) []connector.ObjectID {
	if _, _, err := p.client.archive(ctx, p.typ, ids); err != nil && !errors.Is(err, connector.ErrNotFound) {
		return ids
	}
	read, err := p.client.Read(ctx, p.typ, ids, nil)
	if err != nil {
		return ids
	}
	var left []connector.ObjectID
	for _, id := range ids {
		if o, found := read.Found[id]; found && !o.Archived {
			left = append(left, id)
		}
	}
	return left
}

// words is what HubSpot said, without what we add.
func words(err error) string {
	if e, ok := errors.AsType[*connector.Error](err); ok {
		return orString(e.Message, e.Kind.Error())
	}
	return err.Error()
}
