package connector

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kinds of failure. Test with errors.Is; the details are in *Error.
var (
	// ErrNotFound: the record, or the thing asked for, is not there (404, or an id reported missing).
	ErrNotFound = errors.New("not found")
	// ErrUnauthorized: the token is wrong, expired or revoked (401). The portal pauses until it works again.
	ErrUnauthorized = errors.New("unauthorized")
	// ErrForbidden: the token lacks a scope or a permission (403). The message names the scopes.
	ErrForbidden = errors.New("forbidden")
	// ErrInvalid: the CRM refuses what was sent and always will (400, 414, 422). Park it, do not retry.
	ErrInvalid = errors.New("invalid")
	// ErrConflict: the idempotency key exists already (409). Adopt it.
	ErrConflict = errors.New("conflict")
	// ErrThrottled: too many calls (429, 423, 477). Error.RetryAfter says how long to wait.
	ErrThrottled = errors.New("throttled")
	// ErrUnavailable: it surely did not happen and may work later (connection refused, 503 on a read).
	ErrUnavailable = errors.New("unavailable")
	// ErrDown: it was not sent, since nothing had an answer lately. Error.RetryAfter says when the CRM is asked again.
	ErrDown = errors.New("the CRM does not answer")
	// ErrAmbiguous: it may have happened (timeout, reset or 5xx after a write). Look before doing it again.
	ErrAmbiguous = errors.New("ambiguous")
)

// Error is one failed call, or one failed record of a batch call. Its text never holds tokens or property
// values; the CRM's own message is kept because it names the property and the remedy.
type Error struct {
	Kind          error // one of the Err values above
	Op            string
	Status        int // HTTP status or 0
	Message       string
	Properties    []string // properties that the CRM names as the cause
	Policy        string   // rate limit policy, e.g. "DAILY"
	RetryAfter    time.Duration
	CorrelationID string
	Err           error // cause below, may be nil
}

// Error gives operation, kind, status, the CRM's message and its correlation id, in that order.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v", e.Op, e.Kind)
	if e.Status != 0 {
		fmt.Fprintf(&b, " (%d)", e.Status)
	}
	if e.Message != "" {
		fmt.Fprintf(&b, ": %s", e.Message)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.CorrelationID != "" {
		fmt.Fprintf(&b, " [correlation %s]", e.CorrelationID)
	}
	return b.String()
}

// Is reports whether target is the error's kind.
func (e *Error) Is(target error) bool { return target == e.Kind }

// Unwrap gives the cause below.
func (e *Error) Unwrap() error { return e.Err }
