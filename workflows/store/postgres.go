package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// maxConnAge bounds how long a connection lives, whatever state a fault has left it in.
const maxConnAge = 30 * time.Minute

func openPostgres(ctx context.Context, address string, o Options) (*Store, error) {
	if o.Migrate {
		if err := runMigrationPostgres(ctx, address); err != nil {
			return nil, err
		}
	}
	pool, err := postgresPool(address, postgresSettings(o.Lease))
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(o.MaxConns)
	pool.SetMaxIdleConns(o.MaxConns)
	db := sqlx.NewDb(pool, "postgres")
	return &Store{writer: db, reader: db, dialect: postgresDialect(), now: o.Now}, nil
}

// runMigrationPostgres uses a pool of its own: a migration may take longer than a statement may.
func runMigrationPostgres(ctx context.Context, address string) (err error) {
	db, err := postgresPool(address, map[string]string{"connect_timeout": "10", "lock_timeout": "0", "statement_timeout": "0"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return migratePostgres(ctx, db)
}

func postgresPool(address string, settings map[string]string) (*sql.DB, error) {
	dsn, err := postgresAddress(address, settings)
	if err != nil {
		return nil, err
	}
	inner, err := pq.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the database's address: %w", err)
	}
	inner.Dialer(patientDialer{Dialer: vanishing(), patience: patience(dsn)})
	db := sql.OpenDB(guardedConnector{inner})
	db.SetConnMaxLifetime(maxConnAge)
	return db, nil
}

// standStill is how long a transaction may stand still at most, unless the address says otherwise.
const standStill = 10 * time.Second

// postgresSettings are defaults; the address may say otherwise. A transaction that stands still ends before a lease
// does (0: there is none), and no statement waits for ever.
func postgresSettings(lease time.Duration) map[string]string {
	still := standStill
	if lease > 0 {
		still = min(still, lease/2)
	}
	return map[string]string{
		"binary_parameters":                   "yes", // one round trip a query, and works behind a transaction pooler
		"connect_timeout":                     "10",
		"statement_timeout":                   "60000",
		"lock_timeout":                        "20000",
		"idle_in_transaction_session_timeout": strconv.FormatInt(still.Milliseconds(), 10),
		"application_name":                    "leadsync",
	}
}

// postgresAddress completes the address. Without sslmode a connection over a network must be encrypted; the
// driver's own default changes between releases, so it is never left open.
func postgresAddress(address string, settings map[string]string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		// The parser's error repeats the address, which may hold a password.
		return "", errors.New("read the database's address: it is not a valid URL")
	}
	query := u.Query()
	for name, value := range settings {
		if !query.Has(name) {
			query.Set(name, value)
		}
	}
	if !query.Has("sslmode") {
		query.Set("sslmode", "require")
		if isLocal(u.Hostname(), query.Get("host")) {
			query.Set("sslmode", "disable")
		}
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// isLocal reports whether the server is on this machine: a loopback address or the folder of a socket.
func isLocal(host, parameter string) bool {
	if host == "" {
		host = parameter
	}
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasPrefix(host, "/") || (ip != nil && ip.IsLoopback())
}

// StandStill is how long PostgreSQL lets a transaction of ours stand still, whoever said so: the address, a pooler or the
// server. Zero is for ever; false: the database is none that could be asked. Longer than a lease it keeps the portal of a
// process that has vanished from being taken over.
func (s *Store) StandStill(ctx context.Context) (time.Duration, bool, error) {
	if s.dialect.clock == "" {
		return 0, false, nil
	}
	var ms int64
	in := &session{db: s.reader, dialect: s.dialect}
	err := in.get(ctx, &ms, `SELECT CAST(setting AS BIGINT) FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'`)
	if err != nil {
		return 0, false, fmt.Errorf("read how long a transaction may stand still: %w", err)
	}
	return time.Duration(ms) * time.Millisecond, true, nil
}
