package population

import (
	"strconv"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// The values of HubSpot's default options that people here use (hubspot-api 6).
const (
	stageSubscriber  = "subscriber"
	stageLead        = "lead"
	stageMQL         = "marketingqualifiedlead"
	stageSQL         = "salesqualifiedlead"
	stageOpportunity = "opportunity"
	stageCustomer    = "customer"
	stageEvangelist  = "evangelist"
	stageOther       = "other"

	statusNew         = "NEW"
	statusOpen        = "OPEN"
	statusAttempted   = "ATTEMPTED_TO_CONTACT"
	statusInProgress  = "IN_PROGRESS"
	statusConnected   = "CONNECTED"
	statusBadTiming   = "BAD_TIMING"
	statusOpenDeal    = "OPEN_DEAL"
	statusUnqualified = "UNQUALIFIED"
)

// builder makes the account's history.
type builder struct {
	w        *World
	add      addRecord
	start    time.Time
	earliest time.Time
	stages   deck
	statuses deck
	profiles map[string]profile
	outcomes deck
}

func newBuilder(w *World) *builder {
	d := roll(w.opts.Seed, purposeSpare)
	return &builder{
		w: w, start: w.opts.Start, earliest: w.opts.Start.AddDate(0, -w.opts.Months, 0),
		stages: newDeck(d, []card{
			{stageSubscriber, 29},
			{stageLead, 36},
			{stageMQL, 10},
			{stageSQL, 10},
			{stageOpportunity, 4},
			{stageCustomer, 6},
			{stageEvangelist, 1},
			{stageOther, 4},
		}),
		statuses: newDeck(d, []card{
			{statusNew, 4},
			{statusOpen, 1},
			{statusAttempted, 5},
			{statusInProgress, 4},
			{statusConnected, 1},
			{statusBadTiming, 2},
			{statusUnqualified, 2},
			{statusOpenDeal, 1},
		}),
		profiles: profiles(),
		outcomes: newDeck(d, []card{{"open", 5}, {"lost", 1}}),
	}
}

// profile is what people at a stage are like.
type profile struct {
	heat  uint8   // how often web deeds choose them, in percent
	views int     // pages seen at most
	known float64 // chance that budget and authority are known
	owned float64 // chance of an owner: sales owns from SQL on (S21, S22)
}

func profiles() map[string]profile {
	return map[string]profile{
		stageSubscriber:  {heat: 25, views: 5, known: 0.03, owned: 0.03},
		stageLead:        {heat: 45, views: 14, known: 0.1, owned: 0.15},
		stageMQL:         {heat: 85, views: 40, known: 0.5, owned: 0.6},
		stageSQL:         {heat: 60, views: 60, known: 0.85, owned: 1},
		stageOpportunity: {heat: 50, views: 70, known: 0.95, owned: 1},
		stageCustomer:    {heat: 30, views: 80, known: 0.95, owned: 1},
		stageEvangelist:  {heat: 30, views: 80, known: 0.95, owned: 1},
		stageOther:       {heat: 6, owned: 0.1},
	}
}

// card is a value and how often it is in the deck.
type card struct {
	value string
	count int
}

// deck deals shuffled values without replacement, then starts again: shares are
// exact also in a small account, where independent draws would leave some out.
type deck struct {
	cards []string
	next  int
}

func newDeck(d dice, cards []card) deck {
	var k deck
	for _, c := range cards {
		for range c.count {
			k.cards = append(k.cards, c.value)
		}
	}
	d.Shuffle(len(k.cards), func(i, j int) { k.cards[i], k.cards[j] = k.cards[j], k.cards[i] })
	return k
}

func (k *deck) deal() string {
	c := k.cards[k.next%len(k.cards)]
	k.next++
	return c
}

// build adds companies, then contacts with their histories.
func (b *builder) build(add addRecord) {
	b.add = add
	n := b.w.opts.Contacts
	b.w.people = make([]person, 0, n+n/8)
	b.ownCompanies()
	for i := range max(1, n/3) {
		b.addCompany(roll(b.w.opts.Seed, purposeCompany, key(i)), i)
	}
	for i := range n {
		b.addContact(roll(b.w.opts.Seed, purposeBirth, key(i)))
	}
}

// The first companies are our own, a competitor and a partner (S16).
const insiders = 3

func (b *builder) ownCompanies() {
	for _, c := range [insiders][4]string{
		{"Lotsenwerk Software GmbH", OwnDomain, "140", "PROSPECT"},
		{"Kompasso AG", CompetitorDomain, "420", "OTHER"},
		{"Datenfähre Beratung GmbH", PartnerDomain, "35", "PARTNER"},
	} {
		props := map[string]string{
			"name": c[0], "domain": c[1], "industry": "COMPUTER_SOFTWARE", "country": "Germany",
			"numberofemployees": c[2], "type": c[3], "createdate": stamp(b.earliest),
		}
		pastCompanyStage(roll(b.w.opts.Seed, purposeObjection), props)
		id := b.add(simulator.Companies, props)
		b.w.companies = append(b.w.companies, company{id: id, name: c[0], domain: c[1], country: "Germany", german: true})
	}
}

func (b *builder) addCompany(d dice, i int) {
	c, props := b.inventCompany(d, i)
	props["createdate"] = stamp(b.earliest.Add(time.Duration(d.IntN(86400)) * time.Second))
	pastCompanyStage(roll(b.w.opts.Seed, purposeObjection, purposeCompany, key(i)), props)
	c.id = b.add(simulator.Companies, props)
	if c.id != "" {
		b.w.companies = append(b.w.companies, c)
	}
}

// inventCompany makes name, domain and the facts that somebody once researched.
func (b *builder) inventCompany(d dice, i int) (company, map[string]string) {
	w := b.w.words
	c := company{german: d.chance(0.78), scanner: d.chance(0.12)}
	branch := oneOf(d, w.branchEN)
	if c.german {
		branch = oneOf(d, w.branchDE)
		c.name = oneOf(d, w.prefixDE) + " " + branch
		c.country = []string{"Germany", "Germany", "Germany", "Germany", "Austria", "Switzerland"}[d.IntN(6)]
	} else {
		c.name = oneOf(d, w.prefixEN) + " " + branch
		c.country = []string{"United Kingdom", "United States", "Netherlands", "Ireland"}[d.IntN(4)]
	}
	if d.chance(0.3) && c.german {
		c.name += " " + oneOf(d, w.towns)
	}
	c.domain = w.slug(c.name) + strconv.Itoa(i+1) + []string{".example", ".example", ".example.com", ".example.net"}[d.IntN(4)]
	if c.german {
		c.name += " " + []string{"GmbH", "GmbH", "GmbH & Co. KG", "AG", "SE"}[d.IntN(5)]
	} else {
		c.name += " " + []string{"Ltd", "Inc.", "Group"}[d.IntN(3)]
	}
	size := employees(d)
	props := map[string]string{"name": c.name, "domain": c.domain}
	if d.chance(0.9) {
		props["country"] = c.country
	}
	if d.chance(0.85) {
		props["industry"] = w.industries[branch]
	}
	if d.chance(0.8) {
		props["numberofemployees"] = strconv.Itoa(size)
	}
	if d.chance(0.55) {
		props["annualrevenue"] = strconv.Itoa(size * d.between(60, 320) * 1000)
	}
	return c, props
}

// employees draws a company size: many small, some medium, few large.
func employees(d dice) int {
	switch d.weighted(20, 30, 30, 14, 6) {
	case 0:
		return d.between(2, 9)
	case 1:
		return d.between(10, 59)
	case 2:
		return d.between(60, 499)
	case 3:
		return d.between(500, 4900)
	default:
		return d.between(5200, 40000)
	}
}

// stamp is the form in which HubSpot shows a time.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
