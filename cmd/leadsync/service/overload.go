package service

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"leadsync/workflows"
)

// Bounds of the receiver. HubSpot waits five seconds for an answer (hubspot-api 3.1) and delivers again for 24 hours what
// was answered with 5xx, so it is always better to refuse in time than to answer late.
const (
	// answerWithin is how long a webhook request may take in all, waiting for the database included, unless Options say.
	answerWithin = 4 * time.Second
	// intakeBytes is what bodies may take in memory at once; where the largest body is more than a sixteenth of that, it is
	// sixteen of those.
	intakeBytes = 32 << 20
	// intakeTurns is how many requests are verified, decoded and stored at once; the others wait with their body.
	intakeTurns = 8
	// intakeRequests is how many requests may be under way at all, those that are still arriving included.
	intakeRequests = 8192
	// retryAfter is what a refused request is told, in seconds.
	retryAfter = "10"
)

// errBusy says that the receiver has no room or no time for a request.
var errBusy = errors.New("the receiver is busy")

// intake bounds what all webhook requests together hold. It is safe for concurrent use.
type intake struct {
	turns chan struct{}

	mu       sync.Mutex
	room     int64 // bytes that bodies may still take
	requests int   // requests that may still come in
}

func newIntake(bodyBytes int64) *intake {
	return &intake{turns: make(chan struct{}, intakeTurns), room: max(intakeBytes, 16*bodyBytes), requests: intakeRequests}
}

// enter admits one request whose body is said to have so many bytes (-1: unknown), before any of it is read.
func (in *intake) enter(size int64) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.requests == 0 || in.room <= 0 || 2*size > in.room {
		return false
	}
	in.requests--
	return true
}

// take reserves bytes that have arrived. What is only announced reserves nothing, so that slow clients keep nobody out.
func (in *intake) take(n int64) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if n > in.room {
		return false
	}
	in.room -= n
	return true
}

func (in *intake) leave(n int64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.room += n
	in.requests++
}

// visit is one request inside. Its bytes and its turn are given back when the request has ended and nothing stores it any
// more, whichever is later.
type visit struct {
	in     *intake
	cancel context.CancelFunc

	mu    sync.Mutex
	bytes int64
	turn  bool
	users int
}

type visitKey struct{}

// admitted lets next handle a request if there is room, with a context that ends in time for an answer. It answers 503
// with Retry-After otherwise, without reading the body.
func (s *Service) admitted(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.intake.enter(r.ContentLength) {
			s.busy(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), s.AnswerWithin)
		v := &visit{in: s.intake, cancel: cancel, users: 1}
		defer v.done()
		body := &meteredBody{ReadCloser: r.Body, visit: v}
		// A body that dribbles in is given up: the deadline of the connection ends the read that waits for it. That must not
		// happen later, when the connection carries another request.
		given := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			defer close(given)
			if !body.ended.Load() {
				_ = http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0))
			}
		})
		defer func() {
			if !stop() {
				<-given
			}
		}()
		r = r.WithContext(context.WithValue(ctx, visitKey{}, v))
		r.Body = body
		next(w, r)
	}
}

// busy answers 503: nothing was stored, deliver again.
func (s *Service) busy(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", retryAfter)
	w.Header().Set("Connection", "close") // what was not read of the body is not waited for
	s.refuse(w, r, http.StatusServiceUnavailable, webhookBusy)
}

// meteredBody reserves what arrives.
type meteredBody struct {
	io.ReadCloser
	visit *visit
	ended atomic.Bool
}

// Read implements io.Reader; errBusy: there is no room for more. Whoever collects a body that grows has about twice of
// it in memory for a moment, so twice is reserved.
func (b *meteredBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.ended.Store(true)
	}
	if !b.visit.in.take(2 * int64(n)) {
		return 0, errBusy
	}
	b.visit.mu.Lock()
	b.visit.bytes += 2 * int64(n)
	b.visit.mu.Unlock()
	return n, err //nolint:wrapcheck // io.EOF has to stay what it is
}

// turn waits until the request may be worked on; errBusy: its time is over before that.
func turn(ctx context.Context) error {
	v, ok := ctx.Value(visitKey{}).(*visit)
	if !ok {
		return nil
	}
	select {
	case v.in.turns <- struct{}{}:
		v.mu.Lock()
		v.turn = true
		v.mu.Unlock()
		return nil
	case <-ctx.Done():
		return errBusy
	}
}

func (v *visit) done() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.users--; v.users > 0 {
		return
	}
	v.cancel()
	if v.turn {
		<-v.in.turns
	}
	v.in.leave(v.bytes)
}

// inTime does what stores the request and gives its outcome, or errBusy if the time for the answer comes first. A database
// that hangs may keep the driver from noticing that: then the work goes on behind the answer and keeps its turn and its
// memory until it ends. If it is stored after all, the delivery that HubSpot repeats changes nothing.
func inTime(ctx context.Context, do func(context.Context) (workflows.Received, error)) (workflows.Received, error) {
	v, ok := ctx.Value(visitKey{}).(*visit)
	if !ok {
		return do(ctx)
	}
	type outcome struct {
		got workflows.Received
		err error
	}
	v.mu.Lock()
	v.users++
	v.mu.Unlock()
	ended := make(chan outcome, 1)
	go func() {
		defer v.done()
		got, err := do(ctx)
		ended <- outcome{got, err}
	}()
	select {
	case o := <-ended:
		return o.got, o.err
	case <-ctx.Done():
		return workflows.Received{}, errors.Join(errBusy, context.Cause(ctx))
	}
}
