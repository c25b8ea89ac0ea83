package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
)

// state is the outcome of one examined thing.
type state string

const (
	stateWorks   state = "works"
	stateLimited state = "limited"
	stateBroken  state = "does not work"
	stateTodo    state = "to do"
	stateOff     state = "off"
	stateUnknown state = "unknown"
)

// diagnosis is everything that doctor found; its JSON is the command's.
type diagnosis struct {
	Portal       string                `json:"portal"`
	Account      accountSection        `json:"account"`
	Error        string                `json:"error,omitempty"`
	Created      []string              `json:"created,omitempty"`
	Scopes       []scopeCheck          `json:"scopes,omitempty"`
	Effects      map[string]string     `json:"effects,omitempty"`
	Findings     []service.Finding     `json:"findings,omitempty"`
	Stages       []optionLine          `json:"stages,omitempty"`
	Statuses     []optionLine          `json:"statuses,omitempty"`
	Pipelines    []connector.Pipeline  `json:"pipelines,omitempty"`
	Owners       ownerSection          `json:"owners"`
	Acting       *service.Acting       `json:"acting,omitempty"`
	Acknowledged bool                  `json:"acknowledged"`
	Probes       []probeLine           `json:"probes,omitempty"`
	Limits       []connector.CallLimit `json:"limits,omitempty"`
	Usage        []connector.Usage     `json:"usage,omitempty"`
	Cost         []costLine            `json:"cost,omitempty"`
	Calls        int                   `json:"calls"` // of this examination
	Verdict      []verdictLine         `json:"verdict"`
}

type accountSection struct {
	ID       connector.PortalID `json:"id"`
	TimeZone string             `json:"time_zone,omitempty"`
	Currency string             `json:"currency,omitempty"`
}

type optionLine struct {
	Value  string `json:"value"`
	Label  string `json:"label"`
	Hidden bool   `json:"hidden,omitempty"`
	Model  string `json:"model,omitempty"` // the model's word, empty if it has none
}

type ownerSection struct {
	Active int         `json:"active"`
	Queues int         `json:"queues"`
	Left   []ownerLine `json:"left,omitempty"`
}

type ownerLine struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type probeLine struct {
	Type connector.ObjectType `json:"type"`
	connector.UniqueProbe
	Error string `json:"error,omitempty"`
}

type costLine struct {
	Day     string            `json:"day"`
	Purpose connector.Purpose `json:"purpose"`
	Calls   int               `json:"calls"`
	Refused int               `json:"refused"`
}

type verdictLine struct {
	What   string `json:"what"`
	State  state  `json:"state"`
	Detail string `json:"detail,omitempty"`
	Do     string `json:"do,omitempty"`
}

func (d *diagnosis) note(what string, s state, detail, do string) {
	d.Verdict = append(d.Verdict, verdictLine{What: what, State: s, Detail: detail, Do: do})
}

// fails reports whether something that is wanted does not work.
func (d *diagnosis) fails() bool {
	return d.Error != "" || slices.ContainsFunc(d.Verdict, func(v verdictLine) bool { return v.State == stateBroken }) ||
		slices.ContainsFunc(d.Findings, func(f service.Finding) bool { return f.Blocking })
}

func (d *diagnosis) write(w io.Writer) {
	tell(w, "portal %s, account %s", d.Portal, d.Account.ID)
	if d.Account.TimeZone != "" {
		tell(w, ", %s", d.Account.TimeZone)
	}
	tellLine(w)
	if d.Error != "" {
		tell(w, "  %s\n", d.Error)
		return
	}
	for _, name := range d.Created {
		tell(w, "  there now: %s\n", name)
	}
	d.writeAccount(w)
	d.writeActing(w)
	d.writeCost(w)
	if len(d.Findings) > 0 {
		tellLine(w, block("\nFindings"))
	}
	for _, f := range d.Findings {
		mark := "note   "
		if f.Blocking {
			mark = "BLOCKED"
		}
		tell(w, "  %s  %s\n           %s\n", mark, f.Text, f.Remedy)
	}
	d.writeVerdict(w)
}

func (d *diagnosis) writeAccount(w io.Writer) {
	for _, s := range []struct {
		title string
		lines []optionLine
	}{{"Lifecycle stages, in the account's order", d.Stages}, {"Lead statuses", d.Statuses}} {
		tell(w, "\n%s\n", s.title)
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for i, o := range s.lines {
			model := o.Model
			if model == "" {
				model = "(not mapped: never set or seen)"
			}
			tell(t, "  %d\t%s\t%s\t%s\n", i+1, o.Label, o.Value, model)
		}
		_ = t.Flush() // the screen has gone away if this fails
	}
	tellLine(w, block("\nPipelines"))
	for _, p := range d.Pipelines {
		var stages []string
		for _, s := range p.Stages {
			mark := ""
			switch {
			case s.Won:
				mark = " (won)"
			case s.Lost:
				mark = " (lost)"
			}
			stages = append(stages, s.ID+mark)
		}
		tell(w, "  %s %q: %s\n", p.ID, p.Label, strings.Join(stages, ", "))
	}
	tell(w, "\nOwners: %d active, %d queues", d.Owners.Active, d.Owners.Queues)
	for i, o := range d.Owners.Left {
		if i == 0 {
			tell(w, "; have left and are never given work:")
		}
		tell(w, " %s (%s)", o.Name, o.ID)
	}
	tellLine(w)
}

func (d *diagnosis) writeActing(w io.Writer) {
	if d.Acting == nil {
		return
	}
	tellLine(w, block("\nWhat else acts on the properties that leadsync writes"))
	for _, a := range d.Acting.Automations {
		tell(w, "  workflow %s %q", a.ID, a.Name)
		if len(a.Enrols) > 0 {
			tell(w, ", enrols on %s", strings.Join(a.Enrols, ", "))
		}
		if len(a.Sets) > 0 {
			tell(w, ", sets %s", strings.Join(a.Sets, ", "))
		}
		if len(a.Unread) > 0 {
			tell(w, "; look yourself, these parts are not understood: %s", strings.Join(a.Unread, ", "))
		}
		tellLine(w)
	}
	if d.Acting.Readable && len(d.Acting.Automations) == 0 {
		tellLine(w, "  no active workflow")
	}
	for _, line := range d.Acting.Checklist {
		tell(w, "  [ ] %s\n", line)
	}
	if d.Acknowledged {
		tell(w, "  acknowledged as %s\n", d.Acting.Code)
		return
	}
	tell(w, "  When you have read and checked this, write in the portal: acknowledged: \"%s\"\n", d.Acting.Code)
}

func (d *diagnosis) writeCost(w io.Writer) {
	tellLine(w, block("\nLimits"))
	for _, l := range d.Limits {
		if l.Max < 0 {
			tell(w, "  %s: the account has not said", l.Bucket)
		} else {
			tell(w, "  %s: %d per %s, %s left", l.Bucket, l.Max, l.Window, number(l.Remaining))
		}
		if l.Daily >= 0 {
			tell(w, "; per day %s, %s left", number(l.Daily), number(l.DailyRemaining))
		}
		tellLine(w)
	}
	for _, u := range d.Usage {
		tell(w, "  %s: %d of %d calls used today by everybody", u.Name, u.Used, u.Limit)
		if !u.ResetsAt.IsZero() {
			tell(w, ", resets %s", u.ResetsAt.Format(time.RFC3339))
		}
		tellLine(w)
	}
	tell(w, "  this examination made %d calls\n", d.Calls)
	if len(d.Cost) == 0 {
		return
	}
	tellLine(w, block("\nWhat leadsync has cost (calls a day, UTC)"))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range d.Cost {
		tell(t, "  %s\t%s\t%d\t%d refused\n", c.Day, c.Purpose, c.Calls, c.Refused)
	}
	_ = t.Flush() // the screen has gone away if this fails
}

func number(n int) string {
	if n < 0 {
		return "?"
	}
	return fmt.Sprint(n)
}

func (d *diagnosis) writeVerdict(w io.Writer) {
	tellLine(w, block("\nVerdict"))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	order := []state{stateBroken, stateTodo, stateLimited, stateUnknown, stateWorks, stateOff}
	lines := slices.Clone(d.Verdict)
	slices.SortStableFunc(lines, func(a, b verdictLine) int { return slices.Index(order, a.State) - slices.Index(order, b.State) })
	for _, v := range lines {
		tell(t, "  %s\t%s\t%s\n", v.State, v.What, v.Detail)
		if v.Do != "" {
			tell(t, "  \t\t→ %s\n", v.Do)
		}
	}
	_ = t.Flush() // the screen has gone away if this fails
}
