package hubspot

import (
	"context"
	"errors"
	"slices"

	"leadsync/connector"
)

const (
	linkReadLimit   = 1000 // inputs of an association read (hubspot-api 9.2)
	linkAssertLimit = 100  // inputs of a default association; no limit is documented
)

// linksAnswer is the answer of associations batch/read.
type linksAnswer struct {
	Results []struct {
		From idText `json:"from"`
		To   []struct {
			ID text `json:"toObjectId"` // a number live, a string in the specification
		} `json:"to"`
		Paging paging `json:"paging"`
	} `json:"results"`
	Errors []fault `json:"errors"`
}

type idText struct {
	ID text `json:"id"`
}

// Links gives the associations from the named records to records of another kind, each once, in the order of
// ids; a thousand ids cost one call. A record without any, or one that is gone, has none: HubSpot reports the
// former as an error of a 207 (hubspot-api 9.2).
func (c *Client) Links(
	ctx context.Context, from, to connector.ObjectType, ids []connector.ObjectID,
) ([]connector.Link, error) {
	fromName, err := plural(from)
	if err != nil {
		return nil, err
	}
	toName, err := plural(to)
	if err != nil {
		return nil, err
	}
	ids = distinct(ids)
	targets := make(map[connector.ObjectID][]connector.ObjectID, len(ids))
	pending := make([]idInput, len(ids))
	for i, id := range ids {
		pending[i] = idInput{ID: string(id)}
	}
	for len(pending) > 0 {
		chunk := pending[:min(len(pending), linkReadLimit)]
		more, err := c.linkPage(ctx, []string{fromName, toName}, chunk, targets)
		if err != nil {
			return nil, err
		}
		pending = append(slices.Clone(pending[len(chunk):]), more...)
	}
	var out []connector.Link
	for _, id := range ids {
		for _, target := range distinct(targets[id]) {
			out = append(out, connector.Link{FromType: from, FromID: id, ToType: to, ToID: target})
		}
	}
	return out, nil
}

// linkPage reads one chunk into targets and returns what to ask for the next pages.
func (c *Client) linkPage(
	ctx context.Context, names []string, chunk []idInput, targets map[connector.ObjectID][]connector.ObjectID,
) ([]idInput, error) {
	asked := make(map[string]string, len(chunk))
	for _, in := range chunk {
		asked[in.ID] = in.After
	}
	var out linksAnswer
	r := request{
		op: "read associations of " + names[0] + " to " + names[1], endpoint: epLinksRead, args: names,
		body: struct {
			Inputs []idInput `json:"inputs"`
		}{chunk},
	}
	if _, err := c.do(ctx, r, &out); err != nil {
		return nil, err
	}
	for _, f := range out.Errors {
		if !errors.Is(f.kind(), connector.ErrNotFound) {
			return nil, f.entryError(r.op)
		}
	}
	var more []idInput
	for _, res := range out.Results {
		before, ok := asked[string(res.From.ID)]
		if !ok {
			continue // not asked: a survivor's links would be credited to nobody we know
		}
		from := connector.ObjectID(res.From.ID)
		for _, to := range res.To {
			targets[from] = append(targets[from], connector.ObjectID(to.ID))
		}
		switch after := string(res.Paging.Next.After); after {
		case "":
		case before:
			return nil, &connector.Error{Kind: connector.ErrUnavailable, Op: r.op, Message: "the pages do not move on"}
		default:
			more = append(more, idInput{ID: string(res.From.ID), After: after})
		}
	}
	return more, nil
}

// pair is one association on the wire.
type pair struct {
	From idText `json:"from"`
	To   idText `json:"to"`
}

// AssertLinks makes sure that the links exist, with HubSpot's default association types; links that exist
// stay (hubspot-api 1.3). It compares what HubSpot names as linked with what was asked and reads what it does
// not name; a link that is still absent then is ErrAmbiguous.
func (c *Client) AssertLinks(ctx context.Context, links []connector.Link) error {
	type kinds struct{ from, to connector.ObjectType }
	var order []kinds
	groups := make(map[kinds][]connector.Link)
	for _, l := range distinct(links) {
		k := kinds{l.FromType, l.ToType}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], l)
	}
	for _, k := range order {
		for chunk := range slices.Chunk(groups[k], linkAssertLimit) {
			if err := c.assertLinks(ctx, chunk); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Client) assertLinks(ctx context.Context, links []connector.Link) error {
	from, err := plural(links[0].FromType)
	if err != nil {
		return err
	}
	to, err := plural(links[0].ToType)
	if err != nil {
		return err
	}
	var body struct {
		Inputs []pair `json:"inputs"`
	}
	for _, l := range links {
		body.Inputs = append(body.Inputs, pair{idText{text(l.FromID)}, idText{text(l.ToID)}})
	}
	var out struct {
		Results []pair  `json:"results"`
		Errors  []fault `json:"errors"`
	}
	r := request{
		op: "associate " + from + " with " + to, endpoint: epLinksAssert, args: []string{from, to}, body: body,
		effect: settles,
	}
	if _, err := c.do(ctx, r, &out); err != nil {
		return err
	}
	if len(out.Errors) > 0 {
		return out.Errors[0].entryError(r.op)
	}
	named := make(map[pair]bool, 2*len(out.Results))
	for _, p := range out.Results {
		named[p], named[pair{p.To, p.From}] = true, true // HubSpot may name either direction
	}
	var rest []connector.Link
	for i, l := range links {
		if !named[body.Inputs[i]] {
			rest = append(rest, l)
		}
	}
	return c.verifyLinks(ctx, r.op, rest)
}

func (c *Client) verifyLinks(ctx context.Context, op string, links []connector.Link) error {
	if len(links) == 0 {
		return nil
	}
	ids := make([]connector.ObjectID, len(links))
	for i, l := range links {
		ids[i] = l.FromID
	}
	there, err := c.Links(ctx, links[0].FromType, links[0].ToType, ids)
	if err != nil {
		return err
	}
	for _, l := range links {
		if !slices.Contains(there, l) {
			return &connector.Error{Kind: connector.ErrAmbiguous, Op: op, Message: "a link is absent after it was made"}
		}
	}
	return nil
}
