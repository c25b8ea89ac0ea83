package audit

import (
	"slices"
	"time"

	"leadsync/cmd/leadsync/audit/naive"
	"leadsync/connector/hubspot/simulator"
)

// Input is what an audit looks at.
type Input struct {
	// Model is the text of the model file.
	Model []byte
	// Journal is everything that happened in the account, from its first entry on.
	Journal []simulator.Entry
	// Account is read once, as it stands at the end of the journal, to know the records that were loaded in
	// bulk, which the journal only counts, and the owners, of whom it tells only who left and came back.
	Account *simulator.Account
	// GoLive is the Seq of the last entry before go-live: everything up to it is the baseline.
	GoLive int
	// GoLiveAt is the world time at go-live.
	GoLiveAt time.Time
	// Steps are the world times at which leadsync was left to work, where the journal alone does not show
	// them: time can change a score at a step in which nobody did anything.
	Steps []time.Time
	// FirstLoadHistory says that the first load read the history of every contact.
	FirstLoadHistory bool
	Mapping          Mapping
	// Words are the vocabularies that the model may name.
	Words naive.Words
}

// Mapping is how the account calls what the model speaks of.
type Mapping struct {
	// Stages and Statuses map names of the model to option values.
	Stages, Statuses map[string]string
	// Order is the account's order of the model's stages, side tracks left out.
	Order []string
	// CompanyOrder is the account's order of those of them that companies have, with the same option values.
	CompanyOrder []string
	// TakeImports says that contacts made by imports are news as others are. NewContacts is how many new contacts of other
	// programs are news within an hour; 0 is any number.
	TakeImports bool
	NewContacts int
	// CompanyClass says what happens to moves of companies: on, shadow or off; empty is off. All other classes are on.
	CompanyClass string
	// Outcomes map values of the account to the model's words, such as call dispositions.
	Outcomes map[string]string
	// Scores map a score's name, or "total" for their sum, to the contact property that is written.
	Scores map[string]string
	// Grade and Tier are the contact properties of grade and tier, empty if they are not written.
	Grade, Tier string
	// ReasonsProperty is the contact property for the reasons, empty if none; KeyProperty is the property of
	// tasks and deals that holds the idempotency key.
	ReasonsProperty, KeyProperty string
	// ResponsibleProperty shows whose turn it is, marketing or sales, MissingProperty what a stage lacks that a person set;
	// empty if they are not written.
	ResponsibleProperty, MissingProperty string
	// RankProperty is the contact property of the priority, empty if it is not written.
	RankProperty string
	// ScoredAtProperty and LastReasonProperty are the contact properties for the time of scoring and the reason of the
	// last move, empty if they are not written.
	ScoredAtProperty, LastReasonProperty string
	// Sources replace the model's sources of a fact.
	Sources map[string][]string
	// Lists map the model's static lists to ids of the account.
	Lists map[string]string
	// Queues map the model's task queues to ids of the account.
	Queues map[string]string
	// Pipelines map the model's pipelines to ids of the account, DealStages the stages in which deals begin: by pipeline,
	// and by pipeline and stage of the model ("machines/first_talk").
	Pipelines, DealStages map[string]string
	// LostReason is the property of deals that says why one was lost.
	LostReason string
	// People map the names of people who are given work to ids of owners.
	People map[string]string
	// Language is that of tasks and reasons; FallbackOwner is the owner for contacts without an active one.
	Language, FallbackOwner string
	// TimeZone is where due dates are dates; empty is Europe/Berlin. Closed are further days off as
	// "2006-01-02", or "01-02" for every year.
	TimeZone string
	Closed   []string
	// Calendar says when people work beyond that.
	Calendar Calendar
}

// auditor is one audit under way.
type auditor struct {
	in        Input
	model     model
	zone      *time.Location
	calendars map[string]*working // by owner id

	ever        map[onDayOf]map[string]bool // the tasks that were ever due on a day, by id
	crowdedDays map[onDayOf]bool            // that were reported
	world       *world
	contacts    map[string]*contact
	report      Report
	shifted     map[string]bool    // owners who left or came back in this step
	ours        map[string]*made   // "type/id" of the tasks and deals that leadsync made
	tasksOf     map[string][]*made // these tasks by contact
	fresh       map[string]bool    // "type/id" of the tasks and meetings that people touched in this step
	watch       watch
	at          time.Time // the step being audited
	seq         int       // the last entry that was read
	live        bool      // the baseline is behind
	written     map[string][]simulator.Entry
	moves       moves                        // of companies in this step
	made        map[string]simulator.Entry   // how contacts came to be, by id
	choices     map[string]map[string]choice // stages and statuses that others set in this step and nobody has considered, by contact and property

	wrongCompanies map[string]bool // a finding was made: what follows is not audited
}

// contact is a contact with what the auditor knows of it.
type contact struct {
	record  *record
	lead    lead
	past    pasts
	since   time.Time // activities up to then do not count (rule 14); zero: all do
	verdict verdict
	decided time.Time // the moment of verdict
	arrived time.Time // when it came with too many others or by an import (rule 26); zero if it did not
	acted   bool      // the rules asked for something in this step
	memory  *memory
	givenTo map[string]string // by assignment and who of its people could be chosen, who was
	written map[string]string // the scores as they were last written, by score name
	broken  bool              // a finding was made: what follows would only be its consequences

	expected  *expected
	madeDeals []string // ids of the deals that leadsync made in this step
}

// Run audits a journal. It changes nothing and is deterministic.
func Run(in Input) Report {
	a := &auditor{
		in: in, contacts: map[string]*contact{}, shifted: map[string]bool{}, ours: map[string]*made{}, at: in.GoLiveAt,
		tasksOf: map[string][]*made{}, fresh: map[string]bool{}, watch: newWatch(),
		moves: moves{}, choices: map[string]map[string]choice{}, wrongCompanies: map[string]bool{},
	}
	a.run()
	slices.SortStableFunc(a.report.Findings, func(x, y Finding) int { return x.At.Compare(y.At) })
	return a.report
}

func (a *auditor) run() {
	defer func() {
		switch thrown := recover().(type) {
		case nil:
		case naive.Misunderstanding:
			a.add(Finding{At: a.at, What: "model", Want: "a condition that the auditor can judge", Got: thrown.Text})
		default:
			panic(thrown)
		}
	}()
	var err error
	if a.model, err = readModel(a.in.Model, a.in.Words); err != nil {
		a.add(Finding{At: a.at, What: "model", Want: "a model that the auditor can judge", Got: err.Error()})
		return
	}
	if a.zone, err = time.LoadLocation(orText(a.in.Mapping.TimeZone, "Europe/Berlin")); err != nil {
		a.add(Finding{At: a.at, What: "mapping", Want: "a time zone", Got: err.Error()})
		return
	}
	if class := a.in.Mapping.CompanyClass; !slices.Contains([]string{"", classOff, classShadow, classOn}, class) {
		a.add(Finding{At: a.at, What: "mapping", Want: "a class of companies that is on, shadow or off", Got: class})
		return
	}
	a.made = madeIn(a.in.Journal)
	a.world, a.written = newWorld(a.in.Account, a.in.Journal), writtenIn(a.in.Journal)
	entries := a.in.Journal
	for len(entries) > 0 && entries[0].Seq <= a.in.GoLive {
		a.world.apply(entries[0])
		a.seq = entries[0].Seq
		entries = entries[1:]
	}
	a.merges()
	a.baseline()
	a.live = true
	for _, s := range stepsOf(entries, a.in.Steps, a.in.GoLiveAt) {
		a.at = s.at
		a.step(s)
		a.report.Steps++
	}
	a.ending()
	a.report.Contacts = len(a.contacts)
}

// merges reports the contacts that are not audited.
func (a *auditor) merges() {
	for _, e := range a.in.Journal {
		if e.Type == simulator.Contacts && (e.Op == simulator.OpMerge || e.Op == simulator.OpPurge) {
			a.add(Finding{
				Contact: e.ID, Name: "now " + orText(e.New, "deleted"), At: e.At, What: string(e.Op), Want: "neither merge nor privacy deletion",
				Got: "one", Why: "the auditor does not follow them: the journal does not tell what the records held",
			})
		}
	}
}

// baseline remembers the account at go-live as handled.
func (a *auditor) baseline() {
	for _, r := range a.world.contacts() {
		c := a.meet(r)
		if a.in.FirstLoadHistory {
			for _, k := range a.model.kinds {
				a.remember(c, k.roll())
			}
		}
		a.look(c)
		c.memory = a.begin(c.lead, a.at)
	}
}

func (a *auditor) meet(r *record) *contact {
	c := &contact{record: r, past: pasts{}, memory: newMemory()}
	a.contacts[r.id] = c
	return c
}

// look reads a contact anew.
func (a *auditor) look(c *contact) {
	a.read(c, a.at)
	c.lead = a.leadOf(c)
	c.decided = time.Time{}
}

// judge evaluates the model for a contact at the step's time, unless that was done for the very same facts.
func (a *auditor) judge(c *contact) verdict {
	if !c.decided.Equal(a.at) {
		c.verdict, c.decided = a.evaluate(c), a.at
		a.report.Evaluations++
		if c.memory.unprofiled && !c.verdict.unprofiled {
			a.readmit(c)
			c.verdict = a.evaluate(c)
		}
	}
	return c.verdict
}

// step audits one step: what people did is applied, the rules are asked, and what leadsync did is compared.
func (a *auditor) step(s step) {
	touched, again := map[string]bool{}, map[string]bool{}
	clear(a.shifted)
	clear(a.fresh)
	clear(a.moves)
	clear(a.choices)
	for _, e := range s.theirs {
		a.chose(e)
		a.apply(e, touched)
	}
	open := a.decideFirst(touched)
	written := newWritings()
	for _, e := range s.ours {
		a.beforehand(e)
		a.apply(e, again)
		a.notice(e, written)
		a.noteDay(e)
		a.afterwards(e)
	}
	a.watched()
	for _, c := range open {
		if c.acted || again[c.record.id] {
			a.look(c)
			a.decideAgain(c, s.ours)
		}
		a.compare(c, written.of(c.record.id))
	}
	a.compareCompanies()
	a.compareDays(s.ours)
	a.strangers(written)
}

// decideFirst asks the rules about every contact as people left it, before leadsync did anything.
func (a *auditor) decideFirst(touched map[string]bool) []*contact {
	var open []*contact
	for _, r := range a.world.contacts() {
		c := a.contacts[r.id]
		if c == nil {
			c = a.meet(r)
			touched[r.id] = true
			c.arrived = a.arrives(r)
		}
		if c.broken {
			continue
		}
		c.record = r
		if touched[r.id] {
			a.look(c)
		}
		c.expected = &expected{closed: map[string]string{}}
		c.madeDeals = nil
		if c.arrived.Equal(a.at) {
			c.memory = a.begin(c.lead, a.at)
			c.memory.settled = a.ownWords(c)
		}
		v := a.judge(c) // may read the contact anew
		c.expected.standing = c.lead.standing
		c.acted = a.round(c, c.lead, v)
		open = append(open, c)
	}
	return open
}

// decideAgain asks the rules until they have nothing more to say: what leadsync writes is a change too, and
// a deal that it makes lets the CRM move the stage.
func (a *auditor) decideAgain(c *contact, ours []simulator.Entry) {
	const most = 8 // a plan is empty long before
	x := c.expected
	for _, e := range ours {
		if e.Actor.Kind != simulator.System || e.Type != simulator.Contacts || e.ID != c.record.id || e.Property != "lifecyclestage" {
			continue
		}
		if moved := nameOf(a.in.Mapping.Stages, e.New); a.rank(moved) > a.rank(x.standing.stage) {
			x.standing.stage, x.standing.stageValue = moved, e.New
			x.because("the CRM itself moved the stage to " + moved)
		}
	}
	for range most {
		l := c.lead
		l.standing = x.standing
		if v := a.judge(c); !a.round(c, l, v) {
			return
		}
	}
}

// apply reads an entry and notes which contacts it may concern.
func (a *auditor) apply(e simulator.Entry, touched map[string]bool) {
	a.people(e)
	if e.Type == simulator.Owners {
		a.shifted[e.ID] = true
	}
	a.touch(e, touched)
	a.world.apply(e)
	a.seq = max(a.seq, e.Seq)
	a.touch(e, touched)
}

func (a *auditor) touch(e simulator.Entry, touched map[string]bool) {
	if id := linkedContact(e); id != "" {
		touched[id] = true
		return
	}
	r := a.world.records[e.Type+"/"+e.ID]
	if r == nil {
		return
	}
	if e.Type == simulator.Companies {
		for _, c := range a.contacts {
			touched[c.record.id] = touched[c.record.id] || c.record.props["associatedcompanyid"] == e.ID
		}
	}
	for _, c := range a.world.linked(r, simulator.Contacts) {
		touched[c.id] = true
	}
}

// find reports something about a contact. Its later steps are not audited: they would repeat the mistake.
func (a *auditor) find(c *contact, f Finding) {
	f.Contact, f.Name, f.At = c.record.id, nameOfContact(c.record), a.at
	c.broken = true
	a.add(f)
}

func orText(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
