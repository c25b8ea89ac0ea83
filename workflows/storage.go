package workflows

import (
	"context"
	"errors"
	"time"

	"leadsync/connector"
)

// ErrNoWrites says that the database takes no writes: its disk is full, it is read-only, or it cannot be reached. The
// error around it says what to do.
var ErrNoWrites = errors.New("the database takes no writes")

type prober interface {
	// Probe writes something and takes it back; the error says why that is impossible.
	Probe(ctx context.Context, worker string) error
}

// probeEvery is the longest wait between two looks whether the database takes writes again.
const probeEvery = 3 * time.Second

// untilWritable waits, after a failure of the database, until that takes writes: until then no record is read from the CRM
// whose decision could not be stored, and nothing is sent. It reports whether there was anything to wait for.
func (w *Worker) untilWritable(ctx context.Context, f Fence, cause error) (bool, error) {
	if _, isCall := errors.AsType[*connector.Error](cause); w.Storage == nil || isCall {
		return false, nil
	}
	for n := 1; ; n++ {
		err := w.Storage.Probe(ctx, f.Worker)
		if err == nil {
			if n > 1 {
				w.Log.Info("the database takes writes again", "portal", f.Portal)
			}
			return n > 1, nil
		}
		if n == 1 {
			w.Log.Error("the database takes no writes; nothing is read or sent until it does", "portal", f.Portal, "error", err)
		}
		if w.leaving() {
			return true, ErrLeft
		}
		if err := Wait(ctx, min(Backoff(n, w.Jitter()), probeEvery)); err != nil {
			return true, err
		}
	}
}
