package simulator

import (
	"fmt"
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
	Name         string    `json:"name"`
	Label        *string   `json:"label"`
	Type         string    `json:"type"`
	FieldType    string    `json:"fieldType"`
	GroupName    string    `json:"groupName"`
	Description  *string   `json:"description"`
	Options      *[]Option `json:"options"`
	DisplayOrder *int      `json:"displayOrder"`
	Unique       bool      `json:"hasUniqueValue"`
	Hidden       *bool     `json:"hidden"`
	FormField    *bool     `json:"formField"`
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
	p, status, e := c.makeProperty(in)
	if status != http.StatusCreated {
		return c.fail(status, e)
	}
	return c.json(status, p.out())
}

// makeProperty makes one definition, or says with which status it is refused.
// What comes back from the archive keeps its type and its values.
func (c *call) makeProperty(in propertyIn) (*Property, int, apiError) {
	p := c.t.props[in.Name]
	if p != nil && !p.Archived {
		return nil, http.StatusConflict, apiError{
			Message: "Property with name " + in.Name + " already exists.", Category: "OBJECT_ALREADY_EXISTS", SubCategory: "Properties.PROPERTY_WITH_NAME_EXISTS",
		}
	}
	if why := c.wrongDefinition(in); why != "" {
		return nil, http.StatusBadRequest, apiError{Message: why, Category: "VALIDATION_ERROR"}
	}
	at := isoMillis(c.m.at.UnixMilli())
	if p == nil {
		p = &Property{Name: in.Name, Label: in.Name, Type: in.Type, FieldType: in.FieldType, HasUniqueValue: in.Unique, DisplayOrder: -1, created: at}
		c.t.add(p)
	}
	p.Archived = false
	p.amend(in, at)
	c.a.note(c.m, Entry{Op: OpProperty, Type: c.t.name, Property: p.Name, New: p.Type})
	return p, http.StatusCreated, apiError{}
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
	if in.DisplayOrder != nil {
		p.DisplayOrder = *in.DisplayOrder
	}
	if in.Hidden != nil {
		p.Hidden = *in.Hidden
	}
	if in.FormField != nil {
		p.FormField = *in.FormField
	}
	p.GroupName = orString(in.GroupName, p.GroupName)
	p.updated = at
}

func (c *call) wrongDefinition(in propertyIn) string {
	switch {
	case !propertyName.MatchString(in.Name):
		return "A property needs a name of lower case letters, digits and underscores that begins with a letter, not " + in.Name + "."
	case in.Label == nil || *in.Label == "":
		return "A property needs a label."
	case !slices.Contains(fieldTypes(in.Type), in.FieldType):
		return "Field type " + in.FieldType + " does not go with type " + in.Type + "."
	case !c.hasGroup(in.GroupName):
		return "Property group " + in.GroupName + " does not exist."
	case in.Type == "enumeration" && in.optionCount() == 0:
		return "An enumeration needs options."
	case in.Type == "bool" && in.optionCount() != 2:
		return "A bool needs the options true and false."
	}
	if why := in.wrongOptions(in.Type); why != "" {
		return why
	}
	return c.wrongUnique(in)
}

func (c *call) hasGroup(name string) bool {
	return slices.ContainsFunc(c.t.groups, func(g propertyGroup) bool { return g.Name == name })
}

// wrongOptions says what is wrong with options for a type.
func (in propertyIn) wrongOptions(typ string) string {
	if in.optionCount() == 0 {
		return ""
	}
	if typ != "enumeration" && typ != "bool" {
		return "Properties of type " + typ + " have no options."
	}
	values, labels := map[string]bool{}, map[string]bool{}
	for _, o := range *in.Options {
		switch {
		case o.Value == "" || o.Label == "":
			return "An option needs a value and a label."
		case values[o.Value] || labels[o.Label]:
			return "Option " + o.Value + " is there twice: values and labels of options must differ."
		case typ == "bool" && o.Value != "true" && o.Value != "false":
			return "The options of a bool are true and false."
		}
		values[o.Value], labels[o.Label] = true, true
	}
	return ""
}

func (c *call) wrongUnique(in propertyIn) string {
	switch {
	case !in.Unique:
		return ""
	case in.Type != "string" && in.Type != "number":
		return "Only string and number properties can have unique values."
	case c.a.noUnique[c.t.name]:
		return "Properties of " + c.t.name + " cannot have unique values."
	case c.uniqueCount() >= uniqueMost:
		return fmt.Sprintf("At most %d properties of a type can have unique values.", uniqueMost)
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
		if p.HasUniqueValue && !p.HubSpotDefined && !p.Archived {
			n++
		}
	}
	return n
}

// propertyPatch changes a definition; its type and uniqueness stay.
func (c *call) propertyPatch() answer {
	var in propertyIn
	p, ans, ok := c.property()
	if !ok {
		return ans
	}
	if ans, ok := c.decode(&in); !ok {
		return ans
	}
	if p.HubSpotDefined && (in.Label != nil || in.Description != nil) {
		return c.invalid("The definition of " + p.Name + " is read only.")
	}
	if why := c.wrongPatch(p, in); why != "" {
		return c.invalid(why)
	}
	p.FieldType = orString(in.FieldType, p.FieldType)
	p.amend(in, isoMillis(c.m.at.UnixMilli()))
	c.a.note(c.m, Entry{Op: OpProperty, Type: c.t.name, Property: p.Name, New: p.Type})
	return c.json(http.StatusOK, p.out())
}

func (c *call) wrongPatch(p *Property, in propertyIn) string {
	switch {
	case in.Type != "" && in.Type != p.Type:
		return "The type of " + p.Name + " is " + p.Type + " and cannot become " + in.Type + "."
	case in.FieldType != "" && !slices.Contains(fieldTypes(p.Type), in.FieldType):
		return "Field type " + in.FieldType + " does not go with type " + p.Type + "."
	case in.GroupName != "" && !c.hasGroup(in.GroupName):
		return "Property group " + in.GroupName + " does not exist."
	case in.Options != nil && p.Type == "enumeration" && in.optionCount() == 0:
		return "An enumeration needs options."
	}
	return in.wrongOptions(p.Type)
}

func (c *call) propertyArchive() answer {
	p, ans, ok := c.property()
	if !ok {
		return ans
	}
	if e, ok := c.archiveProperty(p); !ok {
		return c.fail(http.StatusBadRequest, e)
	}
	return answer{status: http.StatusNoContent}
}

func (c *call) propertyBatchRead() answer {
	var in struct {
		Archived bool `json:"archived"`
		Inputs   []struct {
			Name string `json:"name"`
		} `json:"inputs"`
	}
	if ans, ok := c.decode(&in); !ok {
		return ans
	}
	if len(in.Inputs) > propertiesMost {
		return c.tooMany(propertiesMost, len(in.Inputs))
	}
	out := []propertyOut{}
	var errs []linkError
	for _, one := range in.Inputs {
		if p := c.t.props[one.Name]; p != nil && p.Archived == in.Archived {
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
	if !propertyName.MatchString(in.Name) || in.Label == "" {
		return c.invalid("A property group needs a name of lower case letters, digits and underscores, and a label.")
	}
	if slices.ContainsFunc(c.t.groups, func(g propertyGroup) bool { return g.Name == in.Name }) {
		return c.fail(http.StatusConflict, apiError{
			Message: "Property group " + in.Name + " already exists.", Category: "OBJECT_ALREADY_EXISTS", SubCategory: "Properties.GROUP_WITH_NAME_EXISTS",
		})
	}
	c.t.groups = append(c.t.groups, in)
	return c.json(http.StatusCreated, in)
}
