package store_test

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"leadsync/workflows/store"
)

// faultyServer stands between the driver and a server. When armed it ends the connection after the next
// ErrorResponse, or instead of the answer to the next COMMIT, or does what after says.
type faultyServer struct {
	target    string
	dropError atomic.Bool
	dropDone  atomic.Bool
	armed     atomic.Pointer[fault]
}

// fault is what happens instead of the answer to the next statement of a kind.
type fault struct {
	tag string // how the answer begins: COMMIT, INSERT
	how string
}

const (
	ended  = "ended"  // the connection is closed
	silent = "silent" // it stays open, and nothing comes any more
)

// after arms a fault; without a tag there is none.
func (f *faultyServer) after(tag, how string) {
	if tag == "" {
		f.armed.Store(nil)
		return
	}
	f.armed.Store(&fault{tag, how})
}

// address starts the proxy and gives the address to use instead of the server's.
func (f *faultyServer) address(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	f.target = u.Host
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go f.serve(client)
		}
	}()
	u.Host = listener.Addr().String()
	return u.String()
}

func (f *faultyServer) serve(client net.Conn) {
	server, err := new(net.Dialer).Dial("tcp", f.target)
	if err != nil {
		_ = client.Close()
		return
	}
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	defer func() { _, _ = client.Close(), server.Close() }()
	for {
		head := make([]byte, 5)
		if _, err := io.ReadFull(server, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
		if _, err := io.ReadFull(server, body); err != nil {
			return
		}
		if head[0] == 'C' && strings.HasPrefix(string(body), "COMMIT") && f.dropDone.CompareAndSwap(true, false) {
			return
		}
		if a := f.armed.Load(); a != nil && head[0] == 'C' && strings.HasPrefix(string(body), a.tag) && f.armed.CompareAndSwap(a, nil) {
			if a.how == silent {
				_, _ = io.Copy(io.Discard, server)
			}
			return
		}
		if _, err := client.Write(append(head, body...)); err != nil {
			return
		}
		if head[0] == 'E' && f.dropError.CompareAndSwap(true, false) {
			return
		}
	}
}

// TestPoolHeals reproduces two faults of lib/pq v1.12.3 that leave a connection unusable in the pool, and
// shows that the guard heals both. The reproduction without the guard tells when it can be deleted.
func TestPoolHeals(t *testing.T) {
	address := postgresAddress(t)
	if address == "" {
		return // SQLite has no connection to lose
	}
	for _, fault := range []struct {
		name  string
		query string
		args  []any
		arm   bool
	}{
		{"error, then the connection is lost", "SELECT 1/CAST($1 AS INTEGER)", []any{0}, true},
		{"an error of more than 30 kB", `DO $$ BEGIN RAISE EXCEPTION '%', repeat('x', 40000); END $$`, nil, false},
	} {
		t.Run(fault.name, func(t *testing.T) {
			var proxy faultyServer
			through := proxy.address(t, schemaOf(t, address))
			ask := func(db *sql.DB, err error) error {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = db.Close() }()
				db.SetMaxOpenConns(1)
				if err := db.PingContext(t.Context()); err != nil {
					t.Fatal(err)
				}
				proxy.dropError.Store(fault.arm)
				if _, err := db.ExecContext(t.Context(), fault.query, fault.args...); err == nil {
					t.Fatal("the query was to fail")
				}
				var one int
				return db.QueryRowContext(t.Context(), "SELECT 1").Scan(&one)
			}
			if err := ask(store.PostgresPool(through)); err != nil {
				t.Errorf("the pool did not heal: %v", err)
			}
			complete, err := store.PostgresAddress(through)
			if err != nil {
				t.Fatal(err)
			}
			if err := ask(sql.Open("postgres", complete)); err == nil {
				t.Error("lib/pq heals by itself: delete the guard")
			}
		})
	}
}

// TestLostCommit shows that a commit whose answer is lost is an error with its cause, that it may have taken
// effect, and that nothing is repeated.
func TestLostCommit(t *testing.T) {
	if postgresAddress(t) == "" {
		return // SQLite's commit answers in the process
	}
	eachDatabase(t, func(b *bench) {
		if !b.postgres {
			return
		}
		var proxy faultyServer
		direct := b.address
		b.address = proxy.address(b.T, direct)
		s := b.another(store.Options{MaxConns: 1})
		proxy.dropDone.Store(true)
		d := delivery("d1", event("e1", "1"))
		_, err := s.Receive(b.ctx, d)
		if !errors.Is(err, store.ErrCommitUnknown) {
			b.Fatalf("a lost commit is %v", err)
		}
		if n := b.count("SELECT revision FROM due"); n != 1 {
			b.Errorf("revision %d: the transaction ran more than once", n)
		}
		got, err := s.Receive(b.ctx, d) // the CRM repeats it, because we did not answer
		if err != nil || got.Duplicate != 1 {
			b.Errorf("the repetition: %+v %v", got, err)
		}
	})
}

// TestTransactionModes: what a transaction is asked to be it is, and nothing that the server was told otherwise is overruled.
func TestTransactionModes(t *testing.T) {
	address := postgresAddress(t)
	if address == "" {
		return // it is about the driver of PostgreSQL
	}
	for _, c := range []struct {
		setting string
		options *sql.TxOptions
		want    string
	}{
		{"", nil, "read committed off"},
		{"", &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, "repeatable read on"},
		{"", &sql.TxOptions{Isolation: sql.LevelSerializable}, "serializable off"},
		{"&default_transaction_read_only=on", nil, "read committed on"},
	} {
		db, err := store.PostgresPool(schemaOf(t, address) + c.setting)
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(1)
		for range 2 { // nothing of a transaction is left behind on its connection
			tx, err := db.BeginTx(t.Context(), c.options)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			err = tx.QueryRowContext(t.Context(), `SELECT current_setting('transaction_isolation') || ' ' || current_setting('transaction_read_only')`).Scan(&got)
			if err != nil || got != c.want {
				t.Errorf("%q %+v: %s (%v), want %s", c.setting, c.options, got, err, c.want)
			}
			if err := tx.Commit(); err != nil {
				t.Error(err)
			}
		}
		_ = db.Close()
	}
}
