package workflows_test

import (
	"errors"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// step is one thing that happens to a breaker, and whether a call may be made after it.
type breakerStep struct {
	after time.Duration // since the step before
	do    string        // fail, answer, nothing, call (asks and leaves the call under way)
	waits time.Duration // of the CRM's answer
	open  bool
	next  time.Duration // of the refusal; 0: the call may be made
}

func TestBreaker(t *testing.T) {
	fails := func(n int) []breakerStep {
		steps := make([]breakerStep, n)
		for i := range steps {
			steps[i].do = "fail"
		}
		return steps
	}
	opened := func(more ...breakerStep) []breakerStep {
		return append(append(fails(5), breakerStep{do: "fail", open: true, next: 10 * time.Second}), more...)
	}
	cases := map[string][]breakerStep{
		"five failures leave it closed":    fails(5),
		"an answer in between begins anew": append(append(fails(5), breakerStep{do: "answer"}), fails(5)...),
		"what was not sent shows nothing":  append(append(fails(5), breakerStep{do: "nothing"}), breakerStep{do: "fail", open: true, next: 10 * time.Second}),
		"the sixth opens it":               opened(),
		"one probe after ten seconds":      opened(breakerStep{after: 10 * time.Second, do: "call", open: true, next: 10 * time.Second}),
		"a failing probe waits once more": opened(breakerStep{after: 10 * time.Second, do: "call", open: true, next: 10 * time.Second},
			breakerStep{after: 3 * time.Second, do: "fail", open: true, next: 10 * time.Second}),
		"a probe that was given up may be made again": opened(breakerStep{after: 10 * time.Second, do: "call", open: true, next: 10 * time.Second},
			breakerStep{after: 12 * time.Second, do: "nothing", open: true}),
		"an answer closes it": opened(breakerStep{after: 10 * time.Second, do: "call", open: true, next: 10 * time.Second}, breakerStep{do: "answer"}),
		"the CRM asks for longer": append(fails(5), breakerStep{do: "fail", waits: time.Minute, open: true, next: time.Minute},
			breakerStep{after: 59 * time.Second, do: "nothing", open: true, next: time.Second}, breakerStep{after: time.Second, do: "nothing", open: true}),
		"the CRM asks for too long": append(fails(5), breakerStep{do: "fail", waits: 3 * time.Hour, open: true, next: 10 * time.Minute}),
		"it opens again soon: twice as long": opened(append(append([]breakerStep{{do: "answer"}}, fails(5)...),
			breakerStep{do: "fail", open: true, next: 20 * time.Second})...),
		"it opens again later: as before": opened(append(append([]breakerStep{{do: "answer"}, {after: 2 * time.Minute, do: "nothing"}}, fails(5)...),
			breakerStep{do: "fail", open: true, next: 10 * time.Second})...),
	}
	for name, steps := range cases {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
			b := &workflows.Breaker{Now: func() time.Time { return now }}
			for i, s := range steps {
				now = now.Add(s.after)
				switch s.do {
				case "fail":
					b.Silent(s.waits)
				case "answer":
					b.Answered()
				case "call":
					if err := b.Allow(); err != nil {
						t.Fatalf("step %d: the call is refused: %v", i, err)
					}
				case "nothing":
					b.Unknown()
				}
				if _, open := b.Open(); open != s.open {
					t.Fatalf("step %d: open %v, want %v", i, open, s.open)
				}
				if s.open && s.next == 0 {
					continue // asking would be the probe
				}
				var ce *connector.Error
				err := b.Allow()
				switch errors.As(err, &ce); {
				case s.next == 0 && err != nil:
					t.Fatalf("step %d: %v", i, err)
				case s.next > 0 && (!errors.Is(err, connector.ErrDown) || ce.RetryAfter != s.next):
					t.Fatalf("step %d: %v, want a wait of %s", i, err, s.next)
				}
			}
		})
	}
}

// Portals that went down together are not asked again at the same moment.
func TestBreaker_jitter(t *testing.T) {
	now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	b := &workflows.Breaker{Now: func() time.Time { return now }, Jitter: func() float64 { return 0.8 }, Failures: 1}
	b.Silent(0)
	var ce *connector.Error
	if err := b.Allow(); !errors.As(err, &ce) || ce.RetryAfter != 14*time.Second {
		t.Errorf("%v, want a wait of 14 s", err)
	}
}
