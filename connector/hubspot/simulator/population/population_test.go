package population_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector/hubspot/simulator"
	"leadsync/connector/hubspot/simulator/population"
)

// start is a Monday morning, half past six in Berlin.
func start() time.Time { return time.Date(2026, time.March, 2, 5, 30, 0, 0, time.UTC) }

// stage is an account with its people and a clock moved by hand.
type stage struct {
	now     time.Time
	account *simulator.Account
	world   *population.World
}

func open(t *testing.T, o population.Options) *stage {
	t.Helper()
	s := &stage{now: start()}
	clock := func() time.Time { return s.now }
	s.account = simulator.New(simulator.Options{Now: clock, Wall: clock, Seed: 7})
	o.Start = start()
	s.world = population.Populate(s.account, o)
	if n := s.world.Refused(); n != 0 {
		t.Fatalf("the account refused %d records", n)
	}
	return s
}

// live steps through so much world time; after each step the account may react.
func (s *stage) live(span, step time.Duration, react func([]population.Deed)) []population.Deed {
	var all []population.Deed
	for end := s.now.Add(span); s.now.Before(end); {
		from := s.now
		s.now = from.Add(step)
		deeds := s.world.Step(from, s.now)
		all = append(all, deeds...)
		if react != nil {
			react(deeds)
		}
	}
	return all
}

func TestSameSeedSameDeeds(t *testing.T) {
	run := func(seed uint64) ([]population.Deed, []simulator.Object, []simulator.Entry) {
		s := open(t, population.Options{Seed: seed, Contacts: 300})
		deeds := s.live(10*24*time.Hour, 3*time.Hour, nil)
		return deeds, s.account.Objects(simulator.Contacts), s.account.Journal()
	}
	deeds, records, journal := run(3)
	again, recordsAgain, journalAgain := run(3)
	if d := cmp.Diff(deeds, again); d != "" {
		t.Errorf("deeds differ for one seed:\n%s", d)
	}
	if d := cmp.Diff(records, recordsAgain); d != "" {
		t.Errorf("contacts differ for one seed:\n%s", d)
	}
	if d := cmp.Diff(journal, journalAgain); d != "" {
		t.Errorf("journals differ for one seed:\n%s", d)
	}
	if other, _, _ := run(4); cmp.Equal(deeds, other) {
		t.Error("another seed gives the same deeds")
	}
}

func TestOneDeedPerContactAndStep(t *testing.T) {
	for _, step := range []time.Duration{30 * time.Minute, 6 * time.Hour, 24 * time.Hour} {
		s := open(t, population.Options{Seed: 11, Contacts: 200})
		for range 30 {
			from := s.now
			s.now = from.Add(step)
			seen := map[string]bool{}
			last := from
			for _, d := range s.world.Step(from, s.now) {
				if seen[d.Contact] {
					t.Errorf("step of %v: second deed of %s: %s", step, d.Name, d.What)
				}
				seen[d.Contact] = true
				if !d.At.After(from) || d.At.After(s.now) || d.At.Nanosecond() != 0 {
					t.Errorf("step of %v: deed at %v, not a whole second in (%v, %v]", step, d.At, from, s.now)
				}
				if d.At.Before(last) {
					t.Errorf("step of %v: deeds are not in the order of time", step)
				}
				last = d.At
				s.checkRecorded(t, d)
			}
		}
	}
}

// checkRecorded looks for the deed in the contact's own record.
func (s *stage) checkRecorded(t *testing.T, d population.Deed) {
	t.Helper()
	o, ok := s.account.Object(simulator.Contacts, d.Contact)
	if !ok {
		if d.Kind != population.OwnerLeft {
			t.Errorf("deed on %q, who does not exist: %s", d.Contact, d.What)
		}
		return
	}
	at := d.At.Format("2006-01-02T15:04:05.000Z")
	property := map[population.DeedKind]string{
		population.PageView: "hs_analytics_last_timestamp", population.MailOpen: "hs_email_last_open_date",
		population.MailClick: "hs_email_last_click_date", population.MachineClick: "hs_email_last_click_date",
		population.MailReply: "hs_email_last_reply_date", population.Form: "recent_conversion_date", population.SignUp: "recent_conversion_date",
		population.CallMade: "notes_last_contacted", population.MeetingHeld: "notes_last_contacted",
		population.MailSent: "notes_last_contacted", population.MessageSent: "notes_last_contacted",
		population.NoteAdded: "notes_last_updated", population.MailAnswered: "hs_sales_email_last_replied",
	}[d.Kind]
	if property != "" && o.Properties[property] != at {
		t.Errorf("%s at %s, but %s is %s", d.What, at, property, o.Properties[property])
	}
}

func TestNoTimeNoDeeds(t *testing.T) {
	s := open(t, population.Options{Seed: 2, Contacts: 50})
	for _, step := range []time.Duration{0, 400 * time.Millisecond, -time.Hour} {
		if deeds := s.world.Step(s.now, s.now.Add(step)); len(deeds) > 0 {
			t.Errorf("%d deeds within %v", len(deeds), step)
		}
	}
}

// Steps may be shorter than a second: a deed belongs to the step that has its second.
func TestTinySteps(t *testing.T) {
	s := open(t, population.Options{Seed: 2, Contacts: 4000})
	seconds := 0
	for range 6000 {
		from := s.now
		for _, d := range s.live(500*time.Millisecond, 500*time.Millisecond, nil) {
			seconds++
			if !d.At.Equal(s.now) {
				t.Errorf("deed at %v in the step from %v to %v", d.At, from, s.now)
			}
		}
	}
	if seconds == 0 {
		t.Error("no deeds in 50 minutes")
	}
}

// Who did it stands in the journal: salespeople as users, HubSpot's own
// calculations as the system, the form and enrichment tools as other apps.
func TestActors(t *testing.T) {
	s := open(t, population.Options{Seed: 6})
	seen := len(s.account.Journal())
	s.live(10*24*time.Hour, 3*time.Hour, nil)
	users := map[string]bool{}
	for _, o := range s.account.Owners() {
		users[o.UserID] = true
	}
	want := map[string]simulator.ActorKind{
		"create contacts": simulator.Integration, "set contacts newsletter_consent": simulator.Integration, "set contacts hs_analytics_num_page_views": simulator.System,
		"set contacts num_conversion_events": simulator.System, "set contacts hs_email_click": simulator.System, "set companies numberofemployees": simulator.Integration,
		"set contacts hs_lead_status": simulator.User, "create calls": simulator.User, "create meetings": simulator.User, "create deals": simulator.User,
		"set tasks hs_task_status": simulator.User, "archive tasks": simulator.User, "set deals dealstage": simulator.User,
	}
	missing := map[string]bool{}
	for key := range want {
		missing[key] = true
	}
	for _, e := range s.account.JournalSince(seen) {
		key := strings.TrimSpace(string(e.Op) + " " + e.Type + " " + e.Property)
		delete(missing, key)
		if kind, ok := want[key]; ok && e.Actor.Kind != kind && e.New != "NOT_STARTED" {
			t.Errorf("%s by %s, want %s", key, e.Actor.Kind, kind)
		}
		if e.Actor.Kind == simulator.API || e.Actor.Kind == simulator.User && !users[e.Actor.ID] {
			t.Errorf("%s by %s %q", key, e.Actor.Kind, e.Actor.ID)
		}
	}
	if len(missing) > 0 {
		t.Errorf("never seen: %v", missing)
	}
}

// What the account does not take is counted, not hidden.
func TestRefusedIsCounted(t *testing.T) {
	a := simulator.New(simulator.Options{Now: start, Wall: start})
	odd := simulator.Property{Name: "decision_authority", Type: "number", FieldType: "number", GroupName: "contactinformation"}
	if err := a.AddProperty(simulator.Contacts, odd); err != nil {
		t.Fatal(err)
	}
	w := population.Populate(a, population.Options{Seed: 1, Contacts: 100})
	if w.Refused() == 0 || w.Refused()+a.Count(simulator.Contacts) != 100 {
		t.Errorf("%d refused, %d contacts of 100", w.Refused(), a.Count(simulator.Contacts))
	}
}

// A deed changes one contact only, so that every state of a lead can be seen: no
// contact's properties change in a step but those of the deed.
func TestDeedsChangeNobodyElse(t *testing.T) {
	s := open(t, population.Options{Seed: 12, Contacts: 400})
	for range 60 {
		seen := len(s.account.Journal())
		members := map[string]bool{}
		for _, d := range s.live(4*time.Hour, 4*time.Hour, nil) {
			members[d.Contact] = true
		}
		for _, e := range s.account.JournalSince(seen) {
			if e.Type == simulator.Contacts && !members[e.ID] {
				t.Errorf("%s of contact %s changed without a deed of theirs", e.Property, e.ID)
			}
		}
	}
}

func TestEveryKindWithinThirtyDays(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3, 42} {
		s := open(t, population.Options{Seed: seed})
		count := map[population.DeedKind]int{}
		for _, d := range s.live(30*24*time.Hour, 2*time.Hour, nil) {
			count[d.Kind]++
		}
		for _, k := range population.Kinds() {
			if count[k] == 0 {
				t.Errorf("seed %d: no %q in 30 days", seed, k)
			}
		}
		t.Logf("seed %d: %v", seed, count)
		if n := s.world.Refused(); n != 0 {
			t.Errorf("seed %d: the account refused %d deeds", seed, n)
		}
	}
}

func TestSalespeopleRestAtWeekendsAndAtNight(t *testing.T) {
	s := open(t, population.Options{Seed: 5})
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	weekend := 0
	for range 21 * 24 {
		seen := len(s.account.Journal())
		from := s.now
		deeds := s.live(time.Hour, time.Hour, nil)
		day := from.In(berlin)
		resting := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday || day.Hour() < 7 || day.Hour() >= 18
		if !resting {
			continue
		}
		weekend += len(deeds)
		for _, d := range deeds {
			if d.Kind.BySales() {
				t.Errorf("%v: %s: %s", d.At.In(berlin), d.Name, d.What)
			}
		}
		for _, e := range s.account.JournalSince(seen) {
			if e.Actor.Kind == simulator.User {
				t.Errorf("%v: user %s wrote %s %s", e.At.In(berlin), e.Actor.ID, e.Type, e.Property)
			}
		}
	}
	if weekend == 0 {
		t.Error("nobody visited the web site in the sales team's free time")
	}
}

func TestHolidaysAreQuiet(t *testing.T) {
	s := &stage{now: time.Date(2026, time.December, 24, 0, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return s.now }
	s.account = simulator.New(simulator.Options{Now: clock, Wall: clock})
	s.world = population.Populate(s.account, population.Options{Seed: 5, Start: s.now})
	for _, d := range s.live(4*24*time.Hour, time.Hour, nil) { // the 27th is a Sunday
		if d.Kind.BySales() {
			t.Errorf("%v: %s: %s", d.At, d.Name, d.What)
		}
	}
}

func TestAddressesAndNumbersAreReserved(t *testing.T) {
	s := open(t, population.Options{Seed: 9, Contacts: 1500})
	s.live(5*24*time.Hour, 12*time.Hour, nil)
	domain := func(d string) {
		for _, ok := range []string{"example.com", "example.net", "example.org", ".example", ".example.com", ".example.net"} {
			if d == strings.TrimPrefix(ok, ".") || (strings.HasPrefix(ok, ".") && strings.HasSuffix(d, ok)) {
				return
			}
		}
		t.Errorf("domain %q is not reserved", d)
	}
	for _, o := range s.account.Objects(simulator.Contacts) {
		_, d, found := strings.Cut(o.Properties["email"], "@")
		if !found {
			t.Errorf("contact %s has no address", o.ID)
		}
		domain(d)
		if p := o.Properties["phone"]; p != "" && !fictional(p) {
			t.Errorf("phone %q is not reserved for fiction", p)
		}
	}
	for _, o := range s.account.Objects(simulator.Companies) {
		domain(o.Properties["domain"])
	}
	for _, o := range s.account.Owners() {
		_, d, _ := strings.Cut(o.Email, "@")
		domain(d)
	}
}

func fictional(p string) bool {
	for _, prefix := range []string{"+49 30 23125 ", "+49 69 90009 ", "+49 40 66969 ", "+49 221 4710 ", "+49 89 99998 ", "+1 555-01", "+44 20 7946 0"} {
		if strings.HasPrefix(p, prefix) {
			return true
		}
	}
	return false
}

func TestTwentyThousandContactsLoad(t *testing.T) {
	begin := time.Now()
	s := open(t, population.Options{Seed: 1, Contacts: 20_000})
	t.Logf("20,000 contacts in %v", time.Since(begin))
	if n := s.account.Count(simulator.Contacts); n != 20_000 {
		t.Errorf("%d contacts", n)
	}
	begin = time.Now()
	deeds := s.live(24*time.Hour, time.Hour, nil)
	t.Logf("a day of 24 steps with %d deeds in %v", len(deeds), time.Since(begin))
}
