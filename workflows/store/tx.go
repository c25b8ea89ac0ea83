package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"leadsync/connector"
	"leadsync/workflows"
)

// ErrCommitUnknown says that a transaction's COMMIT failed: it may have taken effect or not. Read your own
// key before you repeat anything that is not idempotent.
var ErrCommitUnknown = errors.New("the commit's outcome is unknown")

// session is one transaction, or the read pool; now is its operating time (zero for reads that need none).
type session struct {
	db      sqlx.ExtContext
	dialect dialect
	now     time.Time
	worker  string // of a fenced unit of work; empty: an operator's
	weak    workflows.Weakness
}

// write runs one whole unit of work. It commits if work returns nil and rolls back otherwise.
func (s *Store) write(ctx context.Context, what string, work func(*session) error) error {
	if err := s.hook.at(ctx, MomentBegin, what); err != nil {
		return fmt.Errorf("%s: begin: %w", what, err)
	}
	tx, err := s.writer.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: begin: %w", what, judge(err))
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	in := &session{db: tx, dialect: s.dialect, weak: s.weak}
	if err := work(in); err != nil {
		return fmt.Errorf("%s: %w", what, judge(err))
	}
	if err := s.commit(ctx, what, tx); err != nil && !s.weak.Without(workflows.CommitUnknown) {
		return fmt.Errorf("%s: commit: %w: %w", what, ErrCommitUnknown, judge(err))
	}
	return nil
}

// commit commits; the hook may let it fail before it took effect, or after.
func (s *Store) commit(ctx context.Context, what string, tx *sqlx.Tx) error {
	if err := s.hook.at(ctx, MomentCommit, what); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return s.hook.at(ctx, MomentCommitted, what)
}

// timed is write with the operating time read first.
func (s *Store) timed(ctx context.Context, what string, work func(*session) error) error {
	return s.write(ctx, what, func(in *session) error {
		if err := s.setNow(ctx, in); err != nil {
			return err
		}
		return work(in)
	})
}

const fenceQuery = `SELECT epoch FROM leases WHERE portal = ? AND epoch = ? AND worker = ? {share}`

// fenced is timed behind the fence: the lease row of the portal must have the caller's epoch, and keeps it
// until the transaction ends.
func (s *Store) fenced(ctx context.Context, what string, fence workflows.Fence, work func(*session) error) error {
	return s.write(ctx, what, func(in *session) error {
		var epoch int64
		err := in.get(ctx, &epoch, fenceQuery, fence.Portal, fence.Epoch, fence.Worker)
		if errors.Is(err, sql.ErrNoRows) && !s.weak.Without(workflows.EpochFence) {
			return fmt.Errorf("check fence of portal %q: %w", fence.Portal, workflows.ErrFenced)
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("check fence of portal %q: %w", fence.Portal, err)
		}
		in.worker = fence.Worker
		if err := s.setNow(ctx, in); err != nil {
			return err
		}
		return work(in)
	})
}

const aloneQuery = `SELECT epoch FROM leases WHERE portal = ? {update}`

// alone is timed while no fenced transaction of the portal runs: for operators, who hold no lease.
func (s *Store) alone(ctx context.Context, what string, portal connector.PortalID, work func(*session) error) error {
	return s.write(ctx, what, func(in *session) error {
		var epoch int64
		err := in.get(ctx, &epoch, aloneQuery, portal)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("lock portal %q: %w", portal, workflows.ErrNoRecord)
		}
		if err != nil {
			return fmt.Errorf("lock portal %q: %w", portal, err)
		}
		if err := s.setNow(ctx, in); err != nil {
			return err
		}
		return work(in)
	})
}

// read runs queries that see one state of the database.
func (s *Store) read(ctx context.Context, what string, work func(*session) error) error {
	options := &sql.TxOptions{}
	if s.dialect.clock != "" { // SQLite's transactions are snapshots anyway, and its driver knows no levels
		options = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	if err := s.hook.at(ctx, MomentRead, what); err != nil {
		return fmt.Errorf("%s: begin: %w", what, err)
	}
	tx, err := s.reader.BeginTxx(ctx, options)
	if err != nil {
		return fmt.Errorf("%s: begin: %w", what, err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	in := &session{db: tx, dialect: s.dialect, weak: s.weak}
	if err := s.setNow(ctx, in); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := work(in); err != nil {
		return fmt.Errorf("%s: %w", what, judge(err))
	}
	return nil
}

func (s *Store) setNow(ctx context.Context, in *session) error {
	if s.dialect.clock == "" {
		in.now = s.now().UTC().Truncate(time.Microsecond)
		return nil
	}
	var us int64
	if err := in.get(ctx, &us, s.dialect.clock); err != nil {
		return fmt.Errorf("read clock: %w", err)
	}
	in.now = fromMicros(&us)
	return nil
}

func (in *session) get(ctx context.Context, dest any, query string, args ...any) error {
	return sqlx.GetContext(ctx, in.db, dest, in.dialect.text(query), args...)
}

func (in *session) list(ctx context.Context, dest any, query string, args ...any) error {
	return sqlx.SelectContext(ctx, in.db, dest, in.dialect.text(query), args...)
}

// exec gives the number of rows that were changed.
func (in *session) exec(ctx context.Context, query string, args ...any) (int, error) {
	result, err := in.db.ExecContext(ctx, in.dialect.text(query), args...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// rows is a bulk parameter: what {rows} unfolds. Values are strings, integers and nil.
type rows [][]any

// json gives the JSON. PostgreSQL's text cannot hold U+0000, so it is left out on both databases.
func (r rows) json() (string, error) {
	for _, row := range r {
		for i, value := range row {
			if text, ok := value.(string); ok && strings.ContainsRune(text, 0) {
				row[i] = strings.ReplaceAll(text, "\x00", "")
			}
		}
	}
	if len(r) == 0 {
		return "[]", nil
	}
	text, err := json.Marshal(r)
	return string(text), err
}

// bulk runs a statement with {rows}; without rows it does nothing.
func (in *session) bulk(ctx context.Context, query string, many rows, args ...any) error {
	if len(many) == 0 {
		return nil
	}
	args, err := many.among(query, args)
	if err != nil {
		return err
	}
	_, err = in.exec(ctx, query, args...)
	return err
}

// lookup is list with {rows}; without rows it finds nothing.
func (in *session) lookup(ctx context.Context, dest any, query string, many rows, args ...any) error {
	if len(many) == 0 {
		return nil
	}
	args, err := many.among(query, args)
	if err != nil {
		return err
	}
	return in.list(ctx, dest, query, args...)
}

// among puts the rows where {rows} stands among the other parameters of the query.
func (r rows) among(query string, args []any) ([]any, error) {
	text, err := r.json()
	if err != nil {
		return nil, fmt.Errorf("encode rows: %w", err)
	}
	before, _, _ := strings.Cut(query, "{rows}")
	return slices.Insert(slices.Clone(args), strings.Count(before, "?"), any(text)), nil
}

// encode gives the JSON text of a column.
func encode(value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("encode %T: %w", value, err)
	}
	return string(text), nil
}

// decode reads the JSON text of a column.
func decode(text string, into any) error {
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("decode %T: %w", into, err)
	}
	return nil
}
