package population

import (
	"errors"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// The domains that the side track "other" goes by (S16).
const (
	OwnDomain        = "our-company.example"
	CompetitorDomain = "competitor.example"
	PartnerDomain    = "partner.example"
)

// Other apps that write into the account, by their app ids.
const (
	formsApp      = "3300021"
	enrichmentApp = "3300047"
)

// Options say how large the account is and where its history ends.
type Options struct {
	Seed uint64
	// Contacts is the number at the start; 0 means 500.
	Contacts int
	// Start is the world time of go-live: the history ends there. Zero is the account's world time.
	Start time.Time
	// Months is the length of the history before Start; 0 means 6.
	Months int
}

func (o Options) withDefaults(now time.Time) Options {
	if o.Contacts <= 0 {
		o.Contacts = 500
	}
	if o.Months <= 0 {
		o.Months = 6
	}
	if o.Start.IsZero() {
		o.Start = now
	}
	o.Start = o.Start.UTC().Truncate(time.Second)
	return o
}

// Populate fills the account with owners, companies, contacts and their history
// and returns its people. The account should be empty: contacts that were there
// before, or come by another Load, do nothing. Records come in through one Load: no webhooks, no
// automation, one journal entry. Records that the account refuses (a changed
// definition, say) are left out and counted by World.Refused.
func Populate(a *simulator.Account, o Options) *World {
	o = o.withDefaults(a.Now())
	w := newWorld(a, o)
	w.refused += define(a)
	settings := a.Automation()
	settings.CompanyToContacts = false // one deal would make opportunities of everybody in the house
	if err := a.SetAutomation(settings); err != nil {
		w.refused++
	}
	w.hire()
	b := newBuilder(w)
	missed := 0
	err := a.Load(func(add addRecord) {
		b.build(func(typ string, props map[string]string, links ...simulator.Link) string {
			id := add(typ, props, links...)
			if id == "" {
				missed++
			}
			return id
		})
	})
	if err != nil {
		w.refused += missed
	}
	w.seen = len(a.Journal())
	return w
}

type addRecord = func(typ string, props map[string]string, links ...simulator.Link) string

// define adds what the company's admins once added: facts that HubSpot does not
// have of its own. What is there already stays.
func define(a *simulator.Account) (refused int) {
	custom := []simulator.Property{
		{Name: "budget", Label: "Budget (EUR)", Type: "number", FieldType: "number", Description: "What this contact can spend in a year."},
		{
			Name: "decision_authority", Label: "Decision authority", Type: "enumeration", FieldType: "select", Description: "Whether this contact decides on purchases.",
			Options: []simulator.Option{
				{Label: "Yes", Value: "yes"}, {Label: "No", Value: "no", DisplayOrder: 1}, {Label: "Influencer", Value: "influencer", DisplayOrder: 2},
			},
		},
		{
			Name: "newsletter_consent", Label: "Newsletter consent", Type: "bool", FieldType: "booleancheckbox", Description: "Whether this contact agreed to receive our newsletter.",
			Options: []simulator.Option{{Label: "Yes", Value: "true"}, {Label: "No", Value: "false", DisplayOrder: 1}},
		},
		{
			Name: objects, Label: "Objects to profiling", Type: "bool", FieldType: "booleancheckbox", Description: "Whether this contact objects to profiling.",
			Options: []simulator.Option{{Label: "Yes", Value: "true"}, {Label: "No", Value: "false", DisplayOrder: 1}},
		},
		{Name: "call_back_on", Label: "Call back on", Type: "date", FieldType: "date", Description: "The day on which this contact wants to be called again."},
	}
	for i, p := range custom {
		p.GroupName, p.FormField, p.DisplayOrder = "contactinformation", true, i
		if err := a.AddProperty(simulator.Contacts, p); err != nil && !errors.Is(err, simulator.ErrConflict) {
			refused++
		}
	}
	return refused
}

// hire adds ten owners; the last two have left and still own contacts (C21).
func (w *World) hire() {
	names := []string{
		"Jana Vogt", "Malte Reimers", "Özlem Aksoy", "Grace Lockley", "Jörg Behrens", "Svenja Lüdtke",
		"Ravi Marlowe", "Katrin Böttcher", "Uwe Dierksen", "Tess Winslade",
	}
	for i, name := range names {
		id := w.account.CreateOwner(name, w.words.slug(name)+"@"+OwnDomain, i < 8)
		w.ownerIDs = append(w.ownerIDs, id)
	}
}
