package workflows

import "maps"

// CountOn joins the counts of episodes of the two contacts of a merge, whose state as it goes on is s: the higher count of
// each. What is still to come was counted already and takes its key from the count then; if both had episodes, the other one
// may have used that key, so it is counted once more.
func (s *LeadState) CountOn(own, old map[string]int) map[string]int {
	counts := open(old)
	for name, n := range own {
		counts[name] = max(n, counts[name])
	}
	coming := map[string]bool{}
	for rule := range s.Waits {
		coming[rule] = true
	}
	for _, c := range s.Clocks {
		coming[clockEpisodes(c.Rule)] = c.State == ClockDue || c.State == ClockMissed
	}
	maps.DeleteFunc(coming, func(name string, is bool) bool { return !is || own[name] == 0 || old[name] == 0 })
	for name := range coming {
		counts[name]++
	}
	return counts
}
