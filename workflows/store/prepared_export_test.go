package store

import (
	"context"
	"database/sql"
	"fmt"
)

// PreparedMost is how many statements a connection keeps.
const PreparedMost = preparedMost

// PreparedPool opens a SQLite file as Open does, with one connection.
func PreparedPool(path string) (*sql.DB, error) {
	db, err := openPrepared(sqliteAddress(path, "rwc", "immediate"), Options{})
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db.DB, nil
}

// KeptStatements is how many statements the pool's connection keeps.
func KeptStatements(ctx context.Context, db *sql.DB) (int, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	err = conn.Raw(func(c any) error {
		kept, ok := c.(*preparedConn)
		if !ok {
			return fmt.Errorf("%T keeps no statements", c)
		}
		n = len(kept.idle)
		if n != len(kept.order) {
			return fmt.Errorf("%d statements, but %d in order", n, len(kept.order))
		}
		return nil
	})
	if closed := conn.Close(); err == nil {
		err = closed
	}
	return n, err
}
