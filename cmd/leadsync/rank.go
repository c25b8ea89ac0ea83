package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

func rankCommand(env *environment) *cobra.Command {
	var ask rankAsk
	var asJSON, bands bool
	var file string
	cmd := &cobra.Command{
		Use:   "rank",
		Short: "List whom sales should call first, with the reasons in short; or how often each band of scores converted",
		Long: "The contacts in the stages that the model names under rank, the most promising first: by the priority of the model, then by the\n" +
			"sum of the scores, then by the latest activity. It is made of what leadsync has stored, as of now, and shows ids and words\n" +
			"of the model, no names. With --bands it counts, by the sum of the scores of today, how many of the contacts that got into these stages\n" +
			"got beyond them. It asks the CRM for its settings only, and does without if it cannot.",
		Args: exactly(0, "no arguments"),
	}
	portal := portalFlag(cmd)
	cmd.Flags().StringVar(&ask.stage, "stage", "", "only contacts in this stage of the model")
	cmd.Flags().StringVar(&ask.owner, "owner", "", "only contacts of the owner with this id")
	cmd.Flags().IntVar(&ask.limit, "limit", 50, "at most so many contacts")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&bands, "bands", false, "how many of each band of scores got beyond the stages of rank")
	cmd.Flags().StringVar(&file, "csv", "", "write the list to this new file, as CSV, instead of printing it")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := ask.fits(cmd.Flags().Changed, file, asJSON || bands, bands); err != nil {
			return err
		}
		x, err := openExplainer(cmd, env, *portal)
		if err != nil {
			return err
		}
		defer x.close()
		if err := x.mayRank(ask.stage); err != nil {
			return err
		}
		found, err := x.rank(cmd.Context(), ask)
		if err != nil {
			return err
		}
		if bands {
			found.List = nil
		} else {
			found.Bands = nil
		}
		switch {
		case asJSON:
			return printJSON(env.stdout, found)
		case file != "":
			return found.save(file, env.stdout)
		}
		found.write(env.stdout, bands)
		return nil
	}
	return cmd
}

type rankAsk struct {
	stage, owner string
	limit        int
}

// fits reports options that contradict each other. Figures about one owner are not to be had (S84).
func (ask rankAsk) fits(given func(string) bool, file string, printed, bands bool) error {
	switch {
	case ask.limit < 1:
		return atLeastOne(ask.limit)
	case given("csv") && (printed || file == ""):
		return usageError{errors.New("--csv takes the name of a file, and neither --json nor --bands")}
	case bands && (given("stage") || given("limit") || given("owner")):
		return usageError{errors.New("--bands counts everybody; leave --stage, --owner and --limit out")}
	}
	return nil
}

// mayRank reports a model without ranking, and a stage that the ranking does not have.
func (x *explainer) mayRank(stage string) error {
	r := x.in.model.Ranking()
	switch {
	case r == nil:
		return usageError{errors.New("the model does not say in which order sales works; add rank:, see `leadsync schema`")}
	case stage != "" && !slices.Contains(r.Stages, stage):
		return usageError{fmt.Errorf("--stage is %q; the stages of rank are %s", stage, strings.Join(r.Stages, ", "))}
	}
	return nil
}

// ranking is what `leadsync rank --json` prints.
type ranking struct {
	Portal string `json:"portal"`
	// Contacts is how many have a priority; List is cut at the limit.
	Contacts int             `json:"contacts"`
	List     []rankedContact `json:"list,omitempty"`
	Bands    []scoreBand     `json:"bands,omitempty"`
}

type rankedContact struct {
	Rank     int                `json:"rank"` // 1 is to be called first
	Contact  connector.ObjectID `json:"contact"`
	Priority int64              `json:"priority"`
	Grade    string             `json:"grade,omitempty"`
	Tier     string             `json:"tier,omitempty"`
	Total    int64              `json:"score"`
	Stage    string             `json:"stage"`
	Status   string             `json:"status,omitempty"`
	Owner    string             `json:"owner,omitempty"`
	Latest   time.Time          `json:"latest_activity,omitzero"`
	Reasons  string             `json:"reasons"`

	evaluation scoring.Evaluation
}

// scoreBand is how many contacts with so many points in sum got into the stages of rank, and how many of them beyond.
type scoreBand struct {
	From      int64 `json:"from"`
	Until     int64 `json:"until"`
	Contacts  int   `json:"contacts"`
	Converted int   `json:"converted"`
	Few       bool  `json:"few"` // too few to tell
}

const (
	rankChunk = 500 // contacts that are read from the mirror at once
	bandWidth = 20  // points
	fewLeads  = 20
)

// before orders contacts: priority, points, the latest activity, and the id, so that equal ones stand still.
func (c rankedContact) before(o rankedContact) int {
	return cmp.Or(cmp.Compare(o.Priority, c.Priority), cmp.Compare(o.Total, c.Total), o.Latest.Compare(c.Latest), cmp.Compare(c.Contact, o.Contact))
}

// rank reads the whole mirror, and keeps the first ones.
func (x *explainer) rank(ctx context.Context, ask rankAsk) (*ranking, error) {
	out, bands := &ranking{Portal: x.cfg.Name, List: []rankedContact{}}, map[int64]*scoreBand{}
	now, last := x.now(), connector.ObjectID("")
	for {
		ids, err := x.store.Contacts(ctx, x.cfg.Account, last, rankChunk)
		if err != nil {
			return nil, err
		}
		if len(ids) == 0 {
			break
		}
		last = ids[len(ids)-1]
		records, err := x.store.Leads(ctx, x.cfg.Account, ids)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			x.rankOne(r, ask, now, out, bands)
		}
		out.keep(ask.limit)
	}
	for i := range out.List {
		out.List[i].Rank, out.List[i].Reasons = i+1, out.List[i].evaluation.Short(x.portal.Language, reasonsShown)
	}
	for _, b := range bands {
		b.Few = b.Contacts < fewLeads
		out.Bands = append(out.Bands, *b)
	}
	slices.SortFunc(out.Bands, func(a, b scoreBand) int { return cmp.Compare(b.From, a.From) })
	return out, nil
}

// reasonsShown is how many characters of reasons stand beside a contact.
const reasonsShown = 160

func (x *explainer) rankOne(r workflows.LeadRecord, ask rankAsk, now time.Time, out *ranking, bands map[int64]*scoreBand) {
	owner := r.Contact.Properties[x.portal.Names.Owner]
	if r.Contact.ID == "" || ask.owner != "" && ask.owner != owner {
		return
	}
	lead := workflows.LeadOf(x.portal, x.in.model, r)
	e := x.in.model.Evaluate(lead, now)
	x.band(r, lead, e, bands)
	priority, ranked := x.in.model.Ranking().Priority(e, lead.Stage)
	if !ranked || ask.stage != "" && ask.stage != lead.Stage {
		return
	}
	c := rankedContact{
		Contact: r.ID, Priority: priority, Grade: e.Grade, Tier: e.Tier, Total: e.Total(),
		Stage: lead.Stage, Status: lead.Status, Owner: owner, evaluation: e,
	}
	for _, a := range lead.Activities {
		if a.At.After(c.Latest) && !a.At.After(now) {
			c.Latest = a.At
		}
	}
	out.Contacts++
	out.List = append(out.List, c)
}

// band counts a contact that got into the stages of rank, by the points that it has now.
func (x *explainer) band(r workflows.LeadRecord, lead scoring.Lead, e scoring.Evaluation, bands map[int64]*scoreBand) {
	furthest := lead.Stage
	if r.State != nil && r.State.Furthest != "" {
		furthest = r.State.Furthest
	}
	at, first, beyond := slices.Index(x.portal.Order, furthest), len(x.portal.Order), -1
	for _, stage := range x.in.model.Ranking().Stages {
		if i := slices.Index(x.portal.Order, stage); i >= 0 {
			first, beyond = min(first, i), max(beyond, i)
		}
	}
	if e.Unprofiled || at < first {
		return
	}
	from := e.Total() / bandWidth * bandWidth
	if e.Total() < 0 {
		from = -bandWidth // all below zero
	}
	b := bands[from]
	if b == nil {
		b = &scoreBand{From: from, Until: from + bandWidth - 1}
		bands[from] = b
	}
	b.Contacts++
	if at > beyond {
		b.Converted++
	}
}

// keep leaves the first so many.
func (r *ranking) keep(limit int) {
	slices.SortFunc(r.List, rankedContact.before)
	r.List = r.List[:min(limit, len(r.List))]
}

func (r *ranking) write(w io.Writer, bands bool) {
	if bands {
		for _, b := range r.Bands {
			name := fmt.Sprintf("%d to %d points", b.From, b.Until)
			if b.From < 0 {
				name = "below 0 points"
			}
			tell(w, "  %-20s %s\n", name, rateOf(b.Converted, b.Contacts, b.Few))
		}
		tell(w, "portal %s: by the points of today, how many of those that got into the stages of rank got beyond them\n", r.Portal)
		return
	}
	for _, c := range r.List {
		tell(w, "%4d  %-22s priority %3d  %s  %s\n      %s\n", c.Rank, contactRef(c.Contact), c.Priority,
			strings.Join(slices.DeleteFunc([]string{c.Grade, c.Tier, strconv.FormatInt(c.Total, 10) + " points"}, func(s string) bool { return s == "" }), ", "),
			strings.TrimSpace(c.Stage+" "+c.Status), c.Reasons)
	}
	tell(w, "portal %s: %s with a priority", r.Portal, plural(r.Contacts, "contact"))
	if len(r.List) < r.Contacts {
		tell(w, "; %d shown, --limit shows more", len(r.List))
	}
	tellLine(w)
}

// save writes the list to a new file that nobody else can read.
func (r *ranking) save(name string, w io.Writer) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names it
	if err != nil {
		return fmt.Errorf("create list: %w; name a file that does not exist yet", err)
	}
	err = r.table(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write list %q: %w", name, err)
	}
	tell(w, "portal %s: %d of %s written to %s\n", r.Portal, len(r.List), plural(r.Contacts, "contact"), name)
	return nil
}

// table is the list as CSV.
func (r *ranking) table(w io.Writer) error {
	out := csv.NewWriter(w)
	lines := [][]string{{"rank", "contact", "priority", "grade", "tier", "score", "stage", "status", "owner", "latest activity", "reasons"}}
	for _, c := range r.List {
		latest := ""
		if !c.Latest.IsZero() {
			latest = c.Latest.UTC().Format(time.RFC3339)
		}
		lines = append(lines, []string{
			strconv.Itoa(c.Rank), harmless(string(c.Contact)), strconv.FormatInt(c.Priority, 10), harmless(c.Grade), harmless(c.Tier),
			strconv.FormatInt(c.Total, 10), harmless(c.Stage), harmless(c.Status), harmless(c.Owner), latest, harmless(c.Reasons),
		})
	}
	return out.WriteAll(lines)
}

// harmless is a text that no spreadsheet takes for a formula.
func harmless(text string) string {
	seen := strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || hidden(r) })
	if first, _ := utf8.DecodeRuneInString(seen); strings.ContainsRune("=+-@＝＋－＠", first) || seen != text {
		return "'" + text
	}
	return text
}
