package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
)

// Copied says what is in a copy of a database.
type Copied struct {
	// Version is that of its tables, Portals how many accounts and Contacts how many contacts it has.
	Version, Portals, Contacts int64
}

// Copy writes the SQLite database of a file into another one, which must be empty or not there, as it is at one
// moment. It changes nothing there, so whoever works on the database goes on; no migration is run. Nothing that was deleted is in
// the copy, and it is as small as can be. It is not yet safe on the disk when Copy returns.
func Copy(ctx context.Context, source, target string) (err error) {
	db, err := openOne(source, "rw") // a copy takes the mode of its source, and has to be written
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	// The copy can shrink in steps even if the file is from a release that did not provide for it.
	for _, statement := range []string{"PRAGMA auto_vacuum = INCREMENTAL", "VACUUM INTO ?"} {
		args := []any{}
		if strings.HasSuffix(statement, "?") {
			args = append(args, target)
		}
		if _, err := db.ExecContext(ctx, statement, args...); err != nil {
			return fmt.Errorf("copy %q: %w", source, err)
		}
	}
	return nil
}

// Check reads a copy from beginning to end, and says what is in it. An error says that it is damaged, or no database
// of leadsync.
func Check(ctx context.Context, file string) (what Copied, err error) {
	db, err := openOne(file, "ro")
	if err != nil {
		return Copied{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var found []string
	if err := db.SelectContext(ctx, &found, "PRAGMA integrity_check(5)"); err != nil {
		return Copied{}, fmt.Errorf("check %q: %w", file, err)
	}
	if len(found) != 1 || found[0] != "ok" {
		return Copied{}, fmt.Errorf("check %q: it is damaged: %s", file, strings.Join(found, "; "))
	}
	for query, into := range map[string]*int64{
		`SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version`: &what.Version,
		`SELECT COUNT(*) FROM portals`:                              &what.Portals,
		`SELECT COUNT(*) FROM objects WHERE type = 'contact'`:       &what.Contacts,
	} {
		if err := db.GetContext(ctx, into, query); err != nil {
			return Copied{}, fmt.Errorf("check %q: %w", file, err)
		}
	}
	return what, nil
}

// SizeOf is how many bytes a copy of a database will have at most.
func SizeOf(ctx context.Context, file string) (size int64, err error) {
	db, err := openOne(file, "ro")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var pages, bytes int64
	if err := errors.Join(db.GetContext(ctx, &pages, "PRAGMA page_count"), db.GetContext(ctx, &bytes, "PRAGMA page_size")); err != nil {
		return 0, fmt.Errorf("measure %q: %w", file, err)
	}
	return pages * bytes, nil
}

// openOne opens a file of SQLite on one connection.
func openOne(file, mode string) (*sqlx.DB, error) {
	db, err := sqlx.Open("sqlite", sqliteAddress(file, mode, "deferred"))
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", file, err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}
