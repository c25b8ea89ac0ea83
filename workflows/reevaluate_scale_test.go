//go:build !race

package workflows_test

import (
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"leadsync/connector"
)

// population is how many contacts the tests of scale have: LEADSYNC_BASELINE_CONTACTS sets it.
func population(t *testing.T, n int) int {
	t.Helper()
	if text := os.Getenv("LEADSYNC_BASELINE_CONTACTS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// becomesDue is somebody changing a contact in the CRM, and the event that tells of it; it gives when that was.
func (b *bench) becomesDue(id connector.ObjectID) time.Time {
	b.Helper()
	b.crm.props[id]["vip"] = "true"
	b.hint(id)
	return time.Now()
}

// served steps until what follows from it is written, and says how many steps that took.
func (b *bench) served(id connector.ObjectID, step func()) (steps int) {
	b.Helper()
	for ; b.crm.props[id]["lifecyclestage"] != "salesqualifiedlead"; steps++ {
		step()
	}
	return steps
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// A change of the model over a whole account: everybody is evaluated again, the memory does not grow with the
// account, and a contact that becomes due at the worst moment, when a step of the walk has just begun, waits no longer
// than for that step. Nothing is written for most contacts, as after most changes, so that the walk runs at its
// fastest.
func TestReevaluator_scale(t *testing.T) {
	n := population(t, 3000)
	b := newBench(t)
	w := living(b, n, false, func(i int) map[string]string {
		props := someWith("10000")(i)
		props["jobtitle"], props["industry"] = "Head of Logistics", "MACHINERY"
		return props
	})
	step := func() { b.once(w) }
	var without []time.Duration
	most, alone := 0, 0 // steps that a due contact took, during the walk and without it
	for i := range 25 {
		began := b.becomesDue(nth(3*i + 1))
		alone = max(alone, b.served(nth(3*i+1), step))
		without = append(without, time.Since(began))
		b.finish(w)
	}
	adopt(b, w, changedModel(t, "points: 3}", "points: 4}")) // less than a push step: nothing is written
	m := w.Reconciler.Model
	w.Reevaluator.Clock = time.Now
	var memory, before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var during []time.Duration
	var longest, walking time.Duration
	evaluated, steps := 0, 0
	w.Reevaluator.Walked = func(_, done int) { evaluated += done; steps++ }
	peak := before.HeapAlloc
	for b.walked().UnderWay() {
		began := time.Now()
		step()
		took := time.Since(began)
		longest, walking = max(longest, took), walking+took
		if steps%max(1, n/100/25) == 0 && len(during) < 25 && b.walked().UnderWay() {
			id := nth(n - 3*len(during) - 2)
			w.Reevaluator.Clock = func() time.Time { // as the next step of the walk begins
				w.Reevaluator.Clock = time.Now
				began = b.becomesDue(id)
				return began
			}
			most = max(most, b.served(id, step))
			during = append(during, time.Since(began))
		}
		if steps%50 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&memory)
			peak = max(peak, memory.HeapAlloc)
		}
	}
	if got := b.walked(); got.Done != n {
		t.Fatalf("%+v", got)
	}
	t.Logf("%d contacts: %d evaluated in %v (%.0f a second), longest step %v", n, evaluated, walking.Round(time.Millisecond), float64(evaluated)/walking.Seconds(), longest)
	t.Logf("heap %d kB before, at most %d kB after a collection during the walk", before.HeapAlloc>>10, peak>>10)
	t.Logf("a due contact is served in %v without the walk and in %v with it: %.1f times as long", median(without), median(during), float64(median(during))/float64(median(without)))
	if peak > before.HeapAlloc+64<<20 {
		t.Errorf("the walk holds %d MB", (peak-before.HeapAlloc)>>20)
	}
	for _, i := range []int{0, n / 2, n - 1} {
		if b.state(nth(i)).Model != m.Version() {
			t.Errorf("contact %d was not evaluated", i)
		}
	}
	if most > alone+1 {
		t.Errorf("a due contact took %d steps during the walk and %d without it: it waits for one step of the walk at most", most, alone)
	}
}
