package connector

import (
	"context"
	"errors"
	"time"
)

// ErrTenure says that a call was not made because the caller may have lost the account to somebody else.
var ErrTenure = errors.New("the lease of the account may be over")

type tenureKey struct{}

// WithTenure marks the calls made under a context with how long, from now on, the account is certainly the caller's:
// no attempt begins without such time left, and each ends within it (performance-reliability 2.3, "Fencing two
// workers"). left is asked before every attempt.
func WithTenure(ctx context.Context, left func() time.Duration) context.Context {
	return context.WithValue(ctx, tenureKey{}, left)
}

// Tenure gives the context of one attempt that takes at most so long: its deadline lies within the tenure, if the
// context has one, and ErrTenure is the cause of its end if that cut it short. ErrTenure: there is no time left.
func Tenure(ctx context.Context, longest time.Duration) (context.Context, context.CancelFunc, error) {
	if left, ok := ctx.Value(tenureKey{}).(func() time.Duration); ok {
		rest := left()
		if rest <= 0 {
			return ctx, func() {}, ErrTenure
		}
		if rest < longest {
			bounded, cancel := context.WithTimeoutCause(ctx, rest, ErrTenure)
			return bounded, cancel, nil
		}
	}
	bounded, cancel := context.WithTimeout(ctx, longest)
	return bounded, cancel, nil
}
