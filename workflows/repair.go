package workflows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"leadsync/connector"
)

// RepairFeed is the name under which the position of the walk through one kind of record is kept.
func RepairFeed(t connector.ObjectType) string { return feedRepair + "/" + string(t) }

type repairSource interface {
	List(ctx context.Context, t connector.ObjectType, at connector.Cursor, props []string) (connector.Page, error)
	Read(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID, props []string) (connector.ReadResult, error)
}

type repairStore interface {
	Unmet(ctx context.Context, portal connector.PortalID, t connector.ObjectType, walk time.Time, limit int) ([]connector.ObjectID, error)
}

// Repair is the slow anti-entropy walk: it goes through every kind of record with the list endpoint and compares
// it with the mirror, to find what no feed shows: archived records, moved associations, calculated properties.
// Differing contacts become due, other records and the contacts they belong to are stored; records of the mirror
// that the walk did not meet are read by id and, if the CRM does not have them, removed.
//
// A step is one page, and it is only taken when nothing else is to do and the budget allows it. A walk that
// is interrupted goes on at its checkpoint, which stands after every page of contacts and companies and after
// every thousand records of other kinds, since these share one association call.
type Repair struct {
	Puller *Puller
	CRM    repairSource
	Store  repairStore
	// Clock is operating time. PerMinute is how many calls of the CRM a minute may have; zero: no walk.
	Clock     func() time.Time
	PerMinute float64
	Log       *slog.Logger

	next  time.Time  // when the budget allows another step
	page  PulledPage // what was read since the checkpoint
	calls int        // since the last step
	fails int
	rests bool // no walk is under way, as far as known
}

// UnderWay reports whether a walk is under way, or nobody has looked yet.
func (r *Repair) UnderWay() bool { return r != nil && r.PerMinute > 0 && !r.rests }

// Begin starts a walk through everything, unless one is under way.
func (r *Repair) Begin(ctx context.Context, f Fence) error {
	if r.PerMinute <= 0 {
		return nil
	}
	walk, err := r.state(ctx, f, feedRepair)
	if err != nil || !walk.Since.IsZero() && !walk.Complete {
		return err
	}
	r.page, r.rests = PulledPage{}, false
	return r.keep(ctx, f, FeedState{Since: r.Puller.Now()})
}

// types are the kinds of record in the order of the walk: contacts first, so that a contact that is gone or merged
// has taken its links along before the records at their other ends are compared.
func (r *Repair) types() []connector.ObjectType {
	types := r.Puller.Types()
	slices.Reverse(types)
	return types
}

// Step reads one page, if a walk is under way and the budget allows it. What fails is tried again later and
// holds up nothing else, unless it concerns the whole portal.
func (r *Repair) Step(ctx context.Context, f Fence) (bool, error) {
	if r.PerMinute <= 0 || r.Clock().Before(r.next) {
		return false, nil
	}
	r.calls = 0
	worked, err := r.step(connector.For(ctx, connector.PurposeRepair), f)
	r.next = r.Clock().Add(time.Duration(float64(r.calls) * float64(time.Minute) / r.PerMinute))
	if err == nil {
		r.fails = 0
		return worked, nil
	}
	if errors.Is(err, ErrFenced) || portalWide(err) || ctx.Err() != nil {
		return worked, err
	}
	r.fails++
	if wait := r.Clock().Add(Backoff(r.fails, 0)); wait.After(r.next) {
		r.next = wait
	}
	r.Log.Warn("repair walk waits", "portal", f.Portal, "attempt", r.fails, "error", err)
	return false, nil
}

func (r *Repair) step(ctx context.Context, f Fence) (bool, error) {
	walk, err := r.state(ctx, f, feedRepair)
	if err != nil || walk.Since.IsZero() || walk.Complete {
		r.rests = err == nil
		return false, err
	}
	r.rests = false
	for _, t := range r.types() {
		state, err := r.state(ctx, f, RepairFeed(t))
		if err != nil {
			return false, err
		}
		if !state.Since.Equal(walk.Since) {
			state = FeedState{Since: walk.Since}
		}
		if !state.Complete {
			err := r.advance(ctx, f, t, state)
			if errors.Is(err, connector.ErrForbidden) { // a scope that was taken away; the others are walked
				r.Log.Warn("repair walk leaves out what the token may not read", "portal", f.Portal, "type", t, "error", err)
				state.Complete = true
				_, err = r.Puller.save(ctx, f, PulledPage{Feed: RepairFeed(t), Type: t, Next: state, Quiet: true})
			}
			return true, err
		}
	}
	walk.Complete = true
	return true, r.keep(ctx, f, walk)
}

// advance does one page of one kind. FeedState.Seen is when the listing ended: what comes after are the records
// that it did not show.
func (r *Repair) advance(ctx context.Context, f Fence, t connector.ObjectType, state FeedState) error {
	if !state.Seen.IsZero() {
		return r.unmet(ctx, f, t, state)
	}
	p := r.Puller
	feed := RepairFeed(t)
	if r.page.Feed != feed || !r.page.Walk.Equal(state.Since) {
		r.page = PulledPage{
			Feed: feed, Type: t, Properties: p.Portal.Properties(p.Model, t), Walk: state.Since, Next: state,
			HintOnly: t == connector.TypeContact,
		}
	}
	r.calls++
	got, err := r.CRM.List(ctx, t, r.page.Next.Cursor, r.page.Properties)
	if err != nil {
		return fmt.Errorf("list records of type %s: %w", t, err)
	}
	if err := r.compare(ctx, f, t, got); err != nil {
		return err
	}
	if got.Next == "" {
		r.page.Next.Seen = p.Now()
	} else if len(r.page.Met) < p.gather(t) {
		return nil
	}
	page := r.page
	page.Find = p.found(SourceRepair)
	if t != connector.TypeContact && t != connector.TypeCompany {
		r.calls++
	}
	r.page = PulledPage{}
	return r.save(ctx, f, page)
}

// compare takes what the listing shows into the page. What the sweep of that kind will still come to is left to
// it: it was not hidden from the feeds.
func (r *Repair) compare(ctx context.Context, f Fence, t connector.ObjectType, got connector.Page) error {
	sweep, err := r.state(ctx, f, feedSweep+string(t))
	if err != nil {
		return err
	}
	for _, o := range got.Objects {
		r.page.Met = append(r.page.Met, o.ID)
		if o.UpdatedAt.Before(sweep.Seen.Add(-r.Puller.Overlap)) {
			r.page.Objects = append(r.page.Objects, o)
		}
	}
	if got.Partial {
		r.page.Properties = nil
	}
	r.page.Next.Cursor = got.Next
	r.page.Next.Done += len(got.Objects)
	return nil
}

// unmet reads records that the listing did not show.
func (r *Repair) unmet(ctx context.Context, f Fence, t connector.ObjectType, state FeedState) error {
	ids, err := r.Store.Unmet(ctx, f.Portal, t, state.Since, batchSize)
	if err != nil {
		return fmt.Errorf("find records not met: %w", err)
	}
	p := r.Puller
	page := PulledPage{
		Feed: RepairFeed(t), Type: t, Properties: p.Portal.Properties(p.Model, t), Walk: state.Since,
		Met: ids, Next: state, HintOnly: t == connector.TypeContact, Find: p.found(SourceRepair),
	}
	if page.Next.Complete = len(ids) < batchSize; len(ids) == 0 {
		return r.save(ctx, f, page)
	}
	r.calls++
	got, err := r.CRM.Read(ctx, t, ids, page.Properties)
	if err != nil {
		return fmt.Errorf("read %d records of type %s: %w", len(ids), t, err)
	}
	page.sort(ids, got)
	if len(page.Objects) > 0 && t != connector.TypeContact && t != connector.TypeCompany {
		r.calls++
	}
	return r.save(ctx, f, page)
}

// sort puts records that were read by id where they belong: those that are there, those that were merged away and
// those that are gone. What contacts were merged into is decided when they are worked on.
func (page *PulledPage) sort(ids []connector.ObjectID, got connector.ReadResult) {
	page.Missing = got.Missing
	there := map[connector.ObjectID]bool{}
	for _, id := range ids {
		o, found := got.Found[id]
		switch {
		case !found:
			continue
		case o.ID != id && page.Type == connector.TypeContact:
			page.Hints = append(page.Hints, connector.Ref{Type: page.Type, ID: id})
			continue
		case o.ID != id:
			if page.Merged == nil {
				page.Merged = map[connector.ObjectID]connector.ObjectID{}
			}
			page.Merged[id] = o.ID
		}
		if !there[o.ID] {
			page.Objects = append(page.Objects, o)
			there[o.ID] = true
		}
	}
}

func (r *Repair) save(ctx context.Context, f Fence, page PulledPage) error {
	_, err := r.Puller.save(ctx, f, page)
	return err
}

func (r *Repair) keep(ctx context.Context, f Fence, walk FeedState) error {
	return r.save(ctx, f, PulledPage{Feed: feedRepair, Type: connector.TypeContact, Next: walk, Quiet: true, HintOnly: true})
}

func (r *Repair) state(ctx context.Context, f Fence, feed string) (FeedState, error) {
	state, err := r.Puller.Store.Feed(ctx, f.Portal, feed)
	if err != nil {
		return state, fmt.Errorf("load position of %q: %w", feed, err)
	}
	return state, nil
}
