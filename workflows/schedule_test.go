package workflows_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

func newSchedule(t *testing.T, specs map[workflows.Chore]string) *workflows.Schedule {
	t.Helper()
	s, err := workflows.NewSchedule(specs, time.UTC, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSchedule_ticks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // begins at midnight, 1 January 2000, UTC
		calls, deals := workflows.SweepOf(connector.TypeCall), workflows.SweepOf(connector.TypeDeal)
		s := newSchedule(t, map[workflows.Chore]string{calls: "@every 1m", deals: "*/10 * * * *", workflows.ChorePrune: "17 4 * * *"})
		s.Start()
		ticks := map[workflows.Chore]int{}
		for range 24 * 60 {
			time.Sleep(time.Minute)
			synctest.Wait()
			for _, c := range s.Take() {
				ticks[c]++
			}
		}
		if diff := cmp.Diff(map[workflows.Chore]int{calls: 24 * 60, deals: 24 * 6, workflows.ChorePrune: 1}, ticks); diff != "" {
			t.Errorf("ticks of a day (-want +got):\n%s", diff)
		}
		s.Stop()
		time.Sleep(time.Hour)
		synctest.Wait()
		if left := s.Take(); len(left) != 0 {
			t.Errorf("after Stop: %v", left)
		}
	})
}

func TestSchedule_inItsLocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := workflows.NewSchedule(map[workflows.Chore]string{workflows.ChorePrune: "0 4 * * *"}, time.FixedZone("", 3*3600), quiet())
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		defer s.Stop()
		time.Sleep(time.Hour - time.Second)
		synctest.Wait()
		if n := s.Pending(); n != 0 {
			t.Errorf("wanted before 4:00 there: %v", s.Take())
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := s.Pending(); n != 1 {
			t.Errorf("%d chores wanted after 4:00 there, want 1", n)
		}
	})
}

func TestSchedule_wantTakeWake(t *testing.T) {
	s := newSchedule(t, nil)
	if got := s.Take(); len(got) != 0 {
		t.Errorf("wanted at first: %v", got)
	}
	s.Want(workflows.ChorePrune, workflows.ChoreOwners)
	s.Want(workflows.ChorePrune) // twice is once
	if n := s.Pending(); n != 2 {
		t.Errorf("%d wanted, want 2", n)
	}
	select {
	case <-s.Woken():
	default:
		t.Error("Want does not wake")
	}
	select {
	case <-s.Woken():
		t.Error("two wakes are one")
	default:
	}
	if got := s.Take(); !slices.Equal(got, []workflows.Chore{workflows.ChoreOwners, workflows.ChorePrune}) {
		t.Errorf("taken %v", got)
	}
	s.Want(workflows.ChorePrune)
	for _, want := range []int{3, 2, 1} { // two being done and one wanted
		if n := s.Pending(); n != want {
			t.Errorf("%d pending, want %d", n, want)
		}
		if want > 1 {
			s.Done()
		}
	}
	s.Take()
	s.Done()
	if n := s.Pending(); n != 0 {
		t.Errorf("%d pending after all is done", n)
	}
	<-s.Woken() // of the last Want
	for range 3 {
		s.Wake() // nobody listens: it must not block
	}
	select {
	case <-s.Woken():
	default:
		t.Error("Wake does not wake")
	}
	if got := s.Take(); len(got) != 0 {
		t.Errorf("Wake wants %v", got)
	}
}

func TestSchedule_wrongSpecs(t *testing.T) {
	good := workflows.SweepOf(connector.TypeContact)
	for name, tc := range map[string]struct {
		specs map[workflows.Chore]string
		names []workflows.Chore
	}{
		"one":   {map[workflows.Chore]string{good: "@every 1m", workflows.ChorePrune: "every day"}, []workflows.Chore{workflows.ChorePrune}},
		"empty": {map[workflows.Chore]string{good: "@every 1m", workflows.ChoreOwners: " "}, []workflows.Chore{workflows.ChoreOwners}},
		"two":   {map[workflows.Chore]string{good: "@every 1m", workflows.ChorePrune: "99 4 * * *", workflows.ChoreOwners: "@often"}, []workflows.Chore{workflows.ChoreOwners, workflows.ChorePrune}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := workflows.NewSchedule(tc.specs, time.UTC, quiet())
			if err == nil {
				t.Fatal("accepted")
			}
			for _, c := range tc.names {
				if !strings.Contains(err.Error(), string(c)+":") {
					t.Errorf("%q does not name %q", err, c)
				}
			}
			if strings.Contains(err.Error(), string(good)) {
				t.Errorf("%q names a chore that is right", err)
			}
		})
	}
}
