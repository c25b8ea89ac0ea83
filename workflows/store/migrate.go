package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate applies what is missing. The caller holds the migration lock.
func migrate(ctx context.Context, d dialect, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.Dialect(d.name), db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// latestMigration is the number of the newest embedded migration.
func latestMigration() int64 {
	var latest int64
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		return 0
	}
	for _, file := range files {
		number, _, _ := strings.Cut(file.Name(), "_")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			latest = max(latest, n)
		}
	}
	return latest
}

// migratePostgres migrates behind an advisory lock, which the server gives back when the connection ends.
// The lock is named after the schema, so that installations in one database do not wait for each other.
func migratePostgres(ctx context.Context, db *sql.DB) (err error) {
	const name = `hashtextextended('leadsync migration of ' || current_schema(), 0)`
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock("+name+")"); err != nil {
		return fmt.Errorf("take migration lock: %w", err)
	}
	defer func() {
		_, unlockErr := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock("+name+")")
		err = errors.Join(err, unlockErr)
	}()
	return migrate(ctx, postgresDialect(), db)
}
