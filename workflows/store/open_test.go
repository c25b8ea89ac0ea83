package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"leadsync/workflows/store"
)

func TestManyOpenAtOnce(t *testing.T) {
	const processes = 6
	start := func(t *testing.T, address string) {
		t.Helper()
		var wg sync.WaitGroup
		for range processes {
			wg.Go(func() {
				s, err := store.Open(t.Context(), address, store.Options{Now: time.Now, Migrate: true})
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.EnsurePortal(t.Context(), portal, "hubspot", "x"); err != nil {
					t.Error(err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	t.Run("sqlite", func(t *testing.T) { start(t, filepath.Join(t.TempDir(), "new.db")) })
	if address := postgresAddress(t); address != "" {
		t.Run("postgres", func(t *testing.T) { start(t, schemaOf(t, address)) })
	}
}

// TestMigrationWaits holds the migration lock as another process would: nothing may be migrated meanwhile.
func TestMigrationWaits(t *testing.T) {
	check := func(t *testing.T, address string, lock *sql.DB, take string) {
		t.Helper()
		conn, err := lock.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.ExecContext(t.Context(), take); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		if s, err := store.Open(ctx, address, store.Options{Now: time.Now, Migrate: true}); err == nil {
			t.Error("migrated while somebody else held the lock", s.Close())
		}
		if err := errors.Join(conn.Raw(func(any) error { return driver.ErrBadConn }), lock.Close()); !errors.Is(err, driver.ErrBadConn) {
			t.Fatal(err)
		}
		s, err := store.Open(t.Context(), address, store.Options{Now: time.Now, Migrate: true})
		if err != nil {
			t.Fatal(err)
		}
		_ = s.Close()
	}
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "new.db")
		lock, err := sql.Open("sqlite", "file:"+path+".migration")
		if err != nil {
			t.Fatal(err)
		}
		check(t, path, lock, "BEGIN EXCLUSIVE")
	})
	if address := postgresAddress(t); address != "" {
		t.Run("postgres", func(t *testing.T) {
			address := schemaOf(t, address)
			lock, err := sql.Open("postgres", address)
			if err != nil {
				t.Fatal(err)
			}
			check(t, address, lock,
				"SELECT pg_advisory_lock(hashtextextended('leadsync migration of ' || current_schema(), 0))")
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, call := range map[string]func() (*store.Store, error){
		"a database that does not exist, without Migrate": func() (*store.Store, error) {
			return store.Open(t.Context(), filepath.Join(t.TempDir(), "none.db"), store.Options{Now: time.Now})
		},
		"no clock": func() (*store.Store, error) {
			return store.Open(t.Context(), filepath.Join(t.TempDir(), "none.db"), store.Options{Migrate: true})
		},
	} {
		if s, err := call(); err == nil {
			t.Errorf("opened %s", name)
			_ = s.Close()
		}
	}
	_, err := store.Open(t.Context(), "postgres://leadsync:se%ZZcret@db.example.com/x", store.Options{Now: time.Now})
	if err == nil || strings.Contains(err.Error(), "cret") {
		t.Errorf("a bad address with a password: %v", err)
	}
}

func TestOlderTables(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.must(b.store.Ping(b.ctx))
		b.exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, " + b.truth() + ")")
		b.must(b.store.Ping(b.ctx)) // the next release has migrated already
		b.exec("DELETE FROM goose_db_version WHERE version_id > 0")
		if err := b.store.Ping(b.ctx); err == nil {
			b.Error("tables of version 0 pass")
		}
	})
}

func (b *bench) truth() string {
	if b.postgres {
		return "true"
	}
	return "1"
}

func TestNow(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		got, err := b.store.Now(b.ctx)
		b.must(err)
		if b.postgres {
			if d := time.Since(got).Abs(); d > time.Minute || got.Location() != time.UTC {
				b.Errorf("the server's clock says %v", got)
			}
			return
		}
		if !got.Equal(b.now()) {
			b.Errorf("now %v, want %v", got, b.now())
		}
	})
}

// A transaction that stands still ends before the lease does, however short that is, unless the address says otherwise;
// and what counts in the end can be asked.
func TestStandStill(t *testing.T) {
	check := func(t *testing.T, address string, lease, want time.Duration, known bool) {
		t.Helper()
		s, err := store.Open(t.Context(), address, store.Options{Now: time.Now, Migrate: true, Lease: lease})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		if still, ok, err := s.StandStill(t.Context()); err != nil || still != want || ok != known {
			t.Errorf("lease %s: a transaction may stand still for %s (%t, %v), want %s", lease, still, ok, err, want)
		}
	}
	check(t, filepath.Join(t.TempDir(), "x.db"), time.Second, 0, false)
	server := postgresAddress(t)
	if server == "" {
		return
	}
	address := schemaOf(t, server)
	check(t, address, 30*time.Second, 10*time.Second, true)
	check(t, address, 4*time.Second, 2*time.Second, true)
	check(t, address, 0, 10*time.Second, true)
	check(t, address+"&idle_in_transaction_session_timeout=0", 4*time.Second, 0, true)
	check(t, address+"&idle_in_transaction_session_timeout=70000", 4*time.Second, 70*time.Second, true)
}

func TestPostgresAddress(t *testing.T) {
	for _, step := range []struct{ address, name, want string }{
		{"postgres://u@127.0.0.1/x", "sslmode", "disable"},
		{"postgres://u@[::1]:5432/x", "sslmode", "disable"},
		{"postgres://u@localhost/x", "sslmode", "disable"},
		{"postgres:///x?host=/var/run/postgresql", "sslmode", "disable"},
		{"postgres://u@db.example.com/x", "sslmode", "require"},
		{"postgres://u@localhost.example.com/x", "sslmode", "require"},
		{"postgres://u@db.example.com/x?sslmode=verify-full", "sslmode", "verify-full"},
		{"postgres://u@127.0.0.1/x?sslmode=require", "sslmode", "require"},
		{"postgres://u@127.0.0.1/x", "binary_parameters", "yes"},
		{"postgres://u@127.0.0.1/x?statement_timeout=5", "statement_timeout", "5"},
		{"postgres://u@127.0.0.1/x", "connect_timeout", "10"},
		{"postgres://u@127.0.0.1/x", "idle_in_transaction_session_timeout", "10000"},
		{"postgres://u@127.0.0.1/x", "lock_timeout", "20000"},
	} {
		full, err := store.PostgresAddress(step.address)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(full)
		if err != nil {
			t.Fatal(err)
		}
		if got := u.Query().Get(step.name); got != step.want {
			t.Errorf("%s: %s is %q, want %q", step.address, step.name, got, step.want)
		}
	}
}
