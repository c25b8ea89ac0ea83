package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"leadsync/workflows"
)

// Options are what Open needs to know beside the address.
type Options struct {
	// Now is the operating clock on SQLite; PostgreSQL uses its own clock_timestamp(). It must be set.
	Now func() time.Time
	// Migrate brings the tables to the version of this binary. Without it Open refuses an older database.
	Migrate bool
	// MaxPages bounds the SQLite file to so many pages of 4 kB; 0: the disk does.
	MaxPages int
	// MaxConns bounds the pool on PostgreSQL and the read pool on SQLite; 0 means 8.
	MaxConns int
	// Lease is how long the leases taken through the store last; 0: it takes none. Unless the address says otherwise,
	// PostgreSQL ends transactions that stand still for half of it, or for 10 s.
	Lease time.Duration
	// Weak switches defences off, in the simulation only.
	Weak workflows.Weakness
	// Hook is told of every transaction by simulations; nil in production.
	Hook Hook
	// Connector gives what opens the connections to the SQLite file at an address; open would. Simulations keep
	// connections from one process to the next with it; nil in production.
	Connector func(address string, open func(address string) (driver.Connector, error)) (driver.Connector, error)
}

// Store is the memory of leadsync. It is safe for concurrent use.
type Store struct {
	writer, reader *sqlx.DB
	dialect        dialect
	now            func() time.Time
	hook           Hook
	weak           workflows.Weakness
}

// Open opens the database at the address: "postgres://…" or "postgresql://…" is PostgreSQL, everything else
// the path of a SQLite file, which is created if it is not there and Migrate is set. Close it after use.
func Open(ctx context.Context, address string, o Options) (*Store, error) {
	if o.Now == nil {
		return nil, errors.New("open store: Options.Now is missing")
	}
	if o.MaxConns <= 0 {
		o.MaxConns = 8
	}
	open := openSQLite
	if strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://") {
		open = openPostgres
	}
	s, err := open(ctx, address, o)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s.weak = o.Weak
	s.hook = o.Hook
	if err := s.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), s.Close())
	}
	return s, nil
}

// Close gives back all connections. Transactions under way end first.
func (s *Store) Close() error {
	if s.reader == s.writer {
		return s.writer.Close()
	}
	return errors.Join(s.reader.Close(), s.writer.Close())
}

// Ping reports whether the database answers and has the tables of this binary. A database that is ahead is
// accepted: a migration must work with the previous binary (design, "One SQL text for two databases").
func (s *Store) Ping(ctx context.Context) error {
	var version int64
	in := &session{db: s.reader, dialect: s.dialect}
	if err := in.get(ctx, &version, `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version`); err != nil {
		return fmt.Errorf("read version of the tables (was the database migrated?): %w", err)
	}
	if want := latestMigration(); version < want {
		return fmt.Errorf("the tables have version %d, this binary needs %d: run the migration", version, want)
	}
	return nil
}

// Now gives the operating time of the database, in UTC and whole microseconds.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	in := &session{db: s.reader, dialect: s.dialect}
	if err := s.setNow(ctx, in); err != nil {
		return time.Time{}, err
	}
	return in.now, nil
}
