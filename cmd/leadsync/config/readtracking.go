package config

import "go.yaml.in/yaml/v4"

// Two words that switches of the file take.
const (
	switchOn  = "on"
	switchOff = "off"
)

// readTracking reads which kinds of activity are switched off in this account. Which kinds there are is the
// model's to say: what neither the model nor the CRM knows is found when the account is described.
func readTracking(m *mapping) []string {
	var off []string
	m.words(func(name string, _ *yaml.Node) {
		state := switchOn
		choice(m, name, &state, "switch", switchOn, switchOff)
		if state == switchOff {
			off = append(off, name)
		}
	})
	return off
}

// readHistory reads where property history is read although it costs calls of its own.
func readHistory(m *mapping, p *Portal) {
	state := switchOff
	choice(m, "first_load", &state, "switch", switchOn, switchOff)
	p.FirstLoadHistory = state == switchOn
	m.close()
}

// Imports says what contacts are that an import makes.
type Imports string

// What contacts are that an import makes: held until something about them changes, or news.
const (
	ImportsHeld Imports = "held"
	ImportsNews Imports = "news"
)

// readImports reads what contacts are that an import makes.
func readImports(m *mapping, p *Portal) {
	imports := ImportsNews
	if p.HoldImports {
		imports = ImportsHeld
	}
	choice(m, "imports", &imports, "way", ImportsHeld, ImportsNews)
	p.HoldImports = imports == ImportsHeld
}

// readSources reads which optional sources are switched on.
func readSources(m *mapping, p *Portal) {
	for _, source := range []struct {
		key string
		on  *bool
	}{{"form_submissions", &p.Submissions}, {"page_visits", &p.PageVisits}} {
		state := switchOff
		choice(m, source.key, &state, "switch", switchOn, switchOff)
		*source.on = state == switchOn
	}
	m.close()
}
