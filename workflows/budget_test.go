package workflows_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring/calendar"
	"leadsync/workflows"
)

// budgetPortal gives its owners so many tasks a day, and ada two.
func budgetPortal(tb testing.TB, perDay int) *workflows.Portal {
	tb.Helper()
	place, err := calendar.New(calendar.Settings{Country: "DE", Region: "BY", Zone: time.UTC})
	if err != nil {
		tb.Fatal(err)
	}
	two, none := 2, 0
	away := calendar.Absence{From: march(10), To: march(12), Days: true}
	return &workflows.Portal{Calendar: place, TasksPerDay: perDay, People: map[string]workflows.Person{
		"ada":   {Owner: "ada@example.com", TasksPerDay: &two, Absences: []workflows.Absence{{Absence: away}}},
		"jonas": {Owner: "9", TasksPerDay: &none},
	}}
}

// knownPortal is the portal with the ids of its people.
func knownPortal(tb testing.TB) *workflows.Portal {
	tb.Helper()
	p := budgetPortal(tb, 3)
	p.People["ada"] = workflows.Person{Owner: "1", Absences: p.People["ada"].Absences}
	return p
}

func march(date int) time.Time {
	return time.Date(2026, 3, date, 0, 0, 0, 0, time.UTC)
}

func budgetOwners() []connector.Owner {
	return []connector.Owner{
		{ID: "1", Email: "ada@example.com", Active: true, Person: true},
		{ID: "2", Email: "ben@example.com", Active: true, Person: true},
		{ID: "3", Email: "kim@example.com", Active: true, Person: true, Zone: "America/New_York"},
		{ID: "9", Email: "jonas@example.com", Active: true, Person: true},
	}
}

// Friday, Monday and so on at ten o'clock.
func at(date, hour int) time.Time { return time.Date(2026, 3, date, hour, 0, 0, 0, time.UTC) }

// TestAllocate: what does not fit goes to the next working day with room, the most urgent stays.
func TestAllocate(t *testing.T) {
	one := func(key, owner, priority string, due time.Time) workflows.WaitingTask {
		return workflows.WaitingTask{Key: key, Owner: owner, Priority: priority, DueAt: due, Since: at(1, 0)}
	}
	full := map[workflows.Place]int{}
	for d := range 31 {
		full[workflows.Place{Owner: "2", Day: fmt.Sprintf("2026-03-%02d", d+1)}] = 1
	}
	for name, tc := range map[string]struct {
		waiting []workflows.WaitingTask
		taken   map[workflows.Place]int
		perDay  int
		want    map[string]string // due times by key; with ! what is over the budget
	}{
		"room": {[]workflows.WaitingTask{one("a", "2", "", at(6, 10))}, nil, 1, map[string]string{"a": "06 10"}},
		"behind the weekend": {
			[]workflows.WaitingTask{one("a", "2", "", at(6, 10)), one("b", "2", "", at(6, 11))},
			nil, 1,
			map[string]string{"a": "06 10", "b": "09 11"},
		},
		"the high one stays": {
			[]workflows.WaitingTask{one("a", "2", "low", at(6, 10)), one("b", "2", "high", at(6, 10)), one("c", "2", "medium", at(6, 10))},
			nil, 1,
			map[string]string{"a": "10 10", "b": "06 10", "c": "09 10"},
		},
		"what is fixed keeps its day, and the others make room": {
			[]workflows.WaitingTask{one("a", "2", "high", at(6, 10)), {Key: "b", Owner: "2", Priority: "low", DueAt: at(6, 11), Since: at(1, 1), Fixed: true}},
			nil, 1,
			map[string]string{"a": "09 10", "b": "06 11"},
		},
		"what is fixed keeps its day where there is no room": {
			[]workflows.WaitingTask{{Key: "b", Owner: "2", DueAt: at(6, 11), Fixed: true}},
			full, 1,
			map[string]string{"b": "06 11"},
		},
		"of equals the one that waits longer": {
			[]workflows.WaitingTask{one("a", "2", "low", at(6, 10)), {Key: "b", Owner: "2", Priority: "low", DueAt: at(6, 10), Since: at(1, 0).Add(-time.Second)}},
			nil, 1,
			map[string]string{"a": "09 10", "b": "06 10"},
		},
		"the rep has it already": {
			[]workflows.WaitingTask{one("a", "2", "high", at(6, 10))},
			map[workflows.Place]int{{Owner: "2", Day: "2026-03-06"}: 1},
			1,
			map[string]string{"a": "09 10"},
		},
		"it keeps its own place": {
			[]workflows.WaitingTask{{Key: "a", Owner: "2", DueAt: at(6, 10), Own: workflows.Place{Owner: "2", Day: "2026-03-06"}}},
			map[workflows.Place]int{{Owner: "2", Day: "2026-03-06"}: 1},
			1,
			map[string]string{"a": "06 10"},
		},
		"own number, and behind an absence": {
			[]workflows.WaitingTask{one("a", "1", "", at(9, 10)), one("b", "1", "", at(9, 10)), one("c", "1", "", at(9, 10))},
			nil, 1,
			map[string]string{"a": "09 10", "b": "09 10", "c": "13 10"},
		},
		"no budget": {
			[]workflows.WaitingTask{one("a", "9", "", at(6, 10)), one("b", "9", "", at(6, 10)), one("c", "", "", at(6, 10)), one("d", "", "", at(6, 10))},
			nil, 1,
			map[string]string{"a": "06 10", "b": "06 10", "c": "06 10", "d": "06 10"},
		},
		"nobody has one": {
			[]workflows.WaitingTask{one("a", "2", "", at(6, 10)), one("b", "2", "", at(6, 10))}, nil, 0, map[string]string{"a": "06 10", "b": "06 10"},
		},
		"the day is the owner's": { // 02:00 UTC is the evening before in New York
			[]workflows.WaitingTask{one("a", "3", "", at(6, 2)), one("b", "3", "", at(6, 15))}, nil, 1, map[string]string{"a": "06 02", "b": "06 15"},
		},
		"not for ever": {[]workflows.WaitingTask{one("a", "2", "", at(6, 10))}, full, 1, map[string]string{"a": "20 10!"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := map[string]string{}
			for _, p := range budgetPortal(t, tc.perDay).Budget(budgetOwners()).Allocate(tc.waiting, tc.taken) {
				got[p.Key] = p.DueAt.UTC().Format("02 15")
				if p.Over {
					got[p.Key] += "!"
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("due (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAllocateAnything: whatever waits, nothing is lost or due earlier or outside of working time, nobody has more than the budget
// but what is reported, no less urgent task took the room of a more urgent one, and the order of asking is irrelevant.
func TestAllocateAnything(t *testing.T) {
	p, known := budgetPortal(t, 3), knownPortal(t)
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 25))
		b := p.Budget(budgetOwners())
		var waiting []workflows.WaitingTask
		taken := map[workflows.Place]int{}
		for i := range random.IntN(60) {
			owner := []string{"1", "2", "3", "4", "9", ""}[random.IntN(6)]
			due := at(2+random.IntN(12), 9+random.IntN(8))
			due, _ = known.Schedule(connector.Owner{ID: owner, Zone: zoneOf(owner)}).Next(due)
			w := workflows.WaitingTask{
				Key: fmt.Sprint("k", i), Owner: owner, Priority: []string{"", "low", "medium", "high"}[random.IntN(4)], DueAt: due,
				Since: at(1, random.IntN(3)),
			}
			if place := b.Place(owner, due); random.IntN(4) == 0 && place != (workflows.Place{}) && taken[place] < max(1, b.PerDay(owner)) {
				taken[place]++
				if random.IntN(2) == 0 {
					w.Own = place
				}
			}
			waiting = append(waiting, w)
		}
		placed := b.Allocate(waiting, taken)
		random.Shuffle(len(waiting), func(i, j int) { waiting[i], waiting[j] = waiting[j], waiting[i] })
		if diff := cmp.Diff(placed, p.Budget(budgetOwners()).Allocate(waiting, taken)); diff != "" {
			t.Fatalf("seed %d: the order of asking counts:\n%s", seed, diff)
		}
		checkPlaced(t, fmt.Sprint("seed ", seed), b, waiting, taken, placed)
	}
}

func zoneOf(owner string) string {
	if owner == "3" {
		return "America/New_York"
	}
	return ""
}

func checkPlaced(
	t *testing.T, what string, b *workflows.Budget, waiting []workflows.WaitingTask, taken map[workflows.Place]int, placed []workflows.PlacedTask,
) {
	t.Helper()
	if len(placed) != len(waiting) {
		t.Fatalf("%s: %d of %d tasks have a day", what, len(placed), len(waiting))
	}
	count := map[workflows.Place]int{}
	for place, n := range taken {
		count[place] += n
	}
	asked := map[string]workflows.WaitingTask{}
	for _, w := range waiting {
		asked[w.Key] = w
	}
	for _, at := range placed {
		w := asked[at.Key]
		if at.DueAt.Before(w.DueAt) || at.Place != b.Place(w.Owner, at.DueAt) {
			t.Errorf("%s: %+v was asked for at %s", what, at, w.DueAt)
		}
		if !knownPortal(t).Schedule(connector.Owner{ID: w.Owner, Zone: zoneOf(w.Owner)}).Covers(at.DueAt) {
			t.Errorf("%s: %+v is no working time", what, at)
		}
		if at.Place != w.Own && !at.Over {
			count[at.Place]++
		}
	}
	for place, n := range count {
		if most := b.PerDay(place.Owner); place != (workflows.Place{}) && most > 0 && n > most {
			t.Errorf("%s: %d tasks on %+v", what, n, place)
		}
	}
	for i, late := range placed {
		if first := b.Place(asked[late.Key].Owner, asked[late.Key].DueAt); late.Place == first {
			continue
		} else if j := slices.IndexFunc(placed, func(p workflows.PlacedTask) bool { return p.Place == first && asked[p.Key].Own != first }); j > i {
			t.Errorf("%s: %s was carried over and %s was not, which is less urgent", what, late.Key, placed[j].Key)
		}
	}
}
