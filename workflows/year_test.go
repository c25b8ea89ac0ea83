package workflows_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"leadsync/connector"
)

// yearSeed begins all chance; LEADSYNC_SEED says another one, LEADSYNC_LEADS how many leads there are.
const yearSeed, teamSize = 20261102, 20

// deed is something that somebody does to a lead, told by the chance of its own.
func (l *yearLead) deed(r *yearRand, n int) {
	before := len(l.log)
	if r.one(3) {
		l.leadActs(r)
	} else {
		l.repActs(r)
	}
	for i := range l.log[before:] {
		l.log[before+i].format = fmt.Sprintf("deed %d: ", n) + l.log[before+i].format
	}
	switch r.IntN(8) {
	case 0:
		l.hinted(20 * time.Hour) // the event is lost, a sweep finds it
	case 1, 2:
		l.hinted(3 * time.Hour)
	default:
		l.hinted(5 * time.Minute)
	}
}

// leadActs is what leads do, and what becomes known of them.
func (l *yearLead) leadActs(r *yearRand) {
	now, was := l.team.now.UTC().Format(time.RFC3339), maps.Clone(l.props)
	count := func(property string, by int) {
		was, _ := strconv.Atoi(l.props[property])
		l.set(property, strconv.Itoa(was+by), "")
	}
	switch r.IntN(8) {
	case 0, 1:
		count("num_conversion_events", 1+r.IntN(2))
		l.set("recent_conversion_date", now, "")
		l.set("recent_conversion_event_name", pick(r, "Demo request", "Newsletter", "Whitepaper: plan better"), "")
	case 2:
		count("hs_analytics_num_page_views", 1+r.IntN(9))
		l.set("hs_analytics_last_timestamp", now, "")
		l.set("hs_analytics_last_url", pick(r, "https://our-company.example/pricing", "https://our-company.example/blog"), "")
	case 3:
		count("hs_email_click", 1)
		l.set("hs_email_last_click_date", now, "")
	case 4:
		count("hs_email_open", 1)
		l.set("hs_email_last_open_date", now, "")
	case 5:
		l.set(pick(r, "call_back_on", "budget_expected_on"), pick(r, "", l.team.now.AddDate(0, 0, r.IntN(90)-10).UTC().Format(time.DateOnly)), "")
	case 6:
		l.set("budget", pick(r, "", "500", "20000", "30000"), "")
	default:
		l.set("marketing_consent", pick(r, "yes", "no", ""), "")
	}
	changed := maps.Clone(l.props)
	maps.DeleteFunc(changed, func(name, value string) bool { return was[name] == value })
	l.tell("the lead acts: %v", changed)
}

// repActs is what people in sales and marketing do.
func (l *yearLead) repActs(r *yearRand) {
	switch r.IntN(19) {
	case 0, 1, 2, 3:
		outcome := pick(r, noAnswer, noAnswer, connected, "left_message")
		l.logged(connector.TypeCall, l.team.now.Add(-r.within(3*time.Hour)), map[string]string{"hs_call_disposition": outcome, "hs_call_direction": "OUTBOUND"})
	case 4:
		l.logged(connector.TypeMeeting, l.team.now.Add(r.within(96*time.Hour)-48*time.Hour), map[string]string{"hs_meeting_outcome": pick(r, "SCHEDULED", "completed", "CANCELED")})
	case 5, 6, 7:
		l.choose("hs_lead_status", pick(r, "", "NEW", "ATTEMPTED_TO_CONTACT", "IN_PROGRESS", "BAD_TIMING", "OPEN_DEAL", "OPEN_DEAL", "UNQUALIFIED", "IN_TALKS", "FAKE", "NO_BUDGET_YET", "CUSTOM"))
	case 8, 9:
		l.choose("lifecyclestage", pick(r, "", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "other", "4711"))
	case 10, 11, 12:
		l.onTasks(r)
	case 13:
		t := &yearTask{id: l.number(8000), kind: pick(r, "call", "email", "todo"), status: pick(r, taskOpen, taskDone), due: l.team.now}
		l.tasks = append(l.tasks, t)
		l.tell("own task %s of a person: %s, %s", t.id, t.kind, t.status)
	case 14:
		l.choose("hubspot_owner_id", pick(r, "", "11", "12", "13", "14", "queue"))
	case 15:
		l.onDeals(r)
	case 16:
		l.rival = r.IntN(6)
		l.tell("a machine will set the stage back %d times", l.rival)
	case 17:
		l.choose(pick(r, "handover", "hs_sequences_is_enrolled"), pick(r, "", "true", "angenommen", "abgelehnt"))
	default:
		l.choose(pick(r, "vip", "size", "hs_buying_role"), pick(r, "", "true", "20", "250", "DECISION_MAKER"))
	}
}

func (l *yearLead) choose(property, value string) {
	l.tell("a person sets %s from %q to %q", property, l.props[property], value)
	l.set(property, value, connector.OriginPerson)
}

func (l *yearLead) logged(kind connector.ObjectType, at time.Time, props map[string]string) {
	props["hs_timestamp"] = at.UTC().Format(time.RFC3339Nano)
	l.others = append(l.others, connector.Object{Type: kind, ID: connector.ObjectID(l.number(500)), Properties: props})
	l.tell("%s: %v", kind, props)
}

// onTasks is somebody who works with the open tasks of a lead, whoever made them, or opens an old one again.
func (l *yearLead) onTasks(r *yearRand) {
	for _, t := range l.tasks {
		if t.gone || r.one(3) || !t.open() && !r.one(12) {
			continue
		}
		var what string
		switch {
		case !t.open():
			what, t.status, t.reopened = "opened again", taskOpen, true
		case r.one(2):
			what, t.status = "completed", taskDone
		case r.one(3):
			what, t.gone = "deleted", true
		default:
			switch r.IntN(5) {
			case 0:
				what, t.due = "moved", t.due.AddDate(0, 0, 7)
			case 1:
				what, t.subject = "renamed", "Mine"
			case 2:
				what, t.status = "begun", "IN_PROGRESS"
			case 3:
				what, t.owner = "taken over", "someone"
			default:
				what, t.priority = "made urgent", pick(r, "high", "low", "")
			}
			t.touched = !l.asWritten(t) // nothing has changed if it was that already
		}
		l.tell("a person: task %s %s %s", t.id, t.key, what)
	}
}

// asWritten reports whether a task is as leadsync wrote it.
func (l *yearLead) asWritten(t *yearTask) bool {
	row := l.rows[t.key]
	if row == nil {
		return false
	}
	w := taskOf(l.team, row)
	if p := l.team.places[t.key]; p != nil {
		w.DueAt = p.DueAt
	}
	return t.as(connector.PrintOf(w))
}

func (l *yearLead) onDeals(r *yearRand) {
	for i, d := range l.deals {
		if d.Properties["hs_is_closed"] != "true" {
			l.deals[i].Properties = with(d.Properties, "hs_is_closed", "true", "hs_is_closed_won", pick(r, "true", "false"))
			l.tell("deal %s closed: %v", d.ID, l.deals[i].Properties)
			return
		}
	}
	l.deals = append(l.deals, deal(l.number(700), pick(r, "11", "12", "13"), l.team.now))
	l.tell("a person makes a deal")
}

// Whatever leads and people do in a year, with entries of the outbox that are sent late and in any order that the store
// allows: never two open tasks of ours of a kind for a contact; no task is made beside what satisfies it, is due outside of
// the working time of its owner, goes to or stays with somebody who has left; an owner has no more of them on a day than
// allowed; a cause has one task or deal; what a person chose is not overwritten while that holds, nor what they chose after
// the plan; another machine is not fought for ever; and what is decided is decided.
func TestYear_whateverPeopleDo(t *testing.T) {
	leads, seed := yearLeads, uint64(yearSeed)
	if n, err := strconv.Atoi(os.Getenv("LEADSYNC_LEADS")); err == nil {
		leads = n
	}
	if n, err := strconv.ParseUint(os.Getenv("LEADSYNC_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("seed %d", seed)
	counts, looks := map[string]int{}, 0
	var mutex sync.Mutex
	var wait sync.WaitGroup
	teams := make(chan int)
	for range 2 {
		wait.Go(func() {
			for no := range teams {
				year, broken := playYear(seed, no, nil)
				mutex.Lock()
				for what, n := range year.counts {
					counts[what] += n
				}
				looks += year.looks
				failed := t.Failed()
				mutex.Unlock()
				if broken != nil && !failed {
					t.Error(smallest(seed, no, *broken))
				}
			}
		})
	}
	for no := range (leads + teamSize - 1) / teamSize {
		teams <- no
	}
	close(teams)
	wait.Wait()
	t.Logf("%d looks: %v", looks, counts)
	for _, what := range []string{"task", "amended", "edit left", "closed", "deal", "way back", "lease", "rival", "carried over", "later than ours"} {
		if counts[what] == 0 && (what != "later than ours" || leads >= 5000) {
			t.Errorf("seed %d: nothing %q in a year: that proves little", seed, what)
		}
	}
}

func playYear(seed uint64, no int, without map[string]bool) (*yearTeam, *yearError) {
	year := newYear(seed, no, teamSize, without)
	return year, year.run()
}

// smallest leaves leads and deeds out of a year as long as it breaks in the same way, and tells what is left.
func smallest(seed uint64, no int, broken yearError) string {
	without := map[string]bool{}
	kind := func(why string) string { // what is said, without what it is about
		_, why, _ = strings.Cut(why, ": ")
		words := strings.Fields(why)
		why = strings.Join(slices.DeleteFunc(words, func(w string) bool { return strings.ContainsAny(w, "0123456789") }), " ")
		return why[:min(25, len(why))]
	}
	try := func(what string) {
		without[what] = true
		if _, again := playYear(seed, no, without); again != nil && kind(again.why) == kind(broken.why) {
			broken = *again
			return
		}
		delete(without, what)
	}
	began := time.Now()
	for lead := range teamSize {
		try(fmt.Sprint("lead ", lead))
	}
	for lead := range teamSize {
		for deed := range 42 {
			if !without[fmt.Sprint("lead ", lead)] && time.Since(began) < 20*time.Second {
				try(fmt.Sprint("lead ", lead, " deed ", deed))
			}
		}
	}
	return fmt.Sprintf("seed %d, team %d, %s\nThe smallest history that shows it:\n%s", seed, no, broken.why, broken.history)
}
