package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"

	"github.com/pressly/goose/v3"
)

// MigrateTo brings a database to the tables of a version and no further.
func MigrateTo(ctx context.Context, address string, version int64) (err error) {
	d, driver := sqliteDialect(), "sqlite"
	name := sqliteAddress(address, "rwc", "immediate")
	if strings.HasPrefix(address, "postgres") {
		d, driver, name = postgresDialect(), "postgres", address
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.Dialect(d.name), db, files, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	if _, err := provider.UpTo(ctx, version); err != nil {
		return fmt.Errorf("migrate to %d: %w", version, err)
	}
	return nil
}

// Dial connects as the pool does.
func Dial(ctx context.Context, address string) (net.Conn, error) {
	d := vanishing()
	return d.DialContext(ctx, "tcp", address)
}
