package connector

import (
	"context"
	"sync/atomic"
)

type hearingKey struct{}

// Hearing marks the calls made under a context as one piece of work, of which Unheard says in the end whether the CRM may
// still carry out something of it.
func Hearing(ctx context.Context) context.Context {
	return context.WithValue(ctx, hearingKey{}, new(atomic.Bool))
}

// Unhear notes that an attempt of a call that changes something got no answer, or one that leaves open what became of it,
// whatever became of the attempts after it. Where the context is of no such piece of work (Hearing), nothing is noted.
func Unhear(ctx context.Context) {
	if noted, ok := ctx.Value(hearingKey{}).(*atomic.Bool); ok {
		noted.Store(true)
	}
}

// Unheard reports whether of an attempt made in this piece of work nobody heard: the CRM may have carried it out, or may do so
// after what was sent later.
func Unheard(ctx context.Context) bool {
	noted, ok := ctx.Value(hearingKey{}).(*atomic.Bool)
	return ok && noted.Load()
}
