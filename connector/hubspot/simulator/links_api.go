package simulator

import (
	"cmp"
	"encoding/json"
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
	ToObjectID int64
	Types      []linkTypeOut
	quoted     bool
}

// MarshalJSON writes toObjectId in the form that the account is set to: a number
// live, a string in the published description (hubspot-api 9.2).
func (l linkOut) MarshalJSON() ([]byte, error) {
	id := strconv.FormatInt(l.ToObjectID, 10)
	if l.quoted {
		id = strconv.Quote(id)
	}
	b, err := json.Marshal(struct {
		ToObjectID json.RawMessage `json:"toObjectId"`
		Types      []linkTypeOut   `json:"associationTypes"`
	}{json.RawMessage(id), l.Types})
	if err != nil {
		return nil, fmt.Errorf("encode link: %w", err)
	}
	return b, nil
}

// subCategory is a string live and an object in the published description.
func (c *call) subCategory(name string) any {
	if c.a.opts.AsDescribed {
		return map[string]string{"name": name}
	}
	return name
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
	SubCategory any                 `json:"subCategory"`
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
		return nil, c.tooMany(most, len(in.Inputs)), false
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
				Status: "error", Category: "OBJECT_NOT_FOUND", SubCategory: c.subCategory("crm.associations.NO_ASSOCIATIONS_FOUND"),
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
			o = &linkOut{ToObjectID: l.to.id, quoted: c.a.opts.AsDescribed}
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

// madeLink is what the default endpoints answer for one new link.
type madeLink struct {
	From map[string]string `json:"from"`
	To   map[string]string `json:"to"`
	Spec linkType          `json:"associationSpec"`
}

// labelledPair is what the typed endpoints answer for one pair.
type labelledPair struct {
	FromType string   `json:"fromObjectTypeId"`
	FromID   int64    `json:"fromObjectId"` // a number live, as toObjectId is (hubspot-api 9.2)
	ToType   string   `json:"toObjectTypeId"`
	ToID     int64    `json:"toObjectId"`
	Labels   []string `json:"labels"`
}

// linksCreate links pairs by the given types. A type that does not lead from
// one to the other fails the whole batch, and nothing of it is linked.
func (c *call) linksCreate() answer {
	results := []labelledPair{}
	return c.linkAll(http.StatusCreated, true, func(x, y *record, kinds []uint16) any {
		results = append(results, c.linkAs(x, y, kinds))
		return results
	})
}

// linksDefault links pairs by their types' default kind.
func (c *call) linksDefault() answer {
	results := []madeLink{}
	return c.linkAll(http.StatusOK, false, func(x, y *record, kinds []uint16) any {
		results = append(results, c.linkPlain(x, y, kinds)...)
		return results
	})
}

// readKinds reads the pairs of a request with the kinds of links that each asks for.
func (c *call) readKinds(typed bool) (ins []linkIn, all [][]uint16, ans answer, ok bool) {
	if ins, ans, ok = c.readLinks(linksCreateMost); !ok {
		return nil, nil, ans, false
	}
	from, to := c.ends()
	all = make([][]uint16, len(ins))
	for i, in := range ins {
		kinds, why := c.kindsFor(from, to, in.Types, typed)
		if why != "" {
			return nil, nil, c.invalid(why), false
		}
		all[i] = kinds
	}
	return ins, all, ans, true
}

func (c *call) linkAll(status int, typed bool, link func(x, y *record, kinds []uint16) any) answer {
	ins, all, ans, ok := c.readKinds(typed)
	if !ok {
		return ans
	}
	from, to := c.ends()
	var results any = []any{}
	var errs []linkError
	for i, in := range ins {
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
		results = link(x, y, all[i])
	}
	return c.linkAnswer(status, results, errs)
}

// linkAs links two records by every kind.
func (c *call) linkAs(x, y *record, kinds []uint16) labelledPair {
	out := labelledPair{FromType: x.t.typeID, FromID: x.id, ToType: y.t.typeID, ToID: y.id, Labels: []string{}}
	for _, k := range kinds {
		c.a.associate(c.m, x, y, k)
		if label := c.a.kinds.of[k].label; label != "" {
			out.Labels = append(out.Labels, label)
		}
	}
	return out
}

// linkPlain links two records and says which kind it used, as the default endpoints do.
func (c *call) linkPlain(x, y *record, kinds []uint16) []madeLink {
	var out []madeLink
	for _, k := range kinds {
		c.a.associate(c.m, x, y, k)
		out = append(out, madeLink{
			map[string]string{"id": x.idString()}, map[string]string{"id": y.idString()}, linkType{Category: "HUBSPOT_DEFINED", TypeID: int(k)},
		})
	}
	return out
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
	return c.linkAnswer(http.StatusOK, c.linkPlain(x, y, kinds), nil)
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
	return c.json(http.StatusCreated, c.linkAs(x, y, kinds))
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
