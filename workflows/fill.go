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

// fillPages is how many pages a step of a fill reads at most: what becomes due meanwhile waits for no more.
const fillPages = 3

// Fill is the walk through all stored records of one kind that asks the CRM for properties which they were not asked
// for before: another model reads them, or other sources of the portal.
//
// When more is to be read of a kind of record than before, since another model or other sources want it, every stored
// record of the kind is asked for the difference, through the listing, a hundred a call (fill.go): quietly, without
// anything becoming due, in the background, when nothing else is to do, with a quarter of the calls that the portal may have.
// Only then are the stored contacts evaluated again, and the repair walk goes on; contacts that become due meanwhile are
// read and decided as ever. What a record was not asked for is unknown until then. Whether a record was asked is
// known per kind and property (the table fills), and carried over restarts and further changes of the model. The past
// of counters that are read for the first time begins with that reading, as at a first load without history. A
// kind of activity that is new, or was switched off and is on again, is loaded as by a first load, as quietly.
type Fill struct {
	Type connector.ObjectType
	// Properties are those that are asked for; empty if there are none.
	Properties []string
	// Position is the place in the listing.
	Position connector.Cursor
	// Total is how many stored records there were when the walk began, Done how many of them it has read.
	Total, Done int
	// BeganAt and EndedAt are operating time; EndedAt is zero as long as the walk is under way, both if there never
	// was one.
	BeganAt, EndedAt time.Time
}

// UnderWay reports whether there are records that were not asked for everything yet.
func (f Fill) UnderWay() bool { return !f.BeganAt.IsZero() && f.EndedAt.IsZero() }

// FillPage is one page of a fill: records with nothing but the properties that were asked for, and the position behind
// them. Only records that the mirror has are filled, and nothing becomes due.
type FillPage struct {
	Fill      Fill
	Objects   []connector.Object
	Behaviour []string // not kept of contacts that must not be profiled
	Ended     bool
}

type fillSource interface {
	List(ctx context.Context, t connector.ObjectType, at connector.Cursor, props []string) (connector.Page, error)
	Read(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID, props []string) (connector.ReadResult, error)
}

type fillStore interface {
	BeginFill(ctx context.Context, f Fence, asked map[connector.ObjectType][]string, basis string) ([]Fill, error)
	SaveFilled(ctx context.Context, f Fence, page FillPage) (Fill, error)
}

// Filler asks the CRM for what another model or other sources read and nobody has asked for before, of every stored record
// of the kind: quietly, so that nothing becomes due by it. What the mirror has counts at once; the stored contacts are evaluated
// again when it has everything. Its position is stored with every page, behind the fence. A nil Filler fills nothing.
type Filler struct {
	CRM    fillSource
	Store  fillStore
	Puller *Puller
	// Clock is operating time. PerMinute is how many calls of the CRM a minute may have.
	Clock     func() time.Time
	PerMinute float64
	Log       *slog.Logger

	fills []Fill
	known bool      // fills is what the store has
	next  time.Time // when the budget allows another step
	fails int
}

// Begin takes up the fills that are under way, and begins those of kinds of which more is to be read than before. It
// comes before a first load: what that reads is asked for everything.
func (l *Filler) Begin(ctx context.Context, f Fence) error {
	if l == nil {
		return nil
	}
	p, m := l.Puller.Portal, l.Puller.Model
	asked := map[connector.ObjectType][]string{}
	for _, t := range l.Puller.Types() {
		asked[t] = p.Properties(m, t)
	}
	fills, err := l.Store.BeginFill(ctx, f, asked, EvaluationBasis(p, m))
	if err != nil {
		return fmt.Errorf("begin to read what was never read: %w", err)
	}
	l.fills, l.known = fills, true
	for _, fill := range fills {
		if fill.UnderWay() {
			l.Log.Info("properties that were never read are read of all records in the background", "portal", f.Portal, "type", fill.Type,
				"properties", len(fill.Properties), "done", fill.Done, "records", fill.Total)
		}
	}
	return nil
}

// UnderWay reports whether there are records that were not asked for everything yet.
func (l *Filler) UnderWay() bool {
	return l != nil && (!l.known || slices.ContainsFunc(l.fills, Fill.UnderWay))
}

// unread are the properties that the mirror was not asked for yet, by kind of record. fresh says that a contact and its
// company were read just now.
func (l *Filler) unread(fresh bool) map[connector.ObjectType][]string {
	if l == nil {
		return nil
	}
	var out map[connector.ObjectType][]string
	for _, fill := range l.fills {
		if !fill.UnderWay() || fresh && (fill.Type == connector.TypeContact || fill.Type == connector.TypeCompany) {
			continue
		}
		if out == nil {
			out = map[connector.ObjectType][]string{}
		}
		out[fill.Type] = fill.Properties
	}
	return out
}

// Finish reads everything at once, as a first load does.
func (l *Filler) Finish(ctx context.Context, f Fence) error {
	for l.UnderWay() {
		if err := l.step(connector.For(ctx, connector.PurposeLoad), f); err != nil {
			return err
		}
	}
	return nil
}

// Step reads a few pages, if a fill is under way and the budget allows it, and reports whether it did. What fails is tried
// again later and holds up nothing else, unless it concerns the whole portal.
func (l *Filler) Step(ctx context.Context, f Fence) (bool, error) {
	if !l.UnderWay() || l.Clock().Before(l.next) {
		return false, nil
	}
	err := l.step(connector.For(ctx, connector.PurposeLoad), f)
	l.next = l.Clock().Add(time.Duration(fillPages * float64(time.Minute) / l.PerMinute))
	if err == nil {
		l.fails = 0
		return true, nil
	}
	if l.known = false; errors.Is(err, ErrFenced) || portalWide(err) || ctx.Err() != nil {
		return true, err
	}
	l.fails++
	if wait := l.Clock().Add(Backoff(l.fails, 0)); wait.After(l.next) {
		l.next = wait
	}
	l.Log.Warn("reading what was never read waits", "portal", f.Portal, "attempt", l.fails, "error", err)
	return false, nil
}

func (l *Filler) step(ctx context.Context, f Fence) error {
	if !l.known { // the step before failed: what it left behind stands in the store
		if err := l.Begin(ctx, f); err != nil {
			return err
		}
	}
	for range fillPages {
		i := slices.IndexFunc(l.fills, Fill.UnderWay)
		if i < 0 {
			return nil
		}
		page, err := l.page(ctx, l.fills[i])
		if errors.Is(err, connector.ErrForbidden) { // a scope that was taken away: nobody can read it
			l.Log.Warn("what was never read is left out where the token may not read", "portal", f.Portal, "type", l.fills[i].Type, "error", err)
			page, err = FillPage{Fill: l.fills[i], Ended: true}, nil
		}
		if err != nil {
			return err
		}
		if l.fills[i], err = l.Store.SaveFilled(ctx, f, page); err != nil {
			return fmt.Errorf("save %d filled records of type %s: %w", len(page.Objects), page.Fill.Type, err)
		}
		if fill := l.fills[i]; !fill.UnderWay() {
			l.Log.Info("what was never read is read", "portal", f.Portal, "type", fill.Type, "records", fill.Done,
				"took", fill.EndedAt.Sub(fill.BeganAt).Round(time.Millisecond))
		}
	}
	return nil
}

// page reads the next page. What is too much for a listing is read by id.
func (l *Filler) page(ctx context.Context, fill Fill) (FillPage, error) {
	page := FillPage{Fill: fill}
	got, err := l.CRM.List(ctx, fill.Type, fill.Position, fill.Properties)
	if err != nil {
		return page, fmt.Errorf("list records of type %s: %w", fill.Type, err)
	}
	objects := got.Objects
	if got.Partial {
		if objects, err = l.byID(ctx, fill, objects); err != nil {
			return page, err
		}
	}
	for _, o := range objects {
		props := make(map[string]string, len(fill.Properties))
		for _, name := range fill.Properties {
			if value := o.Properties[name]; value != "" {
				props[name] = value
			}
		}
		page.Objects = append(page.Objects, connector.Object{Type: fill.Type, ID: o.ID, Properties: props})
	}
	page.Fill.Position, page.Ended = got.Next, got.Next == ""
	if fill.Type == connector.TypeContact {
		page.Behaviour = l.Puller.Portal.Behaviour(l.Puller.Model)
	}
	return page, nil
}

func (l *Filler) byID(ctx context.Context, fill Fill, listed []connector.Object) ([]connector.Object, error) {
	var objects []connector.Object
	for chunk := range slices.Chunk(listed, batchSize) {
		ids := make([]connector.ObjectID, len(chunk))
		for i, o := range chunk {
			ids[i] = o.ID
		}
		got, err := l.CRM.Read(ctx, fill.Type, ids, fill.Properties)
		if err != nil {
			return nil, fmt.Errorf("read %d records of type %s: %w", len(ids), fill.Type, err)
		}
		for _, id := range ids {
			if o, ok := got.Found[id]; ok && o.ID == id {
				objects = append(objects, o)
			}
		}
	}
	return objects, nil
}
