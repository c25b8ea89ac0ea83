package sim_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"leadsync/connector/hubspot/simulator"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// promises are what is looked at on the way, where it happens: what heals until the end would not be seen there.
type promises struct {
	accepted map[string]string    // deliveries that were answered 2xx, by the hash of their body
	heard    map[string]bool      // events that were accepted, whatever the attempt
	tried    map[string]time.Time // when each event came for the first time, accepted or not
	readAt   map[string]time.Time // when each contact was read last
	foreign  int                  // how many came that are not of our own app
	waits    map[string]looked    // contacts that an accepted event names, with the last of them
	newest   map[string]int64     // modification time of records that the mirror has, by type and id
	tasksAt  map[string]time.Time
}

// looked is an accepted event that asks for a look.
type looked struct {
	at   time.Time
	what string
}

// beside is the database as others see it.
func (p *play) beside() *sql.DB {
	if !p.watching() {
		p.accepted, p.heard, p.waits = map[string]string{}, map[string]bool{}, map[string]looked{}
		p.newest, p.tasksAt, p.tried, p.readAt = map[string]int64{}, map[string]time.Time{}, map[string]time.Time{}, map[string]time.Time{}
	}
	return p.slot.book
}

// watching reports whether there was anything to look at yet.
func (p *play) watching() bool { return p.accepted != nil }

// ask is the first row of a query, into a value.
func (p *play) ask(into any, query string, args ...any) error {
	stmt, err := p.asked(query) //nolint:sqlclosecheck // it is kept
	if err != nil {
		return err
	}
	return stmt.QueryRowContext(context.Background(), args...).Scan(into)
}

// asked prepares a query. The queries are few and asked thousands of times: they are kept.
func (p *play) asked(query string) (*sql.Stmt, error) {
	db := p.beside()
	stmt := p.slot.asks[query]
	if stmt == nil {
		var err error
		if stmt, err = db.PrepareContext(context.Background(), query); err != nil {
			return nil, err
		}
		p.slot.asks[query] = stmt
	}
	return stmt, nil
}

// scalar is the one value of a query, or nothing.
func (p *play) scalar(query string, args ...any) (string, bool) {
	var text sql.NullString
	err := p.ask(&text, query, args...)
	return text.String, err == nil && text.Valid
}

// peek reads a request without taking it away.
func peek(req *http.Request) []byte {
	if req.GetBody == nil {
		return nil
	}
	rest, err := req.GetBody()
	if err != nil {
		return nil
	}
	text, _ := io.ReadAll(rest)
	return text
}

// input is one input of a batch.
type input struct {
	ID         string            `json:"id"`
	Properties map[string]string `json:"properties"`
}

func inputsOf(text []byte) []input {
	var body struct {
		Inputs []input `json:"inputs"`
	}
	_ = json.Unmarshal(text, &body) // another body has no inputs
	return body.Inputs
}

// watchCall looks at a request of a worker, before the account does.
func (p *play) watchCall(w *worker, req *http.Request, body []byte) {
	p.beside()
	path := req.URL.Path
	// Where clocks are wrong, a lease ends early for those who look at it.
	if holder, _ := p.scalar(`SELECT worker FROM leases`); holder != "" && holder != w.name && p.dice.skew == 0 && writes(req) {
		p.violate(checkFence, "%s calls %s, but %s holds the lease", w.name, path, holder)
	}
	switch {
	case strings.HasSuffix(path, "/contacts/batch/read"):
		for _, in := range inputsOf(body) {
			p.readAt[in.ID] = p.now()
		}
	case strings.Contains(path, "/contacts/") && req.Method == http.MethodGet:
		p.readAt[path[strings.LastIndex(path, "/")+1:]] = p.now()
	case strings.HasSuffix(path, "/tasks/batch/read"):
		p.tasksAt[w.name] = p.now()
	case strings.HasSuffix(path, "/tasks/batch/create"), strings.HasSuffix(path, "/deals/batch/create"):
		for _, in := range inputsOf(body) {
			p.writtenAhead(w, in.Properties["leadsync_key"])
		}
	case strings.HasSuffix(path, "/tasks/batch/update"), strings.HasSuffix(path, "/tasks/batch/archive"):
		for _, in := range inputsOf(body) {
			p.untouched(w, in.ID)
		}
	}
}

// writtenAhead: what is being created is written down as being sent before it is sent. A worker that was fenced off
// meanwhile may find it settled.
func (p *play) writtenAhead(w *worker, key string) {
	state, has := p.scalar(`SELECT state FROM outbox WHERE entry_key = ?`, key)
	if holder, _ := p.scalar(`SELECT worker FROM leases`); holder != w.name {
		return
	}
	if has && state == "ready" {
		p.violate(checkDoubled, "%s creates %q, and nobody who comes after it would know", w.name, key)
	}
}

// untouched: a task that a person edited is left alone, unless they did it after leadsync looked.
func (p *play) untouched(w *worker, id string) {
	at := p.tasksAt[w.name]
	for _, e := range p.account.Journal() {
		if e.Type == simulator.Tasks && e.ID == id && e.Actor.Kind == simulator.User && e.Property == "hs_task_subject" && e.At.Before(at.Add(-time.Second)) && e.New == "Mine" {
			p.violate(checkPeople, "%s rewrites task %s, which a person edited at %s and it looked at after", w.name, id, e.At.Format(time.TimeOnly))
			return
		}
	}
}

func (p *play) number(query string, args ...any) (int64, bool) {
	var n sql.NullInt64
	err := p.ask(&n, query, args...)
	return n.Int64, err == nil && n.Valid
}

// watchCommit looks at the database after a worker has changed it.
func (p *play) watchCommit(w *worker, m store.Moment, what string) {
	if m != store.MomentCommitted || w.dead || !p.watching() {
		return
	}
	switch what {
	case "save page", "save decisions", "settle", "take from outbox", "postpone":
		if holder, ok := p.scalar(`SELECT worker FROM leases`); ok && holder != w.name {
			p.violate(checkFence, "%s has done %q, but %q holds the lease", w.name, what, holder)
		}
	}
	if what == "save page" && p.dice.lag > 0 {
		p.neverOlder()
	}
}

// neverOlder: the mirror does not go back to an older state of a record.
func (p *play) neverOlder() {
	stmt, err := p.asked(`SELECT type, id, updated_at FROM objects WHERE updated_at IS NOT NULL AND removed_at IS NULL`) //nolint:sqlclosecheck // it is kept
	if err != nil {
		return
	}
	rows, err := stmt.QueryContext(context.Background())
	if err != nil {
		return
	}
	defer rows.Close()
	for rows.Next() {
		var typ, id string
		var at int64
		if rows.Scan(&typ, &id, &at) != nil {
			return
		}
		key := typ + "/" + id
		if at < p.newest[key] {
			p.violate(checkLost, "leadsync knew %s as of %s, and went back to %s", key, time.UnixMicro(p.newest[key]).UTC().Format(time.TimeOnly), time.UnixMicro(at).UTC().Format(time.TimeOnly))
		}
		p.newest[key] = at
	}
	if err := rows.Err(); err != nil {
		p.violate(checkRun, "read the mirror: %v", err)
	}
}

// accept notes a delivery that was answered 2xx, and what it asks for.
func (p *play) accept(body []byte, events map[string]map[string]any) {
	p.beside()
	sum := sha256.Sum256(body)
	p.accepted[hex.EncodeToString(sum[:])] = p.now().Format(time.TimeOnly)
	for text, e := range events {
		if !p.heard[text] {
			p.heard[text] = true
			p.expectLook(e, p.tried[text])
		}
	}
}

// attempt notes the events of a delivery that begins: it may be stored although nobody accepts it in the end.
func (p *play) attempt(events map[string]map[string]any) {
	p.beside()
	for text, e := range events {
		if _, again := p.tried[text]; again {
			continue
		}
		if p.tried[text] = p.now(); !ownEvent(e) {
			p.foreign++
		}
	}
}

// eventsOf are the events of a delivery by what does not change from one attempt to the next.
func eventsOf(body []byte) map[string]map[string]any {
	var events []map[string]any
	out := map[string]map[string]any{}
	if json.Unmarshal(body, &events) != nil {
		return out
	}
	for _, e := range events {
		delete(e, "attemptNumber")
		text, _ := json.Marshal(e) // in the order of the names
		out[string(text)] = e
	}
	return out
}

// expectLook: a change of a contact that was accepted is looked at, and an echo of our own is none only if its value is
// what we wrote last.
func (p *play) expectLook(e map[string]any, came time.Time) {
	text := func(name string) string { s, _ := e[name].(string); return s }
	number, _ := e["objectId"].(float64)
	id := jsonNumber(number)
	own := ownEvent(e)
	kind := text("subscriptionType")
	if !strings.HasSuffix(kind, ".propertyChange") && !strings.HasSuffix(kind, ".creation") ||
		!strings.HasPrefix(kind, "contact.") && text("objectTypeId") != "0-1" {
		return
	}
	if own {
		wrote, has := p.scalar(`SELECT value FROM pushes WHERE type = 'contact' AND id = ? AND property = ?`, id, text("propertyName"))
		if !has || wrote == text("propertyValue") {
			return
		}
	}
	one, before := looked{came, kind + " " + text("propertyName")}, p.waits[id]
	if came.After(before.at) || came.Equal(before.at) && one.what > before.what {
		p.waits[id] = one
	}
}

// ownEvent reports whether an event tells of what our app did.
func ownEvent(e map[string]any) bool {
	return e["changeSource"] == "INTEGRATION" && e["sourceId"] == appID
}

func jsonNumber(n float64) string {
	text, _ := json.Marshal(int64(n))
	return string(text)
}

// kept judges in the end what was promised on the way.
func (p *play) kept() {
	p.beside()
	for hash, at := range p.accepted {
		if n, _ := p.number(`SELECT COUNT(*) FROM deliveries WHERE delivery_key = ?`, hash); n == 0 {
			p.violate(checkLost, "a delivery was accepted at %s, and is not stored", at)
			return
		}
	}
	p.lookedAt()
	if n, ok := p.number(`SELECT SUM(changes) FROM feed_hours WHERE source = 'webhook'`); ok && n > int64(p.foreign) {
		p.violate(checkCounts, "%d events of others came, and %d are counted", p.foreign, n)
	}
	p.putAway()
	p.written()
}

// lookedAt: whoever an accepted event names has been read since.
func (p *play) lookedAt() {
	var ids []string
	for id := range p.waits {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		o, ok := p.account.Object(contacts, id)
		if _, purged := p.purged[id]; purged || !ok || o.Archived || !p.readAt[id].Before(p.waits[id].at) {
			continue
		}
		p.violate(checkLost, "%s of contact %s came at %s and was accepted, and nobody has looked at the contact since", p.waits[id].what, id, p.waits[id].at.Format(time.TimeOnly))
		return
	}
}

// putAway: a task that leadsync has put away, or found gone, is not open. Where the key is a marker, nobody can look for
// the task of a contact in the bin of which the answer was lost (SECURITY.md); whoever comes back from there may have it.
func (p *play) putAway() {
	open := map[string]string{}
	for _, o := range p.account.Objects(simulator.Tasks) {
		if key := o.Properties["leadsync_key"]; key != "" && !o.Archived && o.Properties["hs_task_status"] != "COMPLETED" {
			open[key] = o.ID
		}
	}
	eachSettled(p, `kind = 'close' AND error IN ('gone_already', 'archived')`, func(contact string, c workflows.ClosePayload) {
		id := open[c.TaskKey]
		if id == "" {
			return
		}
		if known, _ := p.number(`SELECT COUNT(*) FROM outbox WHERE remote_id = ?`, id); known > 0 || !p.world().marked || !p.revived[contact] {
			p.violate(checkWrong, "task %s was put away before it was made, and is open", id)
		}
	})
}

// eachSettled looks at the payloads of the settled entries of which a condition in SQL holds, and whom they are about.
func eachSettled[P any](p *play, which string, look func(contact string, payload P)) {
	rows, err := p.beside().QueryContext(context.Background(), `SELECT contact, payload FROM outbox WHERE state = 'settled' AND `+which)
	if err != nil {
		p.violate(checkRun, "read the outbox: %v", err)
		return
	}
	defer rows.Close()
	var all []func() // who looks may ask the database too: nothing is being read then
	for rows.Next() {
		var contact, text string
		var payload P
		err := rows.Scan(&contact, &text)
		if err == nil {
			err = json.Unmarshal([]byte(text), &payload)
		}
		if err != nil {
			p.violate(checkRun, "read an entry of contact %q: %v", contact, err)
			return
		}
		all = append(all, func() { look(contact, payload) })
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		p.violate(checkRun, "read the outbox: %v", err)
	}
	for _, one := range all {
		one()
	}
}
