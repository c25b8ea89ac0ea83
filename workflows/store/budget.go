package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// budgetWindow is how many waiting tasks and amendments are looked at together, those that wait longest: they choose
// their days by priority, and those behind them after them.
const budgetWindow = 1000

// placeRow is the place of a task that was handed out, and what tells whether it still takes it.
type placeRow struct {
	Key      string               `db:"entry_key"`
	Contact  connector.ObjectID   `db:"contact"`
	Owner    string               `db:"owner"`
	Day      string               `db:"day"`
	DueAt    int64                `db:"due_at"`
	AskedAt  int64                `db:"asked_at"`
	Replaces string               `db:"replaces"`
	State    workflows.EntryState `db:"state"`
	Removed  *int64               `db:"removed_at"`
	Archived *int                 `db:"archived"`
	Mirrored *string              `db:"properties"`
}

func (r placeRow) place() workflows.Place { return workflows.Place{Owner: r.Owner, Day: r.Day} }

// ended reports whether the mirror shows that nobody has the task to do any more. What the mirror does not have yet is
// to be done.
func (r placeRow) ended(n connector.Names) (bool, error) {
	if r.Mirrored == nil {
		return false, nil
	}
	if r.Removed != nil || *r.Archived != 0 {
		return true, nil
	}
	var properties map[string]string
	if err := decode(*r.Mirrored, &properties); err != nil {
		return false, fmt.Errorf("read task of %q: %w", r.Key, err)
	}
	return n.TaskDone != "" && properties[n.TaskStatus] == n.TaskDone, nil
}

const placeColumns = `SELECT d.entry_key, d.contact, d.owner, d.day, d.due_at, d.asked_at, d.replaces, o.state, m.removed_at, m.archived, m.properties `

// A task takes its place from when it is handed out until it is cancelled, closed, or amended by one that is settled.
const joinPlaces = `
JOIN outbox o ON o.portal = d.portal AND o.entry_key = d.entry_key AND o.state IN ('ready', 'sending', 'settled', 'parked')
LEFT JOIN objects m ON m.portal = d.portal AND m.type = 'task' AND m.id = o.remote_id AND o.remote_id <> ''
`

const stillThere = `
    AND NOT EXISTS (SELECT 1 FROM task_days n JOIN outbox x ON x.portal = n.portal AND x.entry_key = n.entry_key
        WHERE n.portal = d.portal AND n.replaces = d.entry_key AND n.replaces <> '' AND x.state = 'settled')
    AND NOT EXISTS (SELECT 1 FROM outbox c WHERE c.portal = d.portal AND c.entry_key = 'close/' || d.entry_key AND c.state = 'settled')
`

const placesOfOwners = placeColumns + `FROM {rows} CROSS JOIN task_days d` + joinPlaces +
	`WHERE d.portal = ? AND d.owner = j.value->>0 AND d.day >= j.value->>1` + stillThere + `ORDER BY d.entry_key`

const placesOverBudget = placeColumns + `FROM task_days d` + joinPlaces + `WHERE d.portal = ? AND d.over = 1` + stillThere + `ORDER BY d.entry_key`

type dayRow struct {
	Key     string `db:"entry_key"`
	Owner   string `db:"owner"`
	Day     string `db:"day"`
	DueAt   int64  `db:"due_at"`
	AskedAt int64  `db:"asked_at"`
}

const findDays = `SELECT d.entry_key, d.owner, d.day, d.due_at, d.asked_at FROM {rows} CROSS JOIN task_days d
WHERE d.portal = ? AND d.entry_key = j.value->>0`

const saveDays = `INSERT INTO task_days (portal, entry_key, contact, owner, day, due_at, asked_at, replaces, over)
SELECT ?, j.value->>0, j.value->>1, j.value->>2, j.value->>3, CAST(j.value->>4 AS BIGINT), CAST(j.value->>5 AS BIGINT), j.value->>6,
    CAST(j.value->>7 AS INTEGER) FROM {rows} WHERE true ON CONFLICT (portal, entry_key) DO NOTHING`

const rewritePayload = `UPDATE outbox SET payload = m.payload
FROM (SELECT j.value->>0 AS portal, j.value->>1 AS entry_key, j.value->>2 AS payload FROM {rows}) AS m
WHERE outbox.portal = m.portal AND outbox.entry_key = m.entry_key`

// waiting is a task that waits to be sent or amended, and its payload.
type waiting struct {
	row      entryColumns
	task     connector.Task
	amend    *workflows.AmendPayload // nil: it is created
	replaces []string                // the keys under which the task that it amends may stand, the oldest last
}

func (t *taker) waiting(row entryColumns) (waiting, error) {
	w := waiting{row: row}
	if row.Kind == workflows.KindTask {
		return w, decode(row.Payload, &w.task)
	}
	w.amend = &workflows.AmendPayload{}
	if err := decode(row.Payload, w.amend); err != nil {
		return w, err
	}
	w.task, w.replaces = w.amend.Task, []string{w.amend.Old}
	for _, e := range t.earlier[row.Key] {
		w.replaces = append(w.replaces, e.Key)
	}
	return w, nil
}

// due is the payload with another due time; the reminder keeps its distance.
func (w waiting) due(at time.Time) (string, error) {
	task := w.task
	if !task.RemindAt.IsZero() {
		task.RemindAt = task.RemindAt.Add(at.Sub(task.DueAt))
	}
	task.DueAt = at
	if w.amend == nil {
		return encode(task)
	}
	amend := *w.amend
	amend.Task = task
	return encode(amend)
}

// withinBudget gives the chosen tasks and amendments their days (rule 25), before they are sent for the first time. What
// was handed out before keeps its day: it may have been sent.
func (t *taker) withinBudget(ctx context.Context, chosen []entryColumns) ([]entryColumns, error) {
	if t.take.Kind == workflows.KindClose || t.take.Kind == workflows.KindAmend {
		var err error
		if chosen, err = t.asWritten(ctx, chosen); err != nil {
			return nil, err
		}
	}
	if t.take.Portal == nil || len(chosen) == 0 || t.take.Kind != workflows.KindTask && t.take.Kind != workflows.KindAmend {
		return chosen, nil
	}
	candidates, err := t.unplaced(ctx, chosen)
	if err != nil || len(candidates) == 0 {
		return chosen, err
	}
	var owners []ownerRow
	if err := t.list(ctx, &owners, findOwners, t.portal); err != nil {
		return nil, fmt.Errorf("read owners: %w", err)
	}
	budget := t.take.Portal.Budget(ownersOf(owners))
	placed, err := t.allocate(ctx, budget, candidates)
	if err != nil {
		return nil, err
	}
	return t.carry(ctx, budget, chosen, candidates, placed)
}

// unplaced are the tasks and amendments that were never handed out and may be sent now: the chosen ones, and if one of
// those needs a day, the others that wait, by key.
func (t *taker) unplaced(ctx context.Context, chosen []entryColumns) (map[string]waiting, error) {
	all := map[string]waiting{}
	if err := t.addUnplaced(ctx, chosen, all); err != nil || len(all) == 0 {
		return all, err
	}
	paused, err := t.pausedClasses(ctx)
	if err != nil {
		return nil, err
	}
	for _, kind := range []workflows.EntryKind{workflows.KindTask, workflows.KindAmend} {
		other := *t
		other.take.Kind = kind
		found, err := other.nextEntries(ctx, paused, budgetWindow)
		if err != nil {
			return nil, err
		}
		if found, err = other.traced(ctx, found); err != nil {
			return nil, err
		}
		if err := other.addUnplaced(ctx, found, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (t *taker) addUnplaced(ctx context.Context, found []entryColumns, all map[string]waiting) error {
	days, err := t.daysOf(ctx, found)
	if err != nil {
		return err
	}
	for _, row := range found {
		_, placed := days[row.Key]
		_, known := all[row.Key]
		if placed || known || row.State == workflows.StateSending {
			continue
		}
		w, err := t.waiting(row)
		if err != nil {
			return fmt.Errorf("read entry %q: %w", row.Key, err)
		}
		all[row.Key] = w
	}
	return nil
}

// daysOf are the days of the entries that were handed out before, by key.
func (t *taker) daysOf(ctx context.Context, entries []entryColumns) (map[string]dayRow, error) {
	keys := make([]string, len(entries))
	for i, row := range entries {
		keys[i] = row.Key
	}
	return t.days(ctx, t.portal, keys)
}

func (in *session) days(ctx context.Context, portal connector.PortalID, keys []string) (map[string]dayRow, error) {
	var many rows
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		many = append(many, []any{key})
	}
	var found []dayRow
	if err := in.lookup(ctx, &found, findDays, many, portal); err != nil {
		return nil, fmt.Errorf("read days of tasks: %w", err)
	}
	days := make(map[string]dayRow, len(found))
	for _, row := range found {
		days[row.Key] = row
	}
	return days, nil
}

// allocate finds days for the tasks that wait, among those that the owners have already.
func (t *taker) allocate(ctx context.Context, budget *workflows.Budget, candidates map[string]waiting) ([]workflows.PlacedTask, error) {
	first := map[string]string{} // the first day that counts, by owner
	tasks := make([]workflows.WaitingTask, 0, len(candidates))
	for _, w := range candidates {
		var reason scoring.Reason
		if err := decode(w.row.Reason, &reason); err != nil {
			return nil, fmt.Errorf("read entry %q: %w", w.row.Key, err)
		}
		tasks = append(tasks, workflows.WaitingTask{
			Key: w.row.Key, Owner: w.task.OwnerID, Priority: w.task.Priority, DueAt: w.task.DueAt, Since: fromMicros(w.row.PlannedAt),
			Fixed: workflows.KeepsDay(reason),
		})
		at := budget.Place(w.task.OwnerID, w.task.DueAt)
		if day, has := first[at.Owner]; at.Owner != "" && budget.PerDay(at.Owner) > 0 && (!has || at.Day < day) {
			first[at.Owner] = at.Day
		}
	}
	taken, places, err := t.taken(ctx, first)
	if err != nil {
		return nil, err
	}
	for i := range tasks {
		for _, key := range candidates[tasks[i].Key].replaces {
			if at, has := places[key]; has {
				tasks[i].Own = at
			}
		}
	}
	return budget.Allocate(tasks, taken), nil
}

// taken counts the tasks of ours that owners have on each of their days from a first one on, and gives the place of each.
func (t *taker) taken(ctx context.Context, first map[string]string) (map[workflows.Place]int, map[string]workflows.Place, error) {
	var many rows
	for owner, day := range first {
		many = append(many, []any{owner, day})
	}
	var found []placeRow
	if err := t.lookup(ctx, &found, placesOfOwners, many, t.portal); err != nil {
		return nil, nil, fmt.Errorf("count tasks of owners: %w", err)
	}
	places := map[string]workflows.Place{}
	for _, row := range found {
		ended, err := row.ended(t.take.Portal.Names)
		if err != nil {
			return nil, nil, err
		}
		if !ended {
			places[row.Key] = row.place()
		}
	}
	counts := map[workflows.Place]int{}
	for _, row := range found {
		at, counted := places[row.Key]
		if counted && (row.State == workflows.StateSettled || places[row.Replaces] != at) { // both are one task
			counts[at]++
		}
	}
	return counts, places, nil
}

// carry records the days of the chosen entries, and gives them the due times that they have now.
func (t *taker) carry(
	ctx context.Context, budget *workflows.Budget, chosen []entryColumns, candidates map[string]waiting, placed []workflows.PlacedTask,
) ([]entryColumns, error) {
	var days, moved rows
	var notes []note
	for _, at := range placed {
		i := slices.IndexFunc(chosen, func(row entryColumns) bool { return row.Key == at.Key })
		if i < 0 || at.Place == (workflows.Place{}) {
			continue
		}
		w, replaces := candidates[at.Key], ""
		if n := len(w.replaces); n > 0 {
			replaces = w.replaces[n-1]
		}
		days = append(days, []any{
			at.Key, string(chosen[i].Contact), at.Owner, at.Day, at.DueAt.UnixMicro(), w.task.DueAt.UnixMicro(), replaces, flag(at.Over),
		})
		if at.DueAt.Equal(w.task.DueAt) {
			continue
		}
		payload, err := w.due(at.DueAt)
		if err != nil {
			return nil, err
		}
		chosen[i].Payload = payload
		moved = append(moved, []any{string(t.portal), at.Key, payload})
		notes = append(notes, carried(chosen[i], w.task.DueAt, at, budget.PerDay(at.Owner)))
	}
	if err := t.bulk(ctx, saveDays, days, t.portal); err != nil {
		return nil, fmt.Errorf("store days of tasks: %w", err)
	}
	if err := t.bulk(ctx, rewritePayload, moved); err != nil {
		return nil, fmt.Errorf("carry tasks over: %w", err)
	}
	return chosen, t.saveNotes(ctx, t.portal, notes)
}

// carried is what the history tells of a task that was carried over.
func carried(row entryColumns, asked time.Time, at workflows.PlacedTask, most int) note {
	n := note{contact: row.Contact, action: actionOf(row), reason: scoring.Reason{Code: workflows.ReasonCarriedOver, Params: map[string]string{
		"most": fmt.Sprint(most), "from": asked.UTC().Format(time.RFC3339), "to": at.DueAt.UTC().Format(time.RFC3339),
	}}}
	if at.Over {
		n.reason.Code = workflows.ReasonOverBudget
	}
	n.action.DueAt = at.DueAt.UTC().Format(time.RFC3339)
	return n
}
