package service

import (
	"cmp"
	"encoding/json"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"leadsync/workflows"
)

// routes is every HTTP route on one page, each saying who calls it.
func (s *Service) routes() http.Handler {
	mux := http.NewServeMux()
	if s.receives() {
		mux.HandleFunc("POST /webhooks/hubspot", s.admitted(s.webhook)) // HubSpot, up to 10 requests at once per account
	}
	mux.HandleFunc("GET /healthz", s.healthz)                                                   // the container runtime: is the process alive?
	mux.HandleFunc("GET /readyz", s.readyz)                                                     // the load balancer and the operator: does it work, and if not, why?
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{})) // Prometheus
	return mux
}

func (s *Service) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n")) // the caller has gone if this fails
}

// readiness is the answer of /readyz.
type readiness struct {
	Process processReadiness  `json:"process"`
	Ready   bool              `json:"ready"`
	Error   string            `json:"error,omitempty"`
	Portals []portalReadiness `json:"portals"`
}

type portalReadiness struct {
	Portal  string `json:"portal"`
	Account string `json:"account"`
	State   State  `json:"state"`
	// Error says why the rest is not known.
	Error         string   `json:"error,omitempty"`
	PausedSince   string   `json:"paused_since,omitempty"`
	PauseReason   string   `json:"pause_reason,omitempty"`
	PausedClasses []string `json:"paused_classes,omitempty"`
	*portalBacklog
	// SilentSince is since when the CRM gives no answer; Quarantine counts the records that are left alone.
	SilentSince string      `json:"crm_silent_since,omitempty"`
	Quarantine  *Quarantine `json:"quarantine,omitempty"`
	// Reevaluation is the latest walk that evaluates the stored contacts again; nil if there never was one.
	Reevaluation *Reevaluation `json:"reevaluation,omitempty"`
	// Fills are the walks under way that read what another model reads and nobody has read before.
	Fills []Fill `json:"fills,omitempty"`
	// Profiles counts the contacts that must not be profiled, and those that break invariants.
	Profiles *Profiles `json:"profiles,omitempty"`
	// Feeds says how complete and how late the news of the account are.
	Feeds *FeedHealth `json:"feeds,omitempty"`
}

// portalBacklog is what was counted; what could not be counted is not shown, and above all not as nothing.
type portalBacklog struct {
	Live      bool   `json:"live"`
	Contacts  int    `json:"contacts"`
	Due       int    `json:"due"`
	OldestDue string `json:"oldest_due,omitempty"`
	Unsent    int    `json:"unsent"`
	Parked    int    `json:"parked"`
}

// readyz answers 200 if the database answers with the schema this binary knows and takes writes, 503 if not. A paused portal
// does not make the process unready, since its receiver goes on taking events; it is named in the body.
func (s *Service) readyz(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	out := readiness{Ready: true, Process: s.processReadiness()}
	err := within(ctx, askWithin, s.Store.Ping)
	answers := err == nil
	if answers {
		err = s.writable(ctx)
	}
	if err != nil {
		out.Ready, out.Error = false, err.Error()
	}
	for _, run := range s.order {
		if r.URL.Query().Has("brief") { // asked often, by load balancers: one query, however many portals there are
			break
		}
		if !answers {
			out.Portals = append(out.Portals, portalReadiness{Portal: run.cfg.Name, Account: string(run.cfg.Account), State: run.State(), SilentSince: run.silentSince()})
			continue
		}
		p, err := s.portalReadiness(r, run)
		if err != nil {
			p.Error = err.Error()
			out.Ready, out.Error = false, cmp.Or(out.Error, p.Error)
		}
		out.Portals = append(out.Portals, p)
	}
	w.Header().Set("Content-Type", "application/json")
	if !out.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(out) // the caller has gone if this fails
}

func (s *Service) portalReadiness(r *http.Request, run *Runner) (portalReadiness, error) {
	out := portalReadiness{Portal: run.cfg.Name, Account: string(run.cfg.Account), State: run.State()}
	state, err := s.Store.Portal(r.Context(), run.cfg.Account)
	if err != nil {
		return out, err
	}
	backlog, err := s.Store.Backlog(r.Context(), run.cfg.Account, run.conn.Now())
	if err != nil {
		return out, err
	}
	out.SilentSince = run.silentSince()
	if out.Quarantine, err = run.quarantine(r.Context()); err != nil {
		return out, err
	}
	if out.Reevaluation, err = run.reevaluation(r.Context()); err != nil {
		return out, err
	}
	if out.Fills, err = run.fills(r.Context()); err != nil {
		return out, err
	}
	profiles, err := run.profiles(r.Context())
	if err != nil {
		return out, err
	}
	out.Profiles = &profiles
	feeds, err := run.FeedHealth(r.Context())
	if err != nil {
		return out, err
	}
	out.Feeds = &feeds
	if !state.PausedSince.IsZero() {
		out.PausedSince, out.PauseReason = state.PausedSince.UTC().Format(time.RFC3339), state.PauseReason
	}
	for _, c := range backlog.PausedClass {
		out.PausedClasses = append(out.PausedClasses, string(c))
	}
	out.portalBacklog = &portalBacklog{
		Live: !state.GoLiveAt.IsZero(), Contacts: backlog.Contacts, Due: backlog.Due,
		Unsent: backlog.Outbox[workflows.StateReady] + backlog.Outbox[workflows.StateSending], Parked: backlog.Outbox[workflows.StateParked],
	}
	if backlog.OldestDue > 0 {
		out.OldestDue = backlog.OldestDue.Round(time.Millisecond).String()
	}
	return out, nil
}
