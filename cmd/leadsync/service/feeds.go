package service

import (
	"context"
	"fmt"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// FeedHealth says how complete and how late the news of an account were in the last 24 hours, as far as webhooks
// and the other feeds can be compared (workflows.Completeness).
type FeedHealth struct {
	// Measured is false for a portal without webhooks: there is nothing to compare.
	Measured bool `json:"measured"`
	// Events counts webhook events, Unannounced changes that a feed found and no webhook announced, and Late those
	// whose webhook came after a feed had found them.
	Events      int `json:"events"`
	Unannounced int `json:"unannounced"`
	Late        int `json:"late"`
	FoundSweep  int `json:"found_by_sweep"`
	FoundRepair int `json:"found_by_repair"`
	// KnownWithin is the time in seconds within which 99 % of the changes were known; zero if there were none, or
	// if it took longer than the last bucket of Delays.
	KnownWithin int `json:"known_99_percent_within_seconds"`
	// Delays counts changes by the seconds until they were known, Arrivals webhook events by their lateness.
	Delays   []DelayCount `json:"delays,omitempty"`
	Arrivals []DelayCount `json:"arrivals,omitempty"`
	// Repair is how far the walk through the whole account has come.
	Repair []RepairState `json:"repair,omitempty"`
}

// DelayCount counts what took at most so many seconds, and longer than the one before; zero seconds: longer than
// all others.
type DelayCount struct {
	Seconds int `json:"seconds"`
	Count   int `json:"count"`
}

// RepairState is how far the walk through one kind of record has come.
type RepairState struct {
	Type     connector.ObjectType `json:"type"`
	Began    time.Time            `json:"began"`
	Done     int                  `json:"done"`
	Complete bool                 `json:"complete"`
}

// Text says it in one sentence, for people.
func (h FeedHealth) Text() string {
	if !h.Measured {
		return "no webhooks: changes are known with the next sweep"
	}
	known := "no change in the last 24 h"
	total := 0
	for _, d := range h.Delays {
		total += d.Count
	}
	switch {
	case h.KnownWithin > 0:
		known = fmt.Sprintf("99 %% of changes were known within %d s", h.KnownWithin)
	case total > 0:
		bounds := workflows.DelayBuckets()
		known = fmt.Sprintf("more than 1 %% of changes took longer than %d s", int(bounds[len(bounds)-1].Seconds()))
	}
	missed := fmt.Sprintf("%d changes in the last 24 h were", h.Unannounced)
	if h.Unannounced == 1 {
		missed = "1 change in the last 24 h was"
	}
	return fmt.Sprintf("%s; %s not announced (%d more announced late)", known, missed, h.Late)
}

// FeedHealth reads the counts of a portal's feeds.
func (r *Runner) FeedHealth(ctx context.Context) (FeedHealth, error) {
	h := FeedHealth{Measured: r.conn.Verifier != nil}
	counts, err := r.svc.Store.Completeness(ctx, r.cfg.Account, r.conn.Now().Add(-24*time.Hour))
	if err != nil {
		return h, fmt.Errorf("read counts of feeds: %w", err)
	}
	h.Events, h.Unannounced, h.Late = counts.Events(), counts.Unannounced(), counts.Late()
	h.FoundSweep, h.FoundRepair = counts.FoundBy(workflows.SourceSweep), counts.FoundBy(workflows.SourceRepair)
	if within, ok := counts.KnownWithin(99); ok {
		h.KnownWithin = int(within.Seconds())
	}
	h.Delays, h.Arrivals = delayCounts(counts.Delays()), delayCounts(counts.Arrivals())
	for _, t := range workflows.ReadTypes() {
		state, err := r.svc.Store.Feed(ctx, r.cfg.Account, workflows.RepairFeed(t))
		if err != nil {
			return h, fmt.Errorf("read position of the repair walk: %w", err)
		}
		if !state.Since.IsZero() {
			h.Repair = append(h.Repair, RepairState{Type: t, Began: state.Since, Done: state.Done, Complete: state.Complete})
		}
	}
	return h, nil
}

func delayCounts(counts []int) []DelayCount {
	bounds := workflows.DelayBuckets()
	out := make([]DelayCount, len(counts))
	for i, n := range counts {
		out[i].Count = n
		if i < len(bounds) {
			out[i].Seconds = int(bounds[i].Seconds())
		}
	}
	return out
}

// feedMetrics tells the counts of the last 24 hours, which are kept in the database and outlive the process.
func feedMetrics(r *Runner, h FeedHealth, gauge func(name, help string, v float64, labels, values []string)) {
	if !h.Measured {
		return
	}
	name := []string{r.cfg.Name}
	gauge("feed_events_24h", "Webhook events in the last 24 hours, without our own.", float64(h.Events), []string{"portal"}, name)
	gauge("feed_unannounced_24h", "Changes of the last 24 hours that a feed found and no webhook has announced.", float64(h.Unannounced), []string{"portal"}, name)
	gauge("feed_late_24h", "Changes of the last 24 hours whose webhook came after a feed had found them.", float64(h.Late), []string{"portal"}, name)
	found := []string{"portal", "found_by"}
	help := "Changes of the last 24 hours that a feed found before any webhook."
	gauge("feed_found_24h", help, float64(h.FoundSweep), found, []string{r.cfg.Name, string(workflows.SourceSweep)})
	gauge("feed_found_24h", help, float64(h.FoundRepair), found, []string{r.cfg.Name, string(workflows.SourceRepair)})
	for what, counts := range map[string][]DelayCount{"known": h.Delays, "webhook": h.Arrivals} {
		total := 0
		for _, c := range counts {
			total += c.Count
			le := "+Inf"
			if c.Seconds > 0 {
				le = fmt.Sprint(c.Seconds)
			}
			gauge("feed_delay_seconds_24h", "Changes of the last 24 hours by the delay within which they were known, and webhook events by their lateness; cumulative.",
				float64(total), []string{"portal", "of", "le"}, []string{r.cfg.Name, what, le})
		}
	}
}
