package simulator

import (
	"context"
	"time"
)

// DeliverNext makes the one attempt to deliver that is next, from the caller's goroutine, for worlds in which one thing
// happens at a time: they call it instead of Start. It reports false when nothing is due, and how long that lasts by
// the operating clock; a negative wait is until something happens.
func (a *Account) DeliverNext(ctx context.Context) (bool, time.Duration) {
	p, wait := a.hooks.next(a.opts.Wall())
	if p == nil {
		return false, wait
	}
	a.hooks.deliver(ctx, *p)
	return true, 0
}
