package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/lib/pq" // makes the schema on PostgreSQL

	"leadsync/cmd/leadsync/audit"
	"leadsync/connector/hubspot/simulator"
	"leadsync/workflows"
)

// `serve`, over 2,000 contacts, is killed with SIGKILL again and again, at every named point and at random
// moments, and started again with the same database. After each kill the account is audited: no task or deal
// twice, none missing. LEADSYNC_KILLS says how often (5 unless it says more), LEADSYNC_CRASH_CONTACTS over
// how many contacts (2,000, and 300 under the race detector).
func TestServe_killedAgainAndAgain(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		besiege(t, func(*testing.T) (string, bool) { return "", true })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		besiege(t, func(t *testing.T) (string, bool) {
			address := postgresSchema(t)
			return address, address != ""
		})
	})
}

// schemaOn makes a schema for the test, drops it afterwards, and gives the address that leads into it.
func schemaOn(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	if !query.Has("sslmode") {
		query.Set("sslmode", "disable")
	}
	u.RawQuery = query.Encode()
	admin, err := sql.Open("postgres", u.String())
	if err != nil {
		t.Fatal(err)
	}
	schema := fmt.Sprintf("leadsync_crash_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := admin.ExecContext(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.WithoutCancel(t.Context()), "DROP SCHEMA "+schema+" CASCADE"); err != nil {
			t.Error(err)
		}
		_ = admin.Close()
	})
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return u.String()
}

func numberFrom(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q: write a number from 1", name, text)
	}
	return n
}

// siege is one run against one database.
type siege struct {
	*testing.T
	*town
	rng     *rand.Rand
	model   []byte
	serve   *process
	steps   []time.Time
	start   time.Time // of the world; go-live is at this time too
	acted   time.Time // when people did something last
	goLive  int
	deeds   int
	acks    *acknowledgements
	db      *sql.DB // the service's database, read beside it
	knocker *http.Client
	knocks  int
	killed  map[workflows.Point]int // kills at named points
}

// siegeOptions say what is besieged.
type siegeOptions struct {
	database string // as the service reaches it; empty: SQLite
	direct   string // the same without anybody between; empty: database
	contacts int
	seed     uint64              // 0: that of the environment
	between  func(string) string // for town
}

// recycling is the demo's model with a way back (S25), so that every named point is on somebody's way, and with lists
// that a rule and an audience keep (S22, S96).
func recycling() []byte {
	return append(demoModel(), `  - {name: back to marketing, on_status: bad_timing, back_to: mql}
  - {name: hands off, on_stage: sql, lists: {add: [with_sales], remove: [newsletter]}}
  - {name: marketing again, on_stage: mql, lists: {add: [newsletter], remove: [with_sales]}}
audiences:
  callable: {when: known(phone), stages: [lead, mql, sql]}
advertising: {consent: known(email)}
`...)
}

func newSiege(t *testing.T, o siegeOptions) *siege {
	t.Helper()
	seed := o.seed
	if seed == 0 {
		seed = uint64(numberFrom(t, "LEADSYNC_CRASH_SEED", 1))
	}
	// Not at the full hour, nor at a half or a quarter: time moves scores at full hours only, and people meet at such
	// times, so that the seconds by which the service's clock runs ahead of a world that stands still change nothing.
	start := time.Date(2026, time.November, 2, 7, oddMinute, 0, 0, time.UTC)
	acks := newAcknowledgements()
	s := &siege{
		T: t, rng: rand.New(rand.NewPCG(seed, 20)), model: recycling(), start: start, acted: start, acks: acks,
		knocker: &http.Client{Transport: acks, Timeout: 10 * time.Second}, killed: map[workflows.Point]int{},
	}
	s.town = newTown(t, townOptions{
		contacts: o.contacts, seed: seed, start: start, webhooks: true, lists: []string{"newsletter", "with_sales", "callable"},
		database: o.database, every: "@every 1s", model: s.model, between: o.between,
		account: simulator.Options{
			// Events that come while nobody listens are tried again, some until they are lost: then sweeps find them.
			Webhook:            simulator.WebhookTarget{RetryDelay: 50 * time.Millisecond, MaxAttempts: 4, Client: &http.Client{Transport: acks}},
			ArchivedKeepUnique: seed%2 == 0,
		},
	})
	s.db = s.deliveries(t, orWord(o.direct, o.database))
	return s
}

// blow is one way to kill.
type blow struct {
	point workflows.Point // a named point, or
	how   string          // "request": at a request, "moment": at a random moment
	from  int             // the point's passes or the requests to let go by, drawn from
	to    int             // here to here
}

// blows are the ways to kill, in turn. The first comes in the middle of the first load; every point is there.
func blows() []blow {
	return []blow{
		{point: workflows.PointPageSaved, from: 5, to: 25},
		{how: "request", from: 1, to: 12},
		{point: workflows.PointSent, from: 1, to: 2},
		{point: workflows.PointDecided, from: 1, to: 2},
		{how: "moment"},
		{point: workflows.PointTaken, from: 1, to: 3},
		{point: workflows.PointReceived, from: 1, to: 4},
		{point: workflows.PointSettled, from: 1, to: 3},
		{point: workflows.PointCleared, from: 1, to: 1},
		{point: workflows.PointReturned, from: 1, to: 1},
		{point: workflows.PointRead, from: 1, to: 2},
		{point: workflows.PointPageRead, from: 2, to: 12},
		{how: "request", from: 1, to: 25},
		{point: workflows.PointSent, from: 2, to: 4},
		{how: "moment"},
	}
}

// killsAtMost is how many kills one account lives through: the audit goes through everything that ever happened there.
const killsAtMost = 100

// besiege kills LEADSYNC_KILLS times, over a new account after every hundred, unless there is no such database here.
func besiege(t *testing.T, database func(*testing.T) (address string, there bool)) {
	t.Helper()
	kills, seed := numberFrom(t, "LEADSYNC_KILLS", 5), uint64(numberFrom(t, "LEADSYNC_CRASH_SEED", 1))
	for ; kills > 0 && !t.Failed(); kills, seed = kills-killsAtMost, seed+1 {
		address, there := database(t)
		if !there {
			return
		}
		siegeOf(t, min(kills, killsAtMost), siegeOptions{database: address, contacts: numberFrom(t, "LEADSYNC_CRASH_CONTACTS", crashContacts), seed: seed})
	}
}

// siegeOf kills so many times over one account.
func siegeOf(t *testing.T, kills int, o siegeOptions) {
	t.Helper()
	s := newSiege(t, o)
	ways := blows()
	for n := range kills {
		b := ways[n%len(ways)]
		began := time.Now()
		text := s.strike(b)
		s.recover()
		report := s.audit()
		t.Logf("kill %d: %s; %s; %d deeds so far, %d tasks, %d deals, %d findings",
			n+1, text, time.Since(began).Round(time.Millisecond), s.deeds, report.Tasks, report.Deals, len(report.Findings))
		if t.Failed() {
			return
		}
	}
	if s.deeds == 0 { // it died in the first load: the work of people is still to come
		s.wait(s.serve)
		s.act()
		s.rest()
		s.audit()
	}
	s.serve.stop(t)
	if s.deeds == 0 {
		t.Error("nobody did anything, so nothing was proven")
	}
	if joins, leaves := s.listChanges(); kills >= 20 && (joins == 0 || leaves == 0) {
		t.Errorf("the service put %d contacts on lists and took %d off: nothing was proven about lists", joins, leaves)
	} else {
		t.Logf("put on lists: %d, taken off: %d", joins, leaves)
	}
	s.tally(kills)
}

// listChanges is how often the service has put somebody on a list, and taken somebody off.
func (s *siege) listChanges() (joins, leaves int) {
	for _, e := range s.account.Journal() {
		if e.Actor.Kind != simulator.API {
			continue
		}
		switch e.Op { //nolint:exhaustive // the others are not about lists
		case simulator.OpJoin:
			joins++
		case simulator.OpLeave:
			leaves++
		}
	}
	return joins, leaves
}

// tally prints how often the service was killed at each named point, and wants 20 of 500 kills at each of them.
func (s *siege) tally(kills int) {
	s.Helper()
	var text strings.Builder
	named := 0
	for _, p := range workflows.Points() {
		fmt.Fprintf(&text, "%-12s %5d\n", p, s.killed[p])
		if named += s.killed[p]; s.killed[p] < kills*20/500 {
			s.Errorf("%d of %d kills were at point %q, want %d", s.killed[p], kills, p, kills*20/500)
		}
	}
	fmt.Fprintf(&text, "%-12s %5d", "elsewhere", kills-named)
	s.Logf("killed at point\n%s\ndeliveries acknowledged: %d, refused with 503: %d", text.String(), len(s.acks.stored), s.acks.refused())
}

// strike kills the service while it works, whatever it takes, and says how.
func (s *siege) strike(b blow) string {
	s.Helper()
	n := b.from
	if b.to > b.from {
		n += s.rng.IntN(b.to - b.from + 1)
	}
	victim := s.serve
	var text string
	switch {
	case b.point != "":
		text = fmt.Sprintf("at point %s, pass %d", b.point, n)
		if s.serve != nil {
			s.serve.stop(s.T)
			s.act() // what nobody listens to is delivered again, or found by a sweep
			s.sendBack(b.point)
		}
		victim = s.town.serve(s.T, fmt.Sprintf("LEADSYNC_FAIL_AT=%s:%d", b.point, n))
	case b.how == "request":
		x := &trap{in: n, before: s.rng.IntN(2) == 0, spring: victim.kill}
		text = fmt.Sprintf("at request %d, carried out: %t", n, !x.before)
		s.wait(victim)
		s.arm(x)
		s.act()
	default:
		after := time.Duration(s.rng.IntN(400)) * time.Millisecond
		text = fmt.Sprintf("%s after the deeds", after)
		s.wait(victim)
		s.act()
		timer := time.AfterFunc(after, victim.kill)
		defer timer.Stop()
	}
	for more := 0; !s.fell(victim); more++ {
		if more == 12 {
			s.Fatalf("the service survived (%s)", text)
		}
		if s.wait(victim); victim.alive() {
			s.act()
			s.sendBack(b.point)
		}
	}
	if !victim.killed() {
		s.Fatalf("the service was not killed (%s), it ended by itself: %v\n%s", text, victim.err, victim.stderr.tail(4000))
	}
	victim.sound(s.T)
	if b.point != "" {
		s.killed[b.point]++
	}
	return text
}

// sendBack lets a person find the moment bad of somebody whom nobody has touched in this step, if the point is on the way
// back to marketing: by themselves people say so too seldom. If sales talks with nobody, somebody asks for it first.
func (s *siege) sendBack(p workflows.Point) {
	s.Helper()
	if p != workflows.PointCleared && p != workflows.PointReturned {
		return
	}
	touched := map[string]bool{}
	journal := s.account.Journal()
	for i := len(journal) - 1; i >= 0 && !journal[i].At.Before(s.acted); i-- {
		touched[journal[i].ID], touched[strings.TrimPrefix(journal[i].New, "contacts/")] = true, true
	}
	var early string // in the order of the stages before the talks
	for _, o := range s.account.Objects(simulator.Contacts) {
		if !o.Archived && !touched[o.ID] && slices.Contains([]string{"subscriber", "lead", "marketingqualifiedlead"}, o.Properties["lifecyclestage"]) {
			early = o.ID
		}
		open := slices.Contains([]string{"NEW", "ATTEMPTED_TO_CONTACT", "IN_PROGRESS"}, o.Properties["hs_lead_status"])
		if o.Archived || touched[o.ID] || !open || o.Properties["lifecyclestage"] != "salesqualifiedlead" {
			continue
		}
		if err := s.account.Set(salesperson(), simulator.Contacts, o.ID, map[string]string{"hs_lead_status": "BAD_TIMING"}); err != nil {
			s.Fatal(err)
		}
		s.deeds++
		return
	}
	if early == "" {
		s.Fatal("there is nobody left whom sales could talk with")
	}
	if err := s.account.SubmitForm(early, "Get a demo", s.acted); err != nil {
		s.Fatal(err)
	}
	s.deeds++
}

// fell waits until the victim is dead, or has done everything there was to do without dying.
func (s *siege) fell(victim *process) bool {
	s.Helper()
	eventually(s.T, patience, func() string { return s.stuck("the service neither died nor came to rest") }, func() bool {
		return !victim.alive() || s.settled()
	})
	return !victim.alive()
}

// recover starts the service again, with the same database, and waits until everything is done. As long as
// nobody has done anything there is nothing to sweep for: after the first load every contact has its scores.
func (s *siege) recover() {
	s.Helper()
	s.serve = s.town.serve(s.T)
	s.rest()
	if s.goLive == 0 {
		s.goLive = s.firstWrite()
	}
}

// rest waits until the service, which must not die, has done everything there is to do.
func (s *siege) rest() {
	s.Helper()
	ready := s.settled
	if s.goLive == 0 {
		ready = s.loaded
	}
	eventually(s.T, patience, func() string { return s.stuck("the service did not come to rest") }, func() bool {
		if !s.serve.alive() {
			s.Fatalf("the service ended by itself: %v\n%s", s.serve.err, s.serve.stderr.tail(4000))
		}
		return ready()
	})
}

// loaded reports whether the first load is over, with all that follows from it.
func (s *siege) loaded() bool {
	p, ok := s.ready()
	if !ok || p.State != "working" || p.Due > 0 || p.Unsent > 0 || s.account.Pending().Total() > 0 {
		return false
	}
	return !slices.ContainsFunc(s.account.Objects(simulator.Contacts), func(o simulator.Object) bool {
		return o.Properties["leadsync_score"] == "" && o.Properties["no_profiling"] != "true" // who objects gets none
	})
}

// patience is how long the service may take to come to rest, on a slow machine under the race detector.
const patience = 4 * time.Minute

func (s *siege) stuck(what string) string {
	return fmt.Sprintf("%s: account %+v, not swept since the last change: %v, service says\n%s\n%s", what, s.account.Pending(), s.unswept(), s.readyz(), s.serve.stderr.tail(3000))
}

// wait lets time pass without anybody doing anything, until a second before the next deeds, and waits until
// the service has done what time alone asks of it, or is dead. It would be right as well for it to see time
// and deeds at once, or one after the other; the audit must know which.
func (s *siege) wait(victim *process) {
	s.Helper()
	s.move(s.next().Add(-time.Second))
	s.unsure() // a sweep that begins from now on tells the service the time
	s.fell(victim)
}

// act lets people do things. Everything before must have settled, or nobody have been working since.
func (s *siege) act() {
	s.Helper()
	from, to := s.acted, s.next()
	s.move(to)
	s.acted = to
	s.deeds += len(s.people.Step(from, to))
}

// oddMinute is the minute of the hours at which people act.
const oddMinute = 37

// next is when people act again: every three hours, and not at night.
func (s *siege) next() time.Time {
	to := s.acted.Add(3 * time.Hour)
	if to.Hour() > 17 {
		to = time.Date(to.Year(), to.Month(), to.Day()+1, 7, oddMinute, 0, 0, time.UTC)
	}
	for to.Weekday() == time.Saturday || to.Weekday() == time.Sunday {
		to = to.AddDate(0, 0, 1)
	}
	return to
}

func (s *siege) move(to time.Time) {
	s.Helper()
	if err := s.clock.Move(to); err != nil {
		s.Fatal(err)
	}
	s.steps = append(s.steps, to)
}

// firstWrite is the position in the journal before the service's first write.
func (s *siege) firstWrite() int {
	for _, e := range s.account.Journal() {
		if e.Actor.Kind == simulator.API {
			return e.Seq - 1
		}
	}
	s.Fatal("the service has written nothing")
	return 0
}

// audit decides whether every contact is as it should be, and looks for itself whether anything is there
// twice.
func (s *siege) audit() audit.Report {
	s.Helper()
	in, err := auditInput(s.account, s.model, s.goLive)
	if err != nil {
		s.Fatal(err)
	}
	in.GoLiveAt, in.Steps, in.Mapping.Lists = s.start, s.steps, s.lists
	report := audit.Run(in)
	if !report.OK() {
		var text strings.Builder
		report.Write(&text)
		s.Error(text.String())
		s.tell(report.Findings[0].Contact)
	}
	s.nothingTwice()
	s.acks.check(s.T, s.db)
	p, ok := s.ready()
	eventually(s.T, patience, func() string { return s.stuck("the service does not say how it is") }, func() bool {
		if !ok { // a question to the database may fail where everything is slow
			p, ok = s.ready()
		}
		return ok
	})
	if p.Parked > 0 || p.PauseReason != "" || len(p.PausedClasses) > 0 {
		s.Errorf("the service is not well: %+v", p)
	}
	return report
}

// tell logs what is known of a contact: its last changes in the account, and what the program thinks of it.
func (s *siege) tell(contact string) {
	s.Helper()
	var lines []string
	for _, e := range s.account.Journal() {
		if e.ID == contact || strings.HasSuffix(e.New, "/"+contact) {
			lines = append(lines, fmt.Sprintf("%s %s %s %s/%s %s %q -> %q", e.At.Format(time.RFC3339), e.Actor.Kind, e.Op, e.Type, e.ID, e.Property, e.Old, e.New))
		}
	}
	s.Logf("contact %s:\n%s", contact, strings.Join(lines, "\n"))
	p := launch(s.T, s.dir, nil, "explain", contact)
	<-p.dead
	s.Log(p.stderr.String())
}

// nothingTwice looks at all tasks and deals that the service ever made: no key twice, each of one contact,
// no two open tasks of one contact that ask for the same, no two deals made for one contact at one time.
func (s *siege) nothingTwice() {
	s.Helper()
	keys, alike := map[string]string{}, map[string]string{}
	for _, typ := range []string{simulator.Tasks, simulator.Deals} {
		for _, o := range s.account.Objects(typ) {
			key := o.Properties["leadsync_key"]
			if key == "" {
				continue // a person made it
			}
			if other := keys[key]; other != "" {
				s.Errorf("key %q is on %s %s and on %s", key, typ, o.ID, other)
			}
			keys[key] = typ + " " + o.ID
			if o.Archived {
				continue
			}
			contacts := s.account.Associations(typ, o.ID, simulator.Contacts)
			if len(contacts) != 1 {
				s.Errorf("%s %s of key %q belongs to %d contacts", typ, o.ID, key, len(contacts))
				continue
			}
			if o.Properties["hs_task_status"] == "COMPLETED" || o.Properties["hs_is_closed"] == "true" {
				continue
			}
			same := typ + " " + contacts[0].ID + " " + o.Properties["hs_task_subject"]
			if other := alike[same]; other != "" {
				s.Errorf("contact %s has two open %s alike: %s and %s (%q)", contacts[0].ID, typ, other, o.ID, o.Properties["hs_task_subject"])
			}
			alike[same] = o.ID
		}
	}
}

// Every named point is among the ways to kill, so that a new one cannot be forgotten.
func TestBlows_useEveryPoint(t *testing.T) {
	for _, p := range workflows.Points() {
		if !slices.ContainsFunc(blows(), func(b blow) bool { return b.point == p }) {
			t.Errorf("no kill at point %q", p)
		}
	}
}
