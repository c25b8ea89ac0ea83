package workflows

import (
	"slices"
	"strings"
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
	// Limits is the blast radius: at most so many effects of a class per rolling hour; absent is unlimited. Shares are
	// percentages of the stored contacts, which lower the limits of small accounts.
	Limits, Shares map[Class]int

	// Stages maps the model's stages to the account's option values; Order is the account's own order of
	// them, in the model's names, side tracks left out. Statuses maps lead statuses likewise.
	Stages map[string]string
	Order  []string
	// CompanyOrder is the account's own order of the stages of companies, likewise.
	CompanyOrder []string
	Statuses     map[string]string
	// Outcomes maps the account's values of activity outcomes to the model's words.
	Outcomes  map[string]string
	Pipelines map[string]Pipeline
	// Lists maps the model's names of static lists to the account's ids.
	Lists map[string]string
	// Queues maps the model's names of queues of tasks to the account's ids.
	Queues map[string]string
	// Marked are the kinds of record (task, deal) that the account refuses a unique property for, where the
	// operator has agreed to the weaker protocol (hubspot-api 7.3): ours are told by a marker.
	Marked map[connector.ObjectType]bool
	// Sources replaces the model's sources of facts in this portal ("budget" → "contact.budget_2026").
	Sources map[string][]string
	// Off names kinds of activity of the model, or types of record, that this portal does not want to be
	// tracked: they are not read, and what is stored of them does not count.
	Off []string
	// HoldImports says that contacts which an import makes are held (rule 26).
	HoldImports bool
	// NewContacts is how many new contacts of other programs are news within an hour: of more, those that are found then
	// are held, too. 0: any number.
	NewContacts int
	// FirstLoadHistory reads the property history of every contact at the first load, for one call per 50.
	FirstLoadHistory bool
	// Submissions and PageVisits switch optional sources on (rule 13): submissions of forms, and visited pages.
	Submissions, PageVisits bool
	// KeyProperty is the property of tasks and deals that holds our key: what has one is our own.
	KeyProperty string

	Written        Written
	DealProperties map[string]string

	Calendar      calendar.Calendar
	Hours         calendar.Hours
	DueAt         time.Duration // time of day at which tasks are due, since midnight
	FallbackOwner string
	// TasksPerDay is how many tasks of ours may be due for an owner on one day (rule 25); 0 is any number.
	TasksPerDay int
	// People are who is given work, under the names of the configuration (rule 18).
	People map[string]Person
}

// Pipeline is where a deal starts, in the account's own ids.
type Pipeline struct {
	ID    string
	Stage string
	// Stages maps the model's names of stages of the pipeline to the account's ids.
	Stages map[string]string
}

// Written names the properties of our own that we write on contacts. Empty ones are not written.
type Written struct {
	// Scores maps a score's name to its property; the key "total" stands for the sum of all scores.
	Scores map[string]string
	// Grade and Tier are written if the model has grades and tiers.
	Grade, Tier string
	Reasons     string
	ScoredAt    string
	// LastReason says why stage or status were moved last; written with the move.
	LastReason string
	// Responsible shows whose turn it is, marketing or sales; Missing what a stage lacks that a person set (rule 21).
	Responsible, Missing string
	// Rank is the priority in which sales should work, if the model has a ranking (rule 22).
	Rank string
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
	props := append(p.story(), p.sourceProperties(m, "contact")...)
	for _, k := range p.Kinds(m) {
		props = append(props, tracked(k)...)
	}
	if p.watchesTasks(m) {
		props = append(props, p.Names.Sequence)
	}
	return compacted(props)
}

// Kinds are the kinds of activity of the model that count in this portal.
func (p *Portal) Kinds(m *scoring.Model) []scoring.ActivityKind {
	return slices.DeleteFunc(m.ActivityKinds(), func(k scoring.ActivityKind) bool {
		return slices.Contains(p.Off, k.Kind) || k.Object != "" && slices.Contains(p.Off, k.Object)
	})
}

// SwitchedOff are the kinds of activity of the model that do not count in this portal.
func (p *Portal) SwitchedOff(m *scoring.Model) []string {
	var off []string
	on := p.Kinds(m)
	for _, k := range m.ActivityKinds() {
		if !slices.ContainsFunc(on, func(o scoring.ActivityKind) bool { return o.Kind == k.Kind }) {
			off = append(off, k.Kind)
		}
	}
	return off
}

// Own reports whether a record is a task of ours. Our own tasks never count as activity (design, "Our own
// writes and tasks never count").
func (p *Portal) Own(o connector.Object) bool {
	return o.Type == connector.TypeTask && p.KeyProperty != "" && o.Properties[p.KeyProperty] != ""
}

// Foreign are the records that are not tasks of ours.
func (p *Portal) Foreign(objects []connector.Object) []connector.Object {
	if !slices.ContainsFunc(objects, p.Own) {
		return objects
	}
	return slices.DeleteFunc(slices.Clone(objects), p.Own)
}

// Private reports whether a property of an activity holds what people wrote to each other. It is never asked
// for, whatever the model says: no score needs it.
func Private(property string) bool {
	for _, part := range []string{"body", "html", "_text", "headers", "transcript", "notes"} {
		if strings.Contains(property, part) {
			return true
		}
	}
	return false
}

// CompanyProperties are the properties to read of every company.
func (p *Portal) CompanyProperties(m *scoring.Model) []string {
	props := append(p.sourceProperties(m, "company"), p.Names.CompanyName)
	if m.CompanyStages() != scoring.CompaniesAlone {
		props = append(props, p.Names.CompanyStage)
	}
	return compacted(props)
}

// ActivityProperties are the properties to read of one kind of activity object.
func (p *Portal) ActivityProperties(m *scoring.Model, t connector.ObjectType) []string {
	props := []string{p.Names.ActivityTime}
	if t == connector.TypeTask {
		props = append(props, p.KeyProperty)
	}
	props = append(props, p.watchedProperties(m, t)...)
	for _, k := range p.Kinds(m) {
		if k.Object == string(t) {
			for _, prop := range k.Attributes {
				props = append(props, prop)
			}
		}
	}
	return compacted(slices.DeleteFunc(props, Private))
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
		return compacted(append(p.DealNames(), append(p.dealFacts(m), p.dealOwners(m)...)...))
	case connector.TypeCall, connector.TypeMeeting, connector.TypeTask, connector.TypeEmail, connector.TypeNote,
		connector.TypeCommunication:
	}
	return p.ActivityProperties(m, t)
}

// ReadTypes are the kinds of record that leadsync can read, contacts last. A hint about anything else makes
// nothing due.
func ReadTypes() []connector.ObjectType {
	return append(activityTypes(), connector.TypeCompany, connector.TypeDeal, connector.TypeContact)
}

// activityTypes are the kinds of record that can be activities, in a fixed order.
func activityTypes() []connector.ObjectType {
	return []connector.ObjectType{
		connector.TypeCall, connector.TypeMeeting, connector.TypeEmail, connector.TypeNote,
		connector.TypeCommunication, connector.TypeTask,
	}
}

// ActivityTypes are the kinds of object that the model reads as activities or watches, in a fixed order.
// A portal can have fewer.
func ActivityTypes(m *scoring.Model) []connector.ObjectType {
	return (&Portal{Names: connector.Names{TaskKind: "any"}}).ActivityTypes(m)
}

// ActivityTypes are the kinds of object that the model reads as activities in this portal, in a fixed order, and tasks
// and meetings if they can satisfy a task rule (rule 17).
func (p *Portal) ActivityTypes(m *scoring.Model) []connector.ObjectType {
	kinds := p.Kinds(m)
	return slices.DeleteFunc(activityTypes(), func(t connector.ObjectType) bool {
		return !p.watched(m, t) && !slices.ContainsFunc(kinds, func(k scoring.ActivityKind) bool { return k.Object == string(t) })
	})
}

// Reads reports whether the portal reads records of a kind: activities only if the model names them.
func (p *Portal) Reads(m *scoring.Model, t connector.ObjectType) bool {
	return !slices.Contains(activityTypes(), t) || slices.Contains(p.ActivityTypes(m), t)
}

func compacted(names []string) []string {
	names = slices.DeleteFunc(names, func(s string) bool { return s == "" })
	slices.Sort(names)
	return slices.Compact(names)
}
