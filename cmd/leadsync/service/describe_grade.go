package service

import (
	"slices"
	"strings"

	"leadsync/connector"
)

// rank gives the property that a grade or tier is written to, empty if it cannot take every value that the model
// gives: a score must not fail for it. What the model does not give (any more) is no finding.
func (d *describer) rank(what string, p connector.Property, name string, values []string) string {
	var missing []string
	for _, value := range values {
		if p.Type == "enumeration" && !slices.ContainsFunc(p.Options, func(o connector.Option) bool { return o.Value == value }) {
			missing = append(missing, value)
		}
	}
	text, remedy := unfit(p, "enumeration", "string")
	switch {
	case text != "":
	case len(missing) > 0:
		text, remedy = "has no option for "+strings.Join(missing, ", "), "add the options in the account's settings, with these internal values"
	default:
		return name
	}
	if len(values) > 0 {
		d.find(remedy, "contact property %q %s; the %s is not written", name, text, what)
	}
	return ""
}

// unfit says why values of some types cannot be written to a property, and what to do; nothing if they can.
func unfit(p connector.Property, types ...string) (text, remedy string) {
	const another = "choose another property under `properties`"
	switch {
	case p.Name == "":
		return "does not exist", "run `leadsync doctor --create`"
	case p.ReadOnly:
		return "is read-only", another
	case !slices.Contains(types, p.Type):
		return "is of type " + p.Type, another
	}
	return "", ""
}
