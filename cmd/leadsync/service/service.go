package service

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/scoring"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// CRM is everything the service asks of one account's connection.
type CRM interface {
	pulls     // what the account has, and what changed
	looks     // what became of one thing
	writes    // what is to become of it
	describes // how the account is set up
}

type pulls interface {
	List(ctx context.Context, t connector.ObjectType, at connector.Cursor, props []string) (connector.Page, error)
	Changed(ctx context.Context, q connector.ChangedQuery) (connector.Page, error)
	Read(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID, props []string) (connector.ReadResult, error)
	Links(ctx context.Context, from, to connector.ObjectType, ids []connector.ObjectID) ([]connector.Link, error)
}

type looks interface {
	FindByKey(ctx context.Context, t connector.ObjectType, refs []connector.KeyRef) (map[string]connector.KeyState, error)
	AssertLinks(ctx context.Context, l []connector.Link) error
	Archived(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID) ([]connector.ObjectID, error)
}

type writes interface {
	changes
	ChangeList(ctx context.Context, c connector.ListChange) (connector.ListResult, error)
	Archive(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID) error
}

type changes interface {
	Update(ctx context.Context, t connector.ObjectType, u []connector.Update) []connector.UpdateResult
	CreateTasks(ctx context.Context, t []connector.Task) []connector.CreateResult
	CreateDeals(ctx context.Context, d []connector.Deal) []connector.CreateResult
	keeps
}

type keeps interface {
	CloseTasks(ctx context.Context, c []connector.Close) []connector.CloseResult
	AmendTasks(ctx context.Context, a []connector.Amend) []connector.AmendResult
}

type describes interface {
	settings
	automates
	StaticList(ctx context.Context, id string) (connector.List, error)
}

type settings interface {
	Account(ctx context.Context) (connector.Account, error)
	Properties(ctx context.Context, t connector.ObjectType) ([]connector.Property, error)
	Pipelines(ctx context.Context) ([]connector.Pipeline, error)
	Owners(ctx context.Context) ([]connector.Owner, error)
}

// Connection is one portal's way to its CRM.
type Connection struct {
	CRM   CRM
	Names connector.Names
	// Marked makes a way that tells ours by a marker, for kinds of record whose account refuses unique keys;
	// plain are those of them that have the key as a plain property. Nil if the CRM knows no such way.
	Marked func(kinds, plain map[connector.ObjectType]bool) (CRM, error)
	// Verifier checks the portal's webhooks; nil if it has none.
	Verifier *hubspot.Verifier
	// Now is the portal's business time.
	Now func() time.Time
	// Breaker is the one that the connection's calls go through; nil: none.
	Breaker *workflows.Breaker
}

// Observer is told what happens; every field may be nil, and none may block.
type Observer struct {
	Progress func(portal string, p workflows.Progress)
	Planned  func(portal string, r workflows.LeadRecord, e scoring.Evaluation, p workflows.Planned)
	Settled  func(portal string, e workflows.OutboxEntry, s workflows.Settlement)
	// Live is told once the first load is complete, before anything is pushed.
	Live func(portal string)
	// Idle is told when a portal's worker found nothing to do.
	Idle func(portal string)
}

// Options is what a service is made of.
type Options struct {
	Config      *config.Config
	Model       *scoring.Model
	Store       *store.Store
	Connections map[string]Connection // by the portal's nickname
	Log         *slog.Logger
	Now         func() time.Time // operating time
	Jitter      func() float64   // in [0, 1)
	Worker      string           // unique name of this process
	Observer    Observer
	Pass        workflows.Pass // fail points of tests; nil in production
	// Idle is how often a worker looks without being told (default 1 s), Probe how often a paused portal is
	// tried again (default 15 s).
	Idle, Probe time.Duration
	// AnswerWithin is how long a webhook request may take (default 4 s; HubSpot waits 5 s).
	AnswerWithin time.Duration
	// Rest is how long a worker at rest waits before it looks itself (default Idle). The process looks for all its
	// portals every Idle, in one query, and wakes whoever has something to do, so Rest may be long: it only bounds how
	// late something is done that the look does not know of.
	Rest time.Duration
	// Role is what of leadsync the process is; zero: all of it.
	Role Role
	// Weak switches defences off, in the simulation only.
	Weak workflows.Weakness
}

// Service is one process of leadsync.
type Service struct {
	Options
	metrics  *metrics
	runners  map[connector.PortalID]*Runner
	order    []*Runner
	receiver *workflows.Receiver
	ledger   ledger
	intake   *intake
	storage  storage
	share    *share
	started  time.Time // operating time, by the database
}

// New wires a service. It touches neither network nor database.
func New(o Options) (*Service, error) {
	if o.Idle == 0 {
		o.Idle = time.Second
	}
	if o.Role == "" {
		o.Role = RoleAll
	}
	if o.Rest == 0 {
		o.Rest = o.Idle
	}
	if o.Probe == 0 {
		o.Probe = 15 * time.Second
	}
	if o.AnswerWithin == 0 {
		o.AnswerWithin = answerWithin
	}
	s := &Service{Options: o, runners: map[connector.PortalID]*Runner{}}
	s.metrics, s.intake = newMetrics(s), newIntake(o.Config.Limits.BodyBytes)
	for _, p := range o.Config.Portals {
		r, err := newRunner(s, p, o.Connections[p.Name])
		if err != nil {
			return nil, fmt.Errorf("portal %q: %w", p.Name, err)
		}
		s.runners[p.Account] = r
		s.order = append(s.order, r)
	}
	if err := s.checkRole(); err != nil {
		return nil, err
	}
	s.share = newShare(s)
	s.receiver = &workflows.Receiver{Store: o.Store, Wake: s.wake, Now: s.businessTime, Pass: o.Pass, Watched: map[connector.PortalID][]string{}, Weak: o.Weak}
	for _, r := range s.order {
		s.receiver.Known = append(s.receiver.Known, r.cfg.Account)
		s.receiver.Watched[r.cfg.Account] = (&workflows.Portal{Names: r.conn.Names}).Watched()
	}
	return s, nil
}

// Run works all portals until the context ends. It returns nil then, and an error only if a portal cannot
// be worked at all (wrong account, database gone for good).
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.keepCalls(ctx) })
	if s.Role == RoleReceiver {
		g.Go(func() error { return s.receive(ctx) })
	} else {
		g.Go(func() error { return s.share.run(ctx) })
	}
	return g.Wait()
}

// Runner is the portal's runner, by nickname; nil if there is none.
func (s *Service) Runner(name string) *Runner {
	for _, r := range s.order {
		if r.cfg.Name == name {
			return r
		}
	}
	return nil
}

// Handler serves webhooks, health and metrics.
func (s *Service) Handler() http.Handler { return s.guarded(s.routes()) }

func (s *Service) businessTime(portal connector.PortalID) time.Time {
	return s.runners[portal].conn.Now()
}

func (s *Service) wake(portal connector.PortalID) {
	if r := s.runners[portal]; r != nil {
		r.schedule.Wake()
	}
}
