package service

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/scoring"
	"leadsync/workflows"
)

// metrics counts outcomes by the same reasons that stand in the decision record. Nothing about people.
type metrics struct {
	registry *prometheus.Registry
	webhooks *prometheus.CounterVec
	events   *prometheus.CounterVec
	plans    *prometheus.CounterVec
	actions  *prometheus.CounterVec
	effects  *prometheus.CounterVec
	calls    *prometheus.CounterVec
	waits    *prometheus.CounterVec
	again    *prometheus.CounterVec
}

func newMetrics(s *Service) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "leadsync", Name: name, Help: help}, labels)
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		webhooks: counter("webhook_requests_total", "Webhook requests by outcome.", "outcome"),
		events:   counter("webhook_events_total", "Webhook events by what became of them.", "outcome"),
		plans:    counter("plans_total", "Plans by reason.", "portal", "reason"),
		actions:  counter("actions_total", "Planned actions by class, mode and reason.", "portal", "class", "mode", "reason"),
		effects:  counter("effects_total", "Sent outbox entries by class and the state they came to.", "portal", "class", "state"),
		calls:    counter("crm_calls_total", "Attempts of CRM calls by purpose, endpoint and HTTP status, 0 if there was no answer.", "portal", "purpose", "endpoint", "bucket", "status"),
		again:    counter("reevaluated_contacts_total", "Contacts that the background walk after a change of the model has passed, evaluated or left to work that was due anyway.", "portal", "outcome"),
		waits:    counter("crm_wait_seconds_total", "Seconds waited for the rate limiters.", "portal", "bucket"),
	}
	m.registry.MustRegister(collectors.NewGoCollector(), m.webhooks, m.events, m.plans, m.actions, m.effects, m.calls, m.waits, m.again, backlogCollector{s})
	return m
}

func (m *metrics) received(r workflows.Received) {
	m.events.WithLabelValues("fresh").Add(float64(r.Fresh))
	m.events.WithLabelValues("duplicate").Add(float64(r.Duplicate))
	m.events.WithLabelValues("echo").Add(float64(r.Echo))
	m.events.WithLabelValues("ignored").Add(float64(r.Ignored))
}

// walked counts the contacts of the walk through what is stored.
func (m *metrics) walked(portal string) func(passed, evaluated int) {
	return func(passed, evaluated int) {
		m.again.WithLabelValues(portal, "evaluated").Add(float64(evaluated))
		m.again.WithLabelValues(portal, "left").Add(float64(passed - evaluated))
	}
}

// Calls counts one attempt of a CRM call of a portal; it fits hubspot.Config.Observe.
func (s *Service) Calls(portal string) func(hubspot.Call) {
	var account connector.PortalID
	if p, ok := s.Config.Portal(portal); ok {
		account = p.Account
	}
	return func(c hubspot.Call) {
		s.ledger.add(account, c)
		s.metrics.calls.WithLabelValues(portal, string(c.Purpose), c.Endpoint, c.Bucket, strconv.Itoa(c.Status)).Inc()
		s.metrics.waits.WithLabelValues(portal, c.Bucket).Add(c.Wait.Seconds())
	}
}

func (s *Service) planned(portal string) func(workflows.LeadRecord, scoring.Evaluation, workflows.Planned) {
	return func(r workflows.LeadRecord, e scoring.Evaluation, p workflows.Planned) {
		s.metrics.plans.WithLabelValues(portal, string(p.Reason.Code)).Inc()
		for _, a := range p.Actions {
			s.metrics.actions.WithLabelValues(portal, string(a.Class), string(a.Mode), string(a.Reason.Code)).Inc()
		}
		if s.Observer.Planned != nil {
			s.Observer.Planned(portal, r, e, p)
		}
	}
}

func (s *Service) settled(portal string) func(workflows.OutboxEntry, workflows.Settlement) {
	return func(e workflows.OutboxEntry, st workflows.Settlement) {
		s.metrics.effects.WithLabelValues(portal, string(e.Class), string(st.State)).Inc()
		if st.State == workflows.StateParked {
			s.Log.Error("effect parked", "portal", portal, "contact", e.Contact, "action", e.Key, "attempt", e.Attempt, "error", st.Error)
		}
		if s.Observer.Settled != nil {
			s.Observer.Settled(portal, e, st)
		}
	}
}

// backlogCollector reads what is waiting when somebody scrapes.
type backlogCollector struct{ s *Service }

// Describe implements prometheus.Collector; the metrics are named when collected.
func (backlogCollector) Describe(ch chan<- *prometheus.Desc) {
	prometheus.DescribeByCollect(noBacklog{}, ch)
}

type noBacklog struct{}

func (noBacklog) Describe(chan<- *prometheus.Desc) {}
func (noBacklog) Collect(chan<- prometheus.Metric) {}

// Collect implements prometheus.Collector. A portal whose backlog cannot be read is left out.
func (c backlogCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	gauge := func(name, help string, v float64, labels, values []string) {
		desc := prometheus.NewDesc("leadsync_"+name, help, labels, nil)
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, values...)
	}
	c.s.sharing(gauge)
	for _, r := range c.s.order {
		if r.tenure() == nil { // who works a portal tells about it: nothing is counted twice, and nobody reads it twice
			continue
		}
		b, err := c.s.Store.Backlog(ctx, r.cfg.Account, r.conn.Now())
		if err != nil {
			c.s.Log.Warn("read backlog", "portal", r.cfg.Account, "error", err)
			continue
		}
		portal := []string{"portal"}
		name := []string{r.cfg.Name}
		gauge("due_records", "Records due now.", float64(b.Due), portal, name)
		gauge("due_oldest_seconds", "Age of the oldest hint not worked on.", b.OldestDue.Seconds(), portal, name)
		gauge("contacts", "Contacts in the mirror.", float64(b.Contacts), portal, name)
		paused := 0.0
		if r.State() == StatePaused {
			paused = 1
		}
		gauge("portal_paused", "1 while the portal is paused.", paused, portal, name)
		r.overloadMetrics(ctx, gauge)
		if walk, err := c.s.Store.Reevaluation(ctx, r.cfg.Account); err == nil {
			gauge("reevaluation_contacts_left", "Stored contacts that are still to be evaluated again after a change of the model.",
				float64(walk.Left()), portal, name)
		} else {
			c.s.Log.Warn("read re-evaluation", "portal", r.cfg.Account, "error", err)
		}
		if p, err := r.profiles(ctx); err == nil {
			profileMetrics(r, p, gauge)
		} else {
			c.s.Log.Warn("read counts of profiles", "portal", r.cfg.Account, "error", err)
		}
		if counts, err := c.s.Store.ClockCount(ctx, r.cfg.Account); err == nil {
			for _, n := range counts {
				gauge("response_clocks", "Response clocks by state: due, met, missed, ended.", float64(n.Count),
					[]string{"portal", "clock", "state"}, []string{r.cfg.Name, n.Rule, string(n.State)})
			}
		} else {
			c.s.Log.Warn("read counts of clocks", "portal", r.cfg.Account, "error", err)
		}
		if h, err := r.FeedHealth(ctx); err == nil {
			feedMetrics(r, h, gauge)
		} else {
			c.s.Log.Warn("read counts of feeds", "portal", r.cfg.Account, "error", err)
		}
		for state, n := range b.Outbox {
			gauge("outbox_entries", "Outbox entries by state.", float64(n), []string{"portal", "state"}, []string{r.cfg.Name, string(state)})
		}
	}
}
