package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const noKey = ^uint16(0)

// Option is one value of an enumeration.
type Option struct {
	Label        string `json:"label"`
	Value        string `json:"value"`
	DisplayOrder int    `json:"displayOrder"`
	Hidden       bool   `json:"hidden"`
}

// Property is one property definition.
type Property struct {
	Name, Label, Type, FieldType, Description, GroupName string
	Options                                              []Option
	DisplayOrder                                         int
	ReferencedObjectType                                 string
	Calculated, ExternalOptions, HasUniqueValue          bool
	Hidden, HubSpotDefined, FormField, ReadOnly          bool
	Archived                                             bool
	// Sensitive values are masked in webhook events (hubspot-api 3.3).
	Sensitive bool

	created, updated string
	key              uint16
}

type propertyGroup struct {
	Name         string `json:"name"`
	Label        string `json:"label"`
	DisplayOrder int    `json:"displayOrder"`
	Archived     bool   `json:"archived"`
}

func newTables(leanContacts bool) map[string]*table {
	out := map[string]*table{}
	for i, ot := range objectTypes() {
		t := &table{
			objectType: ot, props: map[string]*Property{}, byID: map[int64]*record{},
			unique: map[uint16]map[string]*record{}, lastID: int64(i+1) * 10_000_000_000,
		}
		text := definitions(ot.name)
		if leanContacts && ot.name == Contacts {
			text = lean(text)
		}
		t.define(strings.ReplaceAll(text, " OBJ ", " "+ot.singular+"information "))
		t.keyID, t.keyCreated, t.keyModified = t.key("hs_object_id"), t.key(ot.createdName), t.key(ot.modName)
		out[ot.name] = t
	}
	return out
}

// define reads one definition per line:
// name type fieldType group flags options
// flags: r read-only, c calculated, h hidden, f form field, o owner, x external options, u unique, - none;
// options: value or value=Label, by comma, "_" for a space in a label and "~" for one in a value.
func (t *table) define(text string) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 5 {
			continue
		}
		p := &Property{
			Name: f[0], Label: labelOf(f[0]), Type: f[1], FieldType: f[2], GroupName: f[3], DisplayOrder: -1, HubSpotDefined: true,
			ReadOnly: strings.Contains(f[4], "r"), Calculated: strings.Contains(f[4], "c"), Hidden: strings.Contains(f[4], "h"),
			FormField: strings.Contains(f[4], "f"), ExternalOptions: strings.ContainsAny(f[4], "ox"), HasUniqueValue: strings.Contains(f[4], "u"),
			created: "2024-01-15T09:00:00.000Z", updated: "2026-03-30T09:00:00.000Z",
		}
		if strings.Contains(f[4], "o") {
			p.ReferencedObjectType = "OWNER"
		}
		if p.Name == "associatedcompanyid" {
			p.ReferencedObjectType = "COMPANY"
		}
		if len(f) > 5 {
			p.Options = parseOptions(f[5])
		}
		if p.Type == "bool" {
			p.Options = parseOptions("true=True,false=False")
		}
		p.Description = "The " + strings.ToLower(p.Label) + " of this " + t.singular + "."
		t.add(p)
		if !slices.ContainsFunc(t.groups, func(g propertyGroup) bool { return g.Name == p.GroupName }) {
			t.groups = append(t.groups, propertyGroup{Name: p.GroupName, Label: labelOf(p.GroupName), DisplayOrder: len(t.groups)})
		}
	}
}

func (t *table) add(p *Property) {
	p.key = uint16(len(t.byKey)) //nolint:gosec // a few hundred definitions
	t.byKey = append(t.byKey, p)
	t.props[p.Name] = p
}

func parseOptions(s string) []Option {
	var out []Option
	for i, o := range strings.Split(s, ",") {
		value, label, ok := strings.Cut(o, "=")
		value = strings.ReplaceAll(value, "~", " ")
		if !ok {
			label = labelOf(value)
		}
		out = append(out, Option{Value: value, Label: strings.ReplaceAll(label, "_", " "), DisplayOrder: i})
	}
	return out
}

// labelOf makes a readable label of an internal name.
func labelOf(name string) string {
	words := strings.Fields(strings.ReplaceAll(strings.TrimPrefix(strings.ToLower(name), "hs_"), "_", " "))
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

func (p *Property) option(value string) bool {
	return slices.ContainsFunc(p.Options, func(o Option) bool { return o.Value == value })
}

// rank is the place of an enumeration value in the options' display order, -1 when unknown.
func (p *Property) rank(value string) int {
	for _, o := range p.Options {
		if o.Value == value {
			return o.DisplayOrder
		}
	}
	return -1
}

// AddProperty adds a custom property definition. It fails with ErrConflict
// when the name is taken and ErrInvalid when the type is unknown.
func (a *Account) AddProperty(typ string, p Property) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.table(typ)
	if err != nil {
		return fmt.Errorf("add property %q: %w", p.Name, err)
	}
	if t.props[p.Name] != nil {
		return fmt.Errorf("add property %q: %w", p.Name, ErrConflict)
	}
	p.created = isoMillis(a.opts.Now().UnixMilli())
	p.updated = p.created
	t.add(&p)
	return nil
}

// AddStage adds a lifecycle stage to contacts and companies after the stage
// `after` (empty: at the end); ids of custom stages are numeric (hubspot-api 6.1).
func (a *Account) AddStage(id, label, after string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, err := strconv.ParseInt(id, 10, 64); err != nil {
		return fmt.Errorf("add stage %q: custom stages have numeric ids: %w", id, ErrInvalid)
	}
	for _, typ := range []string{Contacts, Companies} {
		p := a.tables[typ].props["lifecyclestage"]
		at := len(p.Options)
		if i := slices.IndexFunc(p.Options, func(o Option) bool { return o.Value == after }); i >= 0 {
			at = i + 1
		}
		p.Options = slices.Insert(slices.Clone(p.Options), at, Option{Label: label, Value: id})
		for i := range p.Options {
			p.Options[i].DisplayOrder = i
		}
	}
	t := a.tables[Contacts]
	t.define(stageDates(id))
	return nil
}

// SetOptions replaces the options of an enumeration, as an admin would; their
// values may be numbers. Records keep values that are no option any more.
func (a *Account) SetOptions(typ, property string, options []Option) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.table(typ)
	if err != nil {
		return fmt.Errorf("set options of %q: %w", property, err)
	}
	p := t.props[property]
	if p == nil || p.Type != "enumeration" || len(options) == 0 {
		return fmt.Errorf("set options of %s %q: it must be an enumeration and keep at least one option: %w", t.name, property, ErrInvalid)
	}
	p.Options = slices.Clone(options)
	p.updated = isoMillis(a.opts.Now().UnixMilli())
	return nil
}

// Definitions returns the property definitions of a type in their order.
func (a *Account) Definitions(typ string) []Property {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.table(typ)
	if err != nil {
		return nil
	}
	out := make([]Property, 0, len(t.byKey))
	for _, p := range t.byKey {
		c := *p
		c.Options = slices.Clone(p.Options)
		out = append(out, c)
	}
	return out
}
