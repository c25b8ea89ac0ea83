package simulator

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// linkList reads the links of one record, 500 a page. The 2026-09 description
// no longer has it (hubspot-api 1.2), so it does not answer there.
func (c *call) linkList() answer {
	if c.r.PathValue("v") >= "2026-09" {
		return c.noPage()
	}
	to, err := c.a.table(c.r.PathValue("toType"))
	r := c.t.byID[parseID(c.r.PathValue("id"))].latest()
	if err != nil || r == nil || !r.live() {
		return c.notFound("resource not found")
	}
	limit, ok := limitParam(c.r, linksPage, linksPage)
	if !ok {
		return c.invalid(fmt.Sprintf("limit must be between 1 and %d.", linksPage))
	}
	after := int64(0)
	if s := c.r.URL.Query().Get("after"); s != "" {
		if after = parseID(s); after == 0 {
			return c.invalid("after must be a value that paging.next.after gave, not " + s + ".")
		}
	}
	all := c.linksTo(r, to)
	from, _ := slices.BinarySearchFunc(all, after, func(l linkOut, id int64) int { return cmp.Compare(l.ToObjectID, id) })
	end := min(from+limit, len(all))
	body := map[string]any{"results": all[from:end]}
	if end < len(all) {
		next := strconv.FormatInt(all[end].ToObjectID, 10)
		body["paging"] = map[string]any{"next": map[string]string{
			"after": next, // the link names an older version: callers must not follow it (hubspot-api 1.1)
			"link":  "https://api.hubapi.com/crm/v4/objects/" + c.t.name + "/" + r.idString() + "/associations/" + to.name + "?after=" + next,
		}}
	}
	return c.json(http.StatusOK, body)
}

// linksArchive removes every link between each record and those that it names;
// what does not exist is no error.
func (c *call) linksArchive() answer {
	var in struct {
		Inputs []struct {
			From struct {
				ID text `json:"id"`
			} `json:"from"`
			To []struct {
				ID text `json:"id"`
			} `json:"to"`
		} `json:"inputs"`
	}
	if ans, ok := c.decode(&in); !ok {
		return ans
	}
	if len(in.Inputs) > linksCreateMost {
		return c.tooMany(linksCreateMost, len(in.Inputs))
	}
	from, to := c.ends()
	for _, one := range in.Inputs {
		x, err := c.a.find(from.name, string(one.From.ID))
		if err != nil {
			continue
		}
		for _, other := range one.To {
			if y, err := c.a.find(to.name, string(other.ID)); err == nil {
				c.a.disassociate(c.m, x, y)
			}
		}
	}
	return answer{status: http.StatusNoContent}
}

// linksArchiveTyped removes links of the given types only.
func (c *call) linksArchiveTyped() answer {
	ins, all, ans, ok := c.readKinds(true)
	if !ok {
		return ans
	}
	from, to := c.ends()
	for i, in := range ins {
		x, errX := c.a.find(from.name, string(in.From.ID))
		y, errY := c.a.find(to.name, string(in.To.ID))
		if errX == nil && errY == nil {
			c.a.dropKinds(c.m, x, y, all[i])
		}
	}
	return answer{status: http.StatusNoContent}
}

// dropKinds removes some kinds of links between two records, both ways. When
// none is left the records count as separated.
func (a *Account) dropKinds(m mutation, x, y *record, kinds []uint16) {
	left := 0
	for _, l := range x.links {
		if l.to == y && !slices.Contains(kinds, l.kind) {
			left++
		}
	}
	if left == 0 {
		a.disassociate(m, x, y)
		return
	}
	for _, k := range kinds {
		gone := slices.Contains(x.links, link{to: y, kind: k})
		x.links = slices.DeleteFunc(x.links, func(l link) bool { return l.to == y && l.kind == k })
		y.links = slices.DeleteFunc(y.links, func(l link) bool { return l.to == x && l.kind == a.kinds.back[k] })
		if gone {
			a.note(m, Entry{
				Op: OpDisassociate, Type: x.t.name, ID: x.idString(), Property: strconv.Itoa(int(k)), Old: y.t.name + "/" + y.idString(),
			})
			a.emit(m, event{kind: eventAssociation, r: x, to: y, link: k, removed: true})
			a.linked(m, x, y)
		}
	}
}

func (c *call) tooMany(most, had int) answer {
	return c.invalid(fmt.Sprintf("At most %d inputs are possible, this request had %d.", most, had))
}
