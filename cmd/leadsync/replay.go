package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/recorder"
	"leadsync/scoring"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

func replayCommand(env *environment) *cobra.Command {
	var drift, asJSON bool
	cmd := &cobra.Command{
		Use:   "replay FOLDER",
		Short: "Work a recorded account and print every decision with its reason; nothing is sent anywhere",
		Long: "Runs what serve does at its start against a folder that `leadsync record` made, with the model and the mapping of the\n" +
			"configuration, at the time of the recording and with every effect in shadow. It needs no token. The same folder and\n" +
			"model give the same output. With --drift it runs nothing, but compares every recorded answer with what the client\n" +
			"reads; exit code 3 if something does not match.",
		Args: exactly(1, "one folder of cassettes"),
	}
	portal := portalFlag(cmd)
	cmd.Flags().BoolVar(&drift, "drift", false, "check the answers against what the client expects")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if drift {
			return reportDrift(env, args[0], asJSON)
		}
		in, err := loadInstallation(cmd, env)
		if err != nil {
			return err
		}
		p, err := in.choose(*portal)
		if err != nil {
			return err
		}
		out, err := replay(cmd.Context(), env, in, p, args[0])
		if out == nil {
			return err
		}
		if asJSON {
			err = errors.Join(printJSON(env.stdout, out), err)
		} else {
			out.write(env.stdout, p.Language, zoneOf(p.TimeZone))
		}
		return err
	}
	return cmd
}

// replayed is what a replay came to.
type replayed struct {
	Portal   string            `json:"portal"`
	Account  string            `json:"account"`
	At       time.Time         `json:"at"`
	Contacts []replayedContact `json:"contacts"`
	// Missing are requests that were not recorded, Unplayed interactions that nobody asked for.
	Missing  []string `json:"missing"`
	Unplayed []string `json:"unplayed"`
}

type replayedContact struct {
	Contact connector.ObjectID `json:"contact"`
	Stage   string             `json:"stage"`
	Status  string             `json:"status"`
	// Decisions are what was decided: of contacts that were there before go-live only their scores are written.
	Decisions []workflows.Decision `json:"decisions"`
	// Would is what would happen if the contact changed now, which releases it from the baseline.
	Would      []workflows.Action  `json:"would"`
	Evaluation *scoring.Evaluation `json:"evaluation,omitempty"`
}

// replay works the recorded account. It gives what was decided so far even when a request was not recorded.
func replay(ctx context.Context, env *environment, in *installation, p config.Portal, folder string) (*replayed, error) {
	note, err := recorder.ReadNote(folder)
	if err != nil {
		return nil, err
	}
	paths, err := recorder.Cassettes(folder)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	player, err := recorder.ReplayWith(recorder.ReplayOptions{
		MaskTimes: true,
		Missing:   func(request string) { stop(fmt.Errorf("the recording has no answer to %s", request)) },
	}, paths...)
	if err != nil {
		return nil, err
	}
	p = withWords(p, note.Values)
	p.Account, p.BaseURL, p.Clock = connector.PortalID(note.Account), hubspot.DefaultBaseURL, config.ClockMachine
	conn, err := recordedConnection(env, p, player, note.RecordedAt)
	if err != nil {
		return nil, err
	}
	r := &rehearsal{env: env, in: in, portal: p, conn: conn, log: silent()}
	out := &replayed{Portal: p.Name, Account: note.Account, At: note.RecordedAt, Contacts: []replayedContact{}}
	if err = r.definitions(ctx); err == nil {
		err = r.run(ctx, func(st *store.Store, described *workflows.Portal) error {
			return collector{out: out, store: st, in: in, portal: described, at: note.RecordedAt.UTC()}.all(context.WithoutCancel(ctx), p.Account)
		})
	}
	out.Missing, out.Unplayed = append([]string{}, player.Missing()...), append([]string{}, player.Unplayed()...)
	if cause := context.Cause(ctx); cause != nil && len(out.Missing) > 0 {
		err = fmt.Errorf("%w; record the account again with this model (a model that reads other properties asks other questions)", cause)
	}
	return out, err
}

// recordedConnection is a connection whose wire is a player and whose business time stands still.
func recordedConnection(env *environment, p config.Portal, player *recorder.Player, at time.Time) (service.Connection, error) {
	settings := hubspot.Config{
		BaseURL: p.BaseURL, Transport: player, Now: env.now, Logger: silent(), Jitter: func() float64 { return 0 },
		Token:            func(context.Context) (string, error) { return "replay", nil },
		GeneralPerSecond: replayRate, SearchPerSecond: replayRate, Attempts: 1, KeyProperty: p.Properties.Key,
	}
	client, err := hubspot.New(settings)
	if err != nil {
		return service.Connection{}, fmt.Errorf("portal %q: %w", p.Name, err)
	}
	return service.Connection{
		CRM: client, Marked: marked(settings), Names: hubspot.Names(), Now: at.UTC,
	}, nil
}

// replayRate does not slow a replay down.
const replayRate = 1e6

// collector takes what a rehearsal came to out of its database.
type collector struct {
	out    *replayed
	store  *store.Store
	in     *installation
	portal *workflows.Portal // nil if the account was not described
	at     time.Time
	owners map[string]connector.Owner
}

// all takes the decisions of all contacts, by id, oldest first, with what a change would cause.
func (c collector) all(ctx context.Context, portal connector.PortalID) error {
	list, err := c.store.Owners(ctx, portal)
	if err != nil {
		return fmt.Errorf("load owners: %w", err)
	}
	c.owners = map[string]connector.Owner{}
	for _, o := range list {
		c.owners[o.ID] = o
	}
	var after connector.ObjectID
	for {
		ids, err := c.store.Contacts(ctx, portal, after, 500)
		if err != nil {
			return fmt.Errorf("list contacts: %w", err)
		}
		if len(ids) == 0 {
			break
		}
		records, err := c.store.Leads(ctx, portal, ids)
		if err != nil {
			return fmt.Errorf("load contacts: %w", err)
		}
		for _, record := range records {
			if err := c.one(ctx, portal, record); err != nil {
				return err
			}
		}
		after = ids[len(ids)-1]
	}
	slices.SortFunc(c.out.Contacts, func(a, b replayedContact) int { return compareIDs(a.Contact, b.Contact) })
	return nil
}

func (c collector) one(ctx context.Context, portal connector.PortalID, record workflows.LeadRecord) error {
	decisions, err := c.store.Decisions(ctx, portal, record.ID, 1000)
	if err != nil {
		return fmt.Errorf("load decisions: %w", err)
	}
	slices.SortFunc(decisions, func(a, b workflows.Decision) int { return a.No - b.No })
	x := replayedContact{Contact: record.ID, Decisions: append([]workflows.Decision{}, decisions...), Would: []workflows.Action{}}
	if c.portal != nil && record.State != nil {
		state := *record.State
		state.Held = false
		record.State = &state
		lead := workflows.LeadOf(c.portal, c.in.model, record)
		e := c.in.model.Evaluate(lead, c.at)
		plan := workflows.Plan(workflows.Situation{
			Portal: c.portal, Model: c.in.model, Record: record, Lead: lead, Evaluation: e, Owners: c.owners, Now: c.at,
		})
		x.Stage, x.Status, x.Evaluation, x.Would = lead.Stage, lead.Status, &e, append(x.Would, plan.Actions...)
	}
	c.out.Contacts = append(c.out.Contacts, x)
	return nil
}

// compareIDs puts ids in the order of their numbers.
func compareIDs(a, b connector.ObjectID) int {
	x, errX := strconv.ParseInt(string(a), 10, 64)
	y, errY := strconv.ParseInt(string(b), 10, 64)
	switch {
	case errX != nil || errY != nil || x == y:
		return slices.Compare([]byte(a), []byte(b))
	case x < y:
		return -1
	}
	return 1
}

func (out *replayed) write(w io.Writer, language string, zone *time.Location) {
	decisions := 0
	for _, c := range out.Contacts {
		decisions += len(c.Decisions)
	}
	tell(w, "Portal %s (account %s) at %s: %s, %s. Nothing was sent.\n",
		out.Portal, out.Account, out.At.UTC().Format(time.RFC3339), plural(len(out.Contacts), "contact"), plural(decisions, "decision"))
	for _, c := range out.Contacts {
		c.write(w, language, zone)
	}
	for _, list := range []struct {
		title string
		lines []string
	}{{"Asked and not recorded", out.Missing}, {"Recorded and not asked", out.Unplayed}} {
		if len(list.lines) == 0 {
			continue
		}
		tell(w, "\n%s:\n", list.title)
		for _, line := range list.lines {
			tell(w, "  %s\n", line)
		}
	}
}

func (c replayedContact) write(w io.Writer, language string, zone *time.Location) {
	tell(w, "\n%s, stage: %s, lead status: %s", contactRef(c.Contact), orWord(c.Stage, "none"), orWord(c.Status, "none"))
	if c.Evaluation != nil {
		for _, s := range c.Evaluation.Scores {
			tell(w, ", %s: %d", s.Name, s.Whole)
		}
	}
	tellLine(w)
	if len(c.Decisions) == 0 {
		tellLine(w, "  nothing to do")
	}
	writeDecisions(w, c.Decisions, language, zone)
	if len(c.Would) > 0 {
		tellLine(w, "  if it changed now:")
	}
	for _, a := range c.Would {
		change := a.Rule
		if a.To != "" {
			change = orWord(a.From, "none") + " → " + a.To
		}
		if a.DueAt != "" {
			change += " due " + a.DueAt
		}
		tell(w, "     %-6s %s (%s)\n", a.Class, change, workflows.RenderReason(language, a.Reason))
	}
}

// driftOf compares a recording with what the client expects.
func driftOf(folder string) ([]recorder.Drift, error) {
	paths, err := recorder.Cassettes(folder)
	if err != nil {
		return nil, err
	}
	note, err := recorder.ReadNote(folder)
	if err != nil {
		return nil, err
	}
	return recorder.FindDrift(paths, note.Truncated)
}

func reportDrift(env *environment, folder string, asJSON bool) error {
	found, err := driftOf(folder)
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(env.stdout, append([]recorder.Drift{}, found...))
	} else {
		writeDrift(env.stdout, found)
		if len(found) == 0 {
			tell(env.stdout, "every answer in %s is what the client expects\n", folder)
		}
	}
	if err == nil && len(found) > 0 {
		return errFound
	}
	return err
}

func writeDrift(w io.Writer, found []recorder.Drift) {
	for _, d := range found {
		tell(w, "drift  %s, interaction %d, %s: %s: expected %s, found %s\n",
			d.File, d.Interaction, d.Request, orWord(d.Path, "the body"), d.Expected, d.Found)
	}
}
