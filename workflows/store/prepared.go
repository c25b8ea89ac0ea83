package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
)

// preparedMost bounds the statements that one connection to a SQLite file keeps; each takes some kilobytes. What a
// worker asks fits, some two hundred texts: with a bound below that many of them would be prepared again each time.
const preparedMost = 256

// preparedConnector opens connections to SQLite that keep the statements they have prepared. The driver prepares every
// text anew, which takes longer than most of them run. It is for SQLite alone: a kept statement of lib/pq would go past
// the guard against poisoned connections.
type preparedConnector struct{ driver.Connector }

// Connect opens one connection.
func (c preparedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(sqliteConn)
	if !ok {
		return conn, nil
	}
	return &preparedConn{sqliteConn: full, idle: map[string]preparedStmt{}}, nil
}

// sqliteConn is what a connection of the driver can do; a wrapper must not lose any of it.
type sqliteConn interface { //nolint:interfacebloat // the driver's own list
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// preparedStmt is a statement of the driver.
type preparedStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// preparedConn keeps statements by their text. One that is being read is not among the idle ones, so the same text may
// be asked a second time meanwhile. Only the borrower of a connection calls it, so there is no lock.
type preparedConn struct {
	sqliteConn
	idle  map[string]preparedStmt
	order []string // of the idle ones, the longest unused first
}

// errUnkept says that the driver's own way is to be taken.
var errUnkept = errors.New("this statement is not kept")

// take gives a statement for a text, an idle one if there is any; errUnkept for what is better not kept.
func (c *preparedConn) take(ctx context.Context, query string) (preparedStmt, error) {
	if stmt := c.idle[query]; stmt != nil {
		c.forget(query)
		return stmt, nil
	}
	if !keepable(query) {
		return nil, errUnkept
	}
	stmt, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	full, ok := stmt.(preparedStmt)
	if !ok {
		return nil, errors.Join(errUnkept, stmt.Close())
	}
	return full, nil
}

// keepable tells what is asked again and again from what is not: some pragmas do their work while they are prepared.
func keepable(query string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	switch strings.ToUpper(strings.TrimSpace(word)) {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH":
		return true
	}
	return false
}

// give takes a statement back. After a failure it is closed: nobody has to know what state it is in.
func (c *preparedConn) give(query string, stmt preparedStmt, failed bool) error {
	if failed || c.idle[query] != nil {
		return stmt.Close()
	}
	c.idle[query] = stmt
	if c.order = append(c.order, query); len(c.order) <= preparedMost {
		return nil
	}
	oldest := c.order[0]
	last := c.idle[oldest]
	c.forget(oldest)
	return last.Close()
}

func (c *preparedConn) forget(query string) {
	delete(c.idle, query)
	if i := slices.Index(c.order, query); i >= 0 {
		c.order = slices.Delete(c.order, i, i+1)
	}
}

// Close closes the connection and what it has kept.
func (c *preparedConn) Close() error {
	for _, query := range c.order {
		_ = c.idle[query].Close() // the connection goes with it
	}
	c.idle, c.order = nil, nil
	return c.sqliteConn.Close()
}

// ExecContext runs a statement.
func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	stmt, err := c.take(ctx, query)
	if errors.Is(err, errUnkept) {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	if err != nil {
		return nil, err
	}
	result, err := stmt.ExecContext(ctx, args)
	if gave := c.give(query, stmt, err != nil); err == nil && gave != nil {
		return nil, gave
	}
	return result, err
}

// QueryContext runs a query. Its statement comes back when its rows are closed.
func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	stmt, err := c.take(ctx, query)
	if errors.Is(err, errUnkept) {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	if err != nil {
		return nil, err
	}
	found, err := stmt.QueryContext(ctx, args)
	if err != nil {
		_ = c.give(query, stmt, true) // what failed first counts
		return nil, err
	}
	return &preparedRows{Rows: found, conn: c, query: query, stmt: stmt}, nil
}

// preparedRows are the rows of a kept statement.
type preparedRows struct {
	driver.Rows
	conn  *preparedConn
	query string
	stmt  preparedStmt
}

// Close ends the reading and gives the statement back.
func (r *preparedRows) Close() error {
	if r.stmt == nil {
		return nil
	}
	err := r.Rows.Close()
	stmt := r.stmt
	r.stmt = nil
	if gave := r.conn.give(r.query, stmt, err != nil); err == nil {
		return gave
	}
	return err
}
