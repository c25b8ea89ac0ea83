package service

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"leadsync/workflows"
)

const (
	// askWithin is how long the database has for everything that /readyz asks.
	askWithin = 3 * time.Second
	// probeFor is how long the outcome of a probe serves: probes write, and many may ask.
	probeFor = 3 * time.Second
)

// storage remembers whether the database takes writes.
type storage struct {
	mu  sync.Mutex
	at  time.Time // of the last probe
	err error     // its outcome
}

// writable asks the database for a write, at most every probeFor, and waits no longer than askWithin even if the driver
// hangs.
func (s *Service) writable(ctx context.Context) error {
	st := &s.storage
	st.mu.Lock()
	defer st.mu.Unlock()
	now := s.Now()
	if since := now.Sub(st.at); !st.at.IsZero() && since >= 0 && since < probeFor {
		return st.err
	}
	st.err = within(ctx, askWithin, func(ctx context.Context) error { return s.Store.Probe(ctx, s.Worker+" readyz") })
	st.at = now
	return st.err
}

// within does something that asks the database and gives up after d, also if that does not notice.
func within(ctx context.Context, d time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	done := make(chan error, 1)
	go func() {
		defer cancel()
		done <- do(ctx)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		select {
		case err := <-done: // both at once: what it found out says more
			return err
		default:
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return fmt.Errorf("%w: no answer within %s; look at the database: leadsync goes on by itself when it answers", workflows.ErrNoWrites, d)
		}
		return ctx.Err() //nolint:wrapcheck // the caller has gone
	}
}

// Quarantine counts the records of a portal that are left alone, by what failed and the rule to mend.
type Quarantine struct {
	Records int                         `json:"records"`
	By      []workflows.QuarantineCount `json:"by,omitempty"`
}

// Lines say it in sentences, for people; none if there is nothing to say.
func (q Quarantine) Lines() []string {
	var lines []string
	for _, one := range q.By {
		line := fmt.Sprintf("records in quarantine since their %s fails: %d", one.Kind, one.Count)
		if one.Rule != "" {
			line = fmt.Sprintf("records in quarantine since rule %q fails: %d", one.Rule, one.Count)
		}
		lines = append(lines, line+" (`leadsync quarantine list`)")
	}
	return lines
}

// quarantine counts what is left alone; nil if nothing is.
func (r *Runner) quarantine(ctx context.Context) (*Quarantine, error) {
	counts, err := r.svc.Store.QuarantineCounts(ctx, r.cfg.Account)
	if err != nil {
		return nil, fmt.Errorf("count quarantine: %w", err)
	}
	if len(counts) == 0 {
		return nil, nil //nolint:nilnil // nothing to say
	}
	q := &Quarantine{By: counts}
	for _, one := range counts {
		q.Records += one.Count
	}
	return q, nil
}

// silentSince is since when the CRM has given no answer; empty: it answers.
func (r *Runner) silentSince() string {
	if r.conn.Breaker == nil {
		return ""
	}
	since, open := r.conn.Breaker.Open()
	if !open {
		return ""
	}
	return since.UTC().Format(time.RFC3339)
}

// overloadMetrics tells Prometheus.
func (r *Runner) overloadMetrics(ctx context.Context, gauge func(name, help string, v float64, labels, values []string)) {
	silent := 0.0
	if r.silentSince() != "" {
		silent = 1
	}
	gauge("crm_silent", "1 while the CRM gives no answer and is only probed.", silent, []string{"portal"}, []string{r.cfg.Name})
	q, err := r.quarantine(ctx)
	if err != nil {
		r.svc.Log.Warn("read quarantine", "portal", r.cfg.Account, "error", err)
		return
	}
	if q == nil {
		q = &Quarantine{By: []workflows.QuarantineCount{{Kind: workflows.FailedEvaluation}}}
	}
	for _, one := range q.By {
		gauge("quarantined_records", "Records that are left alone, by what failed: evaluation, read, store, and the rule.", float64(one.Count),
			[]string{"portal", "failed", "rule"}, []string{r.cfg.Name, string(one.Kind), one.Rule})
	}
}
