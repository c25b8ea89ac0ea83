package workflows

import (
	"context"
	"errors"
	"fmt"
	"path"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"

	"leadsync/connector"
)

// ErrUnstorable says that the database refuses values that are to be stored, or cannot read what it has: trying again
// gives the same answer, other records are not concerned.
var ErrUnstorable = errors.New("the database refuses the values")

// FailureKind says at which step a record fails.
type FailureKind string

// The kinds of failure. What fails in reading may fail for a reason of the CRM's: it is tried again every RetryReads
// without being asked to.
const (
	FailedEvaluation FailureKind = "evaluation"
	FailedRead       FailureKind = "read"
	FailedStore      FailureKind = "store"
)

// When a record is left alone.
const (
	evaluationAttempts = 3
	readAttempts       = 8
	retryReads         = time.Hour
)

// Failure is one record that cannot be worked on.
type Failure struct {
	Row  DueRow
	Kind FailureKind
	Rule string // of the model, empty if it is none
	// Reason is the error without values of properties.
	Reason string
}

// Quarantined is a record that is left alone until it changes or an operator releases it. Times are operating time.
type Quarantined struct {
	Type   connector.ObjectType `json:"type"`
	ID     connector.ObjectID   `json:"id"`
	Kind   FailureKind          `json:"kind"`
	Rule   string               `json:"rule,omitempty"`
	Reason string               `json:"reason"`
	Times  int                  `json:"times"` // it was put here
	Since  time.Time            `json:"since"`
	Last   time.Time            `json:"last"`
}

// Remedy says what to do about a record in quarantine.
func (q Quarantined) Remedy() string {
	switch q.Kind {
	case FailedEvaluation:
		if q.Rule != "" {
			return fmt.Sprintf("change rule %q of the model, or report the error; then release the record", q.Rule)
		}
		return "report the error; after an update that mends it release the record"
	case FailedRead:
		return "look whether the CRM shows the record; it is tried again every hour, and when it is released"
	case FailedStore:
		return "look for characters or sizes in the record that the error names; it is tried again when it changes or is released"
	}
	return "release the record"
}

// QuarantineCount counts the records in quarantine by kind of failure and rule.
type QuarantineCount struct {
	Kind  FailureKind `json:"kind"`
	Rule  string      `json:"rule,omitempty"`
	Count int         `json:"count"`
}

type quarantineStore interface {
	// Quarantine settles the records at the revision that failed (those with a negative one have none) and keeps the reasons.
	Quarantine(ctx context.Context, f Fence, failed []Failure) error
	// RetryQuarantined makes the records of a kind due again that have been here for a while, and gives their number.
	RetryQuarantined(ctx context.Context, f Fence, kind FailureKind, after time.Duration) (int, error)
}

// noRevision is the revision of a record that was not due when it failed.
const noRevision = -1

// turn notes whose turn it is.
func (pl *planner) turn(rule string) {
	if pl.Working != nil {
		*pl.Working = rule
	}
}

// poison says that some records of a batch could not be evaluated; everything else of the batch is saved.
type poison []Failure

// Error names no record and no value.
func (p poison) Error() string {
	return fmt.Sprintf("evaluate %d records: %s", len(p), p[0].Reason)
}

func (p poison) rows() []DueRow {
	rows := make([]DueRow, len(p))
	for i, one := range p {
		rows[i] = one.Row
	}
	return rows
}

// mirror stores what was read of contacts that could not be decided, with nothing made due by it: a sweep that meets the
// same change again would take it for another one, and put them into quarantine a second time. Their companies are left
// to the sweep of companies, since news of a company are news to others too.
func (r *Reconciler) mirror(ctx context.Context, f Fence, rows []DueRow, fresh freshly) error {
	page := PulledPage{Type: connector.TypeContact, Properties: r.Portal.ContactProperties(r.Model), Quiet: true}
	for _, row := range rows {
		if contact, ok := fresh.contacts.Found[row.ID]; ok && contact.ID == row.ID {
			page.Objects = append(page.Objects, contact)
		}
	}
	if len(page.Objects) == 0 {
		return nil
	}
	if _, err := r.Store.SavePage(ctx, f, page); err != nil && !errors.Is(err, ErrUnstorable) {
		return fmt.Errorf("save %d contacts that were read: %w", len(page.Objects), err)
	}
	return nil
}

// alone stores what was read of a contact that alone the database cannot show or keep.
func (r *Reconciler) alone(ctx context.Context, f Fence, rows []DueRow, fresh freshly, cause error) error {
	if len(rows) != 1 || !errors.Is(cause, ErrUnstorable) {
		return nil
	}
	return r.mirror(ctx, f, rows, fresh)
}

// guarded is decide for one contact: a panic in its evaluation or plan is its own failure and nobody else's.
func (r *Reconciler) guarded(do func() Decided, row DueRow) (d Decided, failed *Failure) {
	r.working, r.judged = "", nil
	defer func() {
		if p := recover(); p != nil { // an end of the goroutine is no panic, and goes on
			failed = &Failure{Row: row, Kind: FailedEvaluation, Rule: r.culprit(), Reason: panicked(p)}
		}
	}()
	return do(), nil
}

// culprit names what of the model was being worked on when something panicked; empty: nothing of it, or nobody knows.
func (r *Reconciler) culprit() string {
	if r.judged == nil {
		return r.working
	}
	return r.Model.Failing(*r.judged, r.judgedAt)
}

// panicked tells what happened and where, without values: only the runtime's own errors are known to have none of people.
func panicked(p any) string {
	what := "panic with a " + reflect.TypeOf(p).String()
	if rerr, ok := p.(runtime.Error); ok {
		what = rerr.Error()
	}
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var at []string
	for {
		f, more := frames.Next()
		if f.Function != "" && !strings.HasPrefix(f.Function, "runtime.") && !strings.Contains(f.Function, ".(*Reconciler).guarded") {
			at = append(at, fmt.Sprintf("%s (%s:%d)", path.Base(f.Function), path.Base(f.File), f.Line))
		}
		if !more || len(at) == 3 {
			return what + " at " + strings.Join(at, " < ")
		}
	}
}

// failed deals with the error of a batch of due records: they are tried again later, one that fails for ever is found
// among its neighbours and put into quarantine, and what concerns all of them is given back.
func (w *Worker) failed(ctx context.Context, f Fence, b batch, err error) error {
	if ctx.Err() != nil || errors.Is(err, ErrFenced) {
		return err
	}
	bad, isPoison := errors.AsType[poison](err)
	_, isCall := errors.AsType[*connector.Error](err)
	unstorable := errors.Is(err, ErrUnstorable)
	switch {
	case isPoison:
		return w.setAside(ctx, f, bad, evaluationAttempts)
	case !isCall && !unstorable:
		return err
	case portalWide(err):
		return errors.Join(err, w.postpone(ctx, f, b.rows, err))
	}
	b.rows = unsettled(b.rows, err)
	again := slices.ContainsFunc(b.rows, func(row DueRow) bool { return row.Attempts > 0 })
	switch {
	case w.Reconciler.Quarantine == nil:
		if !isCall {
			return err
		}
		return w.postpone(ctx, f, b.rows, err)
	case len(b.rows) == 1:
		return w.setAside(ctx, f, []Failure{failureOf(b.rows[0], err)}, attemptsOf(err))
	case again || unstorable:
		return w.separate(ctx, f, b, err)
	}
	return w.postpone(ctx, f, b.rows, err)
}

// batch is due records and what is done with them.
type batch struct {
	rows []DueRow
	do   func(context.Context, Fence, []DueRow) error
}

func failureOf(row DueRow, err error) Failure {
	kind := FailedRead
	if errors.Is(err, ErrUnstorable) {
		kind = FailedStore
	}
	return Failure{Row: row, Kind: kind, Reason: refusal(err)}
}

func attemptsOf(err error) int {
	if errors.Is(err, ErrUnstorable) {
		return evaluationAttempts
	}
	return readAttempts
}

// tenths is into how many parts a batch is divided that failed before.
const tenths = 10

// hopeless is how many parts fail, none succeeding, until it is not the records that are at fault.
const hopeless = 3

// part is some of the records of a batch, and why they failed together.
type part struct {
	rows []DueRow
	err  error
}

// separate works a batch that failed before in parts, and the parts that fail in smaller ones. If nothing of it succeeds it
// is not the records: all wait.
func (w *Worker) separate(ctx context.Context, f Fence, b batch, cause error) error {
	bad, good, err := w.inParts(ctx, f, b)
	switch {
	case err != nil:
		return errors.Join(err, w.leaveRest(ctx, f, b.rows, err))
	case good == 0 && len(bad) >= hopeless && len(b.rows) > hopeless:
		return w.postpone(ctx, f, b.rows, cause)
	}
	var errs []error
	for _, p := range bad {
		switch {
		case len(p.rows) == 1:
			errs = append(errs, w.failed(ctx, f, batch{p.rows, b.do}, p.err))
		case good > 0:
			errs = append(errs, w.separate(ctx, f, batch{p.rows, b.do}, p.err))
		default:
			errs = append(errs, w.postpone(ctx, f, p.rows, p.err))
		}
	}
	return errors.Join(errs...)
}

// inParts does what is to be done with a batch part by part. It gives the parts that failed and the number of those of
// which at least some records succeeded, and stops when nothing does; the error is one that concerns more than records.
func (w *Worker) inParts(ctx context.Context, f Fence, b batch) (bad []part, good int, err error) {
	size := (len(b.rows) + tenths - 1) / tenths
	for rows := range slices.Chunk(b.rows, size) {
		err := b.do(ctx, f, rows)
		if _, isPoison := errors.AsType[poison](err); err == nil || isPoison {
			good++
		}
		_, isCall := errors.AsType[*connector.Error](err)
		switch {
		case err == nil:
			continue
		case ctx.Err() != nil, errors.Is(err, ErrFenced), portalWide(err), !isCall && !errors.Is(err, ErrUnstorable) && good == 0:
			return nil, good, err
		}
		if bad = append(bad, part{rows, err}); good == 0 && len(bad) >= hopeless && len(b.rows) > hopeless {
			break
		}
	}
	return bad, good, nil
}

// leaveRest lets what is left of a batch wait for what concerns the whole portal; a batch that is worked on again does
// nothing twice.
func (w *Worker) leaveRest(ctx context.Context, f Fence, rows []DueRow, err error) error {
	if !portalWide(err) {
		return nil
	}
	return w.postpone(ctx, f, rows, err)
}

// setAside lets failed records wait, or puts them into quarantine after so many attempts.
func (w *Worker) setAside(ctx context.Context, f Fence, failed []Failure, attempts int) error {
	var waits []Postponed
	var away []Failure
	for _, one := range failed {
		if one.Row.Attempts+1 >= attempts && w.Reconciler.Quarantine != nil {
			away = append(away, one)
			continue
		}
		waits = append(waits, Postponed{Type: one.Row.Type, ID: one.Row.ID, Wait: Backoff(one.Row.Attempts+1, w.Jitter()), Error: one.Reason})
	}
	if len(waits) > 0 {
		if err := w.Store.Postpone(ctx, f, waits); err != nil {
			return fmt.Errorf("postpone %d records: %w", len(waits), err)
		}
		w.Log.Warn("records postponed", "portal", f.Portal, "records", len(waits), "error", waits[0].Error)
	}
	if len(away) == 0 {
		return nil
	}
	if err := w.Reconciler.Quarantine.Quarantine(ctx, f, away); err != nil {
		return fmt.Errorf("put %d records into quarantine: %w", len(away), err)
	}
	for _, one := range away {
		w.Log.Error("record in quarantine: it is left alone until it changes or is released", "portal", f.Portal, "type", one.Row.Type,
			"record", one.Row.ID, "failed", one.Kind, "rule", one.Rule, "error", one.Reason, "remedy", "look at `leadsync quarantine list`")
	}
	return nil
}

// retryReads makes what could not be read due again after a while: the reason may have been the CRM.
func (w *Worker) retryReads(ctx context.Context, f Fence) error {
	if w.Reconciler.Quarantine == nil {
		return nil
	}
	if _, err := w.Reconciler.Quarantine.RetryQuarantined(ctx, f, FailedRead, retryReads); err != nil {
		return fmt.Errorf("try again what could not be read: %w", err)
	}
	return nil
}

// postpone keeps records due and lets them wait.
func (w *Worker) postpone(ctx context.Context, f Fence, rows []DueRow, err error) error {
	postponed := make([]Postponed, len(rows))
	for i, r := range rows {
		state, pause, free := Next(err, r.Attempts+1, w.Jitter())
		if state == StateParked {
			pause = Backoff(r.Attempts+1, w.Jitter())
		}
		postponed[i] = Postponed{Type: r.Type, ID: r.ID, Wait: pause, Error: refusal(err), Free: free}
	}
	if perr := w.Store.Postpone(ctx, f, postponed); perr != nil {
		return errors.Join(err, perr)
	}
	if !portalWide(err) {
		w.Log.Warn("records postponed", "portal", f.Portal, "records", len(rows), "error", err)
	}
	return nil
}

// aside puts contacts into quarantine whose evaluation failed outside of due work: while the account is loaded, or while
// the stored contacts are evaluated again.
func (r *Reconciler) aside(ctx context.Context, f Fence, failed []Failure) error {
	if len(failed) == 0 {
		return nil
	}
	if r.Quarantine == nil {
		return poison(failed)
	}
	if err := r.Quarantine.Quarantine(ctx, f, failed); err != nil {
		return fmt.Errorf("put %d contacts into quarantine: %w", len(failed), err)
	}
	return nil
}
