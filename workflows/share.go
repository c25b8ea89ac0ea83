package workflows

import (
	"cmp"
	"errors"
	"slices"

	"leadsync/connector"
)

// ErrLeft says that a worker stopped between two steps because the portal is to be given to somebody else.
var ErrLeft = errors.New("the portal is given back")

// Fellowship is what one process sees of those who share the same portals.
type Fellowship struct {
	Self string
	// Alive are the workers that share the portals, by name; Self counts whether it is among them or not.
	Alive []string
	// Portals says of each portal who has it: a worker's name, or nobody. What the process works itself is Self's,
	// whatever the database says, as long as it works.
	Portals map[connector.PortalID]string
}

// Share decides which portals a process takes and how many it gives back. Of P portals and n workers everybody's share is P/n,
// rounded up for the first P mod n by name and down for the others: nobody takes beyond it, and together the shares are
// all portals, so none is left over. Somebody gives back what is beyond the share only with more than
// P/n rounded up, or while another has less than P/n rounded down: a difference of one moves nothing.
func Share(s Fellowship) (take []connector.PortalID, give int) {
	alive := slices.Clone(s.Alive)
	if !slices.Contains(alive, s.Self) {
		alive = append(alive, s.Self)
	}
	slices.Sort(alive)
	least, more := len(s.Portals)/len(alive), len(s.Portals)%len(alive)
	share := least
	if slices.Index(alive, s.Self) < more {
		share++
	}
	counts := map[string]int{}
	var free []connector.PortalID
	for portal, owner := range s.Portals {
		counts[owner]++
		if owner == "" {
			free = append(free, portal)
		}
	}
	mine := counts[s.Self]
	if room := share - mine; room > 0 {
		// Everybody begins at another place of the list, so that two who come at once do not fight for the same portals.
		slices.Sort(free)
		at := slices.Index(alive, s.Self) * len(free) / len(alive)
		free = append(slices.Clone(free[at:]), free[:at]...)
		return free[:min(room, len(free))], 0
	}
	poor := func(worker string) bool { return counts[worker] < least }
	if mine > least+min(more, 1) || slices.ContainsFunc(alive, poor) {
		return nil, max(0, mine-share)
	}
	return nil, 0
}

// LeavesFirst orders portals for being given back: those at rest before those at work, then by id.
func LeavesFirst(atRest map[connector.PortalID]bool) []connector.PortalID {
	var out []connector.PortalID
	for portal := range atRest {
		out = append(out, portal)
	}
	slices.SortFunc(out, func(a, b connector.PortalID) int {
		if atRest[a] != atRest[b] {
			if atRest[a] {
				return -1
			}
			return 1
		}
		return cmp.Compare(a, b)
	})
	return out
}
