package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

type fillRow struct {
	Type     connector.ObjectType `db:"type"`
	Asked    string               `db:"asked"`
	Filling  string               `db:"filling"`
	Off      bool                 `db:"off"`
	Position string               `db:"position"`
	Total    int                  `db:"total"`
	Done     int                  `db:"done"`
	BeganAt  *int64               `db:"began_at"`
	EndedAt  *int64               `db:"ended_at"`
}

// filled is what the records of a kind were asked for, and the walk that asks for the rest.
type filled struct {
	workflows.Fill
	asked []string
	off   bool
}

func (r fillRow) filled() (filled, error) {
	out := filled{off: r.Off, Fill: workflows.Fill{
		Type: r.Type, Position: connector.Cursor(r.Position), Total: r.Total, Done: r.Done,
		BeganAt: fromMicros(r.BeganAt), EndedAt: fromMicros(r.EndedAt),
	}}
	if err := decode(r.Asked, &out.asked); err != nil {
		return out, fmt.Errorf("read what records of type %s were asked for: %w", r.Type, err)
	}
	if err := decode(r.Filling, &out.Properties); err != nil {
		return out, fmt.Errorf("read what records of type %s are asked for: %w", r.Type, err)
	}
	return out, nil
}

const findFills = `SELECT type, asked, filling, off, position, total, done, began_at, ended_at FROM fills WHERE portal = ? ORDER BY type`

func (in *session) fills(ctx context.Context, portal connector.PortalID) (map[connector.ObjectType]filled, error) {
	var found []fillRow
	if err := in.list(ctx, &found, findFills, portal); err != nil {
		return nil, fmt.Errorf("read what was asked for: %w", err)
	}
	known := make(map[connector.ObjectType]filled, len(found))
	for _, row := range found {
		one, err := row.filled()
		if err != nil {
			return nil, err
		}
		known[row.Type] = one
	}
	return known, nil
}

// Fills gives the latest walk of every kind of record that asks for what was never asked for, by kind; none if there
// never was one.
func (s *Store) Fills(ctx context.Context, portal connector.PortalID) ([]workflows.Fill, error) {
	var fills []workflows.Fill
	err := s.read(ctx, "read fills", func(in *session) error {
		known, err := in.fills(ctx, portal)
		for _, t := range slices.Sorted(maps.Keys(known)) {
			if one := known[t]; !one.off && !one.BeganAt.IsZero() {
				fills = append(fills, one.Fill)
			}
		}
		return err
	})
	return fills, err
}

// BeginFill says what the records of each kind are asked for from now on, and gives the walks that fill the mirror with what
// they were not asked for before: one that is under way for the same properties goes on, any other begins anew. What
// a first load brings is asked for everything. Of a portal that was there before this was kept, it is known only if
// basis is that of its latest re-evaluation. A kind that is read again after it was switched off is loaded anew.
func (s *Store) BeginFill(
	ctx context.Context, fence workflows.Fence, asked map[connector.ObjectType][]string, basis string,
) ([]workflows.Fill, error) {
	var fills []workflows.Fill
	err := s.fenced(ctx, "begin fill", fence, func(in *session) error {
		fills = nil
		known, err := in.fills(ctx, fence.Portal)
		if err != nil {
			return err
		}
		walk, _, err := in.reevaluation(ctx, fence.Portal)
		if err != nil {
			return err
		}
		b := filling{session: in, portal: fence.Portal, known: known, unchanged: walk.Basis == basis}
		for _, t := range slices.Sorted(maps.Keys(asked)) {
			one, err := b.begin(ctx, t, asked[t])
			if err != nil {
				return err
			}
			fills = append(fills, one.Fill)
		}
		for _, t := range slices.Sorted(maps.Keys(known)) {
			if _, on := asked[t]; on {
				continue
			}
			if err := in.saveFill(ctx, fence.Portal, filled{Fill: workflows.Fill{Type: t}, off: true}); err != nil {
				return err
			}
		}
		return nil
	})
	return fills, err
}

// filling is the work of BeginFill.
type filling struct {
	*session
	portal    connector.PortalID
	known     map[connector.ObjectType]filled
	unchanged bool
}

const countOfType = `SELECT COUNT(*) FROM objects WHERE portal = ? AND type = ? AND removed_at IS NULL`

const forgetFeeds = `DELETE FROM feeds WHERE portal = ? AND feed IN (?, ?)`

func (b *filling) begin(ctx context.Context, t connector.ObjectType, want []string) (filled, error) {
	one, err := b.before(ctx, t, want)
	if err != nil {
		return one, err
	}
	one.asked = slices.DeleteFunc(one.asked, func(name string) bool { return !slices.Contains(want, name) })
	missing := slices.DeleteFunc(slices.Clone(want), func(name string) bool { return slices.Contains(one.asked, name) })
	if goesOn := one.UnderWay() || len(missing) == 0; !goesOn || !slices.Equal(missing, one.Properties) {
		if err := b.anew(ctx, &one, missing); err != nil {
			return one, err
		}
	}
	return one, b.saveFill(ctx, b.portal, one)
}

// before is what the records of a kind were asked for until now.
func (b *filling) before(ctx context.Context, t connector.ObjectType, want []string) (filled, error) {
	one, has := b.known[t]
	one.Type = t
	switch {
	case has && one.off:
		one = filled{Fill: workflows.Fill{Type: t}, asked: slices.Clone(want)}
		if _, err := b.exec(ctx, forgetFeeds, b.portal, "load/"+string(t), "sweep/"+string(t)); err != nil {
			return one, fmt.Errorf("begin the feeds of type %s anew: %w", t, err)
		}
	case !has:
		var loads []feedRow
		if err := b.list(ctx, &loads, findFeed, b.portal, "load/"+string(t)); err != nil {
			return one, fmt.Errorf("read position of the first load: %w", err)
		}
		if b.unchanged || len(loads) == 0 {
			one.asked = slices.Clone(want)
		}
	}
	return one, nil
}

// anew begins a walk for what is missing, if anything is.
func (b *filling) anew(ctx context.Context, one *filled, missing []string) error {
	one.Fill = workflows.Fill{Type: one.Type, Properties: missing}
	if len(missing) == 0 {
		return nil
	}
	one.BeganAt = b.now
	if err := b.get(ctx, &one.Total, countOfType, b.portal, one.Type); err != nil {
		return fmt.Errorf("count records of type %s: %w", one.Type, err)
	}
	if one.Total == 0 {
		one.end(b.now)
	}
	return nil
}

// end says that every record was asked for everything.
func (f *filled) end(at time.Time) {
	f.asked = append(f.asked, f.Properties...)
	slices.Sort(f.asked)
	f.Properties, f.Position, f.EndedAt = nil, "", at
}

const saveFill = `INSERT INTO fills (portal, type, asked, filling, off, position, total, done, began_at, ended_at)
VALUES (?, ?, ?, ?, ?, ?, CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT))
ON CONFLICT (portal, type) DO UPDATE SET asked = excluded.asked, filling = excluded.filling, off = excluded.off,
    position = excluded.position, total = excluded.total, done = excluded.done, began_at = excluded.began_at, ended_at = excluded.ended_at`

func (in *session) saveFill(ctx context.Context, portal connector.PortalID, f filled) error {
	asked, err := encode(f.asked)
	if err != nil {
		return err
	}
	missing, err := encode(f.Properties)
	if err != nil {
		return err
	}
	_, err = in.exec(ctx, saveFill, portal, f.Type, asked, missing, flag(f.off), string(f.Position), f.Total, f.Done,
		micros(f.BeganAt), micros(f.EndedAt))
	if err != nil {
		return fmt.Errorf("keep what records of type %s were asked for: %w", f.Type, err)
	}
	return nil
}

// SaveFilled fills the mirror's records with a page, and gives the walk behind it. Nothing becomes due. ErrNoRecord if
// another walk has taken its place.
func (s *Store) SaveFilled(ctx context.Context, fence workflows.Fence, page workflows.FillPage) (workflows.Fill, error) {
	var next workflows.Fill
	err := s.fenced(ctx, "save filled records", fence, func(in *session) error {
		known, err := in.fills(ctx, fence.Portal)
		if err != nil {
			return err
		}
		one := known[page.Fill.Type]
		if !one.UnderWay() || !slices.Equal(one.Properties, page.Fill.Properties) {
			return workflows.ErrNoRecord
		}
		n, err := in.fill(ctx, fence.Portal, page)
		if err != nil {
			return err
		}
		one.Position, one.Done = page.Fill.Position, one.Done+n
		if page.Ended {
			one.end(in.now)
		}
		next = one.Fill
		return in.saveFill(ctx, fence.Portal, one)
	})
	return next, err
}

// fill stores the properties of a page of those records that the mirror has, and says how many that are. Of an
// activity without any property nothing is kept: it is one of contacts that must not be profiled.
func (in *session) fill(ctx context.Context, portal connector.PortalID, page workflows.FillPage) (int, error) {
	p := &pageSaver{session: in, portal: portal, page: workflows.PulledPage{
		Type: page.Fill.Type, Objects: slices.Clone(page.Objects), Behaviour: page.Behaviour,
	}}
	if err := p.withhold(ctx); err != nil {
		return 0, err
	}
	refs := make([]connector.Ref, 0, len(p.page.Objects))
	for _, o := range p.page.Objects {
		refs = append(refs, connector.Ref{Type: page.Fill.Type, ID: o.ID})
	}
	known, err := in.objects(ctx, portal, refs)
	if err != nil {
		return 0, err
	}
	n := 0
	var newer []connector.Object
	for i, o := range p.page.Objects {
		old, has := known[refs[i]]
		if !has || old.removed {
			continue
		}
		n++
		next := old.Object
		next.Properties = overlay(old.Properties, o.Properties, page.Fill.Properties)
		private := len(old.Properties) == 0 && o.Type != connector.TypeContact && o.Type != connector.TypeCompany
		if !private && !maps.Equal(next.Properties, old.Properties) {
			newer = append(newer, next)
			known[refs[i]] = mirrored{Object: next}
		}
	}
	return n, in.saveObjects(ctx, portal, newer)
}
