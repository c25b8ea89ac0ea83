package workflows

import (
	"context"
	"errors"
	"time"

	"leadsync/connector"
)

// soon is the longest wait before a step is tried again that failed without the CRM: its cause is the database, which
// may be back at any moment, or the way to it.
const soon = time.Second

// stumbled waits, after so many failed steps in a row, until a step is worth trying, and gives the number of failures that
// still count.
func (w *Worker) stumbled(ctx context.Context, f Fence, cause error, failures int) (int, error) {
	if worthTelling(failures) {
		w.Log.Error("step failed", "portal", f.Portal, "attempt", failures, "error", cause)
	}
	if refusing, err := w.untilWritable(ctx, f, cause); err != nil || refusing {
		return 0, err
	}
	return failures, Wait(ctx, w.again(cause, failures))
}

// again is the wait before a step that has failed so many times in a row is tried again. A call that failed waits longer
// each time, for the CRM's sake; a database that broke a connection costs it nothing.
func (w *Worker) again(cause error, failures int) time.Duration {
	wait := Backoff(failures, w.Jitter())
	if _, isCall := errors.AsType[*connector.Error](cause); isCall && !errors.Is(cause, connector.ErrTenure) { // not made at all
		return wait
	}
	return min(wait, soon)
}

// worthTelling reports whether the n-th failure in a row is logged: the first, and then twice as many later each time.
func worthTelling(n int) bool { return n&(n-1) == 0 }
