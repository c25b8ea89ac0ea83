package hubspot_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"leadsync/connector"
)

// slowWire answers after a while, or not at all if the call ends before.
type slowWire struct {
	after time.Duration
	calls int
}

// RoundTrip answers late.
func (w *slowWire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.calls++
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case <-time.After(w.after):
		return answerWith(200, nothing), nil
	}
}

// No attempt begins without time left in the tenure, and none outlasts it; what was begun is of unknown outcome then.
func TestTenure(t *testing.T) {
	task := connector.Task{Key: "k", Contact: "1", Subject: "s", Kind: connector.TaskCall, DueAt: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	for _, tt := range []struct {
		name  string
		left  time.Duration // at the beginning
		after time.Duration // answers after
		calls int
		took  time.Duration
		want  error
	}{
		{"time enough", time.Minute, time.Second, 1, time.Second, nil},
		{"over", 0, time.Second, 0, 0, connector.ErrUnavailable},
		{"long over", -time.Hour, time.Second, 0, 0, connector.ErrUnavailable},
		{"ends in between", 3 * time.Second, 8 * time.Second, 1, 3 * time.Second, connector.ErrAmbiguous},
		{"longer than a call may take", time.Hour, 30 * time.Second, 1, 10 * time.Second, connector.ErrAmbiguous},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := &slowWire{after: tt.after}
				c := newClient(t, quick(wire))
				began := time.Now()
				until := began.Add(tt.left)
				ctx := connector.WithTenure(t.Context(), func() time.Duration { return time.Until(until) })
				err := c.CreateTasks(ctx, []connector.Task{task})[0].Err
				if tt.want != nil && !errors.Is(err, tt.want) {
					t.Errorf("error %v, want %v", err, tt.want)
				}
				if wire.calls != tt.calls || time.Since(began) > tt.took+time.Second {
					t.Errorf("%d calls in %s, want %d in %s", wire.calls, time.Since(began), tt.calls, tt.took)
				}
			})
		})
	}
}

// The attempts of one call are bounded together: what is repeated is repeated within the tenure.
func TestTenure_ofRepetitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &counted{answer: func(int) *http.Response { return answerWith(503, `{}`) }}
		c := newClient(t, quick(wire))
		until := time.Now().Add(2500 * time.Millisecond)
		ctx := connector.WithTenure(t.Context(), func() time.Duration { return time.Until(until) })
		if _, err := c.List(ctx, connector.TypeContact, "", nil); err == nil {
			t.Fatal("it is unavailable")
		}
		for _, at := range wire.when {
			if !at.Before(until) {
				t.Errorf("an attempt began %s after the tenure", at.Sub(until))
			}
		}
	})
}

// tally is a circuit that lets everything pass and counts what it is told.
type tally struct{ answered, silent, unknown int }

func (c *tally) Allow() error         { return nil }
func (c *tally) Answered()            { c.answered++ }
func (c *tally) Silent(time.Duration) { c.silent++ }
func (c *tally) Unknown()             { c.unknown++ }

// An attempt that is not made, or cut short, because the lease may be over tells nothing of the account: no circuit opens
// because our own database is slow, or because the machine has slept.
func TestTenure_isNoSilence(t *testing.T) {
	for _, tt := range []struct {
		name        string
		left, after time.Duration
		want        tally
	}{
		{"over", 0, time.Second, tally{unknown: 1}},
		{"ends in between", 3 * time.Second, 8 * time.Second, tally{unknown: 1}},
		{"time enough for an answer", time.Minute, time.Second, tally{answered: 1}},
		{"time enough, and no answer", time.Minute, time.Hour, tally{silent: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got tally
				cfg := quick(&slowWire{after: tt.after})
				cfg.Circuit = &got
				c := newClient(t, cfg)
				until := time.Now().Add(tt.left)
				ctx := connector.WithTenure(t.Context(), func() time.Duration { return time.Until(until) })
				task := connector.Task{Key: "k", Contact: "1", Subject: "s", Kind: connector.TaskCall, DueAt: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
				_ = c.CreateTasks(ctx, []connector.Task{task})
				if got != tt.want {
					t.Errorf("the circuit was told %+v, want %+v", got, tt.want)
				}
			})
		})
	}
}
