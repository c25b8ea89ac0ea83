package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// saveGone carries out what it means that contacts are not there any more.
func (d *decisionSaver) saveGone(ctx context.Context) error {
	for _, one := range d.decided {
		if !one.Gone {
			continue
		}
		if err := d.forget(ctx, one); err != nil {
			return fmt.Errorf("contact %q is gone: %w", one.ID, err)
		}
	}
	return nil
}

const cancelContact = `UPDATE outbox SET state = 'cancelled', state_at = ?, settled_at = ?
WHERE portal = ? AND contact = ? AND state IN ('ready', 'sending')`

const unlinkContact = `UPDATE links SET removed_at = ?
WHERE portal = ? AND to_type = 'contact' AND to_id = ? AND removed_at IS NULL`

func (d *decisionSaver) forget(ctx context.Context, one workflows.Decided) error {
	gone := connector.Ref{Type: connector.TypeContact, ID: one.ID}
	if err := d.removeObjects(ctx, d.portal, []connector.Ref{gone}); err != nil {
		return err
	}
	if one.Survivor != "" && one.Survivor != one.ID {
		if err := d.merge(ctx, one.ID, one.Survivor); err != nil {
			return fmt.Errorf("merge into %q: %w", one.Survivor, err)
		}
	}
	if err := d.forgetProfile(ctx, d.portal, one.ID, one.Survivor); err != nil {
		return err
	}
	if err := d.closeOutcomes(ctx, d.portal, one.ID); err != nil {
		return err
	}
	now := micros(d.now)
	if _, err := d.exec(ctx, unlinkContact, now, d.portal, one.ID); err != nil {
		return fmt.Errorf("remove links: %w", err)
	}
	if _, err := d.exec(ctx, cancelContact, now, now, d.portal, one.ID); err != nil {
		return fmt.Errorf("cancel entries: %w", err)
	}
	return nil
}

const saveAlias = `INSERT INTO aliases (portal, id, survivor, learned_at) VALUES (?, ?, ?, ?)
ON CONFLICT (portal, id) DO UPDATE SET survivor = excluded.survivor`

const countAlias = `SELECT COUNT(*) FROM aliases WHERE portal = ? AND id = ? AND survivor = ?`

const moveLinks = `INSERT INTO links (portal, from_type, from_id, to_type, to_id, learned_at)
SELECT portal, from_type, from_id, to_type, CAST(? AS TEXT), CAST(? AS BIGINT) FROM links
WHERE portal = ? AND to_type = 'contact' AND to_id = ? AND removed_at IS NULL AND from_type <> 'company'
ON CONFLICT (portal, from_type, from_id, to_type, to_id) DO UPDATE SET removed_at = NULL,
    learned_at = CASE WHEN links.removed_at IS NULL THEN links.learned_at ELSE excluded.learned_at END`

const moveObservations = `INSERT INTO versions (portal, contact, property, at, value, known, origin, source)
SELECT portal, CAST(? AS TEXT), property, at, value, known, origin, source FROM versions
WHERE portal = ? AND contact = ?
ON CONFLICT (portal, contact, property, at, value) DO UPDATE SET known = excluded.known,
    origin = excluded.origin, source = excluded.source WHERE excluded.known = 'history'`

// merge lets the survivor inherit: the alias, the activities and deals, what is known of the past, in whatever
// order several are merged, and the state if it has none of its own. Its companies are the CRM's to tell. The
// survivor becomes due.
func (d *decisionSaver) merge(ctx context.Context, loser, survivor connector.ObjectID) error {
	now := micros(d.now)
	known := 0
	if err := d.get(ctx, &known, countAlias, d.portal, loser, survivor); err != nil {
		return fmt.Errorf("look for alias: %w", err)
	}
	if _, err := d.exec(ctx, saveAlias, d.portal, loser, survivor, now); err != nil {
		return fmt.Errorf("store alias: %w", err)
	}
	_, err := d.exec(ctx, `UPDATE aliases SET survivor = ? WHERE portal = ? AND survivor = ?`, survivor, d.portal, loser)
	if err != nil {
		return fmt.Errorf("shorten aliases: %w", err)
	}
	if _, err := d.exec(ctx, moveLinks, survivor, now, d.portal, loser); err != nil {
		return fmt.Errorf("move links: %w", err)
	}
	if _, err := d.exec(ctx, moveObservations, survivor, d.portal, loser); err != nil {
		return fmt.Errorf("move observations: %w", err)
	}
	if err := d.mergeSources(ctx, loser, survivor); err != nil {
		return err
	}
	if err := d.moveOutcomes(ctx, d.portal, loser, survivor); err != nil {
		return err
	}
	d.marks.raise(connector.Ref{Type: connector.TypeContact, ID: survivor})
	if known > 0 || d.weak.Without(workflows.MergeLineage) {
		return nil // the CRM says it once more: what the loser had is the survivor's already
	}
	return d.mergeStates(ctx, loser, survivor)
}

// cancelDeletions takes back what was confirmed of either: who both are now, nobody has confirmed.
const cancelDeletions = `UPDATE outbox SET state = 'cancelled', state_at = ?, settled_at = ?
WHERE portal = ? AND contact IN (?, ?) AND kind = 'delete' AND state = 'ready'`

func (d *decisionSaver) mergeStates(ctx context.Context, loser, survivor connector.ObjectID) error {
	var found []leadRow
	if err := d.lookup(ctx, &found, findLeads, rows{{string(loser)}, {string(survivor)}}, d.portal); err != nil {
		return fmt.Errorf("read lead states: %w", err)
	}
	states := map[connector.ObjectID]workflows.LeadState{}
	for _, row := range found {
		var state workflows.LeadState
		if err := decode(row.State, &state); err != nil {
			return fmt.Errorf("read state of contact %q: %w", row.ID, err)
		}
		states[row.ID] = state
	}
	old, has := states[loser]
	if !has {
		return nil
	}
	if old.Root == "" {
		old.Root = loser
	}
	next, own := states[survivor]
	var twins []twin
	if own {
		next, twins = inherit(next, old)
	} else {
		next = old
		next.Decisions = 0 // decisions are numbered per contact
		next.Profile = workflows.Profile{Wrote: old.Wrote}
	}
	if err := d.endTwins(ctx, survivor, twins); err != nil {
		return err
	}
	now := micros(d.now)
	if _, err := d.exec(ctx, cancelDeletions, now, now, d.portal, loser, survivor); err != nil {
		return fmt.Errorf("cancel deletions: %w", err)
	}
	if err := d.moveEntries(ctx, loser, survivor); err != nil {
		return err
	}
	return d.putStates(ctx, d.portal, map[connector.ObjectID]workflows.LeadState{survivor: next})
}

// twin is an open task of a merged contact of a kind, or of a rule, of which the survivor has one of its own.
type twin struct {
	rule, key string
	was       connector.TaskPrint
}

const cancelTwins = `UPDATE outbox SET state = 'cancelled', state_at = ?, settled_at = ?
WHERE portal = ? AND state IN ('ready', 'sending') AND kind = 'task'
    AND entry_key IN (SELECT j.value->>0 FROM {rows})`

const closeTwins = `INSERT INTO outbox (portal, entry_key, kind, class, contact, state, state_at, next_at, attempt,
    generation, sent_generation, planned_at, waits_for, remote_id, error, reason, payload, sent_payload)
SELECT ?, '` + workflows.ClosingPrefix + `' || o.entry_key, 'close', 'task', CAST(? AS TEXT), 'ready', CAST(? AS BIGINT), CAST(? AS BIGINT), 0,
    1, 0, o.planned_at, o.entry_key, '', '', j.value->>1, j.value->>2, ''
FROM {rows} CROSS JOIN outbox o
WHERE o.portal = ? AND o.entry_key = j.value->>0
    AND (o.kind = 'amend' OR o.kind = 'task' AND (o.state = 'settled' OR o.attempt > 0))
ON CONFLICT (portal, entry_key) DO NOTHING`

// endTwins closes the second of two open tasks of one kind: a rep is asked once. One that was not sent yet is
// not sent any more; an amendment is, since it moves the key of a task that is there. One of which nobody heard is not
// sent again, but looked for and closed.
func (d *decisionSaver) endTwins(ctx context.Context, survivor connector.ObjectID, twins []twin) error {
	var many rows
	for _, t := range twins {
		reason, err := encode(scoring.Reason{Code: workflows.ReasonSuperseded, Params: map[string]string{"rule": t.rule}})
		if err != nil {
			return err
		}
		payload, err := encode(workflows.ClosePayload{TaskKey: t.key, Was: t.was})
		if err != nil {
			return err
		}
		many = append(many, []any{t.key, reason, payload})
	}
	now := micros(d.now)
	if err := d.bulk(ctx, cancelTwins, many, now, now, d.portal); err != nil {
		return fmt.Errorf("cancel second tasks: %w", err)
	}
	if err := d.bulk(ctx, closeTwins, many, d.portal, survivor, now, now, d.portal); err != nil {
		return fmt.Errorf("close second tasks: %w", err)
	}
	return nil
}

// inherit gives a survivor with a history of its own what it needs of the other's. Keys are made of the root
// and the episode, so with the older root the episodes must go on from the higher count; open tasks of both
// must be closed some day. twins are the open tasks of the other one whose kind or rule has an open task already.
func inherit(next, old workflows.LeadState) (merged workflows.LeadState, twins []twin) {
	if next.Root == "" || older(old.Root, next.Root) {
		next.Root = old.Root
	}
	own := next.Episodes
	tasks := maps.Clone(old.OpenTasks)
	for _, rule := range slices.Sorted(maps.Keys(next.OpenTasks)) {
		if second := tasks[rule]; second != "" && second != next.OpenTasks[rule] {
			twins = append(twins, twin{rule: rule, key: second})
		}
		tasks = put(tasks, rule, next.OpenTasks[rule])
	}
	next.OpenTasks = tasks
	var seconds []twin
	next.Following, seconds = inheritFollowing(next.Following, old.Following)
	twins = append(twins, seconds...)
	next.Outcomes = inheritOutcomes(next.Outcomes, old.Outcomes)
	next.Episodes, next.Passed = next.CountOn(own, old.Episodes), most(next.Passed, old.Passed)
	next.Outreach = next.Inherit(old.Outreach)
	next.Wrote = next.Wrote || old.Wrote // whether it may be profiled is the survivor's word
	if old.LookedAt.After(next.LookedAt) {
		next.LookedAt = old.LookedAt // what the other one had been through by then is no news of the survivor
	}
	return next, twins
}

func put[V any](m map[string]V, key string, value V) map[string]V {
	if m == nil {
		m = map[string]V{}
	}
	m[key] = value
	return m
}

// older reports whether an id was given out before another: ids are decimal and count up.
func older(a, b connector.ObjectID) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return strings.Compare(string(a), string(b)) < 0
}

const entriesOfContact = selectEntries + `FROM outbox o
WHERE o.portal = ? AND o.contact = ? AND o.state IN ('ready', 'sending') AND o.kind NOT IN ('update', 'back') ORDER BY o.entry_key`

const moveEntries = `UPDATE outbox SET contact = ?, payload = m.payload
FROM (SELECT j.value->>0 AS portal, j.value->>1 AS entry_key, j.value->>2 AS payload FROM {rows}) AS m
WHERE outbox.portal = m.portal AND outbox.entry_key = m.entry_key`

// moveEntries hands the loser's unfinished tasks, deals, closings, list memberships and moves of companies over together with the state that
// counts them as done: cancelled they would never be planned again.
func (d *decisionSaver) moveEntries(ctx context.Context, loser, survivor connector.ObjectID) error {
	var found []entryColumns
	if err := d.list(ctx, &found, entriesOfContact, d.portal, loser); err != nil {
		return fmt.Errorf("read entries: %w", err)
	}
	var many rows
	for _, row := range found {
		payload, err := readdress(row, survivor)
		if err != nil {
			return fmt.Errorf("readdress entry %q: %w", row.Key, err)
		}
		many = append(many, []any{string(d.portal), row.Key, payload})
	}
	if err := d.bulk(ctx, moveEntries, many, survivor); err != nil {
		return fmt.Errorf("move entries: %w", err)
	}
	if _, err := d.exec(ctx, moveDays, survivor, d.portal, loser); err != nil {
		return fmt.Errorf("move days of tasks: %w", err)
	}
	return nil
}

// readdress gives the payload of a task or deal with another contact.
func readdress(row entryColumns, contact connector.ObjectID) (string, error) {
	switch row.Kind {
	case workflows.KindTask:
		var task connector.Task
		if err := json.Unmarshal([]byte(row.Payload), &task); err != nil {
			return "", err
		}
		task.Contact = contact
		return encode(task)
	case workflows.KindAmend:
		var amend workflows.AmendPayload
		if err := json.Unmarshal([]byte(row.Payload), &amend); err != nil {
			return "", err
		}
		amend.Task.Contact = contact
		return encode(amend)
	case workflows.KindDeal:
		var deal workflows.DealPayload
		if err := json.Unmarshal([]byte(row.Payload), &deal); err != nil {
			return "", err
		}
		deal.Contact = contact
		return encode(deal)
	case workflows.KindClose, workflows.KindUpdate, workflows.KindBack, workflows.KindList, workflows.KindCompany, workflows.KindDelete:
	}
	return row.Payload, nil
}
