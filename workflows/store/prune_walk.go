package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"leadsync/workflows"
)

// walkStep is how many rows one look at a table takes in.
const walkStep = 500

// column is one of a primary key besides the portal.
type column struct {
	name   string
	number bool
}

// walked is a table of which some rows stay whatever their age. It is walked along its key: a look without any lock
// finds the rows that may go, and a transaction deletes those of them of which that still holds.
type walked struct {
	table string
	key   []column
	needs []string // the columns besides the key that old reads
	// old is the condition on a row x, with one parameter: the oldest moment that stays.
	old      string
	keep     func(workflows.Retention) time.Duration
	business bool     // its time is business time
	also     []string // further statements about the keys of what went: the portal, then {rows}
}

// look is the query of one step: the keys behind a place and, of each, whether it may go. The rows are chosen first, so
// that PostgreSQL knows how few they are and looks up what each needs along an index, instead of reading whole tables.
func (w walked) look() string {
	marks := make([]string, len(w.key))
	columns := append([]string{w.names(), "x.portal"}, w.needs...)
	for i, c := range w.key {
		marks[i] = "CAST(? AS TEXT)"
		if c.number {
			marks[i] = "CAST(? AS BIGINT)"
		}
	}
	rows := fmt.Sprintf(`SELECT %s FROM %s x WHERE x.portal = ? AND (%s) > (%s) ORDER BY %s LIMIT %d`,
		strings.Join(columns, ", "), w.table, w.names(), strings.Join(marks, ", "), w.names(), walkStep)
	return fmt.Sprintf(`SELECT CASE WHEN %s THEN 1 ELSE 0 END AS old, %s FROM (%s) AS x ORDER BY %s`, w.old, w.names(), rows, w.names())
}

// drop is the statement that deletes rows: the portal, the keys, the oldest moment that stays.
func (w walked) drop() string {
	return fmt.Sprintf(`DELETE FROM %s AS x WHERE x.portal = ? AND (%s) IN (SELECT %s FROM {rows}) AND %s`,
		w.table, w.names(), w.unfolded(), w.old)
}

func (w walked) names() string {
	names := make([]string, len(w.key))
	for i, c := range w.key {
		names[i] = "x." + c.name
	}
	return strings.Join(names, ", ")
}

func (w walked) unfolded() string {
	parts := make([]string, len(w.key))
	for i, c := range w.key {
		parts[i] = fmt.Sprintf("j.value->>%d", i)
		if c.number {
			parts[i] = "CAST(" + parts[i] + " AS BIGINT)"
		}
	}
	return strings.Join(parts, ", ")
}

// start is the place before every row.
func (w walked) start() []any {
	place := make([]any, len(w.key))
	for i, c := range w.key {
		place[i] = ""
		if c.number {
			place[i] = "-9223372036854775808"
		}
	}
	return place
}

func (w walked) step(ctx context.Context, p pruning) (pruned, error) {
	place := w.start()
	if p.after != "" {
		if err := json.Unmarshal([]byte(p.after), &place); err != nil {
			return pruned{}, fmt.Errorf("read place: %w", err)
		}
	}
	var gone rows
	seen, oldest := 0, p.business
	err := p.store.read(ctx, "look for old rows", func(in *session) (err error) {
		if !w.business {
			oldest = in.now
		}
		oldest = oldest.Add(-w.keep(p.keep))
		seen, gone, place, err = w.find(ctx, in, append([]any{micros(oldest), p.fence.Portal}, place...))
		return err
	})
	if err != nil {
		return pruned{}, err
	}
	next, err := encode(place)
	if err != nil {
		return pruned{}, err
	}
	did := pruned{next: next, over: seen < walkStep}
	if len(gone) == 0 {
		return did, nil
	}
	err = p.store.fenced(ctx, "prune", p.fence, func(in *session) (err error) {
		did.rows, err = w.delete(ctx, in, p.fence, gone, oldest)
		return err
	})
	return did, err
}

// find gives how many rows it saw, the keys of those that may go, and the key of the last one.
func (w walked) find(ctx context.Context, in *session, args []any) (seen int, gone rows, last []any, err error) {
	last = args[2:]
	found, err := in.db.QueryxContext(ctx, in.dialect.text(w.look()), args...)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("look along %q: %w", w.table, err)
	}
	defer func() { _ = found.Close() }() // its error is in Err
	for found.Next() {
		old, key := 0, make([]string, len(w.key))
		into := []any{&old}
		for i := range key {
			into = append(into, &key[i])
		}
		if err := found.Scan(into...); err != nil {
			return 0, nil, nil, fmt.Errorf("read key of %q: %w", w.table, err)
		}
		last = make([]any, len(key))
		for i, part := range key {
			last[i] = part
		}
		if seen++; old == 1 {
			gone = append(gone, last)
		}
	}
	return seen, gone, last, found.Err()
}

func (w walked) delete(ctx context.Context, in *session, f workflows.Fence, gone rows, oldest time.Time) (int, error) {
	text, err := gone.json()
	if err != nil {
		return 0, err
	}
	n, err := in.exec(ctx, w.drop(), f.Portal, text, micros(oldest))
	if err != nil {
		return 0, fmt.Errorf("delete old rows of %q: %w", w.table, err)
	}
	for _, query := range w.also {
		more, err := in.exec(ctx, query, f.Portal, text)
		if n += more; err != nil {
			return 0, fmt.Errorf("delete what belongs to old rows of %q: %w", w.table, err)
		}
	}
	return n, nil
}

// stillRemembered finds what the contact of an entry x is remembered for: a task that is open or that must not be made again
// stands in its state under its key, whoever it was merged into; and while anything of the contact is
// unfinished or parked, it may be about an earlier one. The empty text keeps both databases from walking along all that is
// parked, for each row anew.
const stillRemembered = `
    EXISTS (SELECT 1 FROM leads l WHERE l.portal = x.portal AND l.id = x.contact AND l.state LIKE '%"' || x.entry_key || '"%')
    OR EXISTS (SELECT 1 FROM aliases a JOIN leads l ON l.portal = a.portal AND l.id = a.survivor
        WHERE a.portal = x.portal AND a.id = x.contact AND l.state LIKE '%"' || x.entry_key || '"%')
    OR EXISTS (SELECT 1 FROM outbox w WHERE w.portal = x.portal AND w.contact = x.contact AND w.kind <> 'update'
        AND w.state || '' IN ('ready', 'sending', 'parked'))
`

const oldDay = `x.due_at < ? AND NOT (` + stillRemembered + `)
    AND NOT EXISTS (SELECT 1 FROM task_days d WHERE d.portal = x.portal AND d.entry_key = x.replaces AND x.replaces <> '')`

const oldEntry = `x.state_at < ? AND x.sent_payload = ''
    AND (x.state IN ('settled', 'cancelled') OR x.state = 'shadow' AND x.kind IN ('task', 'amend', 'deal', 'close'))
    AND (x.kind = 'update' OR NOT (` + stillRemembered + `)
        AND NOT EXISTS (SELECT 1 FROM task_days d WHERE d.portal = x.portal AND d.entry_key = x.entry_key)
        AND NOT EXISTS (SELECT 1 FROM task_days d WHERE d.portal = x.portal AND x.kind = 'close' AND d.entry_key = SUBSTR(x.entry_key, 7)))`

const oldAnswer = `x.answered_at < ? AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.portal = x.portal AND o.entry_key = x.entry_key
    AND o.state IN ('ready', 'sending', 'parked'))`

// The last decision about a contact says where it stands, and which number comes next.
const oldDecision = `x.decided_at < ? AND EXISTS (SELECT 1 FROM decisions n WHERE n.portal = x.portal AND n.contact = x.contact AND n.number > x.number)`

// Contacts are asked about (askLongRemoved) and erased as a whole. What an entry of ours made stays as long as that.
const oldObject = `x.removed_at < ? AND x.type <> 'contact'
    AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.portal = x.portal AND o.remote_id = x.id AND o.remote_id <> '')
    AND NOT EXISTS (SELECT 1 FROM due d WHERE d.portal = x.portal AND d.type = x.type AND d.id = x.id AND d.hinted_at IS NOT NULL)`

// The links of what is removed and kept say what belongs to it.
const oldLink = `x.removed_at < ?
    AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.portal = x.portal AND o.type = x.from_type AND o.id = x.from_id AND o.removed_at IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.portal = x.portal AND o.type = x.to_type AND o.id = x.to_id AND o.removed_at IS NOT NULL)`

const keysOfObjects = `SELECT j.value->>0, j.value->>1 FROM {rows}`

// What was known about a record beside the mirror goes with it.
const (
	dueOfOld    = `DELETE FROM due WHERE portal = ? AND (type, id) IN (` + keysOfObjects + `) AND hinted_at IS NULL` + objectIsGone
	pushesOfOld = `DELETE FROM pushes WHERE portal = ? AND (type, id) IN (` + keysOfObjects + `)
    AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.portal = pushes.portal AND o.type = pushes.type AND o.id = pushes.id)`
	linksFromOld = `DELETE FROM links WHERE portal = ? AND (from_type, from_id) IN (` + keysOfObjects + `)
    AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.portal = links.portal AND o.type = links.from_type AND o.id = links.from_id)`
	linksToOld = `DELETE FROM links WHERE portal = ? AND (to_type, to_id) IN (` + keysOfObjects + `)
    AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.portal = links.portal AND o.type = links.to_type AND o.id = links.to_id)`

	objectIsGone = ` AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.portal = due.portal AND o.type = due.type AND o.id = due.id)`
)

func walkedShelves() []walked {
	text := func(names ...string) (key []column) {
		for _, name := range names {
			key = append(key, column{name: name})
		}
		return key
	}
	number := func(name string) column { return column{name: name, number: true} }
	outbox := func(r workflows.Retention) time.Duration { return r.Outbox }
	decisions := func(r workflows.Retention) time.Duration { return r.Decisions }
	removed := func(r workflows.Retention) time.Duration { return r.Removed }
	measurements := func(r workflows.Retention) time.Duration { return r.Measurements }
	return []walked{
		{table: "task_days", key: text("entry_key"), needs: []string{"x.contact", "x.due_at", "x.replaces"}, old: oldDay, keep: outbox, business: true},
		{table: "outbox", key: text("entry_key"), needs: []string{"x.contact", "x.state_at", "x.sent_payload", "x.state", "x.kind"}, old: oldEntry, keep: outbox},
		{table: "answers", key: append(text("entry_key"), number("generation"), number("attempt"), number("answered_at")), old: oldAnswer, keep: decisions},
		{table: "decisions", key: append(text("contact"), number("number")), needs: []string{"x.decided_at"}, old: oldDecision, keep: decisions, business: true},
		{
			table: "objects", key: text("type", "id"), needs: []string{"x.removed_at"}, old: oldObject, keep: removed,
			also: []string{dueOfOld, pushesOfOld, linksFromOld, linksToOld},
		},
		{table: "links", key: text("from_type", "from_id", "to_type", "to_id"), needs: []string{"x.removed_at"}, old: oldLink, keep: removed},
		{table: "submissions", key: text("id"), needs: []string{"x.email", "x.kept_at"}, old: `x.email <> '' AND x.kept_at < ?`, keep: func(r workflows.Retention) time.Duration { return r.Submissions }},
		{table: "visits", key: text("id"), needs: []string{"x.kept_at"}, old: `x.kept_at < ?`, keep: func(r workflows.Retention) time.Duration { return r.Visits }},
		{table: "clocks", key: append(text("contact", "rule"), number("started_at")), needs: []string{"x.state"}, old: `x.started_at < ? AND x.state <> 'due'`, keep: measurements, business: true},
		{table: "qualifications", key: append(text("contact", "stage"), number("entered_at")), old: `x.entered_at < ?`, keep: measurements, business: true},
		{table: "observations", key: append(text("contact", "kind"), number("observed_at")), old: `x.observed_at <= ?`, keep: fixed(keepOld), business: true},
	}
}
