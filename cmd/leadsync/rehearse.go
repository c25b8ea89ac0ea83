package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// rehearsal works one portal as serve does at its start, on a database of its own that is thrown away, with
// every effect in shadow: describe, owners, first load, baseline, one sweep, decisions. Recording and replaying
// are the same rehearsal with another wire.
type rehearsal struct {
	env    *environment
	in     *installation
	portal config.Portal
	conn   service.Connection
	tell   func(string, workflows.Progress)
	log    *slog.Logger
}

// never is a schedule that does not come while a rehearsal lasts: one sweep is all that happens.
const never = "@every 87600h"

// errRehearsed ends a rehearsal when there is nothing left to do.
var errRehearsed = errors.New("nothing left to do")

// definitions reads the definitions of the types that the description of an account does not need: without
// them a recording would take every value for free text. A type that the token may not see is left out.
func (r *rehearsal) definitions(ctx context.Context) error {
	for _, t := range workflows.ReadTypes() {
		if t == connector.TypeContact || t == connector.TypeDeal {
			continue
		}
		_, err := r.conn.CRM.Properties(ctx, t)
		if err != nil && !errors.Is(err, connector.ErrForbidden) && !errors.Is(err, connector.ErrNotFound) {
			return fmt.Errorf("read %s properties: %w", t, err)
		}
	}
	return nil
}

// run works the portal until there is nothing left to do, hands over the database and the portal as it was
// described (nil if that failed), and removes the database.
func (r *rehearsal) run(ctx context.Context, look func(*store.Store, *workflows.Portal) error) (err error) {
	dir, err := os.MkdirTemp("", "leadsync-rehearsal-")
	if err != nil {
		return fmt.Errorf("make folder for the database: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	st, err := store.Open(ctx, filepath.Join(dir, "rehearsal.db"), store.Options{Now: r.env.now, Migrate: true})
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	work, end := context.WithCancelCause(ctx)
	defer end(nil)
	svc, err := service.New(service.Options{
		Config: r.config(), Model: r.in.model, Store: st, Connections: map[string]service.Connection{r.portal.Name: r.conn},
		Log: slog.New(stopper{Handler: r.log.Handler(), stop: end}), Now: r.env.now, Jitter: jitter, Worker: "rehearsal",
		Observer: service.Observer{Progress: r.tell, Idle: func(string) { end(errRehearsed) }}, Idle: time.Millisecond,
	})
	if err != nil {
		return err
	}
	err = svc.Run(work)
	if cause := context.Cause(work); err == nil && !errors.Is(cause, errRehearsed) {
		err = cause
	}
	return errors.Join(err, look(st, svc.Runner(r.portal.Name).Portal()))
}

// config is the installation with this portal alone, nothing but shadow, and no second sweep.
func (r *rehearsal) config() *config.Config {
	cfg := *r.in.cfg
	p := r.portal
	p.Effects = maps.Clone(p.Effects)
	for class := range p.Effects {
		p.Effects[class] = workflows.ModeShadow
	}
	p.Webhooks = config.Webhooks{}
	cfg.Portals = []config.Portal{p}
	overlap := cfg.Schedules.CatchUpOverlap
	cfg.Schedules.Contacts, cfg.Schedules.Activities, cfg.Schedules.Companies = never, never, never
	cfg.Schedules.Deals, cfg.Schedules.Owners, cfg.Schedules.Prune = never, never, never
	cfg.Schedules.CatchUpOverlap = overlap
	cfg.Limits.BatchWindow = 0
	return &cfg
}

// stopper ends a rehearsal at the first error that the service would live with by trying again.
type stopper struct {
	slog.Handler
	stop context.CancelCauseFunc
}

// Enabled implements slog.Handler: errors are always looked at.
func (s stopper) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelError || s.Handler.Enabled(ctx, l)
}

// Handle implements slog.Handler.
func (s stopper) Handle(ctx context.Context, record slog.Record) error {
	if record.Level < slog.LevelError {
		return s.Handler.Handle(ctx, record)
	}
	err := errors.New(record.Message)
	record.Attrs(func(a slog.Attr) bool {
		if cause, ok := a.Value.Any().(error); ok {
			err = fmt.Errorf("%s: %w", record.Message, cause)
		}
		return true
	})
	s.stop(err)
	return nil
}

// WithAttrs implements slog.Handler.
func (s stopper) WithAttrs(attrs []slog.Attr) slog.Handler {
	return stopper{Handler: s.Handler.WithAttrs(attrs), stop: s.stop}
}

// WithGroup implements slog.Handler.
func (s stopper) WithGroup(name string) slog.Handler {
	return stopper{Handler: s.Handler.WithGroup(name), stop: s.stop}
}

// accountWords are the words of a portal's configuration that are ids of its account, by their key.
func accountWords(p config.Portal) map[string]string {
	words := map[string]string{"fallback_owner": p.FallbackOwner}
	for name, v := range p.Stages {
		words["stages."+name] = v
	}
	for name, v := range p.Statuses {
		words["statuses."+name] = v
	}
	for name, target := range p.Pipelines {
		words["pipelines."+name+".id"], words["pipelines."+name+".stage"] = target.ID, target.Stage
		for stage, id := range target.Stages {
			words["pipelines."+name+".stages."+stage] = id
		}
	}
	for name, list := range p.Dispositions {
		for i, v := range list {
			words[fmt.Sprintf("dispositions.%s.%d", name, i)] = v
		}
	}
	return words
}

// withWords is the portal with other words under some keys; keys that it does not have change nothing.
func withWords(p config.Portal, words map[string]string) config.Portal {
	at := func(key, otherwise string) string { return orWord(words[key], otherwise) }
	p.FallbackOwner = at("fallback_owner", p.FallbackOwner)
	p.Stages, p.Statuses = maps.Clone(p.Stages), maps.Clone(p.Statuses)
	p.Pipelines, p.Dispositions = maps.Clone(p.Pipelines), maps.Clone(p.Dispositions)
	for name, v := range p.Stages {
		p.Stages[name] = at("stages."+name, v)
	}
	for name, v := range p.Statuses {
		p.Statuses[name] = at("statuses."+name, v)
	}
	for name, target := range p.Pipelines {
		target.ID, target.Stage = at("pipelines."+name+".id", target.ID), at("pipelines."+name+".stage", target.Stage)
		target.Stages = maps.Clone(target.Stages)
		for stage, id := range target.Stages {
			target.Stages[stage] = at("pipelines."+name+".stages."+stage, id)
		}
		p.Pipelines[name] = target
	}
	for name, list := range p.Dispositions {
		list = slices.Clone(list)
		for i, v := range list {
			list[i] = at(fmt.Sprintf("dispositions.%s.%d", name, i), v)
		}
		p.Dispositions[name] = list
	}
	return p
}
