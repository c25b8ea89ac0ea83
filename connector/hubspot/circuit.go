package hubspot

import (
	"context"
	"errors"
	"net/http"
	"time"

	"leadsync/connector"
)

// Circuit stops attempts while an account does not answer. Allow lets one pass or gives an error of kind
// connector.ErrDown; what came of an attempt that passed is told to exactly one of the others: Answered, Silent with how
// long HubSpot asked to be left alone (0: it did not say), or Unknown if it was not made or given up by the caller.
type Circuit interface {
	Allow() error
	Answered()
	Silent(after time.Duration)
	Unknown()
}

// allow asks the circuit for one attempt. What it gives has to be told how that ended.
func (a *attempts) allow() (func(context.Context, *http.Response, error), error) {
	if a.circuit == nil {
		return func(context.Context, *http.Response, error) {}, nil
	}
	if err := a.circuit.Allow(); err != nil {
		return nil, err //nolint:wrapcheck // lostError makes the error of the call from it
	}
	return func(ctx context.Context, resp *http.Response, err error) {
		switch {
		case resp == nil && err == nil, err != nil && ctx.Err() != nil, errors.Is(err, connector.ErrTenure), errors.Is(err, errNotSent):
			// not sent, or the caller has gone, or has no more time: that is not the account's silence
			a.circuit.Unknown()
		case err != nil && !errors.Is(err, errBodyTooLarge):
			a.circuit.Silent(0)
		case resp != nil && resp.StatusCode >= http.StatusInternalServerError && resp.StatusCode != http.StatusNotImplemented:
			a.circuit.Silent(retryAfter(resp.Header))
		default: // a refusal is an answer
			a.circuit.Answered()
		}
	}, nil
}
