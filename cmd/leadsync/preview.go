package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/scoring"
	"leadsync/workflows"
)

func previewCommand(env *environment) *cobra.Command {
	var sample, explained int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "preview",
		Short: "Read a sample of the account and print what would happen in it; writes nothing",
		Long: "The first thing to do with an account of your own. Needs read access only, and writes nothing: not to the account,\n" +
			"not to a database. Prints the moves from → to, the tasks and deals, what reading costs, and some contacts explained.",
		Args: exactly(0, "no arguments"),
	}
	portal := portalFlag(cmd)
	cmd.Flags().IntVar(&sample, "sample", 2000, "contacts to read")
	cmd.Flags().IntVar(&explained, "explain", 10, "contacts to explain")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if sample < 1 || explained < 0 {
			return usageError{fmt.Errorf("--sample must be at least 1 and --explain not negative")}
		}
		in, err := loadInstallation(cmd, env)
		if err != nil {
			return err
		}
		p, err := in.choose(*portal)
		if err != nil {
			return err
		}
		v, err := newPreviewer(cmd.Context(), env, in, p)
		if err != nil {
			return err
		}
		out, err := v.run(cmd.Context(), sample, explained)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(env.stdout, out)
		}
		return out.write(env.stdout, v.portal.Language, v.portal.Calendar.Zone())
	}
	return cmd
}

type previewer struct {
	in     *installation
	conn   service.Connection
	portal *workflows.Portal
	found  []service.Finding
	tell   func(string, workflows.Progress)

	mu    sync.Mutex
	calls map[string]int
}

// newPreviewer connects with every effect of the plan switched on: nothing is carried out here.
func newPreviewer(ctx context.Context, env *environment, in *installation, p config.Portal) (*previewer, error) {
	log := newLog(env, in.cfg.Log)
	v := &previewer{in: in, calls: map[string]int{}, tell: progress(env, log)}
	var err error
	v.conn, _, err = connect(env, in.cfg, p, slog.New(slog.DiscardHandler), v.count)
	if err != nil {
		return nil, err
	}
	d, err := service.Describe(ctx, in.cfg, p, in.model, v.conn)
	if err != nil {
		return nil, err
	}
	v.portal, v.found = d.Portal, d.Findings
	v.portal.Modes = map[workflows.Class]workflows.Mode{}
	for _, class := range workflows.Classes() {
		v.portal.Modes[class] = workflows.ModeOn
	}
	return v, nil
}

func (v *previewer) count(c hubspot.Call) {
	v.mu.Lock()
	v.calls[c.Bucket]++
	v.mu.Unlock()
}

// preview is what would happen.
type preview struct {
	Portal   string             `json:"portal"`
	Account  connector.PortalID `json:"account"`
	Sample   int                `json:"sample"`
	Total    int                `json:"contacts_in_account"`
	Findings []service.Finding  `json:"findings"`
	// Moves counts stage moves "from → to" that would happen as contacts change; none happens at go-live.
	Moves    map[string]int `json:"moves"`
	Statuses map[string]int `json:"statuses"`
	// Companies counts moves of companies that the moves of their contacts would cause.
	Companies map[string]int `json:"company_moves"`
	// Tasks and Deals count by follow-up rule what the moves would cause; Backfill what the statuses that
	// are there already would cause if they were backfilled on purpose.
	Tasks    map[string]int `json:"tasks"`
	Deals    map[string]int `json:"deals"`
	Backfill map[string]int `json:"backfill"`
	Scores   int            `json:"scores"`
	// Unprofiled counts the contacts that must not be profiled, Violations those that break an invariant.
	Unprofiled int            `json:"must_not_be_profiled"`
	Violations map[string]int `json:"violations"`
	Stages     map[string]int `json:"stages_now"`
	Calls      map[string]int `json:"calls"`
	// FirstLoad estimates the calls of the first load of the whole account, Write those of writing its scores.
	FirstLoad int              `json:"calls_first_load"`
	Write     int              `json:"calls_to_write_scores"`
	Explained []previewContact `json:"explained"`
}

type previewContact struct {
	Contact    connector.ObjectID `json:"contact"`
	Stage      string             `json:"stage"`
	Evaluation scoring.Evaluation `json:"evaluation"`

	moves bool
}

func (v *previewer) run(ctx context.Context, sample, explained int) (*preview, error) {
	records, total, err := v.read(ctx, sample)
	if err != nil {
		return nil, err
	}
	list, err := v.conn.CRM.Owners(ctx)
	if err != nil {
		return nil, fmt.Errorf("read owners: %w", err)
	}
	owners := map[string]connector.Owner{}
	for _, o := range list {
		owners[o.ID] = o
	}
	out := &preview{
		Portal: v.portal.Name, Account: v.portal.ID, Sample: len(records), Total: total, Findings: v.found,
		Moves: map[string]int{}, Statuses: map[string]int{}, Companies: map[string]int{}, Tasks: map[string]int{}, Deals: map[string]int{},
		Backfill: map[string]int{}, Violations: map[string]int{}, Stages: map[string]int{}, Calls: v.calls,
	}
	now := v.conn.Now()
	for i := range records {
		out.add(v, records[i], owners, now, explained)
	}
	out.estimate(records)
	return out, nil
}

// read takes a sample of contacts and everything that belongs to them.
func (v *previewer) read(ctx context.Context, sample int) ([]workflows.LeadRecord, int, error) {
	m, p := v.in.model, v.portal
	records, err := v.contacts(ctx, sample)
	if err != nil {
		return nil, 0, err
	}
	total := len(records)
	if page, err := v.conn.CRM.Changed(ctx, connector.ChangedQuery{Type: connector.TypeContact}); err == nil {
		total = max(total, page.Total)
	}
	index := map[connector.ObjectID]int{}
	var ids, companies []connector.ObjectID
	for i, r := range records {
		index[r.ID] = i
		ids = append(ids, r.ID)
		if id := connector.ObjectID(r.Contact.Properties[p.Names.CompanyID]); id != "" {
			companies = append(companies, id)
		}
	}
	found, err := v.conn.CRM.Read(ctx, connector.TypeCompany, companies, p.CompanyProperties(m))
	if err != nil {
		return nil, 0, fmt.Errorf("read companies: %w", err)
	}
	for i, r := range records {
		if c, ok := found.Found[connector.ObjectID(r.Contact.Properties[p.Names.CompanyID])]; ok {
			records[i].Companies = []connector.Object{c}
		}
	}
	for _, t := range append(workflows.ActivityTypes(m), connector.TypeDeal) {
		linked, err := v.linked(ctx, t, ids)
		if err != nil {
			return nil, 0, err
		}
		for id, objects := range linked {
			r := &records[index[id]]
			if t == connector.TypeDeal {
				r.Deals = objects
				continue
			}
			r.Activities = append(r.Activities, objects...)
		}
	}
	return records, total, nil
}

func (v *previewer) contacts(ctx context.Context, sample int) ([]workflows.LeadRecord, error) {
	var records []workflows.LeadRecord
	var at connector.Cursor
	for {
		page, err := v.conn.CRM.List(ctx, connector.TypeContact, at, v.portal.ContactProperties(v.in.model))
		if err != nil {
			return nil, fmt.Errorf("list contacts: %w", err)
		}
		for _, o := range page.Objects {
			if len(records) < sample {
				records = append(records, workflows.LeadRecord{ID: o.ID, Contact: o})
			}
		}
		at = page.Next
		done := at == "" || len(records) >= sample
		v.tell(v.portal.Name, workflows.Progress{Feed: "sample", Done: len(records), Total: sample, Complete: done})
		if done {
			return records, nil
		}
	}
}

func (v *previewer) linked(ctx context.Context, t connector.ObjectType, contacts []connector.ObjectID) (map[connector.ObjectID][]connector.Object, error) {
	links, err := v.conn.CRM.Links(ctx, connector.TypeContact, t, contacts)
	if err != nil {
		return nil, fmt.Errorf("read %ss of the sample: %w", t, err)
	}
	ids := make([]connector.ObjectID, len(links))
	for i, l := range links {
		ids[i] = l.ToID
	}
	found, err := v.conn.CRM.Read(ctx, t, ids, v.portal.Properties(v.in.model, t))
	if err != nil {
		return nil, fmt.Errorf("read %ss of the sample: %w", t, err)
	}
	out := map[connector.ObjectID][]connector.Object{}
	for _, l := range links {
		if o, ok := found.Found[l.ToID]; ok {
			out[l.FromID] = append(out[l.FromID], o)
		}
	}
	return out, nil
}

// add plans one contact as if it had just been released from the baseline.
func (out *preview) add(v *previewer, r workflows.LeadRecord, owners map[string]connector.Owner, now time.Time, explained int) {
	m := v.in.model
	r.Observations = workflows.Readings(m, r.Contact, nil, now)
	state := workflows.Baseline(v.portal, m, r, now)
	state.Held = false
	r.State = &state
	lead := workflows.LeadOf(v.portal, m, r)
	e := m.Evaluate(lead, now)
	plan := workflows.Plan(workflows.Situation{Portal: v.portal, Model: m, Record: r, Lead: lead, Evaluation: e, Owners: owners, Now: now})
	out.Stages[orWord(lead.Stage, "none")]++
	out.profiles(plan)
	moved := false
	for _, a := range plan.Actions {
		out.count(a)
		moved = moved || a.Class == workflows.ClassStage
	}
	for _, f := range m.FollowUps() {
		if f.OnStatus != "" && f.OnStatus == lead.Status && (f.Task != nil || f.Deal != nil) {
			out.Backfill[f.Name]++
		}
	}
	out.explain(previewContact{Contact: r.ID, Stage: lead.Stage, Evaluation: e, moves: moved}, explained)
}

func (out *preview) count(a workflows.Action) {
	switch {
	case a.Class == workflows.ClassStage:
		out.Moves[orWord(a.From, "none")+" → "+a.To]++
	case a.Class == workflows.ClassCompany:
		out.Companies[orWord(a.From, "none")+" → "+a.To]++
	case a.Class == workflows.ClassStatus:
		out.Statuses[orWord(a.From, "none")+" → "+a.To]++
	case a.Class == workflows.ClassScore:
		out.Scores++
	case a.Mode == workflows.ModeOff: // the record of what is not made
	case a.Kind == workflows.KindTask, a.Kind == workflows.KindAmend:
		out.Tasks[a.Rule]++
	case a.Kind == workflows.KindDeal:
		out.Deals[a.Rule]++
	}
}

// explain keeps contacts that would move, the ones to look at first; others fill up.
func (out *preview) explain(c previewContact, limit int) {
	if len(out.Explained) < limit {
		out.Explained = append(out.Explained, c)
		return
	}
	i := slices.IndexFunc(out.Explained, func(x previewContact) bool { return !x.moves })
	if c.moves && i >= 0 {
		out.Explained[i] = c
	}
}

// estimate scales what the sample cost to the whole account (hubspot-api 9.3): lists of 100, associations of
// 1,000, batch updates of 100.
func (out *preview) estimate(records []workflows.LeadRecord) {
	if len(records) == 0 {
		return
	}
	activities, companies := 0, map[connector.ObjectID]bool{}
	for _, r := range records {
		activities += len(r.Activities) + len(r.Deals)
		for _, c := range r.Companies {
			companies[c.ID] = true
		}
	}
	scale := func(n int) int { return n * out.Total / len(records) }
	hundreds := func(n int) int { return (n + 99) / 100 }
	a := scale(activities)
	out.FirstLoad = hundreds(out.Total) + hundreds(a) + (a+999)/1000 + hundreds(scale(len(companies)))
	out.Write = hundreds(scale(out.Scores))
}

func (out *preview) write(w io.Writer, language string, zone *time.Location) error {
	tell(w, "Portal %s (account %s): %d of %d contacts read. Nothing was written.\n", out.Portal, out.Account, out.Sample, out.Total)
	for _, f := range out.Findings {
		tell(w, "  note: %s; %s\n", f.Text, f.Remedy)
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	section := func(title string, counts map[string]int) {
		tell(t, "\n%s\t\t\n", title)
		if len(counts) == 0 {
			tell(t, "  none\t\t\n")
		}
		keys := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
		for _, k := range keys {
			tell(t, "  %s\t%d\t\n", k, counts[k])
		}
	}
	section("Stages now", out.Stages)
	section("Stage moves, as contacts change (at go-live: none)", out.Moves)
	if len(out.Companies) > 0 {
		section("Company stages these would move (each contact by itself)", out.Companies)
	}
	section("Lead statuses these would set", out.Statuses)
	section("Tasks these would cause", out.Tasks)
	section("Deals these would cause", out.Deals)
	section("Statuses there already, that count as handled (a backfill would cause)", out.Backfill)
	section("Invariants broken", out.Violations)
	tell(t, "\nContacts that must not be profiled\t%d\t\n", out.Unprofiled)
	tell(t, "Scores to write\t%d\t\n", out.Scores)
	parts, calls := tally(out.Calls)
	tell(t, "Calls made for this preview (%s)\t%d\t\n", parts, calls)
	tell(t, "Calls for the first load of the account, about\t%d\t\n", out.FirstLoad)
	tell(t, "Calls to write all scores once, about\t%d\t\n", out.Write)
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print preview: %w", err)
	}
	for _, x := range out.Explained {
		tell(w, "\n--- contact %s, stage in the CRM: %s\n%s", x.Contact, orWord(x.Stage, "none"), block(x.Evaluation.In(zone).Text(language)))
	}
	return nil
}
