package workflows

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
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
	given := pl.account(&a)
	state := StateReady
	if a.Mode == ModeShadow {
		state = StateShadow
	}
	pl.out.Actions = append(pl.out.Actions, a)
	pl.out.Entries = append(pl.out.Entries, OutboxEntry{
		Key: a.Key, Kind: a.Kind, Class: a.Class, Contact: pl.Record.ID, State: state,
		Reason: a.Reason, Payload: text, PlannedAt: pl.Now, Run: pl.runOf(a),
	})
	pl.takeOver(given, a.Mode)
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
