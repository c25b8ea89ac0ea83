package sim_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"leadsync/workflows/store"
)

// slot is a database that one story after another has to itself, with the connections that its processes left. To open
// a connection and to prepare its statements takes longer than most of what a story asks of it.
type slot struct {
	kit  *kit
	path string
	book *sql.DB              // reads beside leadsync
	asks map[string]*sql.Stmt // what the book was asked

	mu   sync.Mutex
	left map[string][]leftConn // by address
}

// slots are those that no story has now.
var slots struct {
	mu   sync.Mutex
	free []*slot
}

// slot gives an empty database.
func (k *kit) slot() (*slot, error) {
	slots.mu.Lock()
	defer slots.mu.Unlock()
	if n := len(slots.free); n > 0 {
		s := slots.free[n-1]
		slots.free = slots.free[:n-1]
		return s, nil
	}
	dir, err := os.MkdirTemp(k.dir, "")
	if err != nil {
		return nil, err
	}
	s := &slot{kit: k, path: filepath.Join(dir, "leadsync.db"), asks: map[string]*sql.Stmt{}, left: map[string][]leftConn{}}
	if err := os.WriteFile(s.path, k.template, 0o600); err != nil {
		return nil, err
	}
	if s.book, err = sql.Open("sqlite", "file:"+s.path+"?mode=ro"); err != nil {
		return nil, err
	}
	return s, nil
}

// free takes away what a story wrote, down to the size of the file: the next one must not see that there was another.
func (s *slot) free() error {
	writer := s.writer()
	if writer == nil {
		return errors.New("empty the database: nobody wrote to it")
	}
	written, err := s.written(writer)
	if err != nil {
		return fmt.Errorf("empty the database: %w", err)
	}
	wipe := []string{"BEGIN IMMEDIATE"}
	for _, table := range written {
		wipe = append(wipe, "DELETE FROM "+table)
	}
	for _, text := range append(wipe, "COMMIT", "PRAGMA incremental_vacuum", "PRAGMA wal_checkpoint(TRUNCATE)") {
		if err := run(writer, text); err != nil {
			return fmt.Errorf("empty the database: %s: %w", text, err)
		}
	}
	at, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	if at.Size() != int64(len(s.kit.template)) {
		return fmt.Errorf("the emptied database has %d bytes, a new one %d", at.Size(), len(s.kit.template))
	}
	slots.mu.Lock()
	slots.free = append(slots.free, s)
	slots.mu.Unlock()
	return nil
}

// written are the tables that have rows. To delete from the others would write their pages nevertheless.
func (s *slot) written(conn leftConn) ([]string, error) {
	rows, err := conn.QueryContext(context.Background(), "SELECT EXISTS (SELECT 1 FROM "+strings.Join(s.kit.tables, "), EXISTS (SELECT 1 FROM ")+")", nil)
	if err != nil {
		return nil, err
	}
	row := make([]driver.Value, len(s.kit.tables))
	if err := rows.Next(row); err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	var written []string
	for i, table := range s.kit.tables {
		if row[i] != int64(0) {
			written = append(written, table)
		}
	}
	return written, rows.Close()
}

// writer is a connection that may write.
func (s *slot) writer() leftConn {
	for address, conns := range s.left {
		if strings.Contains(address, "mode=rw") && len(conns) > 0 {
			return conns[0]
		}
	}
	return nil
}

// run does all that a statement does: some pragmas work only as far as their rows are read.
func run(conn leftConn, text string) error {
	rows, err := conn.QueryContext(context.Background(), text, nil)
	if err != nil {
		return err
	}
	row := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return rows.Close()
		case err != nil:
			return errors.Join(err, rows.Close())
		case len(row) == 3 && row[0] != int64(0): // a checkpoint that could not
			return errors.Join(errors.New("somebody still reads what a process that has ended began to read"), rows.Close())
		}
	}
}

// tablesOf are the tables that stories write; a new database has nothing in them.
func tablesOf(template string) ([]string, error) {
	db, err := sql.Open("sqlite", "file:"+template+"?mode=ro")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var tables string
	const names = `SELECT group_concat(name) FROM sqlite_master WHERE type = 'table' AND name NOT IN ('goose_db_version', 'sqlite_sequence')`
	if err := db.QueryRowContext(context.Background(), names).Scan(&tables); err != nil {
		return nil, err
	}
	all := strings.Split(tables, ",")
	for _, table := range all {
		var rows int
		if err := db.QueryRowContext(context.Background(), "SELECT count(*) FROM "+table).Scan(&rows); err != nil {
			return nil, err
		}
		if rows != 0 {
			return nil, fmt.Errorf("the table %s of a new database has %d rows", table, rows)
		}
	}
	return all, nil
}

// connector hands out what is left of the connections to an address before it opens others. All of them are of this
// process, so the locks between them need no calls to the system.
func (s *slot) connector(address string, open func(string) (driver.Connector, error)) (driver.Connector, error) {
	address += "&vfs=unix-excl"
	return slotConnector{open: open, slot: s, address: address}, nil
}

type slotConnector struct {
	slot    *slot
	address string
	open    func(string) (driver.Connector, error)
}

// Driver is asked for by nobody who opens connections through the connector.
func (c slotConnector) Driver() driver.Driver { return nil }

// leftConn is what a connection of the store can do.
type leftConn interface { //nolint:interfacebloat // the driver's own list
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// Connect gives one connection.
func (c slotConnector) Connect(ctx context.Context) (driver.Conn, error) {
	if conn := c.take(); conn != nil {
		return &slotConn{leftConn: conn, from: c}, nil
	}
	connector, err := c.open(c.address)
	if err != nil {
		return nil, err
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(leftConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%T cannot be kept", conn), conn.Close())
	}
	return &slotConn{leftConn: full, from: c}, nil
}

func (c slotConnector) take() leftConn {
	c.slot.mu.Lock()
	defer c.slot.mu.Unlock()
	all := c.slot.left[c.address]
	if len(all) == 0 {
		return nil
	}
	c.slot.left[c.address] = all[:len(all)-1]
	return all[len(all)-1]
}

// slotConn is a connection that stays when it is closed. What a closed one has not committed is rolled back.
type slotConn struct {
	leftConn
	from slotConnector
}

// Close leaves the connection to the next process.
func (c *slotConn) Close() error {
	if !c.IsValid() {
		return c.leftConn.Close()
	}
	_, _ = c.ExecContext(context.Background(), "ROLLBACK", nil) // mostly there is nothing to roll back
	c.from.slot.mu.Lock()
	defer c.from.slot.mu.Unlock()
	c.from.slot.left[c.from.address] = append(c.from.slot.left[c.from.address], c.leftConn)
	return nil
}

// What a story is depends on nothing but its seed, whoever had the database before.
func TestSlot_storyAfterStory(t *testing.T) {
	slots.free = nil
	first := Run(t, Options{Seed: 3})
	if len(slots.free) != 1 {
		t.Fatalf("%d databases are free after one story, want 1", len(slots.free))
	}
	s := slots.free[0]
	left := len(s.left)
	Run(t, Options{Seed: 8})
	for _, table := range s.kit.tables {
		var n int
		if err := s.book.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil || n != 0 {
			t.Errorf("the table %s has %d rows after a story (%v)", table, n, err)
		}
	}
	again := Run(t, Options{Seed: 3})
	if i := differ(first.Trace, again.Trace); i >= 0 {
		t.Errorf("after other stories, seed 3 is another one from step %d on", i)
	}
	if len(slots.free) != 1 || slots.free[0] != s || left == 0 || len(s.left) != left {
		t.Errorf("three stories used %d databases and %d kinds of connections, want 1 and %d", len(slots.free), len(s.left), left)
	}
}

// A process that ends in the middle of a transaction leaves nothing of it, and one that goes on reading is found.
func TestSlot_unfinished(t *testing.T) {
	k, err := kitOnce()
	if err != nil {
		t.Fatal(err)
	}
	slots.free = nil
	s, err := k.slot()
	if err != nil {
		t.Fatal(err)
	}
	process := func(statements ...string) { // what one process does before it ends
		t.Helper()
		memory, err := store.Open(t.Context(), s.path, store.Options{Now: time.Now, MaxConns: 1, Connector: s.connector})
		if err == nil {
			err = memory.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		for address, conns := range s.left {
			if !strings.Contains(address, "mode=rw") {
				continue
			}
			connector, err := s.connector(strings.TrimSuffix(address, "&vfs=unix-excl"), nil)
			if err != nil || len(conns) != 1 {
				t.Fatalf("%d connections are left: %v", len(conns), err)
			}
			conn, err := connector.Connect(t.Context())
			if err != nil || len(s.left[address]) != 0 {
				t.Fatalf("what was left is not used: %v", err)
			}
			for _, text := range statements {
				if err := run(conn.(*slotConn).leftConn, text); err != nil { //nolint:forcetypeassert // it gives no other
					t.Fatalf("%s: %v", text, err)
				}
			}
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	const row = `INSERT INTO feeds (portal, feed, position, done, total, complete) VALUES ('p', 'f', 'c', 0, 0, 0)`
	const rows = "SELECT count(*) FROM feeds"
	process("BEGIN IMMEDIATE", row)
	var n int
	if err := s.book.QueryRowContext(t.Context(), rows).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows of a transaction that nobody finished (%v)", n, err)
	}
	reading, err := s.book.BeginTx(t.Context(), nil)
	if err == nil {
		err = reading.QueryRowContext(t.Context(), rows).Scan(&n)
	}
	if err != nil {
		t.Fatal(err)
	}
	process(row, "PRAGMA busy_timeout(0)") // nobody waits for who reads
	if err := s.free(); err == nil || !strings.Contains(err.Error(), "still reads") {
		t.Errorf("a database that somebody reads was freed: %v", err)
	}
	if err := reading.Rollback(); err != nil {
		t.Fatal(err)
	}
	process("PRAGMA busy_timeout(10000)")
	if err := s.free(); err != nil {
		t.Error(err)
	}
}
