package audit

import (
	"slices"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// step is one standstill of the world: what others did at its time, and what leadsync then did.
type step struct {
	at           time.Time
	theirs, ours []simulator.Entry
}

// stepsOf cuts the journal after go-live into steps by world time, and adds the given instants at which
// nobody did anything.
func stepsOf(entries []simulator.Entry, instants []time.Time, goLive time.Time) []step {
	byTime := map[int64]*step{}
	at := func(t time.Time) *step {
		key := t.UnixNano()
		if byTime[key] == nil {
			byTime[key] = &step{at: t.UTC()}
		}
		return byTime[key]
	}
	at(goLive)
	for _, t := range instants {
		if t.After(goLive) {
			at(t)
		}
	}
	var direct simulator.Entry // the last entry that leadsync made itself
	for _, e := range entries {
		s := at(e.At)
		if e.Actor.Kind == simulator.API {
			direct = e
		}
		if e.Actor.Kind == simulator.API || follows(e, direct) {
			s.ours = append(s.ours, e)
		} else {
			s.theirs = append(s.theirs, e)
		}
	}
	var out []step
	for _, s := range byTime {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(x, y step) int { return x.at.Compare(y.at) })
	return out
}

// follows reports whether HubSpot derived an entry from what leadsync did: it belongs to a call, or to the
// same instant of operating time as the deed, if that was done without a call.
func follows(e, direct simulator.Entry) bool {
	if e.Actor.Kind != simulator.System || another(e.Actor) {
		return false
	}
	if e.Call != "" {
		return true
	}
	return direct.Seq > 0 && direct.Call == "" && direct.Wall.Equal(e.Wall) && direct.At.Equal(e.At)
}

// writings are what leadsync wrote in one step, by contact.
type writings map[string]*written

type written struct {
	stages, statuses []string        // option values, in order
	scored           bool            // one of the score properties changed
	lists            map[string]bool // ids of lists, and whether the contact was put on or taken off
	foreign          []string        // properties that leadsync has no business to write
	tasks, deals     []*made
	archived         []*made
	kept             map[*made]string    // archived although a person had completed or edited it
	amended          map[*made]bool      // tasks made before and changed in this step
	keyed            map[*made]bool      // of these, those that got another key
	own              map[string][]string // what was written to properties of ours
	updates          map[string]bool     // and by which calls
	sides            []string            // what was written of the responsible side
	lacks            bool                // what a stage lacks was written
}

func newWritings() writings { return writings{} }

func (w writings) of(contact string) *written {
	if w[contact] == nil {
		w[contact] = &written{
			kept: map[*made]string{}, amended: map[*made]bool{}, keyed: map[*made]bool{}, lists: map[string]bool{}, own: map[string][]string{}, updates: map[string]bool{},
		}
	}
	return w[contact]
}
