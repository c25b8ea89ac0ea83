package workflows

import (
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/scoring/calendar"
)

// Portal is everything that is particular about one account: how its properties, stages, statuses and
// pipelines are called, and what may be written. One model runs in many portals through it.
type Portal struct {
	ID       connector.PortalID
	Name     string
	Language string // en or de: the language of tasks and reasons
	Names    connector.Names

	Modes map[Class]Mode
	// Limits is the blast radius: at most so many effects of a class per rolling hour; absent is unlimited.
	Limits map[Class]int

	// Stages maps the model's stages to the account's option values; Order is the account's own order of
	// them, in the model's names, side tracks left out. Statuses maps lead statuses likewise.
	Stages   map[string]string
	Order    []string
	Statuses map[string]string
	// Outcomes maps the account's values of activity outcomes to the model's words.
	Outcomes  map[string]string
	Pipelines map[string]Pipeline
	// Sources replaces the model's sources of facts in this portal ("budget" → "contact.budget_2026").
	Sources map[string][]string

	Written        Written
	DealProperties map[string]string

	Calendar      calendar.Calendar
	DueAt         time.Duration // time of day at which tasks are due, since midnight
	FallbackOwner string
}

// Pipeline is where a deal starts, in the account's own ids.
type Pipeline struct {
	ID    string
	Stage string
}

// Written names the properties of our own that we write on contacts. Empty ones are not written.
type Written struct {
	// Scores maps a score's name to its property; the key "total" stands for the sum of all scores.
	Scores   map[string]string
	Reasons  string
	ScoredAt string
}

// TotalScore is the key of Written.Scores for the sum of all scores.
const TotalScore = "total"

// Mode says what happens to effects of a class; a class that nobody configured is in shadow (fail safe).
func (p *Portal) Mode(c Class) Mode {
	if m, ok := p.Modes[c]; ok {
		return m
	}
	return ModeShadow
}

// stageName is the model's name of the account's stage value, or empty if there is none.
func (p *Portal) stageName(value string) string { return keyOf(p.Stages, value) }

// statusName is the model's name of the account's lead status value, or empty if there is none.
func (p *Portal) statusName(value string) string { return keyOf(p.Statuses, value) }

// keyOf finds the key of a value; the smallest one if several map to it, so that results are repeatable.
func keyOf(m map[string]string, value string) string {
	found := ""
	if value == "" {
		return found
	}
	for k, v := range m {
		if v == value && (found == "" || k < found) {
			found = k
		}
	}
	return found
}

// ContactProperties are the properties to read of every contact: what the model's facts and counters are
// made of and what the story needs, sorted, without duplicates. Our own properties are not among them.
func (p *Portal) ContactProperties(m *scoring.Model) []string {
	props := []string{
		p.Names.Stage, p.Names.Status, p.Names.Owner, p.Names.FirstName, p.Names.LastName,
		p.Names.Email, p.Names.Company, p.Names.CompanyID,
	}
	props = append(props, p.sourceProperties(m, "contact")...)
	for _, k := range m.ActivityKinds() {
		if k.Counter != nil {
			props = append(props, k.Counter.Property, k.Counter.LastProperty, k.Counter.FirstProperty, k.Counter.NameProperty)
		}
	}
	return compacted(props)
}

// CompanyProperties are the properties to read of every company.
func (p *Portal) CompanyProperties(m *scoring.Model) []string {
	return compacted(append(p.sourceProperties(m, "company"), p.Names.CompanyName))
}

// ActivityProperties are the properties to read of one kind of activity object.
func (p *Portal) ActivityProperties(m *scoring.Model, t connector.ObjectType) []string {
	props := []string{p.Names.ActivityTime}
	for _, k := range m.ActivityKinds() {
		if k.Object == string(t) {
			for _, prop := range k.Attributes {
				props = append(props, prop)
			}
		}
	}
	return compacted(props)
}

// DealNames are the properties to read of every deal.
func (p *Portal) DealNames() []string {
	return compacted([]string{p.Names.DealStage, p.Names.DealPipeline, p.Names.DealClosed, p.Names.DealWon})
}

// Properties are the properties to read of one kind of record.
func (p *Portal) Properties(m *scoring.Model, t connector.ObjectType) []string {
	switch t {
	case connector.TypeContact:
		return p.ContactProperties(m)
	case connector.TypeCompany:
		return p.CompanyProperties(m)
	case connector.TypeDeal:
		return p.DealNames()
	case connector.TypeCall, connector.TypeMeeting, connector.TypeTask:
	}
	return p.ActivityProperties(m, t)
}

// ReadTypes are the kinds of record that leadsync reads, contacts last. A hint about anything else, such as a
// task that was associated, makes nothing due.
func ReadTypes() []connector.ObjectType {
	return []connector.ObjectType{
		connector.TypeCall, connector.TypeMeeting, connector.TypeCompany, connector.TypeDeal, connector.TypeContact,
	}
}

// ActivityTypes are the kinds of object that the model reads as activities, in a fixed order.
func ActivityTypes(m *scoring.Model) []connector.ObjectType {
	var types []connector.ObjectType
	for _, t := range []connector.ObjectType{connector.TypeCall, connector.TypeMeeting} {
		for _, k := range m.ActivityKinds() {
			if k.Object == string(t) && !slices.Contains(types, t) {
				types = append(types, t)
			}
		}
	}
	return types
}

func compacted(names []string) []string {
	names = slices.DeleteFunc(names, func(s string) bool { return s == "" })
	slices.Sort(names)
	return slices.Compact(names)
}
