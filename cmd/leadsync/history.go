package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	sheet "leadsync/cmd/leadsync/explained"
	"leadsync/connector"
	"leadsync/workflows"
)

func historyCommand(env *environment) *cobra.Command {
	var o historyOptions
	cmd := &cobra.Command{
		Use:   "history CONTACT",
		Short: "Tell a contact's story in order: what leadsync decided and why, what the CRM answered, what others did",
		Long: "CONTACT is the contact's id in the CRM or its e-mail address. The story is told from what is stored, oldest first: every\n" +
			"decision with its reason, the model's version and the worker, what the CRM answered to each sending, the stages and lead\n" +
			"statuses that people and other systems set, activities and deals. It asks the CRM only for the order of its stages and\n" +
			"the time zone, and does without if it cannot. Answers are stamped with the clock of the service; all else is business time.",
		Args: exactly(1, "one contact (id or e-mail address)"),
	}
	portal := portalFlag(cmd)
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&o.decisions, "decisions", false, "only what leadsync decided")
	cmd.Flags().IntVar(&o.limit, "limit", 1000, "at most so many entries, the newest")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := atLeastOne(o.limit); err != nil {
			return err
		}
		x, err := openExplainer(cmd, env, *portal)
		if err != nil {
			return err
		}
		defer x.close()
		h, err := x.history(cmd.Context(), args[0], o)
		if err != nil {
			return err
		}
		if o.asJSON {
			return printJSON(env.stdout, h)
		}
		h.write(env.stdout, x.portal.Language, x.zone())
		return nil
	}
	return cmd
}

type historyOptions struct {
	asJSON, decisions bool
	limit             int
}

// contactHistory is what `leadsync history --json` prints.
type contactHistory struct {
	Contact connector.ObjectID `json:"contact"`
	// Happenings is how many there are; Story is cut at the limit, from its beginning.
	Happenings int                   `json:"happenings"`
	Decisions  int                   `json:"decisions"`
	Story      []workflows.Happening `json:"story"`
}

// storedAtMost is how many decisions and answers a story is made of.
const storedAtMost = 10_000

func (x *explainer) history(ctx context.Context, contact string, o historyOptions) (*contactHistory, error) {
	id, err := x.find(ctx, contact)
	if err != nil {
		return nil, err
	}
	decisions, err := x.store.Decisions(ctx, x.cfg.Account, id, storedAtMost)
	if err != nil {
		return nil, err
	}
	answers, err := x.store.Answers(ctx, x.cfg.Account, id, storedAtMost)
	if err != nil {
		return nil, err
	}
	records, err := x.store.Leads(ctx, x.cfg.Account, []connector.ObjectID{id})
	if err != nil {
		return nil, err
	}
	story := workflows.Story(x.portal, x.in.model, records[0], decisions, answers)
	if o.decisions {
		story = slices.DeleteFunc(story, func(h workflows.Happening) bool { return h.Decision == nil })
	}
	h := &contactHistory{Contact: id, Happenings: len(story), Decisions: len(decisions), Story: story}
	if len(story) > o.limit {
		h.Story = story[len(story)-o.limit:]
	}
	if h.Story == nil {
		h.Story = []workflows.Happening{}
	}
	return h, nil
}

// zone is the portal's time zone; UTC if nobody says which one that is.
func (x *explainer) zone() *time.Location { return zoneOf(x.cfg.TimeZone) }

// zoneOf is the zone of a name; UTC if there is none.
func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

func (h *contactHistory) write(w io.Writer, language string, zone *time.Location) {
	title := fmt.Sprintf("%s: %s", contactRef(h.Contact), plural(h.Decisions, "decision"))
	if language == "de" {
		title = fmt.Sprintf("%s: Entscheidungen: %d", contactRef(h.Contact), h.Decisions)
	}
	tellLine(w, title+say(language, "; the story, oldest first", "; die Geschichte, Ältestes zuerst"))
	if left := h.Happenings - len(h.Story); left > 0 {
		tell(w, say(language, "  (%d older entries are left out; --limit shows more)\n", "  (%d ältere Einträge fehlen; --limit zeigt mehr)\n"), left)
	}
	for i := 0; i < len(h.Story); {
		happening, times := h.Story[i], 1
		for i+times < len(h.Story) && h.same(i, i+times, zone) {
			times++
		}
		i += times
		stamp := happening.At.In(zone).Format(stampIn(language))
		lines := storyLines(happening, language, zone)
		for i, line := range lines {
			lines[i] = plainly(line)
		}
		if times > 1 {
			lines[0] += fmt.Sprintf(" ×%d", times)
		}
		tell(w, "%s  %-8s  %s\n", stamp, teller(happening.By, language), lines[0])
		for _, line := range lines[1:] {
			tell(w, "%s  %-8s    %s\n", strings.Repeat(" ", len([]rune(stamp))), "", line)
		}
	}
}

// same reports whether two entries are activities that are told alike, in the same minute.
func (h *contactHistory) same(i, j int, zone *time.Location) bool {
	a, b := h.Story[i], h.Story[j]
	return a.Activity != nil && b.Activity != nil && activityLine(*a.Activity, "en") == activityLine(*b.Activity, "en") &&
		a.At.In(zone).Format(stampIn("en")) == b.At.In(zone).Format(stampIn("en"))
}

// plainly is a line as text, whatever the CRM put into it, in full length.
func plainly(line string) string {
	const piece = 200
	var out strings.Builder
	for runes := range slices.Chunk([]rune(line), piece) {
		out.WriteString(sheet.Plain(string(runes)))
	}
	return out.String()
}

// teller names who did something.
func teller(by workflows.Teller, language string) string {
	return map[workflows.Teller]string{
		workflows.ByLeadsync: "leadsync", workflows.ByPerson: say(language, "person", "Mensch"),
		workflows.ByMachine: say(language, "machine", "Maschine"), workflows.ByLead: "lead",
		workflows.ByNobody: "CRM",
	}[by]
}

// storyLines are one entry of the story, the heading first.
func storyLines(h workflows.Happening, language string, zone *time.Location) []string {
	switch {
	case h.Decision != nil:
		head := fmt.Sprintf("#%d %s %.8s", h.Decision.No, say(language, "model", "Modell"), orWord(h.Decision.Model, say(language, "none", "keines")))
		if h.Decision.Worker != "" {
			head += say(language, ", worker ", ", Prozess ") + h.Decision.Worker
		}
		lines := append([]string{head}, decisionLines(*h.Decision, language)...)
		for _, a := range h.Answers {
			lines = append(lines, answerLine(a, language, zone))
		}
		return lines
	case h.Change != nil:
		what := say(language, "lifecycle stage", "Lifecycle-Phase")
		if h.Change.Class == workflows.ClassStatus {
			what = say(language, "lead status", "Leadstatus")
		}
		none := say(language, "none", "ohne")
		return []string{fmt.Sprintf("%s: %s → %s (%s)", what, orWord(h.Change.From, none), orWord(h.Change.To, none),
			orWord(h.Change.Source, say(language, "no source told", "keine Quelle genannt")))}
	case h.Activity != nil:
		return []string{activityLine(*h.Activity, language)}
	case h.Deal != nil:
		now := map[string]string{
			"open": say(language, "open today", "heute offen"), "won": say(language, "won by now", "inzwischen gewonnen"),
			"lost": say(language, "lost by now", "inzwischen verloren"),
		}[h.Deal.Now]
		return []string{fmt.Sprintf(say(language, "deal %s created (%s)", "Deal %s angelegt (%s)"), h.Deal.ID, now)}
	}
	return []string{answerLine(*h.Answer, language, zone)}
}

func activityLine(a workflows.Doing, language string) string {
	var attributes []string
	for _, name := range slices.Sorted(maps.Keys(a.Attributes)) {
		attributes = append(attributes, name+" "+a.Attributes[name])
	}
	line := a.Kind
	if len(attributes) > 0 {
		line += " (" + strings.Join(attributes, ", ") + ")"
	}
	if a.About {
		line += say(language, ", at about this time", ", etwa um diese Zeit")
	}
	return line
}

// answerLine is what the CRM answered to one sending.
func answerLine(a workflows.Answer, language string, zone *time.Location) string {
	became := map[workflows.EntryState]string{
		workflows.StateSettled:   say(language, "done", "erledigt"),
		workflows.StateParked:    say(language, "refused", "abgelehnt"),
		workflows.StateCancelled: say(language, "not done", "nicht ausgeführt"),
		workflows.StateReady:     say(language, "to be sent again", "wird wieder gesendet"),
		workflows.StateSending:   say(language, "outcome unknown", "Ausgang unbekannt"),
	}[a.State]
	line := fmt.Sprintf("%s %s %s: %s", say(language, "answer to", "Antwort auf"), a.Class, a.Kind, became)
	if a.RemoteID != "" {
		line += ", id " + string(a.RemoteID)
	}
	if a.Text != "" {
		line += ", " + a.Text
	}
	return line + fmt.Sprintf(say(language, " (attempt %d, worker %s, %s)", " (Versuch %d, Prozess %s, %s)"), a.Attempt,
		a.Worker, a.At.In(zone).Format(stampIn(language)))
}
