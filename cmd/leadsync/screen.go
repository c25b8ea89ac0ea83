package main

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"leadsync/cmd/leadsync/audit"
	"leadsync/connector"
	"leadsync/connector/hubspot/simulator/population"
	"leadsync/scoring"
	"leadsync/workflows"
)

// screen shows a demo as it happens: what somebody did, and what followed from it.
type screen struct {
	w     io.Writer
	color bool
	zone  *time.Location

	mu      sync.Mutex
	began   time.Time
	loads   map[string]int
	at      time.Time
	deeds   map[string]population.Deed // of this step, by contact
	effects map[string][]string        // of this step, by contact
	names   map[string]string
	order   []string
	last    string
	quiet   int // deeds since the last line that had no consequence

	seen                                               int // contacts evaluated
	moves, statuses, scores, tasks, closed, deals, err int
	changed                                            int // open tasks that became others
	companies                                          int // moved
	deedCount                                          int
	stages                                             map[string]int
}

func newScreen(env *environment) *screen {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		zone = time.UTC
	}
	return &screen{
		w: colored(env.stdout), color: isTerminal(env.stdout) && env.getenv("NO_COLOR") == "", zone: zone,
		loads: map[string]int{}, deeds: map[string]population.Deed{}, effects: map[string][]string{},
		names: map[string]string{}, stages: map[string]int{},
	}
}

// Colours of a terminal.
const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
	cyan   = "36"
)

func (s *screen) paint(code, text string) string {
	if !s.color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s *screen) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(s.w, format, args...) // a screen that has gone away stops nothing
}

func (s *screen) opening(d *demo) {
	s.began = d.env.now()
	s.printf("%s\n", s.paint(bold, "leadsync demo"))
	s.printf("A simulated HubSpot account on %s with %d contacts (seed %d), leadsync beside it on SQLite.\n",
		s.paint(cyan, "loopback"), d.account.Count("contacts"), d.seed)
	s.printf("Nothing leaves this machine.\n\n%s\n", s.paint(bold, "First load: what is there already counts as handled"))
}

// progress shows the first load, a line per feed.
func (s *screen) progress(_ string, p workflows.Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, isLoad := strings.CutPrefix(p.Feed, "load/")
	if !isLoad && p.Feed != "baseline" || !p.Complete {
		return
	}
	s.loads[p.Feed] = p.Done
	what := plural(p.Done, name)
	if p.Feed == "baseline" {
		what = fmt.Sprintf("%s evaluated and remembered", plural(p.Done, "contact"))
	}
	s.printf("  %s %s\n", s.paint(green, "✓"), what)
}

func (s *screen) loaded(d *demo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := 0
	for _, n := range d.account.Calls() {
		calls += n
	}
	s.printf("  %s %s written, %s moved, %s, %s: quiet from day one\n", s.paint(green, "✓"),
		plural(s.scores, "score"), plural(s.moves, "stage"), plural(s.tasks, "task"), plural(s.deals, "deal"))
	s.printf("  %s\n\n%s\n", s.paint(faint, fmt.Sprintf("%d API calls, %s", calls, d.env.now().Sub(s.began).Round(10*time.Millisecond))),
		s.paint(bold, fmt.Sprintf("People behave, %s a second, for %s", briefly(d.speed), briefly(d.lasts))))
	s.effects, s.order = map[string][]string{}, nil
}

// step begins a step with what people did in it.
func (s *screen) step(at time.Time, deeds []population.Deed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = at
	clear(s.deeds)
	for _, d := range deeds {
		s.deedCount++
		if d.Contact != "" {
			s.deeds[d.Contact] = d
		}
	}
}

// planned remembers what a plan decided, for the step's lines.
func (s *screen) planned(_ string, r workflows.LeadRecord, e scoring.Evaluation, p workflows.Planned) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen++
	id := string(r.ID)
	for _, a := range p.Actions {
		if text := s.action(a, e); text != "" {
			if s.effects[id] == nil {
				s.order = append(s.order, id)
			}
			s.effects[id] = append(s.effects[id], text)
		}
	}
	props := r.Contact.Properties
	s.names[id] = strings.TrimSpace(props["firstname"] + " " + props["lastname"])
	if s.names[id] == "" {
		s.names[id] = "contact " + id
	}
}

func (s *screen) action(a workflows.Action, e scoring.Evaluation) string {
	switch {
	case a.Class == workflows.ClassStage:
		var scores []string
		for _, sc := range e.Scores {
			scores = append(scores, fmt.Sprintf("%s %d", sc.Name, sc.Whole))
		}
		return s.paint(green, "stage "+orWord(a.From, "none")+" → "+a.To) + s.paint(faint, " ("+strings.Join(scores, ", ")+")")
	case a.Class == workflows.ClassCompany:
		return s.paint(green, "company "+orWord(a.From, "without a stage")+" → "+a.To)
	case a.Class == workflows.ClassOwner:
		return s.paint(green, "owner → "+orWord(a.Reason.Params["person"], a.To))
	case a.Class == workflows.ClassStatus:
		return s.paint(blue, "status "+orWord(a.From, "none")+" → "+a.To)
	case a.Kind == workflows.KindTask:
		return s.task("task: ", a)
	case a.Kind == workflows.KindAmend:
		return s.task("task changed: ", a)
	case a.Kind == workflows.KindDeal && a.Mode == workflows.ModeOff:
		return s.paint(faint, "no second deal: one is open")
	case a.Kind == workflows.KindDeal:
		return s.paint(yellow, "deal opened") + s.paint(faint, ", because "+because(a))
	case a.Kind == workflows.KindClose:
		return s.paint(faint, "task closed: "+a.Rule+" ("+strings.ReplaceAll(string(a.Reason.Code), "_", " ")+")")
	}
	return ""
}

// task tells of a task that is made, or that the open one becomes; nothing of one that is not.
func (s *screen) task(what string, a workflows.Action) string {
	due, err := time.Parse(time.RFC3339, a.DueAt)
	if err != nil {
		return ""
	}
	why := []string{", because " + because(a)}
	for _, r := range a.Assigned { // who got it, if that is not simply the owner
		why = append(why, workflows.RenderReason("en", r))
	}
	return s.paint(yellow, what+a.Rule) + ", due " + due.In(s.zone).Format("Mon 2 Jan 15:04") + s.paint(faint, strings.Join(why, "; "))
}

func because(a workflows.Action) string {
	for _, what := range []string{"status", "stage"} {
		if v := a.Reason.Params[what]; v != "" {
			return what + " " + v + " was entered (no. " + orWord(a.Reason.Params["episode"], "1") + ")"
		}
	}
	return strings.ReplaceAll(string(a.Reason.Code), "_", " ")
}

// settled counts what arrived.
func (s *screen) settled(_ string, e workflows.OutboxEntry, st workflows.Settlement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st.State == workflows.StateParked {
		s.err++
		s.printf("  %s %s: %s\n", s.paint(red, "parked"), e.Key, st.Error)
	}
	if st.State == workflows.StateSettled {
		s.count(e, st)
	}
}

// count counts one effect that is in the CRM.
func (s *screen) count(e workflows.OutboxEntry, st workflows.Settlement) {
	switch {
	case e.Kind == workflows.KindAmend && st.Error == string(connector.AmendDone):
		s.changed++
	case e.Kind == workflows.KindTask, e.Kind == workflows.KindAmend:
		s.tasks++
	case e.Kind == workflows.KindDeal:
		s.deals++
	case e.Kind == workflows.KindClose:
		if st.Error == string(connector.CloseArchived) { // others had been completed or deleted by a person
			s.closed++
		}
	case e.Kind == workflows.KindCompany:
		s.companies++
	case e.Class == workflows.ClassStage:
		s.moves++
	case e.Class == workflows.ClassStatus:
		s.statuses++
	default:
		s.scores++
	}
}

// settle prints the step: every contact to which something happened, after the deed that caused it.
func (s *screen) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.deeds {
		if s.effects[id] == nil {
			s.quiet++
		}
	}
	for _, id := range s.order {
		s.last = id
		if s.quiet > 0 {
			s.printf("%s\n", s.paint(faint, fmt.Sprintf("  … %s without consequence", plural(s.quiet, "other deed"))))
			s.quiet = 0
		}
		deed, ok := s.deeds[id]
		if !ok {
			deed = population.Deed{At: s.at, Name: s.names[id], What: "its company changed, or time passed"}
		}
		s.printf("%s  %s  %s\n", s.paint(faint, deed.At.In(s.zone).Format("Mon 02 Jan 15:04")), s.paint(bold, clip(deed.Name, 44)), deed.What)
		for _, text := range s.effects[id] {
			s.printf("                  └ %s\n", text)
		}
	}
	clear(s.effects)
	s.order = nil
}

func (s *screen) summary(d *demo, report audit.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.printf("\n%s\n", s.paint(bold, "Summary"))
	days := d.clock.Now().Sub(demoStart()).Hours() / 24
	s.printf("  %.1f days passed, people did %s.\n", days, plural(s.deedCount, "thing"))
	s.printf("  %s, %s of companies, %s, %s (%d changed, %d closed again), %s, %s written.\n", plural(s.moves, "stage move"),
		plural(s.companies, "move"), plural(s.statuses, "status change"), plural(s.tasks, "task"), s.changed, s.closed, plural(s.deals, "deal"), plural(s.scores, "score"))
	s.calls(d)
	s.printf("\n%s\n", s.paint(bold, "Audit (from the account's own journal, by a second evaluator)"))
	report.Write(s.w)
}

// calls says what the API was asked, and what one call per record would have cost: a contact, its company,
// its calls and its meetings for every evaluation, and one call for every effect.
func (s *screen) calls(d *demo) {
	parts, total := tally(d.account.CallsByBucket())
	naive := 4*s.seen + s.moves + s.statuses + s.scores + s.tasks + s.deals + s.closed + s.companies
	s.printf("  %d API calls (%s). One call per record would have been %d: %d saved.\n", total, parts, naive, max(0, naive-total))
}

// tally lists counts by name, and adds them up.
func tally(counts map[string]int) (text string, total int) {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		total += counts[name]
		parts = append(parts, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(parts, ", "), total
}

func (s *screen) kept(d *demo, dir string) {
	s.printf("\nEverything goes on running. Press Ctrl-C to stop. In another terminal, with the same binary:\n"+
		"  leadsync explain %s --config %s\n  leadsync effects --config %s\n  curl -s %s/control/calls\n",
		s.example(), filepath.Join(dir, "leadsync.yaml"), filepath.Join(dir, "leadsync.yaml"), d.apiURL)
}

// example is a contact worth explaining: the last one that something happened to.
func (s *screen) example() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return orWord(s.last, "CONTACT")
}

// briefly writes a duration without its zero parts: 12h, not 12h0m0s.
func briefly(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if stem, ok := strings.CutSuffix(what, "y"); ok {
		return fmt.Sprintf("%d %sies", n, stem)
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func clip(text string, limit int) string {
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return string(runes[:limit-1]) + "…"
}
