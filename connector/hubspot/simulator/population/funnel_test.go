package population_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
	"leadsync/connector/hubspot/simulator/population"
)

// reactor stands for the program under demonstration: the shortest possible rules
// for stages, statuses, tasks and deals, so that people have something to react to.
type reactor struct {
	t    *testing.T
	s    *stage
	seen int
	due  map[string]time.Time // of the task to call again
	made map[string]string    // our open tasks: task to contact
}

func (r *reactor) api() simulator.Actor { return simulator.Actor{Kind: simulator.API, ID: "4100001"} }

func (r *reactor) react(deeds []population.Deed) {
	a := r.s.account
	for _, d := range deeds {
		if d.Contact == "" {
			continue
		}
		o, ok := a.Object(simulator.Contacts, d.Contact)
		if !ok {
			r.t.Fatalf("deed on %s, who does not exist", d.Contact)
		}
		p := o.Properties
		n := func(name string) int { v, _ := strconv.Atoi(p[name]); return v }
		switch stage := p["lifecyclestage"]; {
		case (stage == "subscriber" || stage == "lead") && n("num_conversion_events") >= 2 && n("hs_email_click") >= 1:
			r.set(o.ID, "lifecyclestage", "marketingqualifiedlead")
		case stage == "marketingqualifiedlead" && n("budget") >= 10_000 && n("hs_analytics_num_page_views") >= 10:
			r.set(o.ID, "lifecyclestage", "salesqualifiedlead")
			r.set(o.ID, "hs_lead_status", "NEW")
			r.task(o.ID, "CALL", r.s.now.Add(24*time.Hour))
		}
	}
	for _, e := range a.JournalSince(r.seen) {
		r.seen = e.Seq
		switch {
		case e.Type == simulator.Calls && e.Op == simulator.OpSet && e.Property == "hs_call_disposition":
			r.afterCall(e)
		case e.Type == simulator.Contacts && e.Property == "hs_lead_status" && e.New == "OPEN_DEAL":
			if _, err := a.CreateDeal(r.api(), e.ID, map[string]string{"dealname": "deal", "amount": "12000"}); err != nil {
				r.t.Fatal(err)
			}
		case e.Type == simulator.Tasks && e.Op == simulator.OpSet && e.Property == "hs_task_status" && e.New == "COMPLETED",
			e.Type == simulator.Tasks && e.Op == simulator.OpArchive:
			delete(r.due, r.made[e.ID])
			delete(r.made, e.ID)
		}
	}
}

func (r *reactor) afterCall(e simulator.Entry) {
	links := r.s.account.Associations(simulator.Calls, e.ID, simulator.Contacts)
	if len(links) != 1 {
		r.t.Fatalf("call %s has %d contacts", e.ID, len(links))
	}
	id := links[0].ID
	call, _ := r.s.account.Object(simulator.Calls, e.ID)
	if at, err := time.Parse(time.RFC3339, call.Properties["hs_timestamp"]); err != nil || at.Before(r.due[id]) {
		r.t.Errorf("%s was called at %v, before the task was due at %v", id, at, r.due[id])
	}
	if c, _ := r.s.account.Object(simulator.Contacts, id); c.Properties["lifecyclestage"] != "salesqualifiedlead" {
		return
	}
	switch e.New {
	case simulator.CallConnected:
		r.set(id, "hs_lead_status", "IN_PROGRESS")
	case simulator.CallNoAnswer, simulator.CallBusy, simulator.CallLeftVoicemail:
		r.set(id, "hs_lead_status", "ATTEMPTED_TO_CONTACT")
		r.due[id] = r.s.now.Add(48 * time.Hour)
		r.task(id, "CALL", r.due[id])
	}
}

func (r *reactor) set(id, property, value string) {
	if err := r.s.account.Set(r.api(), simulator.Contacts, id, map[string]string{property: value}); err != nil {
		r.t.Fatal(err)
	}
}

func (r *reactor) task(contact, kind string, due time.Time) {
	id, err := r.s.account.Create(r.api(), simulator.Tasks, map[string]string{
		"hs_timestamp": due.UTC().Format(time.RFC3339), "hs_task_subject": "call", "hs_task_type": kind, "hs_task_status": "NOT_STARTED",
	}, simulator.Link{Type: simulator.Contacts, ID: contact})
	if err != nil {
		r.t.Fatal(err)
	}
	r.made[id] = contact
}

// Over half a year the funnel keeps flowing and nothing piles up.
func TestFunnelFlowsForMonths(t *testing.T) {
	s := open(t, population.Options{Seed: 31})
	r := &reactor{t: t, s: s, due: map[string]time.Time{}, made: map[string]string{}, seen: len(s.account.Journal())}
	for month := range 6 {
		count := map[population.DeedKind]int{}
		deeds := s.live(30*24*time.Hour, 3*time.Hour, r.react)
		for _, d := range deeds {
			count[d.Kind]++
		}
		for _, k := range population.Kinds() {
			if count[k] == 0 && k != population.OwnerLeft && k != population.DealCreated { // the reactor makes the deals
				t.Errorf("month %d: no %q", month+1, k)
			}
		}
		if n := len(deeds) / 30; n < 60 || n > 120 {
			t.Errorf("month %d: %d deeds a day", month+1, n)
		}
		waiting := 0
		for _, c := range s.account.Objects(simulator.Contacts) {
			if st := c.Properties["hs_lead_status"]; c.Properties["lifecyclestage"] == "salesqualifiedlead" && st != "UNQUALIFIED" {
				waiting++
			}
		}
		if waiting > 120 || len(r.made) > 120 {
			t.Errorf("month %d: %d leads wait, %d tasks are open", month+1, waiting, len(r.made))
		}
		t.Logf("month %d: %d leads wait, %d tasks are open, %v", month+1, waiting, len(r.made), count)
	}
	if n := s.world.Refused(); n != 0 {
		t.Errorf("the account refused %d deeds", n)
	}
}

// An owner leaves once and somebody takes over the contacts.
func TestAnOwnerLeaves(t *testing.T) {
	s := open(t, population.Options{Seed: 32})
	active := func() (n int) {
		for _, o := range s.account.Owners() {
			if o.Active {
				n++
			}
		}
		return n
	}
	before, count := active(), map[population.DeedKind]int{}
	back := func(deeds []population.Deed) { // one who comes back stays
		for _, d := range deeds {
			if d.Kind != population.OwnerLeft {
				continue
			}
			if active() != before-1 {
				t.Errorf("%d of %d owners are active", active(), before)
			}
			for _, o := range s.account.Owners()[:8] {
				if err := s.account.SetOwnerActive(o.ID, true); err != nil {
					t.Error(err)
				}
			}
		}
	}
	for _, d := range s.live(60*24*time.Hour, 6*time.Hour, back) {
		count[d.Kind]++
	}
	if n := count[population.OwnerLeft]; n != 1 {
		t.Errorf("%d owners left", n)
	}
	if count[population.OwnerChanged] == 0 {
		t.Error("nobody took over a contact")
	}
}

// People notice what others do to the account: an archived contact does
// nothing any more, a new one begins to live, a merged one lives on.
func TestPeopleFollowTheAccount(t *testing.T) {
	s := open(t, population.Options{Seed: 33, Contacts: 60})
	admin := simulator.Actor{Kind: simulator.User, ID: "1"}
	all := s.account.Objects(simulator.Contacts)
	gone := map[string]bool{}
	for _, o := range all[:40] {
		if err := s.account.Archive(admin, simulator.Contacts, o.ID); err != nil {
			t.Fatal(err)
		}
		gone[o.ID] = true
	}
	merged, err := s.account.Merge(admin, simulator.Contacts, all[40].ID, all[41].ID)
	if err != nil {
		t.Fatal(err)
	}
	gone[all[40].ID], gone[all[41].ID] = true, true
	added, err := s.account.CreateContact(admin, map[string]string{"email": "new@example.com", "lifecyclestage": "salesqualifiedlead", "phone": "+49 30 23125 001"})
	if err != nil {
		t.Fatal(err)
	}
	restored := map[string]bool{}
	for _, o := range all[:20] {
		if err := s.account.Restore(admin, simulator.Contacts, o.ID); err != nil {
			t.Fatal(err)
		}
		restored[o.ID] = true
		delete(gone, o.ID)
	}
	did := map[string]int{}
	active := 0
	for _, d := range s.live(20*24*time.Hour, 6*time.Hour, nil) {
		did[d.Contact]++
		if restored[d.Contact] {
			active++
		}
		if gone[d.Contact] {
			t.Errorf("%s, who is gone: %s", d.Name, d.What)
		}
	}
	if active == 0 {
		t.Error("contacts out of the recycle bin do nothing")
	}
	if did[merged] == 0 || did[added] == 0 {
		t.Errorf("%d deeds of the merged contact, %d of the new one", did[merged], did[added])
	}
	if n := s.world.Refused(); n != 0 {
		t.Errorf("the account refused %d deeds", n)
	}
}

// A company's facts are facts of all its contacts: when they change, that is
// the deed of all of them.
func TestACompanyChangesAlone(t *testing.T) {
	s := open(t, population.Options{Seed: 34, Contacts: 400})
	changes := 0
	for range 120 {
		seen := len(s.account.Journal())
		did := map[string]int{}
		for _, d := range s.live(12*time.Hour, 12*time.Hour, nil) {
			did[d.Contact]++
		}
		for _, e := range s.account.JournalSince(seen) {
			if e.Type != simulator.Companies || e.Op != simulator.OpSet || e.Actor.Kind != simulator.Integration {
				continue
			}
			changes++
			n := 0
			for _, l := range s.account.Associations(simulator.Companies, e.ID, simulator.Contacts) {
				n += did[l.ID]
			}
			if n != 1 {
				t.Errorf("%d deeds of the contacts of company %s when it changed", n, e.ID)
			}
		}
	}
	if changes == 0 {
		t.Error("no company changed in 60 days")
	}
}

// Eight salespeople can do so much in a day: a flood of leads waits in line.
func TestAFloodWaitsInLine(t *testing.T) {
	s := open(t, population.Options{Seed: 35})
	r := &reactor{t: t, s: s}
	for _, o := range s.account.Objects(simulator.Contacts) {
		r.set(o.ID, "lifecyclestage", "")
		r.set(o.ID, "lifecyclestage", "salesqualifiedlead")
		r.set(o.ID, "hs_lead_status", "NEW")
	}
	for range 10 {
		n := 0
		for _, d := range s.live(24*time.Hour, time.Hour, nil) {
			if d.Kind.BySales() {
				n++
			}
		}
		if n > 45 {
			t.Errorf("%d deeds of salespeople on %v", n, s.now)
		}
	}
}

// A lead with bad timing is left alone until it was called again (S89).
func TestBadTimingWaitsForACall(t *testing.T) {
	s := open(t, population.Options{Seed: 36})
	waits, again := map[string]bool{}, 0
	for _, d := range s.live(90*24*time.Hour, 4*time.Hour, nil) {
		if d.Kind == population.CallMade {
			delete(waits, d.Contact)
		}
		if d.Kind != population.StatusSet {
			continue
		}
		if waits[d.Contact] {
			t.Errorf("%s: %s without a call since the bad timing", d.Name, d.What)
		}
		if strings.HasPrefix(d.What, "lead status BAD_TIMING") {
			waits[d.Contact] = true
			again++
		}
	}
	if again == 0 {
		t.Error("no bad timing in 90 days")
	}
}

// Salespeople create a deal by hand where none is, and only one, whatever
// HubSpot does with the stage.
func TestOneDealByHand(t *testing.T) {
	s := &stage{now: start()}
	clock := func() time.Time { return s.now }
	s.account = simulator.New(simulator.Options{Now: clock, Wall: clock, NoDealStageSync: true})
	s.world = population.Populate(s.account, population.Options{Seed: 37, Start: start()})
	created := map[string]int{}
	for _, d := range s.live(60*24*time.Hour, 4*time.Hour, nil) {
		if d.Kind == population.DealCreated {
			created[d.Contact]++
		}
	}
	for id, n := range created {
		if n > 1 {
			t.Errorf("%d deals for contact %s", n, id)
		}
	}
	if len(created) == 0 {
		t.Error("no deals")
	}
}
