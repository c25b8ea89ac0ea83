package simulator

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"time"
)

// Rival is an automation of somebody else that sets a property of contacts back to what it was, each time an app has
// changed it: two systems that want different things.
type Rival struct {
	Name     string `json:"name"`
	Property string `json:"property"`
	// Percent is the share of the contacts that it is after, from 1 to 100; which ones follows from the account's seed.
	Percent int `json:"percent"`
	// After is how long it waits before it acts, on the world clock; at least a second, as HubSpot's workflows do.
	After time.Duration `json:"after"`
}

// debt is a change that a rival is going to take back.
type debt struct {
	rival Rival
	r     *record
	value string // from before
	due   time.Time
}

// SetRivals replaces the rivals of the account; none switches them off, and what they were about to do is forgotten.
// A rival without a name, of a property that contacts do not have, with another percent or less than a second is
// ErrInvalid.
func (a *Account) SetRivals(rivals ...Rival) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, rival := range rivals {
		switch {
		case rival.Name == "":
			return fmt.Errorf("set rivals: a rival needs a name: %w", ErrInvalid)
		case a.tables[Contacts].props[rival.Property] == nil:
			return fmt.Errorf("set rival %q: contacts have no property %q: %w", rival.Name, rival.Property, ErrInvalid)
		case rival.Percent < 1 || rival.Percent > 100:
			return fmt.Errorf("set rival %q: percent is %d, give 1 to 100: %w", rival.Name, rival.Percent, ErrInvalid)
		case rival.After < time.Second:
			return fmt.Errorf("set rival %q: it cannot act within a second: %w", rival.Name, ErrInvalid)
		}
	}
	a.rivals, a.debts = slices.Clone(rivals), nil
	return nil
}

// Rivals are the rivals of the account.
func (a *Account) Rivals() []Rival {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.rivals)
}

// ActRivals lets the rivals do what is due by now, and says how much that was. Every call of the API lets them act too.
func (a *Account) ActRivals() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.actRivals()
}

// provoke notes a change that a rival does not want: one by an app, of a contact that it is after.
func (a *Account) provoke(m mutation, r *record, property, before, after string) {
	if r.t.name != Contacts || m.actor.Kind != API && m.actor.Kind != Integration || after == "" {
		return
	}
	for _, rival := range a.rivals {
		if rival.Property != property || before == "" || !a.isAfter(rival, r) { // without a value from before there is no way back
			continue
		}
		a.debts = append(a.debts, debt{rival, r, before, m.at.Add(rival.After)})
	}
}

// isAfter reports whether a rival is after a contact.
func (a *Account) isAfter(rival Rival, r *record) bool {
	const all = 100
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d %s %s", a.opts.Seed, rival.Name, r.idString())
	return int(h.Sum64()%all) < rival.Percent
}

// actRivals sets back what is due, in the order of the changes.
func (a *Account) actRivals() int {
	if len(a.debts) == 0 {
		return 0
	}
	m := a.begin(Actor{})
	done := 0
	rest := a.debts[:0:0]
	for _, d := range a.debts {
		if m.at.Before(d.due) {
			rest = append(rest, d)
			continue
		}
		by := m
		by.actor = Actor{Kind: System, ID: flowActor + d.rival.id()}
		if d.r.live() && a.apply(by, d.r, []change{{key: d.r.t.key(d.rival.Property), val: d.value}}) {
			a.after(by, d.r)
			done++
		}
	}
	a.debts = rest
	return done
}

// id is the number by which the history names a rival.
func (r Rival) id() string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(r.Name))
	const first, many = 585_900_000, 100_000
	return strconv.Itoa(first + int(h.Sum32()%many))
}

// flowActor stands before the number of a workflow that acts.
const flowActor = "flow-"

// setRivals replaces the rivals; an empty list switches them off.
func (c control) setRivals() (any, error) {
	var in []Rival
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if err := c.a.SetRivals(in...); err != nil {
		return nil, err
	}
	return c.showRivals()
}

// showRivals lists them.
func (c control) showRivals() (any, error) { return append([]Rival{}, c.a.Rivals()...), nil }
