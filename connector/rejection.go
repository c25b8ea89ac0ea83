package connector

import (
	"context"
	"sync/atomic"
)

type rejectionKey struct{}

// UntilRejected marks the calls made under a context as one stretch of work that ends when the CRM says that it does not
// accept the token: from then on Rejected gives that answer, and no call of the stretch is made any more.
func UntilRejected(ctx context.Context) context.Context {
	return context.WithValue(ctx, rejectionKey{}, new(atomic.Pointer[Error]))
}

// Reject notes that the CRM does not accept the token. The first answer stays; where the context is of no such stretch
// (UntilRejected), nothing is noted.
func Reject(ctx context.Context, why *Error) {
	if said, ok := ctx.Value(rejectionKey{}).(*atomic.Pointer[Error]); ok {
		said.CompareAndSwap(nil, why)
	}
}

// Rejected is the answer by which the CRM rejected the token in this stretch of work, of kind ErrUnauthorized; nil: it has
// not, or the context is of none.
func Rejected(ctx context.Context) error {
	if said, ok := ctx.Value(rejectionKey{}).(*atomic.Pointer[Error]); ok {
		if why := said.Load(); why != nil {
			return why
		}
	}
	return nil
}
