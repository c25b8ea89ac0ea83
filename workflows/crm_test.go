package workflows_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// crm is a small scripted CRM: it keeps what is created under its key, and fails as it is told.
type crm struct {
	things map[string]connector.KeyState // by key
	props  map[connector.ObjectID]map[string]string
	links  []connector.Link
	deals  map[connector.ObjectID]connector.Object
	owners []connector.Owner
	calls  []string // what was asked, in order: "create key", "find key", "update id", …

	fail    map[string]error // by what is asked; also "Update", "FindByKey", … for a whole call
	applied map[string]bool  // asks that fail after they were done
	hidden  map[string]bool  // keys that exist and cannot be read
	silent  map[string]bool  // keys that a creation does not answer for
	refused string           // a property that no update may name
}

func newCRM() *crm {
	return &crm{
		things: map[string]connector.KeyState{}, props: map[connector.ObjectID]map[string]string{}, deals: map[connector.ObjectID]connector.Object{},
		fail: map[string]error{}, applied: map[string]bool{}, hidden: map[string]bool{}, silent: map[string]bool{},
	}
}

func fault(kind error, props ...string) error {
	return &connector.Error{Kind: kind, Op: "test", Message: "as scripted", Properties: props}
}

func (c *crm) ask(what string) error {
	c.calls = append(c.calls, what)
	return c.fail[what]
}

// asked tells and forgets what was asked.
func (c *crm) asked() []string {
	calls := c.calls
	c.calls = nil
	return calls
}

func (c *crm) Update(_ context.Context, _ connector.ObjectType, updates []connector.Update) []connector.UpdateResult {
	out := make([]connector.UpdateResult, len(updates))
	for i, u := range updates {
		out[i] = connector.UpdateResult{ID: u.ID, Err: c.ask("update " + string(u.ID))}
		if _, named := u.Properties[c.refused]; named && c.refused != "" {
			out[i].Err = fault(connector.ErrInvalid, c.refused)
		}
		if out[i].Err == nil {
			if c.props[u.ID] == nil {
				c.props[u.ID] = map[string]string{}
			}
			maps.Copy(c.props[u.ID], u.Properties)
			out[i].Properties = maps.Clone(c.props[u.ID])
		}
	}
	return out
}

func (c *crm) create(key string) connector.CreateResult {
	err := c.ask("create " + key)
	if _, exists := c.things[key]; exists && err == nil {
		err = fault(connector.ErrConflict)
	}
	if err != nil && !c.applied["create "+key] {
		return connector.CreateResult{Key: key, Err: err}
	}
	id := connector.ObjectID(fmt.Sprint(900 + len(c.things)))
	c.things[key] = connector.KeyState{ID: id, Open: true}
	if err != nil {
		return connector.CreateResult{Key: key, Err: err}
	}
	return connector.CreateResult{Key: key, ID: id}
}

func (c *crm) CreateTasks(_ context.Context, tasks []connector.Task) []connector.CreateResult {
	var out []connector.CreateResult
	for _, t := range tasks {
		if r := c.create(t.Key); !c.silent[t.Key] {
			out = append(out, r)
		}
	}
	return out
}

func (c *crm) CreateDeals(_ context.Context, deals []connector.Deal) []connector.CreateResult {
	var out []connector.CreateResult
	for _, d := range deals {
		out = append(out, c.create(d.Key))
	}
	return out
}

// AmendTasks moves keys; that people complete and edit is left to the simulated account.
func (c *crm) AmendTasks(_ context.Context, amends []connector.Amend) []connector.AmendResult {
	var out []connector.AmendResult
	for _, a := range amends {
		r := connector.AmendResult{Key: a.Task.Key, Err: c.ask("amend " + a.Old + " " + a.Task.Key)}
		state, ok := c.things[a.Old]
		switch {
		case r.Err != nil:
		case !ok:
			r.Outcome = connector.AmendGone
		default:
			r.ID, r.Outcome = state.ID, connector.AmendDone
			delete(c.things, a.Old)
			c.things[a.Task.Key] = state
		}
		if !c.silent[a.Task.Key] {
			out = append(out, r)
		}
	}
	return out
}

func (c *crm) CloseTasks(_ context.Context, closes []connector.Close) []connector.CloseResult {
	var out []connector.CloseResult
	for _, ref := range closes {
		key := ref.Key
		r := connector.CloseResult{Key: key, Err: c.ask("close " + key), Outcome: connector.CloseGone}
		if state, ok := c.things[key]; ok && r.Err == nil {
			r.Outcome = connector.CloseArchived
			state.Archived, state.Open = true, false
			c.things[key] = state
		}
		out = append(out, r)
	}
	return out
}

func (c *crm) FindByKey(_ context.Context, _ connector.ObjectType, refs []connector.KeyRef) (map[string]connector.KeyState, error) {
	found := map[string]connector.KeyState{}
	for _, ref := range refs {
		key := ref.Key
		c.calls = append(c.calls, "find "+key)
		if state, ok := c.things[key]; ok && !c.hidden[key] {
			found[key] = state
		}
	}
	return found, c.fail["FindByKey"]
}

func (c *crm) AssertLinks(_ context.Context, links []connector.Link) error {
	if err := c.fail["AssertLinks"]; err != nil {
		return err
	}
	for _, l := range links {
		if err := c.fail["link "+string(l.ToID)]; err != nil {
			return err
		}
	}
	c.links = append(c.links, links...)
	return nil
}

func (c *crm) Links(_ context.Context, from, to connector.ObjectType, ids []connector.ObjectID) ([]connector.Link, error) {
	var out []connector.Link
	for _, l := range c.links {
		if l.FromType == from && l.ToType == to && slices.Contains(ids, l.FromID) {
			out = append(out, l)
		}
	}
	return out, c.fail["Links"]
}

func (c *crm) Read(_ context.Context, t connector.ObjectType, ids []connector.ObjectID, _ []string) (connector.ReadResult, error) {
	out := connector.ReadResult{Found: map[connector.ObjectID]connector.Object{}}
	for _, id := range ids {
		c.calls = append(c.calls, "read "+string(t)+" "+string(id))
		o, ok := c.deals[id]
		if _, company := c.props[id]; t == connector.TypeContact || t == connector.TypeCompany && company {
			o, ok = connector.Object{Type: t, ID: id, Properties: c.props[id], CreatedAt: monday, UpdatedAt: monday}, c.props[id] != nil
		}
		if ok {
			out.Found[id] = o
		} else {
			out.Missing = append(out.Missing, id)
		}
	}
	return out, c.fail["Read "+string(t)]
}

func (c *crm) List(context.Context, connector.ObjectType, connector.Cursor, []string) (connector.Page, error) {
	return connector.Page{Total: -1}, c.ask("List")
}

func (c *crm) Changed(_ context.Context, q connector.ChangedQuery) (connector.Page, error) {
	return connector.Page{}, c.ask("Changed " + string(q.Type))
}

func (c *crm) Owners(context.Context) ([]connector.Owner, error) { return c.owners, c.ask("Owners") }

// bench is a pusher on the real store, with a scripted CRM and a clock that the test moves.
type bench struct {
	*testing.T
	crm    *crm
	store  *store.Store
	fence  workflows.Fence
	pusher *workflows.Pusher
	clock  time.Time
	told   map[string]workflows.EntryState
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, crm: newCRM(), clock: monday, told: map[string]workflows.EntryState{}}
	var err error
	b.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "bench.db"), store.Options{Now: func() time.Time { return b.clock }, Migrate: true})
	b.must(err)
	t.Cleanup(func() { b.must(b.store.Close()) })
	b.must(b.store.EnsurePortal(t.Context(), portalID, "test", "bench"))
	var ok bool
	b.fence, ok, err = b.store.Acquire(t.Context(), portalID, "w", 1000*time.Hour)
	b.must(err)
	if !ok {
		t.Fatal("no lease")
	}
	b.pusher = &workflows.Pusher{
		CRM: b.crm, Look: b.crm, Store: b.store, Portal: newPortal(), Jitter: func() float64 { return 0 },
		Settled: func(e workflows.OutboxEntry, s workflows.Settlement) { b.told[e.Key] = s.State },
	}
	return b
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// plan puts entries into the outbox, as one decision per contact.
func (b *bench) plan(entries ...workflows.OutboxEntry) {
	b.Helper()
	var decided []workflows.Decided
	for _, e := range entries {
		e.State, e.PlannedAt = workflows.StateReady, monday
		decided = append(decided, workflows.Decided{ID: e.Contact, State: workflows.LeadState{Root: e.Contact}, Entries: []workflows.OutboxEntry{e}})
	}
	b.must(b.store.SaveDecisions(b.Context(), b.fence, decided))
}

func entry(kind workflows.EntryKind, class workflows.Class, key string, contact connector.ObjectID, payload any) workflows.OutboxEntry {
	text, err := json.Marshal(payload)
	if err != nil {
		panic(err)
	}
	return workflows.OutboxEntry{Key: key, Kind: kind, Class: class, Contact: contact, Payload: text}
}

func task(key string, contact connector.ObjectID) workflows.OutboxEntry {
	return entry(workflows.KindTask, workflows.ClassTask, key, contact, connector.Task{Key: key, Contact: contact, Company: "77"})
}

func dealEntry(key string, contact connector.ObjectID) workflows.OutboxEntry {
	return entry(workflows.KindDeal, workflows.ClassDeal, key, contact, connector.Deal{Key: key, Contact: contact})
}

func closing(key string) workflows.OutboxEntry {
	return entry(workflows.KindClose, workflows.ClassTask, "close/"+key, "1", workflows.ClosePayload{TaskKey: key})
}

func update(contact connector.ObjectID, class workflows.Class, props map[string]string) workflows.OutboxEntry {
	return entry(workflows.KindUpdate, class, "contact/"+string(contact)+"/"+string(class), contact, workflows.UpdatePayload{Properties: props})
}

func (b *bench) push() error {
	b.Helper()
	_, err := b.pusher.Push(b.Context(), b.fence)
	return err
}

// crash takes the entries of a kind as a worker does that dies before it settles them.
func (b *bench) crash(kind workflows.EntryKind) {
	b.Helper()
	taken, err := b.store.Take(b.Context(), b.fence, workflows.Take{Kind: kind, Contacts: 100})
	b.must(err)
	if len(taken.Entries) == 0 {
		b.Fatal("nothing was under way")
	}
}

func (b *bench) entry(key string) workflows.OutboxEntry {
	b.Helper()
	entries, err := b.store.Outbox(b.Context(), portalID, "", "", 1000)
	b.must(err)
	for _, e := range entries {
		if e.Key == key {
			return e
		}
	}
	b.Fatalf("no entry %q", key)
	return workflows.OutboxEntry{}
}

// wants compares state, attempts and waiting time of an entry.
func (b *bench) wants(key string, state workflows.EntryState, attempt int, wait time.Duration) {
	b.Helper()
	e := b.entry(key)
	if e.State != state || e.Attempt != attempt {
		b.Errorf("%s is %s after %d attempts (%q), want %s after %d", key, e.State, e.Attempt, e.Error, state, attempt)
	}
	if got := e.NextAt.Sub(b.clock); wait > 0 && got != wait {
		b.Errorf("%s waits %v, want %v", key, got, wait)
	}
}
