package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// text is a property value on the wire: strings, numbers, booleans and null are all taken.
type text string

// UnmarshalJSON takes any scalar.
func (s *text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var plain string
		if err := json.Unmarshal(b, &plain); err != nil {
			return fmt.Errorf("read value: %w", err)
		}
		*s = text(plain)
		return nil
	}
	if string(b) == "null" {
		*s = ""
		return nil
	}
	if len(b) > 0 && (b[0] == '{' || b[0] == '[') {
		return fmt.Errorf("read value %.20q: %w", b, ErrInvalid)
	}
	*s = text(b)
	return nil
}

type inputLink struct {
	To struct {
		ID text `json:"id"`
	} `json:"to"`
	Types []linkType `json:"types"`
}

type linkType struct {
	Category string `json:"associationCategory"`
	TypeID   int    `json:"associationTypeId"`
}

// input is one record as a caller sends it, alone or in a batch.
type input struct {
	ID           text            `json:"id"`
	IDProperty   string          `json:"idProperty"`
	Properties   map[string]text `json:"properties"`
	Associations []inputLink     `json:"associations"`
	TraceID      string          `json:"objectWriteTraceId"`
}

func (in input) props() map[string]string {
	out := make(map[string]string, len(in.Properties))
	for k, v := range in.Properties {
		out[k] = string(v)
	}
	return out
}

func queryList(r *http.Request, name string) []string {
	var out []string
	for _, v := range r.URL.Query()[name] {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// limitParam reads ?limit=; the second result is false when it is out of range.
func limitParam(r *http.Request, fallback, most int) (int, bool) {
	s := r.URL.Query().Get("limit")
	if s == "" {
		return fallback, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 1 && n <= most
}

// list pages through all records by id (hubspot-api 5.3).
func (c *call) list() answer {
	limit, ok := limitParam(c.r, 10, 100)
	if !ok {
		return c.invalid("The requested page size is not possible: limit must be between 1 and 100.")
	}
	after := int64(0)
	if s := c.r.URL.Query().Get("after"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return c.invalid("after must be a value that paging.next.after gave, not " + s + ".")
		}
		after = n
	}
	p := c.t.project(queryList(c.r, "properties"))
	history, assoc := queryList(c.r, "propertiesWithHistory"), queryList(c.r, "associations")
	if len(history) > 0 && limit > 50 {
		return c.invalid("The number of objects to read with property history is limited to 50.")
	}
	page, more := c.pageAfter(after, limit)
	b := []byte(`{"results":[`)
	for i, r := range page {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendRecord(b, r, r.cur, p, c.withHistory(r, history), c.withLinks(r, assoc))
	}
	b = append(b, ']')
	if more {
		b = append(b, c.nextPage(strconv.FormatInt(page[len(page)-1].id+1, 10))...)
	}
	return answer{status: http.StatusOK, body: append(b, '}')}
}

// pageAfter collects one page of the list and says whether there is another.
func (c *call) pageAfter(after int64, limit int) (page []*record, more bool) {
	archived := c.r.URL.Query().Get("archived") == "true"
	at, _ := slices.BinarySearchFunc(c.t.ids, after, func(r *record, id int64) int { return cmp.Compare(r.id, id) })
	for _, r := range c.t.ids[at:] {
		if r.purged || r.survivor != nil || (r.cur.archived != 0) != archived {
			continue
		}
		if len(page) == limit {
			return page, true
		}
		page = append(page, r)
	}
	return page, false
}

// nextPage carries a link of an old API version on purpose: callers must not
// follow it (hubspot-api 1.1).
func (c *call) nextPage(after string) []byte {
	q := c.r.URL.Query()
	q.Set("after", after)
	link := "https://api.hubapi.com/crm/v3/objects/" + c.t.name + "?" + q.Encode()
	b := appendString([]byte(`,"paging":{"next":{"after":"`+after+`","link":`), link)
	return append(b, `}}`...)
}

// byPath finds the record of the path: by id, following merges, or by idProperty.
func (c *call) byPath(archived bool) *record {
	id, prop := c.r.PathValue("id"), c.r.URL.Query().Get("idProperty")
	var r *record
	if prop == "" {
		r = c.t.byID[parseID(id)].latest()
	} else if p := c.t.props[prop]; p != nil && c.t.uniqueKey(p) {
		r = c.t.unique[p.key][strings.ToLower(id)]
	}
	if r == nil || r.purged || (r.cur.archived != 0) != archived {
		return nil
	}
	return r
}

func (c *call) getOne() answer {
	q := c.r.URL.Query()
	r := c.byPath(q.Get("archived") == "true")
	if r == nil {
		return c.noPage()
	}
	b := appendRecord(nil, r, r.cur, c.t.project(queryList(c.r, "properties")),
		c.withHistory(r, queryList(c.r, "propertiesWithHistory")), c.withLinks(r, queryList(c.r, "associations")))
	return answer{status: http.StatusOK, body: b}
}

func (c *call) createOne() answer {
	var in input
	if ans, ok := c.decode(&in); !ok {
		return ans
	}
	pl := c.prepareCreate(in)
	if pl.refused() {
		return c.fail(pl.status, pl.err)
	}
	r := c.applyCreate(pl)
	return answer{
		status: http.StatusCreated, body: appendRecord(nil, r, r.cur, r.projectAll(), withWarnings(pl.warnings)),
		location: "https://api.hubapi.com/crm/objects/" + c.r.PathValue("v") + "/" + c.t.name + "/" + r.idString(),
	}
}

func (c *call) patchOne() answer {
	var in input
	if ans, ok := c.decode(&in); !ok {
		return ans
	}
	r := c.byPath(false)
	if r == nil {
		return c.notFound("resource not found")
	}
	pl := c.prepareUpdate(r, in)
	if pl.refused() {
		return c.fail(pl.status, pl.err)
	}
	c.applyUpdate(pl)
	return answer{status: http.StatusOK, body: appendRecord(nil, r, r.cur, r.projectChange(pl.changes), withWarnings(pl.warnings))}
}

func (c *call) deleteOne() answer {
	if r := c.byPath(false); r != nil {
		c.a.archive(c.m, r)
	} else if c.byPath(true) == nil {
		return c.notFound("resource not found")
	}
	return answer{status: http.StatusNoContent}
}

// mergeTwo joins two records (hubspot-api 5.5).
func (c *call) mergeTwo() answer {
	var in struct {
		Primary text `json:"primaryObjectId"`
		Other   text `json:"objectIdToMerge"`
	}
	if ans, ok := c.decode(&in); !ok {
		return ans
	}
	w, errW := c.a.find(c.t.name, string(in.Primary))
	l, errL := c.a.find(c.t.name, string(in.Other))
	if errW != nil || errL != nil || w == l {
		return c.invalid("Both records must exist and differ: " + string(in.Primary) + ", " + string(in.Other) + ".")
	}
	r := c.a.merge(c.m, w, l)
	return answer{status: http.StatusOK, body: appendRecord(nil, r, r.cur, r.projectAll())}
}

func (c *call) privacyDelete() answer {
	var in struct {
		ID         text   `json:"objectId"`
		IDProperty string `json:"idProperty"`
	}
	if ans, ok := c.decode(&in); !ok {
		return ans
	}
	r := c.lookup(string(in.ID), in.IDProperty).latest()
	if r != nil && !r.purged {
		c.a.purge(c.m, r)
	}
	return answer{status: http.StatusNoContent}
}
