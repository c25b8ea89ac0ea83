package workflows

import (
	"errors"
	"time"

	"leadsync/connector"
)

// maxAttempts parks an entry that the CRM could not take so many times for reasons of its own.
const maxAttempts = 12

// lookAgain is how long an unknown outcome is left alone before the CRM is asked by key.
const lookAgain = 2 * time.Second

// Next turns an error and the number of attempts made into what to do with an entry. It is pure; jitter is
// in [0, 1). Success settles; throttled and unauthorised wait without counting; unavailable waits longer
// each time, with jitter; invalid parks with the CRM's own message; ambiguous stays "sending", so that the
// next attempt looks before it creates.
func Next(err error, attempt int, jitter float64) (state EntryState, wait time.Duration, free bool) {
	var ce *connector.Error
	errors.As(err, &ce)
	switch {
	case err == nil:
		return StateSettled, 0, false
	case errors.Is(err, connector.ErrThrottled), errors.Is(err, connector.ErrDown):
		wait = 10 * time.Second
		if ce != nil && ce.RetryAfter > 0 {
			wait = ce.RetryAfter
		}
		return StateReady, wait, true
	case errors.Is(err, connector.ErrUnauthorized):
		return StateReady, time.Second, true
	case refused(err):
		return StateParked, 0, false
	case attempt >= maxAttempts:
		return StateParked, 0, false
	case errors.Is(err, connector.ErrAmbiguous):
		return StateSending, max(lookAgain, Backoff(attempt-1, jitter)), false
	default:
		return StateReady, Backoff(attempt, jitter), false
	}
}

// refused reports whether the CRM refuses something for good: asking again gives the same answer.
func refused(err error) bool {
	return errors.Is(err, connector.ErrInvalid) || errors.Is(err, connector.ErrForbidden) || errors.Is(err, connector.ErrNotFound)
}

// portalWide reports whether an error concerns the portal as a whole, not the record or the call: nothing else
// will fare better until it has passed.
func portalWide(err error) bool {
	return errors.Is(err, connector.ErrUnauthorized) || errors.Is(err, connector.ErrThrottled) || errors.Is(err, connector.ErrDown)
}

// onlyPortalWide is the error if it concerns the portal as a whole, else nil.
func onlyPortalWide(err error) error {
	if portalWide(err) {
		return err
	}
	return nil
}

// Backoff is the wait before the next attempt: one second doubled per attempt, at most ten minutes, of which
// half is jitter, so that waiting entries do not come back together.
func Backoff(attempt int, jitter float64) time.Duration {
	d := time.Second << min(max(attempt, 0), 10)
	d = min(d, 10*time.Minute)
	return d/2 + time.Duration(jitter*float64(d/2))
}
