package workflows

import (
	"errors"
	"slices"
	"strings"

	"leadsync/connector"
)

// refusal is an error for the entry: the CRM's own words, and the properties that it names as the cause where the
// words do not.
func refusal(err error) string {
	text := err.Error()
	var ce *connector.Error
	if !errors.As(err, &ce) {
		return text
	}
	missing := slices.DeleteFunc(slices.Clone(ce.Properties), func(name string) bool { return strings.Contains(text, name) })
	if len(missing) == 0 {
		return text
	}
	return text + " (property " + strings.Join(missing, ", ") + ")"
}
