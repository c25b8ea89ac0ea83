package audit

import (
	"slices"
	"strconv"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// kept is how many versions of a property the account remembers.
const kept = 20

// moment is a value that a property had: written then, if the account's history says so, else only seen then.
type moment struct {
	at      time.Time
	value   string
	written bool
}

// pasts is what is known of a contact's properties.
type pasts map[string][]moment

// of is what is known of one property, oldest first: what was only seen counts as far as what was written does
// not explain it.
func (p pasts) of(property string) []moment {
	all := slices.Clone(p[property])
	slices.SortStableFunc(all, func(x, y moment) int {
		if c := x.at.Compare(y.at); c != 0 {
			return c
		}
		return yes(y.written) - yes(x.written)
	})
	var out []moment
	var written *moment
	for i, m := range all {
		if m.written {
			written = &all[i]
		} else if written != nil && m.value == written.value {
			continue
		}
		if len(out) == 0 || out[len(out)-1].value != m.value {
			out = append(out, m)
		}
	}
	return out
}

// roll are the properties of a kind's roll-up.
func (k kind) roll() []string {
	var all []string
	for _, property := range append([]string{k.counter, k.last, k.first}, values(k.attributes)...) {
		if property != "" && !slices.Contains(all, property) {
			all = append(all, property)
		}
	}
	return all
}

func values(m map[string]string) []string {
	var all []string
	for _, v := range m {
		all = append(all, v)
	}
	slices.Sort(all)
	return all
}

// read looks at the contact's roll-ups at a moment. Where the look alone cannot date what it sees, leadsync asks
// for the history (rule 12), and the account tells what it remembers.
func (a *auditor) read(c *contact, at time.Time) {
	for _, k := range a.model.kinds {
		if k.object != "" {
			continue
		}
		if a.live && a.leaps(c, k) {
			a.remember(c, k.roll())
		}
	}
	for _, k := range a.model.kinds {
		if k.object != "" {
			continue
		}
		for _, property := range k.roll() {
			value, known := c.record.props[property], c.past.of(property)
			if len(known) == 0 && value == "" || len(known) > 0 && known[len(known)-1].value == value {
				continue
			}
			c.past[property] = append(c.past[property], moment{at: at, value: value})
		}
	}
}

// leaps reports whether a counter went up by more than the last date of the contact can date.
func (a *auditor) leaps(c *contact, k kind) bool {
	now, err := strconv.ParseFloat(c.record.props[k.counter], 64)
	if k.counter == "" || err != nil {
		return false
	}
	high, last := int64(0), ""
	for _, m := range c.past.of(k.counter) {
		n, _ := strconv.ParseFloat(m.value, 64)
		high = max(high, int64(n))
	}
	for _, m := range c.past.of(k.last) {
		last = m.value
	}
	more, date := int64(now)-high, c.record.props[k.last]
	return more > 1 || more == 1 && (date == "" || date == last)
}

// remember takes what the account remembers of properties of a contact: the newest versions of each, and what it
// was loaded with.
func (a *auditor) remember(c *contact, properties []string) {
	for _, property := range properties {
		var told []moment
		before := c.record.props[property]
		for _, e := range slices.Backward(a.written[c.record.id+"/"+property]) {
			if e.Seq > a.seq || len(told) == kept {
				continue
			}
			told = append(told, moment{at: e.At.UTC(), value: e.New, written: true})
			before = e.Old
		}
		if before != "" && len(told) < kept {
			told = append(told, moment{at: c.record.created, value: before, written: true})
		}
		slices.Reverse(told) // what was written in one instant stays in its order
		for _, m := range told {
			if !slices.ContainsFunc(c.past[property], func(o moment) bool { return o.at.Equal(m.at) && o.value == m.value && o.written }) {
				c.past[property] = append(c.past[property], m)
			}
		}
	}
}

// writings of contacts in the journal, by contact and property, oldest first.
func writtenIn(journal []simulator.Entry) map[string][]simulator.Entry {
	all := map[string][]simulator.Entry{}
	for _, e := range journal {
		if e.Type == simulator.Contacts && e.Op == simulator.OpSet {
			key := e.ID + "/" + e.Property
			all[key] = append(all[key], e)
		}
	}
	return all
}

// occurrences dates what a roll-up tells. The rule is the comment of workflows.Occurrences, and what it means for bounds
// is this. The n-th number that the counter reached is the n-th occurrence. A value is known from when the history says
// that it was written, or else from when it was first read.
//
// Floor is the earliest moment at which the occurrences of a value can have happened: the last date that one of the
// values before had, else when the contact was created; of a value before that has no such date, when it was written,
// if the history says so, or when it was read, if the roll-up has no property for the last date; and never before the
// first date. End is the latest: the date of the newest of them, or when the value was written or read.
//
//   - The newest occurrence of a value has the last date that is its own: the first one, not used yet and later than
//     the date before, of those in force when the value came and until the counter changed again. Then it is certain:
//     it happened then, and has no bounds.
//   - Without such a date it is at the time at which the value was written: uncertain, not before the floor (NotBefore)
//     and not after this time (NotAfter). If it was only read, it is dated like the older ones.
//   - The older ones of the same value are at the floor: uncertain, not before it and not after the end (NotAfter).
//   - The first of all has the first date, if there is one and the last date is not its own: certain.
//
// So an occurrence that the history shows by itself lies between its value and the one before, and those between two
// dates lie between these. Without a counter each last date that the contact had is one occurrence, and certain.
func occurrences(k kind, p pasts, created time.Time) []activity {
	d := dater{kind: k, past: p, earliest: created}
	for _, m := range p.of(k.last) {
		if on, ok := crmTime(m.value); ok {
			d.dates = append(d.dates, on)
			d.told = append(d.told, m.at)
		}
	}
	for _, m := range p.of(k.first) {
		if on, ok := crmTime(m.value); ok && (d.first.IsZero() || on.Before(d.first)) {
			d.first = on
		}
	}
	if k.counter == "" {
		return latest(d.byDate())
	}
	return latest(d.byNumber())
}

func latest(all []activity) []activity {
	const most = 1000
	return all[max(0, len(all)-most):]
}

type dater struct {
	kind     kind
	past     pasts
	dates    []time.Time // the last dates that the contact had
	told     []time.Time // since when it had each
	first    time.Time
	earliest time.Time
	used     time.Time // the last date of the occurrence before
}

// byDate makes one occurrence of each date.
func (d *dater) byDate() []activity {
	var out []activity
	for i, on := range d.dates {
		id := d.kind.name + "/" + strconv.FormatInt(on.UnixMilli(), 10)
		if !slices.ContainsFunc(out, func(x activity) bool { return x.id == id }) {
			out = append(out, activity{id: id, kind: d.kind.name, at: on, certain: true, attributes: d.described(d.told[i], time.Time{})})
		}
	}
	slices.SortFunc(out, func(x, y activity) int { return x.at.Compare(y.at) })
	return out
}

// byNumber makes one occurrence of each number that the counter reached.
func (d *dater) byNumber() []activity {
	var out []activity
	high, counts := int64(0), d.past.of(d.kind.counter)
	for i, m := range counts {
		f, err := strconv.ParseFloat(m.value, 64)
		if err != nil || int64(f) <= high {
			continue
		}
		var until time.Time // when the counter changed again
		if i+1 < len(counts) {
			until = counts[i+1].at
		}
		on, seen := d.dateFor(m.at, until)
		floor, end := later(d.earliest, d.first), m.at
		if !on.IsZero() {
			end = on
		}
		for n := max(high+1, int64(f)-999); n < int64(f); n++ { // more than a thousand are not told anyway
			out = append(out, d.numbered(n, floor, end))
		}
		newest := d.numbered(int64(f), floor, end)
		switch {
		case !on.IsZero():
			newest.at, newest.certain = on, true
		case m.written && !newest.certain && m.at.After(floor):
			newest.at, newest.notBefore = m.at, floor
		}
		newest.attributes = d.described(later(m.at, seen), until)
		out = append(out, newest)
		d.pass(m, on)
		high = int64(f)
	}
	return out
}

// pass moves on to what happened after a value of the counter.
func (d *dater) pass(m moment, on time.Time) {
	switch {
	case !on.IsZero():
		d.used, d.earliest = on, later(d.earliest, on)
	case m.written || d.kind.last == "":
		d.earliest = later(d.earliest, m.at)
	}
}

// numbered is an occurrence as old as it can be, which may have happened until a moment; only of the first is the
// date known.
func (d *dater) numbered(n int64, floor, end time.Time) activity {
	o := activity{id: d.kind.name + "/" + strconv.FormatInt(n, 10), kind: d.kind.name, at: floor, notAfter: later(floor, end)}
	if n == 1 && !d.first.IsZero() {
		o.at, o.certain = d.first, true
	}
	return o
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// dateFor is the first unused last date among the one in force at a moment and those that came until another.
func (d *dater) dateFor(at, until time.Time) (on, seen time.Time) {
	for i := range d.dates {
		replaced := i+1 < len(d.told) && !d.told[i+1].After(at)
		tooLate := !until.IsZero() && d.told[i].After(at) && !d.told[i].Before(until)
		if !replaced && !tooLate && d.dates[i].After(d.used) {
			return d.dates[i], d.told[i]
		}
	}
	return time.Time{}, time.Time{}
}

// described are the attributes a minute after something was seen, or before the next one was.
func (d *dater) described(seen, until time.Time) map[string]string {
	at := seen.Add(time.Minute)
	if !until.IsZero() && !until.After(at) {
		at = later(seen, until.Add(-time.Microsecond))
	}
	out := map[string]string{}
	for name, property := range d.kind.attributes {
		for _, m := range d.past.of(property) {
			if m.at.After(at) {
				break
			}
			if out[name] = m.value; m.value == "" {
				delete(out, name)
			}
		}
	}
	return out
}
