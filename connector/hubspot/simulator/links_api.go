package simulator

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

const (
	linksReadMost   = 1000
	linksCreateMost = 2000
	linksPage       = 500
)

type linkIn struct {
	ID    text `json:"id"`
	After text `json:"after"`
	From  struct {
		ID text `json:"id"`
	} `json:"from"`
	To struct {
		ID text `json:"id"`
	} `json:"to"`
	Types []linkType `json:"types"`
}

type linkOut struct {
	ToObjectID int64         `json:"toObjectId"` // a number live (hubspot-api 9.2)
	Types      []linkTypeOut `json:"associationTypes"`
}

type linkTypeOut struct {
	Category string  `json:"category"`
	TypeID   int     `json:"typeId"`
	Label    *string `json:"label"`
}

type linksOf struct {
	From   map[string]string            `json:"from"`
	To     []linkOut                    `json:"to"`
	Paging map[string]map[string]string `json:"paging,omitempty"`
}

type linkError struct {
	Status      string              `json:"status"`
	Category    string              `json:"category"`
	SubCategory string              `json:"subCategory"`
	Message     string              `json:"message"`
	Context     map[string][]string `json:"context"`
}

func (c *call) readLinks(most int) ([]linkIn, answer, bool) {
	var in struct {
		Inputs []linkIn `json:"inputs"`
	}
	if ans, ok := c.decode(&in); !ok {
		return nil, ans, false
	}
	if len(in.Inputs) > most {
		return nil, c.invalid(fmt.Sprintf("At most %d inputs are possible, this request had %d.", most, len(in.Inputs))), false
	}
	return in.Inputs, answer{}, true
}

func (c *call) ends() (from, to *table) {
	from, _ = c.a.table(c.r.PathValue("from"))
	to, _ = c.a.table(c.r.PathValue("to"))
	return from, to
}

// linksRead reads the links of up to 1,000 records; a record without any is an
// error entry of a 207 (hubspot-api 9.2).
func (c *call) linksRead() answer {
	ins, ans, ok := c.readLinks(linksReadMost)
	if !ok {
		return ans
	}
	from, to := c.ends()
	results := []linksOf{}
	var errs []linkError
	for _, in := range ins {
		r := from.byID[parseID(string(in.ID))]
		var out []linkOut
		if r != nil && r.live() {
			out = c.linksTo(r, to)
		}
		if len(out) == 0 {
			errs = append(errs, linkError{
				Status: "error", Category: "OBJECT_NOT_FOUND", SubCategory: "crm.associations.NO_ASSOCIATIONS_FOUND",
				Message: "No " + to.singular + " is associated with " + from.singular + " " + string(in.ID) + ".",
				Context: map[string][]string{"fromObjectId": {string(in.ID)}},
			})
			continue
		}
		results = append(results, cutLinks(in, out))
	}
	c.a.rng.Shuffle(len(results), func(i, j int) { results[i], results[j] = results[j], results[i] })
	return c.linkAnswer(http.StatusOK, results, errs)
}

func cutLinks(in linkIn, out []linkOut) linksOf {
	one := linksOf{From: map[string]string{"id": string(in.ID)}}
	at, _ := slices.BinarySearchFunc(out, parseID(string(in.After)), func(l linkOut, id int64) int { return cmp.Compare(l.ToObjectID, id) })
	out = out[at:]
	if len(out) > linksPage {
		one.Paging = map[string]map[string]string{"next": {"after": strconv.FormatInt(out[linksPage].ToObjectID, 10)}}
		out = out[:linksPage]
	}
	one.To = out
	return one
}

func (c *call) linksTo(r *record, to *table) []linkOut {
	byID := map[int64]*linkOut{}
	for _, l := range r.links {
		if l.to.t != to || !l.to.live() {
			continue
		}
		o := byID[l.to.id]
		if o == nil {
			o = &linkOut{ToObjectID: l.to.id}
			byID[l.to.id] = o
		}
		t := linkTypeOut{Category: "HUBSPOT_DEFINED", TypeID: int(l.kind)}
		if label := c.a.kinds.of[l.kind].label; label != "" {
			t.Label = &label
		}
		o.Types = append(o.Types, t)
	}
	out := make([]linkOut, 0, len(byID))
	for _, o := range byID {
		out = append(out, *o)
	}
	slices.SortFunc(out, func(x, y linkOut) int { return cmp.Compare(x.ToObjectID, y.ToObjectID) })
	return out
}

func (c *call) linkAnswer(status int, results any, errs []linkError) answer {
	at := isoMillis(c.m.at.UnixMilli())
	if len(errs) > 0 {
		status = http.StatusMultiStatus
	}
	return c.json(status, struct {
		Status    string      `json:"status"`
		Results   any         `json:"results"`
		NumErrors int         `json:"numErrors,omitempty"`
		Errors    []linkError `json:"errors,omitempty"`
		Started   string      `json:"startedAt"`
		Completed string      `json:"completedAt"`
	}{"COMPLETE", results, len(errs), errs, at, at})
}

// linksCreate links pairs by the given types, or by the default one.
func (c *call) linksCreate() answer {
	ins, ans, ok := c.readLinks(linksCreateMost)
	if !ok {
		return ans
	}
	from, to := c.ends()
	typed := c.r.URL.Path[len(c.r.URL.Path)-len("create"):] == "create"
	type made struct {
		From map[string]string `json:"from"`
		To   map[string]string `json:"to"`
		Spec linkType          `json:"associationSpec"`
	}
	results := []made{}
	var errs []linkError
	for _, in := range ins {
		x, errX := c.a.find(from.name, string(in.From.ID))
		y, errY := c.a.find(to.name, string(in.To.ID))
		if errX != nil || errY != nil {
			errs = append(errs, linkError{
				Status: "error", Category: "OBJECT_NOT_FOUND", SubCategory: "crm.associations.OBJECT_NOT_FOUND",
				Message: "One of the records to associate does not exist.",
				Context: map[string][]string{"fromObjectId": {string(in.From.ID)}, "toObjectId": {string(in.To.ID)}},
			})
			continue
		}
		kinds, why := c.kindsFor(from, to, in.Types, typed)
		if why != "" {
			return c.invalid(why)
		}
		for _, k := range kinds {
			c.a.associate(c.m, x, y, k)
			results = append(results, made{
				map[string]string{"id": x.idString()}, map[string]string{"id": y.idString()}, linkType{Category: "HUBSPOT_DEFINED", TypeID: int(k)},
			})
		}
	}
	status := http.StatusCreated
	if !typed {
		status = http.StatusOK
	}
	return c.linkAnswer(status, results, errs)
}

func (c *call) kindsFor(from, to *table, types []linkType, typed bool) (kinds []uint16, why string) {
	if !typed {
		k := c.a.kinds.main[[2]string{from.name, to.name}]
		if k == 0 {
			return nil, "There is no default association from " + from.name + " to " + to.name + "."
		}
		return []uint16{k}, ""
	}
	for _, t := range types {
		if t.TypeID <= 0 || t.TypeID >= int(noKey) || !c.a.kinds.fits(uint16(t.TypeID), from.name, to.name) {
			return nil, fmt.Sprintf("%d is not an association type from %s to %s.", t.TypeID, from.name, to.name)
		}
		kinds = append(kinds, uint16(t.TypeID))
	}
	if len(kinds) == 0 {
		return nil, "An association needs at least one type."
	}
	return kinds, ""
}

// pathPair finds both records of an association path.
func (c *call) pathPair() (x, y *record, ans answer, ok bool) {
	x, errX := c.a.find(c.t.name, c.r.PathValue("id"))
	y, errY := c.a.find(c.r.PathValue("toType"), c.r.PathValue("toId"))
	if errX != nil || errY != nil {
		return nil, nil, c.notFound("One of the records to associate does not exist."), false
	}
	return x, y, answer{}, true
}

// linkDefault links by the default type; doing it twice changes nothing.
func (c *call) linkDefault() answer {
	x, y, ans, ok := c.pathPair()
	if !ok {
		return ans
	}
	kinds, why := c.kindsFor(x.t, y.t, nil, false)
	if why != "" {
		return c.invalid(why)
	}
	return c.linkPair(x, y, kinds, http.StatusOK)
}

func (c *call) linkTyped() answer {
	var types []linkType
	if ans, ok := c.decode(&types); !ok {
		return ans
	}
	x, y, ans, ok := c.pathPair()
	if !ok {
		return ans
	}
	kinds, why := c.kindsFor(x.t, y.t, types, true)
	if why != "" {
		return c.invalid(why)
	}
	return c.linkPair(x, y, kinds, http.StatusCreated)
}

func (c *call) linkPair(x, y *record, kinds []uint16, status int) answer {
	type made struct {
		From map[string]string `json:"from"`
		To   map[string]string `json:"to"`
		Spec linkType          `json:"associationSpec"`
	}
	var out []made
	for _, k := range kinds {
		c.a.associate(c.m, x, y, k)
		out = append(out, made{
			map[string]string{"id": x.idString()}, map[string]string{"id": y.idString()}, linkType{Category: "HUBSPOT_DEFINED", TypeID: int(k)},
		})
	}
	return c.linkAnswer(status, out, nil)
}

func (c *call) unlink() answer {
	x, y, ans, ok := c.pathPair()
	if !ok {
		return ans
	}
	c.a.disassociate(c.m, x, y)
	return answer{status: http.StatusNoContent}
}

func (c *call) linkLabels() answer {
	from, to := c.ends()
	out := []linkTypeOut{}
	for _, k := range associationKinds() {
		if k.from != from.name || k.to != to.name {
			continue
		}
		t := linkTypeOut{Category: "HUBSPOT_DEFINED", TypeID: int(k.id)}
		if k.label != "" {
			t.Label = &k.label
		}
		out = append(out, t)
	}
	return c.json(http.StatusOK, map[string]any{"results": out})
}
