package scoring

import (
	"cmp"
	"slices"
)

// machineRule is how fast somebody must be to be a machine (C3). The zero value never is one.
type machineRule struct {
	times  int
	within int64 // microseconds
}

// stay is the time in which a dated activity can have happened, microseconds.
type stay struct {
	from, until int64
	act         int // its place in the frame's list
}

// stayOf is when an activity happened; ok is false if nobody knows it well enough: its date is not the CRM's own
// and the time in which it can have happened is longer than within, or open.
func stayOf(a *Activity, within int64) (s stay, ok bool) {
	s.from = a.At.UnixMicro()
	s.until = s.from
	if !a.Uncertain {
		return s, true
	}
	if a.NotAfter.IsZero() {
		return s, false
	}
	s.until = max(s.until, a.NotAfter.UnixMicro())
	if !a.NotBefore.IsZero() {
		s.from = min(s.from, a.NotBefore.UnixMicro())
	}
	return s, s.until-s.from <= within
}

// findMachines marks the activities that machines did.
func (f *frame) findMachines(activities []Activity) {
	f.robots = append(f.robots[:0], make([]bool, len(f.acts))...)
	for _, kind := range f.model.watched {
		rule := &f.model.kinds[kind]
		f.stays = f.stays[:0]
		for i, d := range f.acts {
			if a := &activities[d.act]; a.Kind == rule.Kind {
				if s, ok := stayOf(a, rule.machine.within); ok {
					s.act = i
					f.stays = append(f.stays, s)
				}
			}
		}
		if len(f.stays) >= rule.machine.times {
			f.burst(rule.machine)
		}
	}
}

// burst marks those of the frame's stays that lie, together with so many others, in one span of time. It is enough
// to try the spans that begin where a stay does: any other that holds the same stays can begin later.
func (f *frame) burst(rule machineRule) {
	slices.SortFunc(f.stays, func(a, b stay) int { return cmp.Compare(a.from, b.from) })
	f.ends = f.ends[:0]
	for _, s := range f.stays {
		f.ends = append(f.ends, s.until)
	}
	slices.Sort(f.ends)
	latest, found := int64(0), false // the latest beginning of a span that holds enough
	ended := 0                       // how many have ended when the span ends
	for first, i := 0, 0; i < len(f.stays); first = i {
		from := f.stays[first].from
		for ended < len(f.ends) && f.ends[ended] <= from+rule.within {
			ended++
		}
		// No stay is longer than the span, so those that began before it have ended when it ends.
		if ended-first >= rule.times {
			latest, found = from, true
		}
		for ; i < len(f.stays) && f.stays[i].from == from; i++ {
			if found && f.stays[i].until <= latest+rule.within {
				f.robots[f.stays[i].act] = true
			}
		}
	}
}

// People leaves out what machines did, as far as the model says how to know it (C3), and the repetitions of an
// activity. The activities stay as they are; the result is the latest first, or the list itself if the model knows
// no machines.
func (m *Model) People(activities []Activity) []Activity {
	if len(m.watched) == 0 {
		return activities
	}
	f := frame{model: m, seen: map[string]struct{}{}}
	f.arrange(activities)
	f.findMachines(activities)
	kept := make([]Activity, 0, len(f.acts))
	for i, d := range f.acts {
		if !f.robots[i] {
			kept = append(kept, activities[d.act])
		}
	}
	return kept
}
