package population

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// person is what the world remembers of one contact: enough to decide without
// reading the account whether anything can happen at all.
type person struct {
	id       string
	name     string // with the company
	owner    string
	stage    string
	status   string
	statusAt time.Time
	company  int   // index into World.companies, -1 for none
	heat     uint8 // how often web deeds choose this person, in percent
	scanned  bool  // a link scanner reads the mails first
	gone     bool  // archived, merged away or deleted
}

type company struct {
	id      string
	name    string
	domain  string
	country string
	german  bool
	scanner bool
	members []int
}

// World is the people of one account. It is not safe for concurrent use; the
// account behind it may be used by others meanwhile.
type World struct {
	account   *simulator.Account
	opts      Options
	words     *words
	office    office
	ownerIDs  []string
	people    []person
	companies []company
	byID      map[string]int
	emails    map[string]bool // addresses given out
	leads     map[int]bool    // in sales' hands: people at the stage salesqualifiedlead
	mqls      map[int]bool
	customers map[int]bool
	objectors map[int]bool   // who objects to profiling
	deals     map[string]int // open ones; whose, -1 while unknown
	tasks     map[string]int // not completed; whose, -1 while unknown
	meetings  map[string]int // booked ones without an outcome; whose, -1 while unknown
	sequences map[int]bool   // who is in a sequence
	journeys  []journey
	seen      int // journal entries followed
	energy    float64
	left      bool
	born      int
	refused   int
}

func newWorld(a *simulator.Account, o Options) *World {
	return &World{
		account: a, opts: o, words: newWords(), office: newOffice(), byID: make(map[string]int, o.Contacts), emails: make(map[string]bool, o.Contacts),
		leads: map[int]bool{}, mqls: map[int]bool{}, customers: map[int]bool{}, objectors: map[int]bool{}, deals: map[string]int{}, tasks: map[string]int{},
		meetings: map[string]int{}, sequences: map[int]bool{},
	}
}

// Refused counts deeds and records that the account did not take; in an account
// whose definitions nobody broke it stays 0.
func (w *World) Refused() int { return w.refused }

// step is one span of world time and who is still free in it.
type step struct {
	from, to time.Time
	key      uint64
	days     float64 // length in days
	all      []span
	work     []span
	workdays float64
	busy     map[int]bool
	changed  map[int]bool // companies whose facts change
	acts     []act
	owners   map[string]simulator.Owner
	working  []simulator.Owner // active ones
	reps     []candidate
}

// act is a deed that is decided and not yet done.
type act struct {
	at   time.Time
	who  int
	kind DeedKind
	do   func(a *act) (what string, err error)
}

// Step lets people behave between two world instants and returns what they did,
// oldest first. At most one deed concerns a contact, so that every state of a
// lead can be seen. Records are stamped with the account's world time, which
// should be to; deeds happened at whole seconds after from and not after to.
// Without a whole second in between nothing happens.
func (w *World) Step(from, to time.Time) []Deed {
	all := wholeSeconds(from, to)
	if all.first > all.last {
		return nil
	}
	w.follow()
	s := &step{
		from: from, to: to, key: uint64(from.UnixNano()), days: to.Sub(from).Hours() / 24,
		all: []span{all}, work: w.office.open(from, to), busy: map[int]bool{}, changed: map[int]bool{},
	}
	s.workdays = workdays(s.work)
	if len(s.work) > 0 {
		w.planSales(s)
	}
	w.planVisitors(s)
	return w.perform(s)
}

// perform does the decided acts in the order of time.
func (w *World) perform(s *step) []Deed {
	slices.SortStableFunc(s.acts, func(x, y act) int {
		return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.who, y.who))
	})
	deeds := make([]Deed, 0, len(s.acts))
	for i := range s.acts {
		a := &s.acts[i]
		what, err := a.do(a)
		if err != nil {
			w.refused++
			continue
		}
		d := Deed{At: a.at, What: what, Kind: a.kind}
		if a.who >= 0 { // a sign-up has found its person by now
			d.Contact, d.Name = w.people[a.who].id, w.people[a.who].name
		}
		deeds = append(deeds, d)
	}
	return deeds
}

func (s *step) plan(who int, kind DeedKind, at time.Time, do func(a *act) (string, error)) {
	s.acts = append(s.acts, act{at: at, who: who, kind: kind, do: do})
}

func (w *World) dice(s *step, who int, purpose uint64) dice {
	return roll(w.opts.Seed, s.key, key(who+1), purpose)
}

// sorted returns the members of a set in order: map order must never decide anything.
func sorted[K cmp.Ordered, V any](set map[K]V) []K { return slices.Sorted(maps.Keys(set)) }
