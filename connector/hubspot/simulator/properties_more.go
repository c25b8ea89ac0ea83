package simulator

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
)

const (
	propertiesMost = 100 // definitions in one batch
	uniqueMost     = 10  // unique properties of one type (hubspot-api 7.3)
)

// propertyName is what HubSpot takes as an internal name: lower case, beginning with a letter.
var propertyName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,99}$`)

// SetUniqueAllowed says whether a type takes unique properties of ours
// (hubspot-api 7.3); it changes nothing about those that exist.
func (a *Account) SetUniqueAllowed(typ string, allowed bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.table(typ)
	if err != nil {
		return fmt.Errorf("allow unique properties: %w", err)
	}
	if allowed {
		delete(a.noUnique, t.name)
	} else {
		a.noUnique[t.name] = true
	}
	return nil
}

// inUse names what still uses a property: lists, workflows and forms.
func (a *Account) inUse(t *table, name string) string {
	for _, l := range a.lists.all {
		if l.t == t && l.uses(name) {
			return "list " + l.name
		}
	}
	for _, w := range a.flows {
		if w.t == t && w.uses(name) {
			return "workflow " + w.Name
		}
	}
	for _, f := range a.forms.all {
		if t.name == Contacts && !f.Archived && slices.Contains(f.Fields, name) {
			return "form " + f.Name
		}
	}
	return ""
}

func (l *list) uses(name string) bool {
	return slices.ContainsFunc(l.groups, func(g []filter) bool {
		return slices.ContainsFunc(g, func(f filter) bool { return f.Property == name })
	})
}

func (w *Workflow) uses(name string) bool {
	_, sets := w.Sets[name]
	return sets || slices.Contains(w.OnChange, name) || slices.ContainsFunc(w.When, func(c ListCondition) bool { return c.Property == name })
}

// archiveProperty takes a definition away; its values stay and come back with it.
func (c *call) archiveProperty(p *Property) (apiError, bool) {
	use := c.a.inUse(c.t, p.Name)
	if p.HubSpotDefined {
		use = "HubSpot"
	}
	if use != "" {
		return apiError{
			Message: "Property " + p.Name + " is in use by " + use + " and cannot be deleted.", Category: "VALIDATION_ERROR",
			SubCategory: "PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE",
		}, false
	}
	p.Archived = true
	p.updated = isoMillis(c.m.at.UnixMilli())
	c.a.note(c.m, Entry{Op: OpProperty, Type: c.t.name, Property: p.Name, Old: p.Type})
	return apiError{}, true
}

// propertyBatchCreate makes several definitions; those that are refused are
// errors of a 207, the others are made.
func (c *call) propertyBatchCreate() answer {
	var in struct {
		Inputs []propertyIn `json:"inputs"`
	}
	if ans, ok := c.decode(&in); !ok {
		return ans
	}
	if ans, ok := c.boundNames(len(in.Inputs), func(i int) string { return in.Inputs[i].Name }); !ok {
		return ans
	}
	out := []propertyOut{}
	var errs []linkError
	for _, one := range in.Inputs {
		p, status, e := c.makeProperty(one)
		if status != http.StatusCreated {
			errs = append(errs, linkError{
				Status: "error", Category: e.Category, SubCategory: e.SubCategory, Message: e.Message, Context: map[string][]string{"name": {one.Name}},
			})
			continue
		}
		out = append(out, p.out())
	}
	return c.linkAnswer(http.StatusCreated, out, errs)
}

// boundNames refuses too many and doubled names of a batch.
func (c *call) boundNames(n int, name func(int) string) (answer, bool) {
	if n > propertiesMost {
		return c.tooMany(propertiesMost, n), false
	}
	seen := map[string]bool{}
	for i := range n {
		if seen[name(i)] {
			return c.invalid("Duplicate property names found in batch input: [" + name(i) + "]."), false
		}
		seen[name(i)] = true
	}
	return answer{}, true
}

// propertyBatchArchive takes several definitions away, all or none; unknown ones are no error.
func (c *call) propertyBatchArchive() answer {
	var in struct {
		Inputs []struct {
			Name string `json:"name"`
		} `json:"inputs"`
	}
	if ans, ok := c.decode(&in); !ok {
		return ans
	}
	if ans, ok := c.boundNames(len(in.Inputs), func(i int) string { return in.Inputs[i].Name }); !ok {
		return ans
	}
	var all []*Property
	for _, one := range in.Inputs {
		p := c.t.props[one.Name]
		if p == nil || p.Archived {
			continue
		}
		if p.HubSpotDefined || c.a.inUse(c.t, p.Name) != "" {
			e, _ := c.archiveProperty(p)
			return c.fail(http.StatusBadRequest, e)
		}
		all = append(all, p)
	}
	for _, p := range all {
		c.archiveProperty(p)
	}
	return answer{status: http.StatusNoContent}
}

// groupInPath finds the property group that the path names.
func (c *call) groupInPath() (int, answer, bool) {
	name := c.r.PathValue("name")
	i := slices.IndexFunc(c.t.groups, func(g propertyGroup) bool { return g.Name == name })
	if i < 0 {
		return 0, c.notFound("Property group " + name + " does not exist."), false
	}
	return i, answer{}, true
}

func (c *call) groupPatch() answer {
	var in struct {
		Label        *string `json:"label"`
		DisplayOrder *int    `json:"displayOrder"`
	}
	i, ans, ok := c.groupInPath()
	if !ok {
		return ans
	}
	if ans, ok := c.decode(&in); !ok {
		return ans
	}
	if in.Label != nil {
		if *in.Label == "" {
			return c.invalid("A property group needs a label.")
		}
		c.t.groups[i].Label = *in.Label
	}
	if in.DisplayOrder != nil {
		c.t.groups[i].DisplayOrder = *in.DisplayOrder
	}
	return c.json(http.StatusOK, c.t.groups[i])
}

// groupArchive takes an empty group away; one with properties stays.
func (c *call) groupArchive() answer {
	i, ans, ok := c.groupInPath()
	if !ok {
		return ans
	}
	name := c.t.groups[i].Name
	for _, p := range c.t.byKey {
		if p.GroupName == name && !p.Archived {
			return c.invalid("Property group " + name + " still has properties and cannot be deleted.")
		}
	}
	c.t.groups = slices.Delete(c.t.groups, i, i+1)
	return answer{status: http.StatusNoContent}
}
