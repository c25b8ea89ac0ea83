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
// ids; a thousand ids cost one call. A record without any, or one that is gone, has none: HubSpot reports that
// as an error of a 207 (hubspot-api 9.2). An id that the answer does not mention is asked once more and is then
// ErrUnavailable. A merged record has its survivor's links, if HubSpot answers under the survivor's id.
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
	w := linkWalk{client: c, names: []string{fromName, toName}, targets: make(map[connector.ObjectID][]connector.ObjectID, len(ids))}
	if err := w.all(ctx, ids); err != nil {
		return nil, err
	}
	var out []connector.Link
	for _, id := range ids {
		for _, target := range distinct(w.targets[id]) {
			out = append(out, connector.Link{FromType: from, FromID: id, ToType: to, ToID: target})
		}
	}
	return out, nil
}

// linkWalk is one Links call.
type linkWalk struct {
	client  *Client
	names   []string // of both kinds of record
	targets map[connector.ObjectID][]connector.ObjectID
	// strangers is true once an answer was about an id that nobody asked for: a merged record answers under its
	// survivor's, so whoever is unanswered then must be asked alone.
	strangers bool
}

func (w *linkWalk) op() string { return "read associations of " + w.names[0] + " to " + w.names[1] }

// all reads every id, and once more those that the answers are silent about: "no links" is only what HubSpot
// says, for it takes activities off their contacts.
func (w *linkWalk) all(ctx context.Context, ids []connector.ObjectID) error {
	inputs := make([]idInput, len(ids))
	for i, id := range ids {
		inputs[i] = idInput{ID: string(id)}
	}
	silent, err := w.read(ctx, inputs, linkReadLimit)
	if w.client.weak.SilentAbsent {
		return err
	}
	if err == nil && len(silent) > 0 {
		limit := linkReadLimit
		if w.strangers {
			limit = 1
		}
		silent, err = w.read(ctx, silent, limit)
	}
	if err == nil && len(silent) > 0 {
		err = silence(w.op(), len(silent))
	}
	return err
}

// read asks for the inputs and all their pages, and returns those that got no answer.
func (w *linkWalk) read(ctx context.Context, pending []idInput, limit int) ([]idInput, error) {
	var silent []idInput
	for n := 0; len(pending) > 0; n++ {
		if n == mostLongPages {
			return nil, endless(w.op())
		}
		chunk := pending[:min(len(pending), limit)]
		more, unanswered, err := w.page(ctx, chunk)
		if err != nil {
			return nil, err
		}
		pending = append(slices.Clone(pending[len(chunk):]), more...)
		silent = append(silent, unanswered...)
	}
	return silent, nil
}

// page reads one chunk. It returns what to ask for the next pages, and what the answer is silent about.
func (w *linkWalk) page(ctx context.Context, chunk []idInput) (more, silent []idInput, failed error) {
	var out linksAnswer
	r := request{
		op: w.op(), endpoint: epLinksRead, args: w.names,
		body: struct {
			Inputs []idInput `json:"inputs"`
		}{chunk},
	}
	if _, err := w.client.do(ctx, r, &out); err != nil {
		return nil, nil, err
	}
	for _, f := range out.Errors {
		if !errors.Is(f.kind(), connector.ErrNotFound) {
			return nil, nil, f.entryError(r.op)
		}
	}
	waiting := make(map[string]string, len(chunk)) // id -> the page that was asked for
	for _, in := range chunk {
		waiting[in.ID] = in.After
	}
	for _, res := range out.Results {
		id := string(res.From.ID)
		before, asked := waiting[id]
		if !asked {
			w.strangers = true
			if len(chunk) > 1 {
				continue // nobody knows whose survivor it is
			}
			id, before = chunk[0].ID, chunk[0].After
		}
		for _, to := range res.To {
			w.targets[connector.ObjectID(id)] = append(w.targets[connector.ObjectID(id)], connector.ObjectID(to.ID))
		}
		delete(waiting, id)
		switch after := string(res.Paging.Next.After); after {
		case "":
		case before:
			return nil, nil, &connector.Error{Kind: connector.ErrUnavailable, Op: r.op, Message: "the pages do not move on"}
		default:
			more = append(more, idInput{ID: id, After: after})
		}
	}
	return more, unanswered(chunk, waiting, absent(out.Errors)), nil
}

// unanswered are the inputs of which the answer says nothing. HubSpot has one NO_ASSOCIATIONS_FOUND for each id
// without links (hubspot-api 9.2); as many as there are ids left cover them even without naming them.
func unanswered(chunk []idInput, waiting map[string]string, none absences) []idInput {
	silent := slices.DeleteFunc(slices.Clone(chunk), func(in idInput) bool {
		_, waits := waiting[in.ID]
		return !waits || none.ids[in.ID]
	})
	if len(silent) <= none.unnamed {
		return nil
	}
	return silent
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
