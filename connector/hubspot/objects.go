package hubspot

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"leadsync/connector"
)

const (
	listLimit  = 100 // records a page of a listing
	batchLimit = 100 // inputs of a batch (hubspot-api 5.2)
	// queryLimit bounds the names in a listing's address; longer ones are refused with 414 somewhere.
	queryLimit = 6000
)

// List gives one page of all records of a kind, in the CRM's own order, 100 at a time: the way of the first
// load (hubspot-api 5.3). The page is Partial when the names of the properties would make the address too long.
func (c *Client) List(
	ctx context.Context, typ connector.ObjectType, cur connector.Cursor, props []string,
) (connector.Page, error) {
	name, err := plural(typ)
	if err != nil {
		return connector.Page{}, err
	}
	query := url.Values{"limit": {strconv.Itoa(listLimit)}, "archived": {"false"}}
	if cur != "" {
		query.Set("after", string(cur))
	}
	names := strings.Join(props, ",")
	partial := len(names) > queryLimit
	if names != "" && !partial {
		query.Set("properties", names)
	}
	var out recordsAnswer
	r := request{op: "list " + name, endpoint: epList, args: []string{name}, query: query}
	if _, err := c.do(ctx, r, &out); err != nil {
		return connector.Page{}, err
	}
	page := connector.Page{Next: connector.Cursor(out.Paging.Next.After), Total: -1, Partial: partial}
	if page.Next != "" && page.Next == cur {
		return connector.Page{}, &connector.Error{
			Kind: connector.ErrUnavailable, Op: r.op, Message: "the listing does not move on",
		}
	}
	for _, rec := range out.Results {
		page.Objects = append(page.Objects, rec.object(typ, props))
	}
	return page, nil
}

// Read gives the named records, any number, each asked once. An id that HubSpot neither returns nor reports
// as missing is asked alone, because a merged record answers only then, and under its survivor's id
// (hubspot-api 5.5).
func (c *Client) Read(
	ctx context.Context, typ connector.ObjectType, ids []connector.ObjectID, props []string,
) (connector.ReadResult, error) {
	result := connector.ReadResult{Found: make(map[connector.ObjectID]connector.Object, len(ids))}
	name, err := plural(typ)
	if err != nil {
		return connector.ReadResult{}, err
	}
	for chunk := range slices.Chunk(distinct(ids), batchLimit) {
		inputs := make([]string, len(chunk))
		for i, id := range chunk {
			inputs[i] = string(id)
		}
		out, err := c.batchRead(ctx, batchReading{name: name, inputs: inputs, props: props})
		if err != nil {
			return connector.ReadResult{}, err
		}
		if err := c.settleRead(ctx, reading{typ: typ, chunk: chunk, props: props, out: out}, &result); err != nil {
			return connector.ReadResult{}, err
		}
	}
	return result, nil
}

// batchReading is one batch/read.
type batchReading struct {
	name, idProperty string
	inputs, props    []string
	history          []string // properties whose versions are wanted
	archived         bool
	markers          bool // see request
}

// batchRead sends all fields that the specification calls required (hubspot-api 11.3).
func (c *Client) batchRead(ctx context.Context, b batchReading) (recordsAnswer, error) {
	body := struct {
		Properties  []string  `json:"properties"`
		WithHistory []string  `json:"propertiesWithHistory"`
		IDProperty  string    `json:"idProperty,omitempty"`
		Inputs      []idInput `json:"inputs"`
	}{Properties: append([]string{}, b.props...), WithHistory: append([]string{}, b.history...), IDProperty: b.idProperty}
	for _, id := range b.inputs {
		body.Inputs = append(body.Inputs, idInput{ID: id})
	}
	r := request{op: "read " + b.name, endpoint: epBatchRead, args: []string{b.name}, body: body, markers: b.markers}
	if b.archived {
		r.query = url.Values{"archived": {"true"}}
	}
	var out recordsAnswer
	_, err := c.do(ctx, r, &out)
	return out, err
}

// reading is one answered chunk of a Read.
type reading struct {
	typ   connector.ObjectType
	chunk []connector.ObjectID
	props []string
	out   recordsAnswer
}

// sorted are the records that the answer holds, and the ids that it reports as not there. An id that is in
// neither must be asked alone.
func (r reading) sorted() (found map[connector.ObjectID]record, missing map[connector.ObjectID]bool) {
	found = make(map[connector.ObjectID]record, len(r.out.Results))
	for _, rec := range r.out.Results {
		found[connector.ObjectID(rec.ID)] = rec
	}
	missing = make(map[connector.ObjectID]bool)
	for _, f := range r.out.Errors {
		if !errors.Is(f.kind(), connector.ErrNotFound) {
			continue // asked alone below, which gives its own error
		}
		for _, id := range append(slices.Clone(f.Context["ids"]), f.Context["id"]...) {
			missing[connector.ObjectID(id)] = true
		}
	}
	return found, missing
}

func (c *Client) settleRead(ctx context.Context, r reading, result *connector.ReadResult) error {
	found, missing := r.sorted()
	for _, id := range r.chunk {
		rec, ok := found[id]
		switch {
		case ok:
			result.Found[id] = rec.object(r.typ, r.props)
		case missing[id], c.weak.SilentAbsent:
			result.Missing = append(result.Missing, id)
		default:
			o, err := c.get(ctx, r.typ, id, r.props)
			if errors.Is(err, connector.ErrNotFound) {
				result.Missing = append(result.Missing, id)
				continue
			}
			if err != nil {
				return err
			}
			result.Found[id] = o
		}
	}
	return nil
}

// get reads one record. A merged id gives the survivor.
func (c *Client) get(
	ctx context.Context, typ connector.ObjectType, id connector.ObjectID, props []string,
) (connector.Object, error) {
	rec, err := c.getRecord(ctx, typ, id, "properties", props)
	if err != nil {
		return connector.Object{}, err
	}
	return rec.object(typ, props), nil
}

// getRecord reads one record with its properties, or their versions, in as many calls as their names need:
// leaving some out would look as if they were empty.
func (c *Client) getRecord(
	ctx context.Context, typ connector.ObjectType, id connector.ObjectID, parameter string, props []string,
) (record, error) {
	var whole record
	for part, rest := nextPart(props); ; part, rest = nextPart(rest) {
		query := url.Values{}
		if len(part) > 0 {
			query.Set(parameter, strings.Join(part, ","))
		}
		rec, err := c.getPart(ctx, typ, id, query)
		if err != nil {
			return record{}, err
		}
		if whole.ID == "" {
			whole = rec
		} else {
			maps.Copy(whole.Properties, rec.Properties)
			maps.Copy(whole.History, rec.History)
		}
		if len(rest) == 0 {
			return whole, nil
		}
	}
}

// nextPart takes as many names as fit an address.
func nextPart(names []string) (part, rest []string) {
	size := 0
	for i, name := range names {
		if size += len(name) + 1; size > queryLimit && i > 0 {
			return names[:i], names[i:]
		}
	}
	return names, nil
}

func (c *Client) getPart(
	ctx context.Context, typ connector.ObjectType, id connector.ObjectID, query url.Values,
) (record, error) {
	name, err := plural(typ)
	if err != nil {
		return record{}, err
	}
	if !decimal(string(id)) {
		return record{}, &connector.Error{
			Kind: connector.ErrNotFound, Op: "read " + string(typ), Message: "the id is not a number",
		}
	}
	var rec record
	r := request{op: "read " + string(typ), endpoint: epGet, args: []string{name, string(id)}, query: query}
	if _, err := c.do(ctx, r, &rec); err != nil {
		return record{}, err
	}
	if rec.ID == "" {
		return record{}, &connector.Error{
			Kind: connector.ErrUnavailable, Op: r.op, Message: "the answer names no record",
		}
	}
	if rec.Properties == nil {
		rec.Properties = make(map[string]text)
	}
	if rec.History == nil {
		rec.History = make(map[string][]version)
	}
	return rec, nil
}
