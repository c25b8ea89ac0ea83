package hubspot

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"leadsync/connector"
)

const (
	searchLimit = 200  // records a page of a search
	searchBody  = 3000 // characters of a search body (hubspot-api 5.4)
	// tiesNamed is how many records of one instant a search can exclude by name: six filters a group, one of
	// which names the instant.
	tiesNamed = 5
)

// walk is the position of a change walk; its JSON is the cursor.
type walk struct {
	// At is the instant reached, in milliseconds. Everything before it was delivered.
	At int64 `json:"at"`
	// Done are the records of that instant that were delivered, while a search can name them.
	Done []string `json:"done,omitempty"`
	// Tied is true while the records of that very instant are walked by id, above LastID.
	Tied   bool   `json:"tied,omitempty"`
	LastID string `json:"last_id,omitempty"`
}

type filter struct {
	Property string `json:"propertyName"`
	Operator string `json:"operator"`
	Value    string `json:"value"`
}

type filterGroup struct {
	Filters []filter `json:"filters"`
}

type sorting struct {
	Property  string `json:"propertyName"`
	Direction string `json:"direction"`
}

type searchRequest struct {
	Groups     []filterGroup `json:"filterGroups"`
	Sorts      []sorting     `json:"sorts"`
	Properties []string      `json:"properties"`
	Limit      int           `json:"limit"`
	After      string        `json:"after"`
}

// Changed gives one page of the records that changed, oldest change first; it costs exactly one search.
//
// The walk never pages with an offset: a record that changes meanwhile shifts the pages and would hide
// another, and HubSpot ends at 10,000. Each page asks for what is later than the last record of the page
// before, or of the same instant and not delivered yet. When more records share that instant than a search
// can exclude by name, that instant is walked by record id. So every record that does not change during the
// walk is delivered; one that changes may come twice, or in the next sweep. Page.Next is empty at the end
// of the walk, Page.Total counts what was left before this page. The page is Partial when the names of the
// properties do not fit a search.
func (c *Client) Changed(ctx context.Context, q connector.ChangedQuery) (connector.Page, error) {
	name, err := plural(q.Type)
	if err != nil {
		return connector.Page{}, err
	}
	at, err := position(q)
	if err != nil {
		return connector.Page{}, err
	}
	body, partial, err := searchFor(q, at)
	if err != nil {
		return connector.Page{}, err
	}
	r := request{op: "search " + name, endpoint: epSearch, args: []string{name}, body: body}
	var out recordsAnswer
	if _, err := c.do(ctx, r, &out); err != nil {
		return connector.Page{}, err
	}
	total := len(out.Results)
	if out.Total != nil {
		total = *out.Total
	}
	page := connector.Page{Total: total, Partial: partial}
	for _, rec := range out.Results {
		page.Objects = append(page.Objects, rec.object(q.Type, q.Properties))
	}
	page.Next, err = at.after(q.Type, out.Results, total > len(out.Results))
	if err != nil {
		return connector.Page{}, err
	}
	return page, nil
}

// position reads the cursor; the empty one is the beginning.
func position(q connector.ChangedQuery) (*walk, error) {
	if q.Cursor == "" {
		return nil, nil //nolint:nilnil // nil is the beginning
	}
	var w walk
	if json.Unmarshal([]byte(q.Cursor), &w) != nil || !w.sound() {
		return nil, &connector.Error{
			Kind: connector.ErrInvalid, Op: "search " + string(q.Type), Message: "the cursor is not one of this walk",
		}
	}
	return &w, nil
}

// sound reports whether a search can go on from a position: a time that HubSpot can have, and ids that are numbers.
func (w *walk) sound() bool {
	const year10000 = 253_402_300_800_000
	odd := func(id string) bool { return !decimal(id) }
	return w.At >= 0 && w.At < year10000 && len(w.Done) <= tiesNamed && !slices.ContainsFunc(w.Done, odd) &&
		(w.LastID == "" || !odd(w.LastID))
}

// searchFor builds the search of a position. partial is true when the properties had to be left out.
func searchFor(q connector.ChangedQuery, at *walk) (body searchRequest, partial bool, err error) {
	modified := modifiedProperty(q.Type)
	basic := []string{"hs_object_id", modified}
	body = searchRequest{
		Groups: at.groups(modified, q.Since), Sorts: []sorting{{Property: modified, Direction: "ASCENDING"}},
		Properties: distinct(append(slices.Clone(basic), q.Properties...)), Limit: searchLimit, After: "0",
	}
	if at != nil && at.Tied {
		body.Sorts[0].Property = "hs_object_id"
	}
	encoded, err := encode(body)
	if err != nil {
		return searchRequest{}, false, &connector.Error{
			Kind: connector.ErrInvalid, Op: "search " + string(q.Type), Message: "cannot be sent", Err: err,
		}
	}
	if len(encoded) > searchBody {
		body.Properties, partial = basic, true
	}
	return body, partial, nil
}

// groups are the filters of a position; groups are joined by OR, the filters of a group by AND.
func (w *walk) groups(modified string, since time.Time) []filterGroup {
	if w == nil {
		return []filterGroup{{[]filter{{modified, "GTE", strconv.FormatInt(since.UnixMilli(), 10)}}}}
	}
	at := strconv.FormatInt(w.At, 10)
	if w.Tied {
		return []filterGroup{{[]filter{{modified, "EQ", at}, {"hs_object_id", "GT", orString(w.LastID, "0")}}}}
	}
	groups := []filterGroup{{[]filter{{modified, "GT", at}}}}
	if len(w.Done) > 0 {
		rest := filterGroup{[]filter{{modified, "EQ", at}}}
		for _, id := range w.Done {
			rest.Filters = append(rest.Filters, filter{"hs_object_id", "NEQ", id})
		}
		groups = append(groups, rest)
	}
	return groups
}

// after is the position behind a page; more says that HubSpot has records beyond it.
func (w *walk) after(typ connector.ObjectType, page []record, more bool) (connector.Cursor, error) {
	if w != nil && w.Tied {
		return w.afterTied(typ, page, more)
	}
	if !more || len(page) == 0 {
		return "", nil
	}
	last, err := modifiedAt(typ, page[len(page)-1])
	if err != nil {
		return "", err
	}
	if w != nil && last < w.At {
		return "", standstill(typ)
	}
	next := &walk{At: last, Done: w.doneAt(typ, page, last)}
	if len(next.Done) > tiesNamed {
		next = &walk{At: last, Tied: true}
	}
	if !next.sound() {
		return "", unsound(typ)
	}
	return next.cursor(), nil
}

// afterTied goes on with the next ids of the instant, and then with what is later.
func (w *walk) afterTied(typ connector.ObjectType, page []record, more bool) (connector.Cursor, error) {
	if !more || len(page) == 0 {
		return (&walk{At: w.At}).cursor(), nil
	}
	next := &walk{At: w.At, Tied: true, LastID: string(page[len(page)-1].ID)}
	if next.LastID == w.LastID {
		return "", standstill(typ)
	}
	if !next.sound() {
		return "", unsound(typ)
	}
	return next.cursor(), nil
}

// doneAt lists the records of the last instant that were delivered, on this page and before.
func (w *walk) doneAt(typ connector.ObjectType, page []record, last int64) []string {
	var done []string
	if w != nil && last == w.At {
		done = slices.Clone(w.Done)
	}
	for _, rec := range slices.Backward(page) {
		if at, err := modifiedAt(typ, rec); err != nil || at != last {
			break
		}
		done = append(done, string(rec.ID))
	}
	return done
}

func (w *walk) cursor() connector.Cursor {
	b, _ := json.Marshal(w) // numbers, strings and booleans do not fail
	return connector.Cursor(b)
}

// modifiedAt is the time by which the search sorted, in milliseconds.
func modifiedAt(typ connector.ObjectType, rec record) (int64, error) {
	value := string(rec.Properties[modifiedProperty(typ)])
	if t := wireTime(value); !t.IsZero() {
		return t.UnixMilli(), nil
	}
	if ms, err := strconv.ParseInt(value, 10, 64); err == nil {
		return ms, nil
	}
	return 0, &connector.Error{
		Kind: connector.ErrUnavailable, Op: "search " + string(typ), Message: "a result has no modification time",
	}
}

func unsound(typ connector.ObjectType) error {
	return &connector.Error{
		Kind: connector.ErrUnavailable, Op: "search " + string(typ), Message: "a result has an id or a time that cannot be",
	}
}

func standstill(typ connector.ObjectType) error {
	return &connector.Error{
		Kind: connector.ErrUnavailable, Op: "search " + string(typ), Message: "the results do not move on",
	}
}
