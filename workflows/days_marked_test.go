package workflows_test

import (
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/connector/hubspot/simulator"
)

// The same ten days in an account that refuses unique properties: nothing is lost, and of what a lost answer
// made twice no more than one is there in the end.
func TestDays_withoutUniqueKeys(t *testing.T) {
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm")
	}
	open := map[string]int{} // by key: how many are there and not archived
	marked := func(d *days) {
		d.marked = map[connector.ObjectType]bool{connector.TypeTask: true, connector.TypeDeal: true}
		d.Cleanup(func() {
			clear(open)
			for _, typ := range []string{simulator.Tasks, simulator.Deals} {
				for _, o := range d.account.Objects(typ) {
					if key := o.Properties["leadsync_key"]; key != "" && !o.Archived {
						open[key]++
					}
				}
			}
		})
	}
	want, got := tenDays(t, 1, false, marked), tenDays(t, 1, true, marked)
	if len(want.Twice) != 0 {
		t.Errorf("made twice although nothing failed: %v", want.Twice)
	}
	t.Logf("made twice and put away: %v", got.Twice)
	for _, key := range slices.Sorted(maps.Keys(open)) {
		if open[key] > 1 {
			t.Errorf("%s is there %d times", key, open[key])
		}
	}
	if diff := cmp.Diff(want.Contacts, got.Contacts); diff != "" {
		t.Errorf("contacts (-without failures +with):\n%s", diff)
	}
	for _, key := range slices.Sorted(maps.Keys(want.Keys)) {
		if got.Keys[key] == "" {
			t.Errorf("%s was lost", key)
		}
	}
	for key := range got.Keys {
		if want.Keys[key] == "" {
			t.Errorf("%s is one too many", key)
		}
	}
	if diff := cmp.Diff(want.Waiting, got.Waiting); diff != "" {
		t.Errorf("waiting in the end (-without +with):\n%s", diff)
	}
}
