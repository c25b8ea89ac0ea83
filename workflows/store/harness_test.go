package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

const (
	portal = connector.PortalID("4711")
	worker = "worker-a"
)

// business is the business time of the tests; it has nothing to do with operating time.
var business = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// bench is one empty database with one store on it.
type bench struct {
	*testing.T
	ctx      context.Context //nolint:containedctx // of the test
	store    *store.Store
	fence    workflows.Fence
	address  string
	postgres bool
	raw      *sql.DB
	mu       sync.Mutex
	clock    time.Time
}

// eachDatabase runs a behaviour on SQLite and, if the environment names a server, on PostgreSQL, in a
// database of its own each.
func eachDatabase(t *testing.T, behaviour func(b *bench)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		b := &bench{T: t, address: filepath.Join(t.TempDir(), "lead sync?#.db")}
		b.open("sqlite", "file:"+(&url.URL{Path: b.address}).EscapedPath()+"?_pragma=busy_timeout(10000)&_txlock=immediate")
		behaviour(b)
	})
	address := postgresAddress(t)
	if address == "" {
		return
	}
	t.Run("postgres", func(t *testing.T) {
		b := &bench{T: t, postgres: true, address: schemaOf(t, address)}
		b.open("postgres", b.address)
		behaviour(b)
	})
}

// postgresAddress is the server to test on. Where one is required, its absence is a failure: a suite that
// silently tests half of its promise is worth nothing.
func postgresAddress(t *testing.T) string {
	t.Helper()
	address := os.Getenv("LEADSYNC_TEST_POSTGRES")
	if address == "" && os.Getenv("LEADSYNC_REQUIRE_POSTGRES") != "" {
		t.Fatal("LEADSYNC_REQUIRE_POSTGRES is set, but LEADSYNC_TEST_POSTGRES names no server")
	}
	return address
}

// schemaOf makes a schema for the test and drops it afterwards.
func schemaOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	if !query.Has("sslmode") {
		query.Set("sslmode", "disable")
	}
	u.RawQuery = query.Encode()
	admin, err := sql.Open("postgres", u.String())
	if err != nil {
		t.Fatal(err)
	}
	schema := fmt.Sprintf("leadsync_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := admin.ExecContext(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.WithoutCancel(t.Context()), "DROP SCHEMA "+schema+" CASCADE"); err != nil {
			t.Error(err)
		}
		_ = admin.Close()
	})
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return u.String()
}

func (b *bench) open(driver, rawAddress string) {
	b.Helper()
	b.ctx = b.Context()
	b.clock = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	b.store = b.another(store.Options{Migrate: true})
	raw, err := sql.Open(driver, rawAddress)
	b.must(err)
	b.raw = raw
	b.Cleanup(func() { _ = raw.Close() })
	b.must(b.store.EnsurePortal(b.ctx, portal, "hubspot", "Example Ltd"))
	b.fence = b.acquire(worker)
}

// another opens one more store on the same database.
func (b *bench) another(o store.Options) *store.Store {
	b.Helper()
	o.Now = b.now
	s, err := store.Open(b.ctx, b.address, o)
	b.must(err)
	b.Cleanup(func() { b.must(s.Close()) })
	return s
}

func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.clock
}

// clockNow is operating time as the database has it.
func (b *bench) clockNow() time.Time {
	if b.postgres {
		return time.Now()
	}
	return b.now()
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) acquire(name string) workflows.Fence {
	b.Helper()
	fence, ok, err := b.store.Acquire(b.ctx, portal, name, time.Hour*24*365)
	b.must(err)
	if !ok {
		b.Fatalf("%s did not get the lease", name)
	}
	return fence
}

// exec runs SQL beside the store, in one transaction.
func (b *bench) exec(query string) {
	b.Helper()
	tx, err := b.raw.BeginTx(b.ctx, nil)
	b.must(err)
	_, err = tx.ExecContext(b.ctx, query)
	b.must(err)
	b.must(tx.Commit())
}

// count gives the single number of a query.
func (b *bench) count(query string) int64 {
	b.Helper()
	var n int64
	b.must(b.raw.QueryRowContext(b.ctx, query).Scan(&n))
	return n
}

// pass lets operating time pass: the clock of SQLite's store is ours; a server's clock cannot be moved, so
// there everything that happened is moved into the past.
func (b *bench) pass(d time.Duration) {
	b.Helper()
	b.mu.Lock()
	b.clock = b.clock.Add(d)
	b.mu.Unlock()
	if !b.postgres {
		return
	}
	for table, columns := range map[string][]string{
		"portals": {"paused_since", "paused_until"}, "leases": {"expires_at"}, "workers": {"joined_at", "expires_at"}, "models": {"first_used_at"},
		"deliveries": {"received_at"}, "event_keys": {"received_at"}, "due": {"hinted_at", "raised_at", "retry_at"},
		"objects": {"removed_at"}, "links": {"learned_at", "removed_at"}, "aliases": {"learned_at"}, "told_merges": {"told_at"},
		"tombstones": {"erased_at"}, "sendings": {"first_sent_at"}, "pushes": {"pushed_at"},
		"submissions": {"kept_at"}, "visits": {"kept_at"}, "reevaluations": {"began_at", "ended_at"}, "fills": {"began_at", "ended_at"},
		"effect_pauses": {"paused_since"}, "announcements": {"received_at"}, "unannounced": {"found_at", "announced_at"}, "answers": {"sent_at", "answered_at"}, "owners": {"left_at"},
		"outbox": {"state_at", "next_at", "sent_at", "settled_at", "released_at", "unheard_at"},
	} {
		for _, column := range columns {
			b.exec(fmt.Sprintf("UPDATE %s SET %s = %s - %d", table, column, column, d.Microseconds()))
		}
	}
}

// dump gives everything that is in the database, to compare or to search; of whatever tables there are.
func (b *bench) dump() string {
	b.Helper()
	text := ""
	for _, table := range b.tables() {
		text += table + "\n" + b.table(table)
	}
	return text
}

// tables names the tables of the database, but for those that count migrations.
func (b *bench) tables() []string {
	b.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'goose%' ORDER BY name"
	if b.postgres {
		query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT LIKE 'goose%' ORDER BY tablename"
	}
	found, err := b.raw.QueryContext(b.ctx, query)
	b.must(err)
	defer func() { _ = found.Close() }()
	var tables []string
	for found.Next() {
		name := ""
		b.must(found.Scan(&name))
		tables = append(tables, name)
	}
	b.must(found.Err())
	return tables
}

func (b *bench) table(name string) string {
	b.Helper()
	found, err := b.raw.QueryContext(b.ctx, "SELECT * FROM "+name+" ORDER BY 1, 2, 3")
	b.must(err)
	defer func() { _ = found.Close() }()
	columns, err := found.Columns()
	b.must(err)
	text := ""
	for found.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.NullString)
		}
		b.must(found.Scan(values...))
		for i, value := range values {
			text += fmt.Sprintf(" %s=%q", columns[i], value.(*sql.NullString).String)
		}
		text += "\n"
	}
	b.must(found.Err())
	return text
}

func contact(id connector.ObjectID) connector.Ref {
	return connector.Ref{Type: connector.TypeContact, ID: id}
}

// person is a contact as the CRM shows it; pairs are property names and values.
func person(id connector.ObjectID, minute int, pairs ...string) connector.Object {
	return object(connector.TypeContact, id, minute, pairs...)
}

func object(kind connector.ObjectType, id connector.ObjectID, minute int, pairs ...string) connector.Object {
	properties := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		properties[pairs[i]] = pairs[i+1]
	}
	return connector.Object{
		Type: kind, ID: id, Properties: properties, CreatedAt: business.Add(-time.Hour),
		UpdatedAt: business.Add(time.Duration(minute) * time.Minute),
	}
}

// due gives what is due of all types at the business time of the tests.
func (b *bench) due() []workflows.DueRow {
	b.Helper()
	found, err := b.store.Due(b.ctx, portal, business, []connector.ObjectType{
		connector.TypeContact, connector.TypeCompany, connector.TypeCall, connector.TypeMeeting, connector.TypeDeal,
	}, 1000)
	b.must(err)
	return found
}

// dueIDs names what is due.
func (b *bench) dueIDs() []string {
	b.Helper()
	var ids []string
	for _, row := range b.due() {
		ids = append(ids, fmt.Sprintf("%s %s", row.Type, row.ID))
	}
	return ids
}

func (b *bench) lead(id connector.ObjectID) workflows.LeadRecord {
	b.Helper()
	found, err := b.store.Leads(b.ctx, portal, []connector.ObjectID{id})
	b.must(err)
	return found[0]
}
