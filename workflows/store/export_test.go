package store

import "database/sql"

// PostgresPool opens a guarded pool as Open does.
func PostgresPool(address string) (*sql.DB, error) { return postgresPool(address, postgresSettings()) }

// PostgresAddress completes an address as Open does.
func PostgresAddress(address string) (string, error) {
	return postgresAddress(address, postgresSettings())
}
