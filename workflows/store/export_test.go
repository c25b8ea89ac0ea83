package store

import (
	"context"
	"database/sql"
	"fmt"
)

// PostgresPool opens a guarded pool as Open does.
func PostgresPool(address string) (*sql.DB, error) { return postgresPool(address, postgresSettings(0)) }

// PostgresAddress completes an address as Open does.
func PostgresAddress(address string) (string, error) {
	return postgresAddress(address, postgresSettings(0))
}

// QueryOnly lets SQLite answer writes as it does those to a file that is read-only.
func (s *Store) QueryOnly(ctx context.Context, on bool) error {
	_, err := s.writer.ExecContext(ctx, fmt.Sprintf("PRAGMA query_only = %t", on))
	return err
}
