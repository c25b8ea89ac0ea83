package workflows

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// fewestPeople is how many people stand behind a figure about answers at least: smaller groups are folded (no
// surveillance by default).
const fewestPeople = 5

// fewLeads is below which number of leads a rate says little.
const fewLeads = 20

// Measured is one run of a response clock as it is counted: nobody stands in it.
type Measured struct {
	Rule, Team, Source string
	State              ClockState
	StartedAt          time.Time // business time
	Answered           bool      // also after the limit
	Took               time.Duration
}

// ResponseGroup are the figures of one clock and group. Others is the group of those that are too small to be shown.
type ResponseGroup struct {
	Rule   string `json:"clock"`
	Group  string `json:"group"`
	Others bool   `json:"others,omitempty"`
	// Folded is how many groups are in this one; 1 unless Others.
	Folded int `json:"groups"`
	Runs   int `json:"runs"`
	// Withheld says that even all together are fewer than five people as far as anybody knows: there are no figures.
	Withheld bool             `json:"withheld,omitempty"`
	Figures  *ResponseFigures `json:"figures,omitempty"`
}

// ResponseFigures say how fast a group answers. Median and Slow are working time, of the runs that were answered.
type ResponseFigures struct {
	Met    int `json:"met"`
	Missed int `json:"missed"`
	Due    int `json:"due"`
	Ended  int `json:"ended"`
	// Share is met of met and missed, from 0 to 1; nil if there are none.
	Share  *float64 `json:"share_met"`
	Median *int64   `json:"median_seconds"`
	Slow   *int64   `json:"percentile_90_seconds"`
}

// MeasureResponse counts runs by clock and by team, source or not at all (by is team, source or empty). teams says how
// many people a team has; a team that it does not know counts as nobody. Whatever has fewer than five people behind it is
// folded into the others, and so is the next smallest group as long as the others together are fewer than
// five people: what is left out of a total must not be found by subtracting.
func MeasureResponse(runs []Measured, by string, teams map[string]int) []ResponseGroup {
	byRule := map[string][]Measured{}
	for _, r := range runs {
		byRule[r.Rule] = append(byRule[r.Rule], r)
	}
	var out []ResponseGroup
	for _, rule := range slices.Sorted(maps.Keys(byRule)) {
		out = append(out, measureRule(rule, byRule[rule], by, teams)...)
	}
	return out
}

// group is what is counted together.
type group struct {
	name   string
	runs   []Measured
	teams  map[string]bool
	people int
}

func measureRule(rule string, runs []Measured, by string, teams map[string]int) []ResponseGroup {
	shown, others := fold(groupsOf(runs, by, teams), teams)
	var out []ResponseGroup
	for _, g := range shown {
		out = append(out, ResponseGroup{Rule: rule, Group: g.name, Folded: 1, Runs: len(g.runs), Figures: figures(g.runs)})
	}
	if len(others) == 0 {
		return out
	}
	all := joined(others, teams)
	rest := ResponseGroup{Rule: rule, Others: true, Folded: len(others), Runs: len(all.runs), Withheld: all.people < fewestPeople}
	if !rest.Withheld {
		rest.Figures = figures(all.runs)
	}
	return append(out, rest)
}

func groupsOf(runs []Measured, by string, teams map[string]int) []group {
	named := map[string]*group{}
	for _, r := range runs {
		name := map[string]string{"team": r.Team, "source": r.Source}[by]
		if named[name] == nil {
			named[name] = &group{name: name, teams: map[string]bool{}}
		}
		g := named[name]
		g.runs = append(g.runs, r)
		g.teams[r.Team] = true
	}
	var list []group
	for _, name := range slices.Sorted(maps.Keys(named)) {
		g := *named[name]
		g.people = peopleIn(g.teams, teams)
		list = append(list, g)
	}
	return list
}

func peopleIn(in map[string]bool, teams map[string]int) int {
	n := 0
	for team := range in {
		n += teams[team]
	}
	return n
}

// joined is several groups as one; a team that is in two of them counts once.
func joined(groups []group, teams map[string]int) group {
	all := group{teams: map[string]bool{}}
	for _, g := range groups {
		all.runs = append(all.runs, g.runs...)
		maps.Copy(all.teams, g.teams)
	}
	all.people = peopleIn(all.teams, teams)
	return all
}

// fold separates the groups that may be shown from the others.
func fold(groups []group, teams map[string]int) (shown, others []group) {
	for _, g := range groups {
		if g.people >= fewestPeople {
			shown = append(shown, g)
		} else {
			others = append(others, g)
		}
	}
	for len(others) > 0 && len(shown) > 0 && joined(others, teams).people < fewestPeople {
		smallest := slices.IndexFunc(shown, func(g group) bool {
			return !slices.ContainsFunc(shown, func(o group) bool { return cmp.Or(o.people-g.people, len(o.runs)-len(g.runs)) < 0 })
		})
		others = append(others, shown[smallest])
		shown = slices.Delete(shown, smallest, smallest+1)
	}
	return shown, others
}

func figures(runs []Measured) *ResponseFigures {
	f := &ResponseFigures{}
	var took []time.Duration
	for _, r := range runs {
		switch r.State {
		case ClockMet:
			f.Met++
		case ClockMissed:
			f.Missed++
		case ClockDue:
			f.Due++
		case ClockEnded:
			f.Ended++
		}
		if r.Answered {
			took = append(took, r.Took)
		}
	}
	if judged := f.Met + f.Missed; judged > 0 {
		share := float64(f.Met) / float64(judged)
		f.Share = &share
	}
	slices.Sort(took)
	const half, most, whole = 50, 90, 100
	f.Median, f.Slow = rank(took, half, whole), rank(took, most, whole)
	return f
}

// rank is the value that so many of so many parts do not exceed (nearest rank), in seconds.
func rank(sorted []time.Duration, part, of int) *int64 {
	if len(sorted) == 0 {
		return nil
	}
	seconds := int64(sorted[(len(sorted)*part+of-1)/of-1] / time.Second)
	return &seconds
}

// MisjudgedGroup says how many of the leads of a group that qualified were misjudged (S95).
type MisjudgedGroup struct {
	Group     string  `json:"group"`
	Leads     int     `json:"leads"` // enterings
	Misjudged int     `json:"misjudged"`
	Rate      float64 `json:"rate"`
	// Few says that there are fewer than twenty leads: the rate says little.
	Few bool `json:"few,omitempty"`
	// Reasons and Outcomes count what was said of the misjudged; unknown reasons under the empty name.
	Reasons  map[string]int                   `json:"reasons,omitempty"`
	Outcomes map[scoring.MisjudgedOutcome]int `json:"outcomes,omitempty"`
}

// MeasureMisjudged counts enterings by stage, by source, or else by what carried the lead there; the group with the most
// misjudged leads first, then by name.
func MeasureMisjudged(entered []Qualified, by string) []MisjudgedGroup {
	named := map[string]*MisjudgedGroup{}
	for _, q := range entered {
		name := q.Carrier
		switch by {
		case "stage":
			name = q.Stage
		case "source":
			name = q.Source
		}
		g := named[name]
		if g == nil {
			g = &MisjudgedGroup{Group: name, Reasons: map[string]int{}, Outcomes: map[scoring.MisjudgedOutcome]int{}}
			named[name] = g
		}
		g.Leads++
		if !q.JudgedAt.IsZero() {
			g.Misjudged++
			g.Reasons[q.Reason]++
			g.Outcomes[q.Outcome]++
		}
	}
	list := []MisjudgedGroup{}
	for _, g := range named {
		g.Rate, g.Few = float64(g.Misjudged)/float64(g.Leads), g.Leads < fewLeads
		list = append(list, *g)
	}
	slices.SortFunc(list, func(a, b MisjudgedGroup) int { return cmp.Or(b.Misjudged-a.Misjudged, cmp.Compare(a.Group, b.Group)) })
	return list
}

// Proposal is a contact that is proposed for deletion (S94). Nothing is deleted by that.
type Proposal struct {
	Contact connector.ObjectID `json:"contact"`
	End     string             `json:"end"`
	Reason  string             `json:"reason,omitempty"`
	Since   time.Time          `json:"since"` // business time
}

// ClockCount counts the runs of one clock in one state.
type ClockCount struct {
	Rule  string     `json:"clock"`
	State ClockState `json:"state"`
	Count int        `json:"runs"`
}
