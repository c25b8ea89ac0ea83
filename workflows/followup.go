package workflows

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// Key is the idempotency key of one effect: made from what caused it (portal, the oldest id of the contact
// through merges, rule, episode), never from an attempt or a clock, so a crash, a retry or a second worker
// comes to the same key (hubspot-api 7.3).
func Key(portal connector.PortalID, root connector.ObjectID, rule string, episode int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d", portal, root, rule, episode))
	return "ls-" + hex.EncodeToString(sum[:10])
}

// followUp plans what follows from entering a status or stage: one more episode of the rule.
func (pl *planner) followUp(f scoring.FollowUp, what, name string) {
	st := &pl.out.State
	if f.CloseTasks {
		for _, rule := range slices.Sorted(maps.Keys(st.OpenTasks)) {
			pl.closeTask(rule, scoring.Reason{Code: ReasonObsolete, Params: map[string]string{"rule": rule, what: name}})
		}
		return
	}
	if pl.backOrLists(f) {
		return
	}
	if f.Task != nil && pl.Portal.Mode(ClassTask) == ModeOff || f.Deal != nil && pl.Portal.Mode(ClassDeal) == ModeOff {
		return // off leaves no trace, not even a counted episode
	}
	episode := st.Episodes[f.Name] + 1
	reason := scoring.Reason{Code: ReasonFollowUp, Params: map[string]string{"rule": f.Name, what: name, "episode": strconv.Itoa(episode)}}
	key := Key(pl.Portal.ID, st.Root, f.Name, episode)
	switch {
	case f.Task != nil:
		st.Episodes[f.Name] = episode
		pl.task(f, key, reason)
	case f.Deal != nil && pl.openDeal():
		pl.out.Actions = append(pl.out.Actions, Action{
			Class: ClassDeal, Mode: ModeOff, Kind: KindDeal, Rule: f.Name,
			Reason: scoring.Reason{Code: ReasonDealExists, Params: map[string]string{"rule": f.Name}},
		})
	case f.Deal != nil:
		st.Episodes[f.Name] = episode
		pl.deal(f, key, reason)
	}
}

// task plans one task. An earlier task of the same rule that may still be open is closed: a contact has at
// most one open follow-up of a kind (C13).
func (pl *planner) task(f scoring.FollowUp, key string, reason scoring.Reason) {
	mode := pl.Portal.Mode(ClassTask)
	due := pl.dueAt(f.Task.Due)
	values := pl.placeholders()
	t := connector.Task{
		Key: key, Kind: connector.TaskKind(f.Task.Kind), Priority: f.Task.Priority, DueAt: due,
		Subject: scoring.Expand(pl.text(f.Task.Subject), values),
		// Values are escaped after they were put in: the whole body is text, line breaks apart.
		BodyHTML: strings.ReplaceAll(html.EscapeString(scoring.Expand(pl.text(f.Task.Body), values)), "\n", "<br>"),
		OwnerID:  pl.owner(), Contact: pl.Record.ID, Company: pl.company(),
	}
	if mode == ModeOn {
		pl.closeTask(f.Name, scoring.Reason{Code: ReasonSuperseded, Params: map[string]string{"rule": f.Name}})
		pl.out.State.OpenTasks[f.Name] = key
	}
	pl.add(Action{
		Class: ClassTask, Mode: mode, Kind: KindTask, Key: key, Rule: f.Name,
		DueAt: due.Format(time.RFC3339), Reason: reason,
	}, t)
}

// closeTask plans the end of our open task of a rule, if there is one.
func (pl *planner) closeTask(rule string, reason scoring.Reason) {
	key, ok := pl.out.State.OpenTasks[rule]
	mode := pl.Portal.Mode(ClassTask)
	if !ok || mode == ModeOff {
		return
	}
	delete(pl.out.State.OpenTasks, rule)
	if mode == ModeOn {
		pl.out.CancelKeys = append(pl.out.CancelKeys, key)
	}
	pl.add(Action{
		Class: ClassTask, Mode: mode, Kind: KindClose, Key: "close/" + key, Rule: rule, Reason: reason,
	}, ClosePayload{TaskKey: key})
}

func (pl *planner) deal(f scoring.FollowUp, key string, reason scoring.Reason) {
	mode := pl.Portal.Mode(ClassDeal)
	target, ok := pl.Portal.Pipelines[f.Deal.Pipeline]
	if !ok {
		return
	}
	d := connector.Deal{
		Key: key, Name: scoring.Expand(pl.text(f.Deal.Name), pl.placeholders()),
		Pipeline: target.ID, Stage: target.Stage, OwnerID: pl.owner(),
		Contact: pl.Record.ID, Company: pl.company(), Extra: pl.Portal.DealProperties,
	}
	if v := pl.Lead.Facts[f.Deal.Amount]; v.Known() && v.Type == scoring.TypeNumber {
		d.Amount = strconv.FormatFloat(v.Number, 'f', -1, 64)
	}
	if f.Deal.CloseIn > 0 {
		d.CloseAt = pl.Now.Add(f.Deal.CloseIn)
	}
	pl.add(Action{Class: ClassDeal, Mode: mode, Kind: KindDeal, Key: key, Rule: f.Name, Reason: reason}, d)
}

// openDeal reports whether the contact has an open deal already, which is used instead of a second one.
func (pl *planner) openDeal() bool { return counted(pl.Portal, "open_deals", pl.Record) > 0 }

// owner is who gets the work: the contact's owner if active, else the portal's fallback, else nobody.
func (pl *planner) owner() string {
	id := pl.Record.Contact.Properties[pl.Portal.Names.Owner]
	if o, ok := pl.Owners[id]; ok && o.Active && o.Person {
		return id
	}
	return pl.Portal.FallbackOwner
}

func (pl *planner) company() connector.ObjectID {
	if len(pl.Record.Companies) > 0 {
		return pl.Record.Companies[0].ID
	}
	return ""
}

func (pl *planner) text(byLanguage map[string]string) string {
	if t, ok := byLanguage[pl.Portal.Language]; ok {
		return t
	}
	return byLanguage["en"]
}

// placeholders are the values of the closed template grammar.
func (pl *planner) placeholders() map[string]string {
	p, props := pl.Portal, pl.Record.Contact.Properties
	name := strings.TrimSpace(props[p.Names.FirstName] + " " + props[p.Names.LastName])
	for _, other := range []string{props[p.Names.Email], "#" + string(pl.Record.ID)} {
		if name == "" {
			name = other
		}
	}
	company := props[p.Names.Company]
	if len(pl.Record.Companies) > 0 && pl.Record.Companies[0].Properties[p.Names.CompanyName] != "" {
		company = pl.Record.Companies[0].Properties[p.Names.CompanyName]
	}
	values := map[string]string{
		"name": name, "first_name": props[p.Names.FirstName], "last_name": props[p.Names.LastName],
		"company": company, "stage": pl.out.State.Stage, "status": pl.out.State.Status,
		"score": strconv.FormatInt(pl.Evaluation.Total(), 10),
		"grade": pl.Evaluation.Grade, "tier": pl.Evaluation.Tier,
		"reasons": pl.Evaluation.Short(p.Language, reasonsLimit),
	}
	for fact, v := range pl.Lead.Facts {
		values["fact."+fact] = valueText(v)
	}
	return values
}

// add puts an action and its outbox entry into the plan. Nobody hands it what is off.
func (pl *planner) add(a Action, payload any) {
	text, err := json.Marshal(payload)
	if err != nil {
		panic(fmt.Sprintf("marshal payload of %s: %v", a.Key, err)) // plain structs of strings and times always marshal
	}
	state := StateReady
	if a.Mode == ModeShadow {
		state = StateShadow
	}
	pl.out.Actions = append(pl.out.Actions, a)
	pl.out.Entries = append(pl.out.Entries, OutboxEntry{
		Key: a.Key, Kind: a.Kind, Class: a.Class, Contact: pl.Record.ID, State: state,
		Reason: a.Reason, Payload: text, PlannedAt: pl.Now,
	})
}

// dueAt is when a task is due: at the fact's date if that is known and ahead, else so many days from now, on
// a working day at the portal's time of day (C8).
func (pl *planner) dueAt(d scoring.Due) time.Time {
	p := pl.Portal
	if v := pl.Lead.Facts[d.DateFact]; v.Known() && v.Type == scoring.TypeTime && v.Time.After(pl.Now) {
		return p.Calendar.On(v.Time, p.DueAt)
	}
	return p.Calendar.Due(pl.Now, d.Days, d.WorkingDays, p.DueAt)
}

// valueText is a fact as a person writes it; empty if it is unknown.
func valueText(v scoring.Value) string {
	switch v.Type {
	case scoring.TypeText:
		return v.Text
	case scoring.TypeNumber:
		return strconv.FormatFloat(v.Number, 'f', -1, 64)
	case scoring.TypeBool:
		return strconv.FormatBool(v.Bool)
	case scoring.TypeTime:
		return v.Time.Format(time.DateOnly)
	}
	return ""
}
