package simulator

import (
	"net/http"
	"slices"
)

// propertyOut is a definition in the order that a real account sends.
type propertyOut struct {
	UpdatedAt       string          `json:"updatedAt,omitempty"`
	CreatedAt       string          `json:"createdAt,omitempty"`
	Name            string          `json:"name"`
	Label           string          `json:"label"`
	Type            string          `json:"type"`
	FieldType       string          `json:"fieldType"`
	Description     string          `json:"description"`
	GroupName       string          `json:"groupName"`
	Options         []Option        `json:"options"`
	Referenced      string          `json:"referencedObjectType,omitempty"`
	DisplayOrder    int             `json:"displayOrder"`
	Calculated      bool            `json:"calculated"`
	ExternalOptions bool            `json:"externalOptions"`
	Archived        bool            `json:"archived,omitempty"`
	HasUniqueValue  bool            `json:"hasUniqueValue"`
	Hidden          bool            `json:"hidden"`
	HubSpotDefined  bool            `json:"hubspotDefined,omitempty"`
	Modification    map[string]bool `json:"modificationMetadata"`
	FormField       bool            `json:"formField"`
	Sensitivity     string          `json:"dataSensitivity"`
}

func (p *Property) out() propertyOut {
	options := slices.Clone(p.Options)
	if options == nil {
		options = []Option{}
	}
	return propertyOut{
		UpdatedAt: p.updated, CreatedAt: p.created, Name: p.Name, Label: p.Label, Type: p.Type, FieldType: p.FieldType,
		Description: p.Description, GroupName: p.GroupName, Options: options, Referenced: p.ReferencedObjectType, DisplayOrder: p.DisplayOrder,
		Calculated: p.Calculated, ExternalOptions: p.ExternalOptions, Archived: p.Archived, HasUniqueValue: p.HasUniqueValue, Hidden: p.Hidden,
		HubSpotDefined: p.HubSpotDefined, FormField: p.FormField, Sensitivity: "non_sensitive",
		Modification: map[string]bool{"archivable": true, "readOnlyDefinition": p.HubSpotDefined, "readOnlyValue": p.ReadOnly},
	}
}

func (c *call) propertyList() answer {
	archived := c.r.URL.Query().Get("archived") == "true"
	out := []propertyOut{}
	for _, p := range c.t.byKey {
		if p.Archived == archived {
			out = append(out, p.out())
		}
	}
	return c.json(http.StatusOK, map[string]any{"results": out})
}

// property finds the definition that the path names.
func (c *call) property() (*Property, answer, bool) {
	p := c.t.props[c.r.PathValue("name")]
	if p == nil || p.Archived {
		return nil, c.notFound("Property " + c.r.PathValue("name") + " does not exist."), false
	}
	return p, answer{}, true
}

func (c *call) propertyOne() answer {
	p, ans, ok := c.property()
	if !ok {
		return ans
	}
	return c.json(http.StatusOK, p.out())
}

// propertyIn is a definition as a caller sends it; pointers tell what is absent.
type propertyIn struct {
	Name        string    `json:"name"`
	Label       *string   `json:"label"`
	Type        string    `json:"type"`
	FieldType   string    `json:"fieldType"`
	GroupName   string    `json:"groupName"`
	Description *string   `json:"description"`
	Options     *[]Option `json:"options"`
	Unique      bool      `json:"hasUniqueValue"`
	Hidden      bool      `json:"hidden"`
	FormField   bool      `json:"formField"`
}

// fieldTypes are the field types that each type can have.
func fieldTypes(typ string) []string {
	switch typ {
	case "string":
		return []string{"text", "textarea", "phonenumber", "html", "file"}
	case "number":
		return []string{"number"}
	case "bool":
		return []string{"booleancheckbox"}
	case "date", "datetime":
		return []string{"date"}
	case "enumeration":
		return []string{"select", "radio", "checkbox", "booleancheckbox"}
	}
	return nil
}

// propertyCreate makes a custom definition; the name of an archived one brings
// that one back (hubspot-api 10).
func (c *call) propertyCreate() answer {
	var in propertyIn
	if ans, ok := c.decode(&in); !ok {
		return ans
	}
	if old := c.t.props[in.Name]; old != nil && !old.Archived {
		return c.fail(http.StatusConflict, apiError{
			Message: "Property with name " + in.Name + " already exists.", Category: "OBJECT_ALREADY_EXISTS", SubCategory: "Properties.PROPERTY_WITH_NAME_EXISTS",
		})
	}
	if why := c.wrongDefinition(in); why != "" {
		return c.invalid(why)
	}
	p := c.t.props[in.Name]
	if p == nil {
		p = &Property{Name: in.Name, DisplayOrder: -1, created: isoMillis(c.m.at.UnixMilli())}
		c.t.add(p)
	}
	p.Archived = false
	p.Type, p.FieldType, p.GroupName = in.Type, in.FieldType, in.GroupName
	p.HasUniqueValue, p.Hidden, p.FormField = in.Unique, in.Hidden, in.FormField
	p.Label = in.Name
	p.amend(in, isoMillis(c.m.at.UnixMilli()))
	c.a.note(c.m, Entry{Op: OpProperty, Type: c.t.name, Property: p.Name})
	return c.json(http.StatusCreated, p.out())
}

func (p *Property) amend(in propertyIn, at string) {
	if in.Label != nil {
		p.Label = *in.Label
	}
	if in.Description != nil {
		p.Description = *in.Description
	}
	if in.Options != nil {
		p.Options = slices.Clone(*in.Options) // the whole list is replaced
	}
	p.updated = at
}

func (c *call) wrongDefinition(in propertyIn) string {
	switch {
	case in.Name == "" || labelOf(in.Name) == "":
		return "A property needs a name."
	case !slices.Contains(fieldTypes(in.Type), in.FieldType):
		return "Field type " + in.FieldType + " does not go with type " + in.Type + "."
	case !slices.ContainsFunc(c.t.groups, func(g propertyGroup) bool { return g.Name == in.GroupName }):
		return "Property group " + in.GroupName + " does not exist."
	case in.Type == "enumeration" && in.optionCount() == 0:
		return "An enumeration needs options."
	case in.Type == "bool" && in.optionCount() != 2:
		return "A bool needs the options true and false."
	}
	return c.wrongUnique(in)
}

func (c *call) wrongUnique(in propertyIn) string {
	switch {
	case !in.Unique:
		return ""
	case in.Type != "string" && in.Type != "number":
		return "Only string and number properties can have unique values."
	case c.uniqueCount() >= 10:
		return "At most 10 properties of a type can have unique values."
	}
	return ""
}

func (in propertyIn) optionCount() int {
	if in.Options == nil {
		return 0
	}
	return len(*in.Options)
}

func (c *call) uniqueCount() int {
	n := 0
	for _, p := range c.t.byKey {
		if p.HasUniqueValue {
			n++
		}
	}
	return n
}

func (c *call) propertyPatch() answer {
	var in propertyIn
	if ans, ok := c.decode(&in); !ok {
		return ans
	}
	p, ans, ok := c.property()
	if !ok {
		return ans
	}
	if p.HubSpotDefined && (in.Label != nil || in.Description != nil) {
		return c.invalid("The definition of " + p.Name + " is read only.")
	}
	p.amend(in, isoMillis(c.m.at.UnixMilli()))
	return c.json(http.StatusOK, p.out())
}

func (c *call) propertyArchive() answer {
	p, ans, ok := c.property()
	if !ok {
		return ans
	}
	if p.HubSpotDefined {
		return c.fail(http.StatusBadRequest, apiError{
			Message: p.Name + " is in use and cannot be deleted.", Category: "VALIDATION_ERROR", SubCategory: "PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE",
		})
	}
	p.Archived = true
	return answer{status: http.StatusNoContent}
}

func (c *call) propertyBatchRead() answer {
	var in struct {
		Inputs []struct {
			Name string `json:"name"`
		} `json:"inputs"`
	}
	if ans, ok := c.decode(&in); !ok {
		return ans
	}
	out := []propertyOut{}
	var errs []linkError
	for _, one := range in.Inputs {
		if p := c.t.props[one.Name]; p != nil && !p.Archived {
			out = append(out, p.out())
			continue
		}
		errs = append(errs, linkError{
			Status: "error", Category: "OBJECT_NOT_FOUND", SubCategory: "Properties.PROPERTY_NOT_FOUND",
			Message: "Property " + one.Name + " does not exist.", Context: map[string][]string{"name": {one.Name}},
		})
	}
	return c.linkAnswer(http.StatusOK, out, errs)
}

func (c *call) groupList() answer {
	return c.json(http.StatusOK, map[string]any{"results": c.t.groups})
}

func (c *call) groupOne() answer {
	for _, g := range c.t.groups {
		if g.Name == c.r.PathValue("name") {
			return c.json(http.StatusOK, g)
		}
	}
	return c.notFound("Property group " + c.r.PathValue("name") + " does not exist.")
}

func (c *call) groupCreate() answer {
	in := propertyGroup{DisplayOrder: -1}
	if ans, ok := c.decode(&in); !ok {
		return ans
	}
	if in.Name == "" || in.Label == "" {
		return c.invalid("A property group needs a name and a label.")
	}
	if slices.ContainsFunc(c.t.groups, func(g propertyGroup) bool { return g.Name == in.Name }) {
		return c.fail(http.StatusConflict, apiError{
			Message: "Property group " + in.Name + " already exists.", Category: "OBJECT_ALREADY_EXISTS", SubCategory: "Properties.GROUP_WITH_NAME_EXISTS",
		})
	}
	c.t.groups = append(c.t.groups, in)
	return c.json(http.StatusCreated, in)
}
