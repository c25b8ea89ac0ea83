package main

import (
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"leadsync/workflows"
)

// progress shows walks as bars on a terminal and as a log line every ten seconds elsewhere.
func progress(env *environment, log *slog.Logger) func(string, workflows.Progress) {
	if isTerminal(env.stderr) {
		b := &bars{env: env, open: map[string]*progressbar.ProgressBar{}}
		return b.show
	}
	var mu sync.Mutex
	last := map[string]time.Time{}
	return func(portal string, p workflows.Progress) {
		mu.Lock()
		defer mu.Unlock()
		key := portal + " " + p.Feed
		if now := env.now(); p.Complete || now.Sub(last[key]) >= 10*time.Second {
			last[key] = now
			log.Info("loading", "portal", portal, "feed", p.Feed, "done", p.Done, "total", p.Total, "complete", p.Complete)
		}
	}
}

type bars struct {
	env  *environment
	mu   sync.Mutex
	open map[string]*progressbar.ProgressBar
}

// show draws first loads and samples; a sweep is daily business and draws nothing.
func (b *bars) show(portal string, p workflows.Progress) {
	if strings.HasPrefix(p.Feed, "sweep/") {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	key := portal + " " + p.Feed
	bar := b.open[key]
	if bar == nil {
		if p.Complete && p.Done == 0 {
			return
		}
		total := p.Total
		if total <= 0 {
			total = -1 // the CRM does not tell: a spinner
		}
		bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(unguarded(b.env.stderr)), progressbar.OptionSetDescription(key),
			progressbar.OptionShowCount(), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionOnCompletion(func() { _, _ = b.env.stderr.Write([]byte("\n")) }))
		b.open[key] = bar
	}
	_ = bar.Set(min(p.Done, max(p.Total, p.Done))) // a bar that cannot be drawn must not stop the load
	if p.Complete {
		_ = bar.Finish()
		delete(b.open, key)
	}
}
