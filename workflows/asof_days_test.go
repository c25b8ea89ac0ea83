//go:build !race

package workflows_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

type rememberer interface {
	History(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID, props []string) (connector.HistoryResult, error)
}

// Twelve days of an account that leadsync works. What was evaluated on each of them is evaluated again at the end, with
// what is stored and what the CRM then tells of the past, and is the same.
func TestAsOf_daysOfAnAccount(t *testing.T) {
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm") // many commits, and no disk to wait for
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		d := &days{T: t, seed: 3, dice: rand.New(rand.NewPCG(3, 42)), ids: map[string]string{}, last: map[string]time.Time{}}
		time.Sleep(56 * time.Hour)
		d.build()
		d.open(filepath.Join(dir, "asof.db"))
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			d.supervise(ctx)
		}()
		time.Sleep(3 * time.Hour) // the first load
		glances, moved := map[string][]glance{}, 0
		for range 40 {
			time.Sleep(time.Minute) // what happens at the very moment of a look is of that moment too
			for _, email := range d.emails {
				if d.dice.IntN(2) == 0 {
					d.deed(d.ids[email], []int{0, 1, 3, 4, 5, 6, 7, 8, 10, 12}[d.dice.IntN(10)], d.dice.IntN(1000))
				}
			}
			time.Sleep(7 * time.Hour) // everything is read, decided and written
			for _, email := range d.emails {
				record := d.record(email)
				lead := workflows.LeadOf(d.worker.Reconciler.Portal, d.worker.Reconciler.Model, record)
				seen := glance{time.Now(), lead, d.worker.Reconciler.Model.Evaluate(lead, time.Now())}
				if all := glances[email]; len(all) > 0 && all[len(all)-1].ev.Stage != seen.ev.Stage {
					moved++
				}
				glances[email] = append(glances[email], seen)
			}
		}
		d.again(glances)
		if moved < 5 {
			t.Errorf("only %d changes of stage: the comparison proves less than it says", moved)
		}
		cancel()
		<-stopped
		d.worker.Schedule.Stop()
		d.must(d.store.Close())
	})
}

func (d *days) record(email string) workflows.LeadRecord {
	records, err := d.store.Leads(d.Context(), portalID, []connector.ObjectID{connector.ObjectID(d.ids[email])})
	d.must(err)
	return records[0]
}

// again evaluates what was seen as of its moment.
func (d *days) again(glances map[string][]glance) {
	p, m := d.worker.Reconciler.Portal, d.worker.Reconciler.Model
	for _, email := range d.emails {
		record := d.record(email)
		decisions, err := d.store.Decisions(d.Context(), portalID, record.ID, 10_000)
		d.must(err)
		told := map[connector.Ref]connector.History{}
		for _, ask := range workflows.HistoryAsks(p, m, record) {
			got, err := d.worker.Reconciler.CRM.(rememberer).History(d.Context(), ask.Type, ask.IDs, ask.Props)
			d.must(err)
			for id, found := range got.Found {
				history := connector.History{}
				for _, prop := range ask.Props {
					history[prop] = found[prop]
				}
				told[connector.Ref{Type: ask.Type, ID: id}] = history
			}
		}
		for i, seen := range glances[email] {
			then := workflows.AsOf(workflows.Past{
				Portal: p, Model: m, Record: record, Decisions: decisions, Told: told, At: seen.at, Now: time.Now(),
			})
			if shortened(then) {
				continue // what is named as today's need not be of then
			}
			if diff := cmp.Diff(seen.ev, m.Evaluate(then.Lead, seen.at), unwritten()); diff != "" {
				d.Errorf("%s, look %d at %s (-then +as of):\n%s\n%+v", email, i, seen.at, diff, then.Known)
				return
			}
			d.deeds++
		}
	}
	if d.deeds < 100 {
		d.Errorf("only %d evaluations compared", d.deeds)
	}
}

// shortened reports whether a history was too short to tell of then.
func shortened(then workflows.Then) bool {
	for _, k := range then.Known {
		if k.Reason.Code == workflows.ReasonTooShort {
			return true
		}
	}
	return false
}
