package simulator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	membersMost = 100_000 // the published limit of add-from; that of add is not published (hubspot-api 10)
	membersPage = 250
	listsPage   = 500
)

// listOut is a list in an answer.
type listOut struct {
	ListID           string            `json:"listId"`
	ListVersion      int               `json:"listVersion"`
	CreatedAt        string            `json:"createdAt"`
	UpdatedAt        string            `json:"updatedAt"`
	FiltersUpdatedAt string            `json:"filtersUpdatedAt"`
	ProcessingStatus string            `json:"processingStatus"`
	CreatedBy        string            `json:"createdById"`
	UpdatedBy        string            `json:"updatedById"`
	ProcessingType   ListKind          `json:"processingType"`
	ObjectTypeID     string            `json:"objectTypeId"`
	Name             string            `json:"name"`
	Size             *int              `json:"size,omitempty"`
	Branch           json.RawMessage   `json:"filterBranch,omitempty"`
	Additional       map[string]string `json:"additionalProperties,omitempty"`
}

func (l *list) out() listOut {
	return listOut{
		ListID: strconv.FormatInt(l.id, 10), ListVersion: l.version, CreatedAt: isoMillis(l.created), UpdatedAt: isoMillis(l.updated),
		FiltersUpdatedAt: isoMillis(l.created), ProcessingStatus: "COMPLETE", CreatedBy: orString(l.by.ID, "0"), UpdatedBy: orString(l.by.ID, "0"),
		ProcessingType: l.kind, ObjectTypeID: l.t.typeID, Name: l.name,
	}
}

// full is a list as reads of one list show it: with its size, and its filters when asked for.
func (l *list) full(filters bool) listOut {
	o, n := l.out(), len(l.current())
	o.Size = &n
	if filters {
		o.Branch = l.branch
	}
	return o
}

func (c *call) oneList(l *list) answer {
	return c.json(http.StatusOK, map[string]listOut{"list": l.full(c.r.URL.Query().Get("includeFilters") == "true")})
}

// listInPath finds the list that the path names.
func (c *call) listInPath() (*list, answer, bool) {
	id := c.r.PathValue("id")
	if l := c.a.lists.byID(id); l != nil {
		return l, answer{}, true
	}
	if parseID(id) == 0 {
		return nil, c.invalid("A list has a number as its id, not " + id + "."), false
	}
	return nil, c.notFound("List does not exist with ID " + id + "."), false
}

func (c *call) listOne() answer {
	l, ans, ok := c.listInPath()
	if !ok {
		return ans
	}
	return c.oneList(l)
}

func (c *call) listByName() answer {
	l := c.a.lists.named(c.t, c.r.PathValue("name"))
	if l == nil {
		return c.notFound("List does not exist with name " + c.r.PathValue("name") + " and object type ID " + c.t.typeID + ".")
	}
	return c.oneList(l)
}

// listsByID reads several lists by ?listIds=; unknown ones are left out.
func (c *call) listsByID() answer {
	out := []listOut{}
	for _, id := range queryList(c.r, "listIds") {
		if l := c.a.lists.byID(id); l != nil {
			out = append(out, l.full(c.r.URL.Query().Get("includeFilters") == "true"))
		}
	}
	return c.json(http.StatusOK, map[string]any{"lists": out})
}

func (c *call) listCreate() answer {
	var in struct {
		Name   string          `json:"name"`
		Type   string          `json:"objectTypeId"`
		Kind   ListKind        `json:"processingType"`
		Branch json.RawMessage `json:"filterBranch"`
	}
	if ans, ok := c.decode(&in); !ok {
		return ans
	}
	t, err := c.a.table(in.Type)
	if err != nil || t.typeID != in.Type {
		return c.invalid("objectTypeId must be the id of an object type such as 0-1, not " + in.Type + ".")
	}
	if c.a.lists.named(t, in.Name) != nil {
		return c.duplicateList(in.Name)
	}
	l := &list{name: in.Name, t: t, kind: in.Kind}
	if raw := bytes.TrimSpace(in.Branch); len(raw) > 0 && !bytes.Equal(raw, []byte("null")) {
		groups, why := readBranch(raw)
		if why != "" {
			return c.invalid(why)
		}
		l.branch, l.groups = raw, groups
	}
	if why := c.a.newList(c.m, l); why != "" {
		return c.invalid(why)
	}
	return c.oneList(l)
}

func (c *call) duplicateList(name string) answer {
	return c.fail(http.StatusBadRequest, apiError{
		Message: "A list with the name " + name + " exists already.", Category: "VALIDATION_ERROR", SubCategory: "ILS.DUPLICATE_LIST_NAMES",
	})
}

func (c *call) listRename() answer {
	l, ans, ok := c.listInPath()
	if !ok {
		return ans
	}
	name := c.r.URL.Query().Get("listName")
	if strings.TrimSpace(name) == "" || len(name) > listNameMost {
		return c.invalid(fmt.Sprintf("listName must have 1 to %d characters.", listNameMost))
	}
	if other := c.a.lists.named(l.t, name); other != nil && other != l {
		return c.duplicateList(name)
	}
	l.name, l.updated = name, c.m.at.UnixMilli()
	l.version++
	return c.json(http.StatusOK, map[string]listOut{"updatedList": l.full(false)})
}

func (c *call) listDelete() answer {
	l, ans, ok := c.listInPath()
	if !ok {
		return ans
	}
	c.a.lists.all = slices.DeleteFunc(c.a.lists.all, func(x *list) bool { return x == l })
	c.a.note(c.m, Entry{Op: OpList, Type: l.t.name, ID: strconv.FormatInt(l.id, 10), Old: string(l.kind)})
	return answer{status: http.StatusNoContent}
}

type listSearchIn struct {
	Query  string     `json:"query"`
	IDs    []text     `json:"listIds"`
	Kinds  []ListKind `json:"processingTypes"`
	Extra  []string   `json:"additionalProperties"`
	Type   string     `json:"objectTypeId"`
	Offset int        `json:"offset"`
	Count  int        `json:"count"`
}

func (in listSearchIn) fits(l *list) bool {
	return strings.Contains(strings.ToLower(l.name), strings.ToLower(in.Query)) &&
		(len(in.IDs) == 0 || slices.Contains(in.IDs, text(strconv.FormatInt(l.id, 10)))) &&
		(len(in.Kinds) == 0 || slices.Contains(in.Kinds, l.kind)) && (in.Type == "" || in.Type == l.t.typeID)
}

// listSearch finds lists by a part of the name, by kind and by id.
func (c *call) listSearch() answer {
	in := listSearchIn{Count: 20}
	if ans, ok := c.decode(&in); !ok {
		return ans
	}
	if in.Offset < 0 || in.Count < 0 || in.Count > listsPage {
		return c.invalid(fmt.Sprintf("offset must not be negative and count at most %d.", listsPage))
	}
	var hits []*list
	for _, l := range c.a.lists.all {
		if in.fits(l) {
			hits = append(hits, l)
		}
	}
	from := min(in.Offset, len(hits))
	to := min(from+in.Count, len(hits))
	out := []listOut{}
	for _, l := range hits[from:to] {
		o := l.out()
		o.Additional = l.additional(in.Extra)
		out = append(out, o)
	}
	return c.json(http.StatusOK, struct {
		Offset  int       `json:"offset"`
		HasMore bool      `json:"hasMore"`
		Lists   []listOut `json:"lists"`
		Total   int       `json:"total"`
	}{to, to < len(hits), out, len(hits)})
}

// additional are the properties of a list itself: a search shows hs_list_size always.
func (l *list) additional(names []string) map[string]string {
	out := map[string]string{"hs_list_size": strconv.Itoa(len(l.current()))}
	known := map[string]string{
		"hs_list_id": strconv.FormatInt(l.id, 10), "hs_list_name": l.name, "hs_processing_type": string(l.kind),
		"hs_createdate": isoMillis(l.created), "hs_lastmodifieddate": isoMillis(l.updated),
	}
	for _, n := range names {
		if v, ok := known[n]; ok {
			out[n] = v
		}
	}
	return out
}

// memberList pages through a list by record id.
func (c *call) memberList() answer {
	l, ans, ok := c.listInPath()
	if !ok {
		return ans
	}
	limit, ok := limitParam(c.r, 100, membersPage)
	if !ok {
		return c.invalid(fmt.Sprintf("limit must be between 1 and %d.", membersPage))
	}
	after := int64(0)
	if s := c.r.URL.Query().Get("after"); s != "" {
		if after = parseID(s); after == 0 {
			return c.invalid("after must be a value that paging.next.after gave, not " + s + ".")
		}
	}
	type one struct {
		ID string `json:"recordId"`
		At string `json:"membershipTimestamp"`
	}
	all := l.current()
	from, _ := slices.BinarySearchFunc(all, after, func(m member, id int64) int { return cmp.Compare(m.r.id, id) })
	to := min(from+limit, len(all))
	out := []one{}
	for _, m := range all[from:to] {
		out = append(out, one{m.r.idString(), isoMillis(m.at)})
	}
	body := map[string]any{"results": out, "total": len(all)}
	if to < len(all) {
		body["paging"] = map[string]any{"next": map[string]string{"after": all[to].r.idString()}}
	}
	return c.json(http.StatusOK, body)
}

func (c *call) memberAdd() answer {
	var ids []string
	return c.members(&ids, func() (add, remove []string) { return ids, nil })
}

func (c *call) memberRemove() answer {
	var ids []string
	return c.members(&ids, func() (add, remove []string) { return nil, ids })
}

func (c *call) memberChange() answer {
	var in struct {
		Add    []string `json:"recordIdsToAdd"`
		Remove []string `json:"recordIdsToRemove"`
	}
	return c.members(&in, func() (add, remove []string) { return in.Add, in.Remove })
}

// members changes a static list. Records that do not exist are named as
// missing; those that were on the list, or off it, before are not named at all.
func (c *call) members(into any, split func() (add, remove []string)) answer {
	l, ans, ok := c.listInPath()
	if !ok {
		return ans
	}
	if ans, ok := c.decode(into); !ok {
		return ans
	}
	if bytes.Equal(bytes.TrimSpace(c.body), []byte("null")) {
		return c.invalid("Invalid input JSON: the body must not be null.")
	}
	if l.kind == Dynamic {
		return c.invalid("Records can be added to and removed from MANUAL and SNAPSHOT lists only; this one is DYNAMIC.")
	}
	add, remove := split()
	if n := len(add) + len(remove); n > membersMost {
		return c.invalid(fmt.Sprintf("At most %d records are possible, this request had %d.", membersMost, n))
	}
	for _, id := range slices.Concat(add, remove) {
		if parseID(id) == 0 {
			return c.invalid("A record has a number as its id, not " + id + ".")
		}
	}
	missing := []string{}
	change := func(ids []string, do func(mutation, *list, *record) bool) []string {
		done := []string{}
		for _, id := range ids {
			r, err := c.a.find(l.t.name, id)
			switch {
			case err != nil:
				missing = append(missing, id)
			case do(c.m, l, r):
				done = append(done, id)
			}
		}
		return done
	}
	added := change(add, c.a.join)
	removed := change(remove, c.a.leave)
	return c.json(http.StatusOK, map[string][]string{"recordsIdsAdded": added, "recordIdsRemoved": removed, "recordIdsMissing": missing})
}
