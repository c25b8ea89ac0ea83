package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// plan is a checked write: refused, or ready to be applied. All of a batch is
// planned before anything of it is applied.
type plan struct {
	in       input
	r        *record // nil for a create
	changes  []change
	links    []plannedLink
	warnings []normalised
	status   int // of the refusal; 0 when ready
	err      apiError
}

type plannedLink struct {
	to   *record
	kind uint16
}

func (p *plan) refused() bool { return p.status != 0 }

func (p *plan) refuse(status int, e apiError) {
	if p.status == 0 {
		p.status, p.err = status, e
	}
}

// lookup finds a record by id or by a unique property, merges not followed.
func (c *call) lookup(id, idProperty string) *record {
	if idProperty == "" || idProperty == "hs_object_id" {
		return c.t.byID[parseID(id)]
	}
	if p := c.t.props[idProperty]; p != nil && c.t.uniqueKey(p) {
		return c.t.unique[p.key][strings.ToLower(id)]
	}
	return nil
}

func (c *call) prepareCreate(in input) *plan {
	p := &plan{in: in}
	props := in.props()
	if c.t.needsTimestamp && props["hs_timestamp"] == "" {
		p.refuse(http.StatusBadRequest, apiError{
			Message: "Error creating " + upper(c.t.singular) + ". Some required properties were not set.", Category: "VALIDATION_ERROR",
			Context: map[string][]string{"properties": {"hs_timestamp"}},
		})
	}
	c.checkValues(p, nil, props)
	c.checkRequired(p, nil, props)
	for _, l := range in.Associations {
		c.planLink(p, l)
	}
	return p
}

func (c *call) prepareUpdate(r *record, in input) *plan {
	p := &plan{in: in, r: r}
	props := in.props()
	c.checkValues(p, r, props)
	c.checkRequired(p, r, props)
	return p
}

func (c *call) checkValues(p *plan, r *record, props map[string]string) {
	changes, problems, dates := c.a.check(c.t, props, false)
	if len(problems) > 0 {
		p.refuse(http.StatusBadRequest, c.valueErrors(problems))
		return
	}
	if why := c.a.strayStage(c.t, r, changes); why != "" {
		p.refuse(http.StatusBadRequest, apiError{Message: why, Category: "VALIDATION_ERROR"})
		return
	}
	if taken := c.a.conflict(c.t, r, changes); taken != nil {
		p.refuse(http.StatusConflict, c.conflictError(taken.property, taken.value, taken.holder.idString()))
		return
	}
	p.changes, p.warnings = changes, dates
}

func (c *call) conflictError(p *Property, value, holder string) apiError {
	if p.Name == "email" {
		return apiError{Message: "Contact already exists. Existing ID: " + holder, Category: "CONFLICT"}
	}
	return apiError{
		Message:  fmt.Sprintf("The value %q of unique property %q is taken. Existing ID: %s", value, p.Name, holder),
		Category: "CONFLICT",
	}
}

func (c *call) planLink(p *plan, l inputLink) {
	if len(l.Types) == 0 {
		p.refuse(http.StatusBadRequest, apiError{Message: "An association needs at least one type.", Category: "VALIDATION_ERROR"})
		return
	}
	for _, ty := range l.Types {
		kind, ok := c.a.kinds.of[uint16(ty.TypeID&0xffff)]
		if !ok || kind.from != c.t.name || ty.Category != "HUBSPOT_DEFINED" || int(kind.id) != ty.TypeID {
			p.refuse(http.StatusBadRequest, apiError{
				Message: fmt.Sprintf("%d is not a valid %s association type from %s.", ty.TypeID, ty.Category, c.t.name), Category: "VALIDATION_ERROR",
			})
			return
		}
		to, err := c.a.find(kind.to, string(l.To.ID))
		if err != nil {
			p.refuse(http.StatusBadRequest, apiError{
				Message: fmt.Sprintf("Cannot associate with %s %s: it does not exist.", kind.to, l.To.ID), Category: "VALIDATION_ERROR",
				Context: map[string][]string{"toObjectId": {string(l.To.ID)}},
			})
			return
		}
		p.links = append(p.links, plannedLink{to: to, kind: kind.id})
	}
}

func (c *call) applyCreate(p *plan) *record {
	r := c.a.create(c.m, c.t, p.changes)
	for _, l := range p.links {
		c.a.associate(c.m, r, l.to, l.kind)
	}
	c.a.after(c.m, r)
	return r
}

func (c *call) applyUpdate(p *plan) {
	asked := slices.Clone(p.changes)
	if c.a.apply(c.m, p.r, guardStage(c.m.actor, p.r, p.changes)) {
		c.a.after(c.m, p.r)
	}
	p.changes = asked // the answer shows every property that was sent, moved or not
}

// withWarnings tells of dates that were stored in another form (hubspot-api 1.2).
func withWarnings(ds []normalised) func([]byte) []byte {
	if len(ds) == 0 {
		return func(b []byte) []byte { return b }
	}
	type warning struct {
		Category string            `json:"category"`
		Message  string            `json:"message"`
		Context  map[string]string `json:"context"`
	}
	var out []warning
	for _, d := range ds {
		out = append(out, warning{
			Category: "PROPERTY_VALUE_NORMALIZED", Message: "The value was stored in another form.",
			Context: map[string]string{"propertyName": d.name, "rawValue": d.raw, "normalizedValue": d.value},
		})
	}
	raw, err := json.Marshal(out)
	if err != nil {
		raw = []byte("[]")
	}
	return withRaw("warnings", raw)
}
