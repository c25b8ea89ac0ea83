package workflows_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

var seeds = flag.String("seeds", "1,2", "seeds of TestDays, separated by commas")

// Ten days of a small account in a bubble of virtual time: polling only, a fifth of all calls failing in every
// way the simulator knows, a token that is revoked for an hour, a worker that dies between any two durable
// steps. In the end everything is as in a run of the
// same deeds in which nothing failed, down to the open tasks with subject, priority, due time and owner, and nothing was
// made twice. A contact has one open task of ours of each kind at most, every cause came to exactly one end (made, left,
// satisfied, obsolete), and what a person edited stays as they left it.
func TestDays(t *testing.T) {
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm") // thousands of commits, and no disk to wait for
	}
	satisfied := 0
	for text := range strings.SplitSeq(*seeds, ",") {
		t.Run("seed "+text, func(t *testing.T) {
			seed, err := strconv.ParseUint(text, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			want, got := tenDays(t, seed, false), tenDays(t, seed, true)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("with failing calls (-without +with):\n%s", diff)
			}
			for _, ends := range got.Ends {
				satisfied += strings.Count(ends, "satisfied")
			}
		})
	}
	if satisfied == 0 && played > 5*24*time.Hour {
		t.Error("no cause was satisfied by what a person had edited: that proves less than it says; choose more seeds")
	}
}

// ending is what an account looks like in the end, in terms that do not depend on ids.
type ending struct {
	Contacts map[string]string // by address: stage and status
	Keys     map[string]string // address, rule and episode: whether it is open, completed, archived
	Waiting  map[workflows.EntryState]int
	Twice    []string          // keys that were given to two records
	Open     map[string]string // address and kind: the open tasks
	Ends     map[string]string // address and rule: how many of its causes ended how
}

// days is the account, leadsync beside it, and the dice of what people do.
type days struct {
	calm atomic.Bool // nothing dies any more
	*testing.T
	seed    uint64
	dice    *rand.Rand
	account *simulator.Account
	store   *store.Store
	worker  *workflows.Worker
	fence   workflows.Fence
	emails  []string
	ids     map[string]string // by address
	last    map[string]time.Time
	deaths  int
	deeds   int
	marked  map[connector.ObjectType]bool // kinds whose key is not unique in this account
	theirs  map[string]bool               // tasks that a person edited
	ends    map[string]int                // how the causes of tasks ended
	private *private                      // people object to profiling, and companies follow them; nil: they do not
}

func rep() simulator.Actor { return simulator.Actor{Kind: simulator.User, ID: "7"} }

func tenDays(t *testing.T, seed uint64, failing bool, with ...func(*days)) (end ending) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		d := &days{T: t, seed: seed, dice: rand.New(rand.NewPCG(seed, 42)), ids: map[string]string{}, last: map[string]time.Time{}, theirs: map[string]bool{}, ends: map[string]int{}}
		for _, change := range with {
			change(d)
		}
		time.Sleep(56 * time.Hour) // the bubble begins on a Saturday; now it is Monday, 8:00
		d.build()
		d.open(filepath.Join(dir, "days.db"))
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan struct{})
		if failing {
			d.script()
			pass := d.die(rand.New(rand.NewPCG(seed, 7)))
			d.worker.Puller.Pass, d.worker.Reconciler.Pass, d.worker.Pusher.Pass = pass, pass, pass
		}
		go func() {
			defer close(stopped)
			d.supervise(ctx)
		}()
		d.live(failing)
		d.fired(failing)
		d.account.Faults().Clear()
		d.calm.Store(true)
		time.Sleep(3 * time.Hour) // quiet
		cancel()
		<-stopped
		end = d.ending()
		d.worker.Schedule.Stop()
		cage(d.account)
		d.must(d.store.Close())
	})
	return end
}

func (d *days) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatalf("seed %d: %v", d.seed, err)
	}
}

func (d *days) build() {
	d.account = simulator.New(simulator.Options{
		PortalID: 48000001, Seed: d.seed, Now: time.Now, Wall: time.Now, SearchLag: 20 * time.Second, ArchivedKeepUnique: d.seed%2 == 0,
		NoCompanyStageSync: d.private != nil,
	})
	for _, name := range []string{"leadsync_score", "leadsync_fit", "leadsync_engagement", "budget"} {
		d.must(d.account.AddProperty(simulator.Contacts, simulator.Property{Name: name, Label: name, Type: "number"}))
	}
	for name, kind := range map[string]string{"leadsync_reasons": "string", "leadsync_scored_at": "datetime", "call_back_on": "date", "vip": "string"} {
		d.must(d.account.AddProperty(simulator.Contacts, simulator.Property{Name: name, Label: name, Type: kind}))
	}
	for _, typ := range []string{simulator.Tasks, simulator.Deals} {
		d.must(d.account.AddProperty(typ, simulator.Property{Name: "leadsync_key", Label: "k", Type: "string", HasUniqueValue: d.marked == nil}))
	}
	d.account.CreateOwner("Jana Vogt", "jana@leadsync.example", true)
	d.private.build(d)
	for range 8 { // these are there before leadsync
		d.arrive()
	}
}

// arrive is a new contact.
func (d *days) arrive() {
	email := fmt.Sprintf("p%d@nordlicht.example", len(d.emails))
	stage := []string{"lead", "salesqualifiedlead", "salesqualifiedlead"}[d.dice.IntN(3)]
	id, err := d.account.CreateContact(rep(), map[string]string{"email": email, "firstname": "Petra", "lastname": "Wolfsang", "lifecyclestage": stage})
	d.must(err)
	d.private.employ(d, id)
	d.emails, d.ids[email], d.last[email] = append(d.emails, email), id, time.Now()
}

func (d *days) open(path string) {
	client, err := hubspot.New(hubspot.Config{
		Token: func(context.Context) (string, error) { return d.account.Token(), nil }, Transport: d.account.Transport(),
		Now: time.Now, Jitter: func() float64 { return 0.5 }, GeneralPerSecond: 9, Unkeyed: d.marked, PlainKey: d.marked,
	})
	d.must(err)
	d.store, err = store.Open(d.Context(), path, store.Options{Now: time.Now, Migrate: true})
	d.must(err)
	d.must(d.store.EnsurePortal(d.Context(), portalID, "hubspot", "days"))
	d.fence, _, err = d.store.Acquire(d.Context(), portalID, "w", 1000*time.Hour)
	d.must(err)
	p, m := newPortal(), d.private.model(d)
	p.CompanyOrder, p.Modes[workflows.ClassCompany] = p.Order, workflows.ModeOn
	p.Marked = d.marked
	p.FallbackOwner = d.account.Owners()[0].ID
	p.Outcomes = map[string]string{simulator.CallConnected: "connected", simulator.CallNoAnswer: "no_answer", simulator.CallBusy: "busy"}
	specs := map[workflows.Chore]string{workflows.ChoreOwners: "@every 6h", workflows.ChorePrune: "17 4 * * *"}
	for _, typ := range []connector.ObjectType{connector.TypeContact, connector.TypeCall, connector.TypeMeeting, connector.TypeTask, connector.TypeCompany, connector.TypeDeal} {
		specs[workflows.SweepOf(typ)] = "@every 1h"
	}
	jitter := func() float64 { return 0.5 }
	d.worker = &workflows.Worker{
		Puller:     &workflows.Puller{CRM: client, Store: d.store, Portal: p, Model: m, Now: time.Now, Overlap: 15 * time.Minute},
		Reconciler: &workflows.Reconciler{CRM: client, Store: d.store, Portal: p, Model: m, Now: time.Now},
		Pusher:     &workflows.Pusher{CRM: client, Look: client, Copies: client, Store: d.store, Portal: p, Jitter: jitter},
		Store:      d.store, Baseline: d.store, Schedule: newSchedule(d.T, specs), Log: quiet(), Now: time.Now, Jitter: jitter,
		Window: time.Second, Idle: 30 * time.Minute,
	}
	r := workflows.ShortestRetention()
	d.worker.Pruner = &workflows.Pruner{Store: d.store, Retention: r, Now: time.Now, Clock: time.Now, Log: quiet()}
	d.worker.Schedule.Start()
}

// supervise starts the worker, and starts it again whenever it died: what it held is then somebody else's.
func (d *days) supervise(ctx context.Context) {
	for ctx.Err() == nil {
		died := make(chan struct{})
		go func() {
			defer close(died)
			d.work(ctx)
		}()
		<-died
		if ctx.Err() != nil {
			return
		}
		d.deaths++
		var ok bool
		var err error
		if d.fence, ok, err = d.store.Acquire(ctx, portalID, "w", 1000*time.Hour); err != nil || !ok {
			d.Errorf("seed %d: take the portal again: %v, %v", d.seed, ok, err)
			return
		}
	}
}

// die ends the worker between two durable steps now and then, as a kill does.
func (d *days) die(dice *rand.Rand) workflows.Pass {
	return func(workflows.Point) {
		if !d.calm.Load() && dice.IntN(40) == 0 {
			runtime.Goexit()
		}
	}
}

// work does what the service does around the worker: it waits and begins again when the portal as a whole
// cannot go on.
func (d *days) work(ctx context.Context) {
	for {
		err := d.worker.Prepare(ctx, d.fence)
		if err == nil {
			err = d.worker.Run(ctx, d.fence)
		}
		pause := time.Minute
		var ce *connector.Error
		if errors.As(err, &ce) && ce.RetryAfter > 0 {
			pause = ce.RetryAfter
		}
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, workflows.ErrFenced) {
			d.Errorf("seed %d: %v", d.seed, err)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// script makes about a fifth of all calls fail.
func (d *days) script() {
	for _, kind := range []simulator.FaultKind{
		simulator.FaultRateTen, simulator.FaultRateSecond, simulator.FaultLocked, simulator.FaultMoving, simulator.Fault500, simulator.Fault503,
		simulator.FaultHTML, simulator.FaultReset, simulator.FaultAppliedReset, simulator.FaultApplied500, simulator.FaultOmit,
	} {
		d.account.Faults().Add(simulator.Fault{Kind: kind, Probability: 0.02})
	}
	d.account.Faults().Add(simulator.Fault{Kind: simulator.FaultSlow, Probability: 0.01, Delay: 15 * time.Second})
	for _, endpoint := range []string{"POST /crm/objects/{v}/tasks/batch/create", "POST /crm/objects/{v}/deals/batch/create"} {
		d.account.Faults().Add(simulator.Fault{Kind: simulator.FaultAppliedReset, Endpoint: endpoint, Probability: 0.2})
	}
}

// fired checks that everything that can go wrong has.
func (d *days) fired(failing bool) {
	for _, f := range d.account.Faults().List() {
		if f.Fired == 0 && f.Endpoint == "" {
			d.Errorf("seed %d: nothing failed by %s: the comparison proves less than it says", d.seed, f.Kind)
		}
	}
	if failing == (d.deaths < 10) {
		d.Errorf("seed %d: the worker died %d times", d.seed, d.deaths)
	}
	if n := len(d.account.Faults().List()); failing == (n == 0) {
		d.Errorf("seed %d: %d kinds of failure", d.seed, n)
	}
}

// live is ten days of people. Two deeds on one contact are at least four hours apart, more than any failure
// lasts, so that leadsync sees them one by one with failures too; deeds on different contacts are not.
func (d *days) live(failing bool) {
	revokedFrom := time.Duration(24+d.dice.IntN(120)) * time.Hour
	begin := time.Now()
	time.Sleep(2 * time.Hour)
	for time.Since(begin) < played {
		time.Sleep(time.Duration(1+d.dice.IntN(20*60*1000)) * time.Millisecond)
		if since := time.Since(begin); failing && since > revokedFrom && since < revokedFrom+time.Hour {
			d.account.RevokeToken()
		} else {
			d.account.RestoreToken()
		}
		if d.dice.IntN(40) == 0 {
			d.arrive()
			continue
		}
		email := d.emails[d.dice.IntN(len(d.emails))]
		what, which := d.dice.IntN(13), d.dice.IntN(1000)
		if time.Since(d.last[email]) < 4*time.Hour {
			continue
		}
		d.last[email] = time.Now()
		d.deed(d.ids[email], what, which)
	}
	d.account.RestoreToken()
	time.Sleep(2 * time.Hour)
}

func (d *days) deed(id string, what, which int) {
	d.deeds++
	a, now := d.account, time.Now()
	set := func(name string, values ...string) {
		d.must(a.Set(rep(), simulator.Contacts, id, map[string]string{name: values[which%len(values)]}))
	}
	switch what {
	case 0, 1, 2:
		outcome := []string{simulator.CallNoAnswer, simulator.CallConnected, simulator.CallBusy, simulator.CallWrongNumber}[which%4]
		_, err := a.LogCall(rep(), id, simulator.Call{At: now, Disposition: outcome})
		d.must(err)
	case 3:
		_, err := a.LogMeeting(rep(), id, simulator.Meeting{At: now, Outcome: []string{"COMPLETED", "NO_SHOW"}[which%2]})
		d.must(err)
	case 4, 5:
		d.must(a.SubmitForm(id, []string{"Get a demo", "Newsletter"}[which%2], now))
	case 6:
		set("budget", "20000", "500", "")
	case 7:
		if d.private != nil {
			set("no_profiling", "true", "")
			return
		}
		set("vip", "true", "")
	case 8, 9:
		set("hs_lead_status", "NEW", "ATTEMPTED_TO_CONTACT", "BAD_TIMING", "NEW", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "BAD_TIMING", "")
	case 10:
		set("lifecyclestage", "lead", "salesqualifiedlead", "salesqualifiedlead")
	case 11:
		d.finish(id, which)
	default:
		if which%6 == 0 { // rarely: a contact with a deal is done with
			d.deal(id, which/6)
		}
	}
}

// deal opens a deal, or ends an open one.
func (d *days) deal(id string, which int) {
	for _, l := range d.account.Associations(simulator.Contacts, id, simulator.Deals) {
		if o, ok := d.account.Object(simulator.Deals, l.ID); ok && o.Properties["hs_is_closed"] != "true" {
			if which%2 == 0 {
				d.must(d.account.LoseDeal(rep(), l.ID))
			} else {
				d.must(d.account.WinDeal(rep(), l.ID))
			}
			return
		}
	}
	_, err := d.account.CreateDeal(rep(), id, map[string]string{"dealname": "By hand"})
	d.must(err)
}

// finish completes, deletes or edits an open task of ours.
func (d *days) finish(id string, which int) {
	for _, l := range d.account.Associations(simulator.Contacts, id, simulator.Tasks) {
		o, ok := d.account.Object(simulator.Tasks, l.ID)
		switch {
		case !ok || o.Archived || o.Properties["hs_task_status"] == "COMPLETED":
		case which%5 > 2:
			d.adjust(l.ID)
			return
		case which%2 == 0:
			d.must(d.account.CompleteTask(rep(), l.ID))
			return
		default:
			d.must(d.account.DeleteTask(rep(), l.ID))
			return
		}
	}
}

func (d *days) ending() ending {
	end := ending{Contacts: map[string]string{}, Keys: map[string]string{}, Waiting: map[workflows.EntryState]int{}, Open: map[string]string{}, Ends: map[string]string{}}
	named := map[string]string{}
	for email, id := range d.ids {
		o, _ := d.account.Object(simulator.Contacts, id)
		end.Contacts[email] = o.Properties["lifecyclestage"] + "/" + o.Properties["hs_lead_status"]
		for _, f := range d.worker.Reconciler.Model.FollowUps() {
			for episode := range 100 {
				named[workflows.Key(portalID, connector.ObjectID(id), f.Name, episode)] = fmt.Sprintf("%s %s %d", email, f.Name, episode)
			}
		}
	}
	for email, id := range d.ids {
		d.openTasks(email, id, end)
		d.causes(email, id, end)
	}
	d.untouched()
	d.private.ending(d, end)
	for _, e := range d.account.Journal() {
		if e.Property != "leadsync_key" || e.New == "" {
			continue
		}
		key := named[e.New]
		if end.Keys[key] != "" {
			end.Twice = append(end.Twice, key)
		}
		o, ok := d.account.Object(e.Type, e.ID)
		end.Keys[key] = fmt.Sprintf("%s, there %v, status %q", e.Type, ok && !o.Archived, o.Properties["hs_task_status"])
	}
	backlog, err := d.store.Backlog(d.Context(), portalID, time.Now())
	d.must(err)
	for _, state := range []workflows.EntryState{workflows.StateReady, workflows.StateSending, workflows.StateParked} {
		end.Waiting[state] = backlog.Outbox[state]
	}
	if backlog.Due+backlog.Waiting > 0 {
		d.Errorf("seed %d: %d records due, %d waiting in the end", d.seed, backlog.Due, backlog.Waiting)
	}
	d.Logf("seed %d: %d contacts, %d deeds, %d keys, %d calls to the CRM, %d deaths, waiting %v",
		d.seed, len(end.Contacts), d.deeds, len(end.Keys), d.account.Requests(), d.deaths, end.Waiting)
	return end
}
