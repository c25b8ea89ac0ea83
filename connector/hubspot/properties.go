package hubspot

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"leadsync/connector"
)

// propertyGroup is the group of everything that leadsync creates.
const propertyGroup = "leadsync"

// PropertySpec describes a property that leadsync needs in the account.
type PropertySpec struct {
	Name        string
	Label       string
	Description string
	Type        string // HubSpot's: string, number, bool, date, datetime, enumeration
	FieldType   string // text, textarea, number, booleancheckbox, date, select; empty: the usual one of Type
	Options     []connector.Option
	Unique      bool // cannot be changed later; at most ten per kind of record (hubspot-api 7.3)
}

type propertyOption struct {
	Label  text `json:"label"`
	Value  text `json:"value"`
	Order  int  `json:"displayOrder"`
	Hidden bool `json:"hidden"`
}

type propertyAnswer struct {
	Name       text             `json:"name"`
	Label      text             `json:"label"`
	Type       text             `json:"type"`
	Unique     bool             `json:"hasUniqueValue"`
	Calculated bool             `json:"calculated"`
	Archived   bool             `json:"archived"`
	Options    []propertyOption `json:"options"`
	Metadata   struct {
		ReadOnlyValue bool `json:"readOnlyValue"`
	} `json:"modificationMetadata"`
}

func (p propertyAnswer) property() connector.Property {
	out := connector.Property{
		Name: string(p.Name), Label: string(p.Label), Type: string(p.Type), Unique: p.Unique,
		ReadOnly: p.Metadata.ReadOnlyValue || p.Calculated,
	}
	for _, o := range p.Options {
		out.Options = append(out.Options, connector.Option{
			Value: string(o.Value), Label: string(o.Label), Order: o.Order, Hidden: o.Hidden,
		})
	}
	slices.SortStableFunc(out.Options, func(a, b connector.Option) int {
		return displayRank(a.Order) - displayRank(b.Order)
	})
	return out
}

// Properties gives the definitions of all properties of a kind of record, options in display order.
func (c *Client) Properties(ctx context.Context, typ connector.ObjectType) ([]connector.Property, error) {
	name, err := plural(typ)
	if err != nil {
		return nil, err
	}
	var out struct {
		Results []propertyAnswer `json:"results"`
	}
	r := request{op: "list properties of " + name, endpoint: epProperties, args: []string{name}}
	if _, err := c.do(ctx, r, &out); err != nil {
		return nil, err
	}
	var properties []connector.Property
	for _, p := range out.Results {
		if !p.Archived {
			properties = append(properties, p.property())
		}
	}
	return properties, nil
}

// CreateProperty makes sure that a property exists, in the group "leadsync", which it creates too. One that
// exists already must have the same type and uniqueness, else the error is ErrInvalid and says what differs.
func (c *Client) CreateProperty(ctx context.Context, typ connector.ObjectType, spec PropertySpec) error {
	name, err := plural(typ)
	if err != nil {
		return err
	}
	field := orString(spec.FieldType, usualField(spec.Type))
	if spec.Name == "" || field == "" {
		return unfit("create property", fmt.Sprintf("property %q needs a name and a known type, not %q", spec.Name, spec.Type))
	}
	group := request{
		op: "create property group", endpoint: epGroupCreate, args: []string{name}, effect: settles,
		body: map[string]string{"name": propertyGroup, "label": propertyGroup},
	}
	if _, err := c.do(ctx, group, nil); err != nil && !errors.Is(err, connector.ErrConflict) {
		return err
	}
	options := make([]propertyOption, len(spec.Options))
	for i, o := range spec.Options {
		options[i] = propertyOption{Label: text(o.Label), Value: text(o.Value), Order: o.Order, Hidden: o.Hidden}
	}
	if spec.Type == "bool" && len(options) == 0 {
		options = []propertyOption{{Label: "True", Value: "true", Order: 0}, {Label: "False", Value: "false", Order: 1}}
	}
	create := request{
		op: "create property", endpoint: epPropertyCreate, args: []string{name}, effect: settles,
		body: map[string]any{
			"groupName": propertyGroup, "name": spec.Name, "label": orString(spec.Label, spec.Name), "type": spec.Type,
			"fieldType": field, "description": spec.Description, "options": options, "hasUniqueValue": spec.Unique,
		},
	}
	if _, err := c.do(ctx, create, nil); err == nil || !errors.Is(err, connector.ErrConflict) {
		return err
	}
	return c.compareProperty(ctx, name, spec)
}

func (c *Client) compareProperty(ctx context.Context, name string, spec PropertySpec) error {
	var there propertyAnswer
	r := request{op: "read property", endpoint: epProperty, args: []string{name, spec.Name}}
	if _, err := c.do(ctx, r, &there); err != nil {
		return err
	}
	if string(there.Type) == spec.Type && there.Unique == spec.Unique {
		return nil
	}
	return &connector.Error{
		Kind: connector.ErrInvalid, Op: "create property", Properties: []string{spec.Name},
		Message: fmt.Sprintf("%q of %s exists as %s (unique: %t), needed is %s (unique: %t); rename one of them",
			spec.Name, name, there.Type, there.Unique, spec.Type, spec.Unique),
	}
}

// usualField is the field type that goes with a type (hubspot-api 10).
func usualField(typ string) string {
	switch typ {
	case "number":
		return "number"
	case "datetime", "date":
		return "date"
	case "enumeration":
		return "select"
	case "bool":
		return "booleancheckbox"
	case "string":
		return "text"
	default:
		return ""
	}
}
