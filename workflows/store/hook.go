package store

import "context"

// Moment is a place in a transaction at which a Hook is called.
type Moment string

// The moments. Between MomentBegin and MomentCommitted the write connection is held: who waits there holds up every
// other writer of a SQLite file.
const (
	MomentRead      Moment = "read"      // before a transaction that only reads
	MomentBegin     Moment = "begin"     // before a transaction that writes
	MomentCommit    Moment = "commit"    // all is written; an error rolls it back, and its outcome counts as unknown
	MomentCommitted Moment = "committed" // it is durable; an error is an answer that was lost
)

// Hook is called at every moment of every transaction, with the name of the unit of work, from the goroutine that does
// it. What it returns takes the place of the database's own failure there.
type Hook func(ctx context.Context, m Moment, what string) error

func (h Hook) at(ctx context.Context, m Moment, what string) error {
	if h == nil {
		return nil
	}
	return h(ctx, m, what)
}
