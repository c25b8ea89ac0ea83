package config

import "fmt"

// WithoutUniqueKeys says what is done with tasks and deals in an account that refuses unique properties, so
// that it would not refuse the second one after a lost answer (hubspot-api 7.3).
type WithoutUniqueKeys string

// The ways.
const (
	// KeysRefuse keeps tasks and deals in shadow.
	KeysRefuse WithoutUniqueKeys = "refuse"
	// KeysMarker tells ours by a marker in the body. Nothing is lost, but it does not promise that nothing is
	// made twice: a creation whose answer was lost is looked for after two minutes and made again if it is not
	// there, so one that the account carries out even later is there twice, until the second look two minutes
	// after that archives the copy. It stays if a person has touched it meanwhile, or has taken the marker out of
	// the body.
	KeysMarker WithoutUniqueKeys = "marker"
)

// readIDs completes the map of static lists, or of task queues. An empty id takes a name away.
func readIDs(m *mapping, of string, ids map[string]string) {
	readNames(m, ids)
	for _, e := range m.entries {
		if id, kept := ids[e.key.Value]; kept && !digits(id) {
			m.report(e.key.Value, e.value, fmt.Sprintf("%q is no id of a %s", id, of),
				"write the number that stands in the address of the "+of+"'s page")
		}
	}
}

func digits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}
