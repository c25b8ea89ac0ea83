package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite" // also registers the driver "sqlite"
)

// openSQLite opens a pool of one connection for writing, so that writers queue in Go instead of polling for
// the file's lock, and a pool of read-only connections beside it.
func openSQLite(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Migrate {
		if err := migrateSQLite(ctx, path); err != nil {
			return nil, err
		}
	}
	address := sqliteAddress(path, "rw", "immediate")
	if o.MaxPages > 0 {
		address += fmt.Sprintf("&_pragma=max_page_count(%d)", o.MaxPages)
	}
	writer, err := openPrepared(address, o)
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", path, err)
	}
	writer.SetMaxOpenConns(1)
	// The write-ahead log must be there before a read-only connection can look at it.
	if err := writer.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %q: %w", path, err), writer.Close())
	}
	reader, err := openPrepared(sqliteAddress(path, "ro", "deferred"), o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %q for reading: %w", path, err), writer.Close())
	}
	reader.SetMaxOpenConns(o.MaxConns)
	reader.SetMaxIdleConns(o.MaxConns)
	return &Store{writer: writer, reader: reader, dialect: sqliteDialect(), now: o.Now}, nil
}

// openPrepared opens a pool whose connections keep their statements.
func openPrepared(address string, o Options) (*sqlx.DB, error) {
	open := preparing
	if o.Connector != nil {
		open = func(address string) (driver.Connector, error) { return o.Connector(address, preparing) }
	}
	connector, err := open(address)
	if err != nil {
		return nil, err
	}
	return sqlx.NewDb(sql.OpenDB(connector), "sqlite"), nil
}

// preparing opens connections to an address that keep their statements.
func preparing(address string) (driver.Connector, error) {
	plain, err := sqlite.NewConnector(address)
	if err != nil {
		return nil, err
	}
	return preparedConnector{plain}, nil
}

// busyTimeout is how long a connection waits for the file's lock.
const busyTimeout = 10 * time.Second

func busyPragma() string { return fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()) }

// sqliteAddress names the file and every setting that matters: a commit is on the disk when it returns
// (synchronous=FULL), and text in double quotes is never a value.
func sqliteAddress(path, mode, begin string) string {
	settings := url.Values{
		"mode":    {mode},
		"_txlock": {begin},
		"_dqs":    {"0"},
		"_pragma": {busyPragma(), "synchronous(FULL)", "temp_store(MEMORY)"},
	}
	// Each connection has a cache of its own: what they take together must not grow with the account.
	if mode == "ro" {
		settings.Add("_pragma", "cache_size(-1000)")
	} else {
		settings.Add("_pragma", "cache_size(-6000)")
	}
	if mode == "rwc" {
		settings.Add("_pragma", "auto_vacuum(INCREMENTAL)") // must be said before there is a table, and before the log
	}
	if mode != "ro" {
		settings.Add("_pragma", "journal_mode(WAL)")
		settings.Add("_pragma", "secure_delete(1)") // what is erased is overwritten, not only forgotten
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + settings.Encode()
}

// migrateSQLite migrates the file while it holds a lock that other processes respect and that a crash gives
// back: an exclusive transaction on an empty file beside the database.
func migrateSQLite(ctx context.Context, path string) (err error) {
	lock, err := sqlx.Open("sqlite", "file:"+(&url.URL{Path: path + ".migration"}).EscapedPath()+
		"?_txlock=exclusive&_pragma=busy_timeout(100)")
	if err != nil {
		return fmt.Errorf("open migration lock of %q: %w", path, err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	lock.SetMaxOpenConns(1)
	tx, err := lock.BeginTxx(ctx, nil)
	for isBusy(err) && ctx.Err() == nil { // the driver waits a little in each attempt, deaf to the context
		tx, err = lock.BeginTxx(ctx, nil)
	}
	if err != nil {
		return fmt.Errorf("take migration lock of %q: %w", path, err)
	}
	defer func() { _ = tx.Rollback() }() // gives the lock back; nothing was written

	db, err := sqlx.Open("sqlite", sqliteAddress(path, "rwc", "immediate"))
	if err != nil {
		return fmt.Errorf("open %q: %w", path, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	return migrate(ctx, sqliteDialect(), db.DB)
}

// isBusy reports whether another process holds the file.
func isBusy(err error) bool {
	var refused *sqlite.Error
	return errors.As(err, &refused) && refused.Code()&0xff == sqliteBusy
}

// sqliteBusy is SQLITE_BUSY, the primary result code.
const sqliteBusy = 5
