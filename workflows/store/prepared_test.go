package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"leadsync/workflows/store"
)

func preparedPool(t *testing.T) *sql.DB {
	t.Helper()
	db, err := store.PreparedPool(filepath.Join(t.TempDir(), "kept.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	mustExec(t, db, `CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT NOT NULL)`)
	return db
}

func mustExec(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func kept(t *testing.T, db *sql.DB) int {
	t.Helper()
	n, err := store.KeptStatements(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const (
	insertA = `INSERT INTO a (id, name) VALUES (?, ?)`
	selectA = `SELECT name FROM a WHERE id >= ? ORDER BY id`
)

// A text is prepared once, and what one use bound is nothing to the next.
func TestPrepared_keeps(t *testing.T) {
	db := preparedPool(t)
	for i := range 5 {
		mustExec(t, db, insertA, i, fmt.Sprint("n", i))
		var name string
		if err := db.QueryRowContext(t.Context(), selectA, i).Scan(&name); err != nil || name != fmt.Sprint("n", i) {
			t.Fatalf("row %d: %q, %v", i, name, err)
		}
	}
	if n := kept(t, db); n != 2 {
		t.Errorf("%d statements are kept, want 2: no DDL, and each text once", n)
	}
}

// The same text can be asked while it is being read, and neither reading disturbs the other.
func TestPrepared_nested(t *testing.T) {
	db := preparedPool(t)
	for i := range 3 {
		mustExec(t, db, insertA, i, fmt.Sprint(i))
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	names := func(from int, each func(name string)) {
		rows, err := tx.QueryContext(t.Context(), selectA, from)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			each(name)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	text := ""
	names(0, func(outer string) {
		text += outer + ":"
		names(1, func(inner string) { text += inner })
		text += " "
	})
	if want := "0:12 1:12 2:12 "; text != want {
		t.Errorf("read %q, want %q", text, want)
	}
}

// A statement that failed, or whose context ended, leaves nothing behind that a later use would meet.
func TestPrepared_afterFailure(t *testing.T) {
	db := preparedPool(t)
	mustExec(t, db, insertA, 1, "one")
	if _, err := db.ExecContext(t.Context(), insertA, 1, "again"); err == nil {
		t.Fatal("a second row 1 was accepted")
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := db.ExecContext(ended, insertA, 2, "two"); !errors.Is(err, context.Canceled) {
		t.Fatalf("with an ended context: %v", err)
	}
	mustExec(t, db, insertA, 3, "three")
	rows, err := db.QueryContext(t.Context(), selectA, 0) // closed in the middle
	if err != nil || !rows.Next() {
		t.Fatalf("read: %v", err)
	}
	if err := errors.Join(rows.Close(), rows.Err()); err != nil { //nolint:sqlclosecheck // what comes after needs it closed
		t.Fatal(err)
	}
	mustExec(t, db, `DELETE FROM a WHERE id = ?`, 1) // a reading that was left open would forbid this
	var n int
	if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM a`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, %v; want 1", n, err)
	}
}

// A kept statement sees a table that was changed since it was prepared.
func TestPrepared_changedTable(t *testing.T) {
	db := preparedPool(t)
	mustExec(t, db, insertA, 1, "one")
	columns := func() int {
		rows, err := db.QueryContext(t.Context(), `SELECT * FROM a`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		n := 0
		for rows.Next() {
			names, err := rows.Columns()
			if err != nil {
				t.Fatal(err)
			}
			n = len(names)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := columns(); n != 2 {
		t.Fatalf("%d columns, want 2", n)
	}
	mustExec(t, db, `ALTER TABLE a ADD COLUMN more TEXT NOT NULL DEFAULT 'x'`)
	if n := columns(); n != 3 {
		t.Errorf("%d columns after the change, want 3", n)
	}
}

// However many texts there are, a connection keeps so many and no more, and the others work too.
func TestPrepared_bounded(t *testing.T) {
	db := preparedPool(t)
	for i := range store.PreparedMost + 40 {
		var n int
		if err := db.QueryRowContext(t.Context(), fmt.Sprintf(`SELECT %d + ?`, i), 1).Scan(&n); err != nil || n != i+1 {
			t.Fatalf("query %d: %d, %v", i, n, err)
		}
	}
	if n := kept(t, db); n != store.PreparedMost {
		t.Errorf("%d statements are kept, want %d", n, store.PreparedMost)
	}
}
