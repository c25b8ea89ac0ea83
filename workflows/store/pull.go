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

type feedRow struct {
	Position string `db:"position"`
	SinceAt  *int64 `db:"since_at"`
	SeenAt   *int64 `db:"seen_at"`
	Done     int    `db:"done"`
	Total    int    `db:"total"`
	Complete bool   `db:"complete"`
}

const findFeed = `SELECT position, since_at, seen_at, done, total, complete FROM feeds WHERE portal = ? AND feed = ?`

// Feed gives the position of a feed, the zero position if it has none.
func (s *Store) Feed(ctx context.Context, portal connector.PortalID, feed string) (workflows.FeedState, error) {
	var found []feedRow
	err := s.read(ctx, "read feed", func(in *session) error {
		return in.list(ctx, &found, findFeed, portal, feed)
	})
	if err != nil || len(found) == 0 {
		return workflows.FeedState{}, err
	}
	row := found[0]
	return workflows.FeedState{
		Cursor: connector.Cursor(row.Position), Since: fromMicros(row.SinceAt), Seen: fromMicros(row.SeenAt),
		Done: row.Done, Total: row.Total, Complete: row.Complete,
	}, nil
}

const saveFeed = `INSERT INTO feeds (portal, feed, position, since_at, seen_at, done, total, complete)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (portal, feed) DO UPDATE SET position = excluded.position, since_at = excluded.since_at,
    seen_at = excluded.seen_at, done = excluded.done, total = excluded.total, complete = excluded.complete`

func (in *session) saveFeed(ctx context.Context, portal connector.PortalID, page workflows.PulledPage) error {
	if page.Feed == "" {
		return nil
	}
	n := page.Next
	_, err := in.exec(ctx, saveFeed, portal, page.Feed, string(n.Cursor), micros(n.Since), micros(n.Seen),
		n.Done, n.Total, flag(n.Complete))
	if err != nil {
		return fmt.Errorf("move feed %q: %w", page.Feed, err)
	}
	return nil
}

// SavePage stores one page of a feed, what it makes due, and the feed's position, in one transaction. What
// the fields of the page mean stands at workflows.PulledPage. A reading that is older than the mirror's is
// not stored: the search of a CRM lags behind its records. Records that were erased are left out.
func (s *Store) SavePage(
	ctx context.Context, fence workflows.Fence, page workflows.PulledPage,
) (workflows.PulledCount, error) {
	var count workflows.PulledCount
	if err := s.feedAhead(ctx, fence, page); err != nil {
		return count, err
	}
	err := s.fenced(ctx, "save page", fence, func(in *session) error {
		p := &pageSaver{session: in, portal: fence.Portal, page: page, marks: dueMarks{}, touched: map[connector.Ref]bool{}}
		if err := p.save(ctx); err != nil {
			return err
		}
		count = workflows.PulledCount{Objects: len(page.Objects), Changed: p.changed, Due: p.marks.raised()}
		for _, row := range page.Settle {
			p.marks.settle(connector.Ref{Type: row.Type, ID: row.ID}, row.Revision, time.Time{})
		}
		if err := in.recovered(ctx, fence.Portal, settledRefs(page.Settle)); err != nil {
			return err
		}
		counts, err := p.count(ctx)
		if err != nil {
			return err
		}
		if err := in.markDue(ctx, fence.Portal, p.marks); err != nil {
			return err
		}
		if err := in.saveFeed(ctx, fence.Portal, page); err != nil {
			return err
		}
		return in.countFeeds(ctx, fence.Portal, counts)
	})
	return count, err
}

// feedAhead moves the position of a feed before its page is stored; only where moving both together is switched off.
func (s *Store) feedAhead(ctx context.Context, fence workflows.Fence, page workflows.PulledPage) error {
	if !s.weak.Without(workflows.FeedWithPage) {
		return nil
	}
	return s.fenced(ctx, "move feed", fence, func(in *session) error { return in.saveFeed(ctx, fence.Portal, page) })
}

// pageSaver is the work on one page.
type pageSaver struct {
	*session
	portal  connector.PortalID
	page    workflows.PulledPage
	marks   dueMarks
	touched map[connector.Ref]bool // records whose contacts become due
	changed int
	finds   []find
}

func (p *pageSaver) save(ctx context.Context) error {
	refs := make([]connector.Ref, 0, len(p.page.Objects)+len(p.page.Missing))
	for _, o := range p.page.Objects {
		refs = append(refs, connector.Ref{Type: p.page.Type, ID: o.ID})
	}
	for _, id := range p.page.Missing {
		refs = append(refs, connector.Ref{Type: p.page.Type, ID: id})
	}
	refs, err := p.withoutErasedRecords(ctx, refs)
	if err != nil {
		return err
	}
	if err := p.withhold(ctx); err != nil {
		return err
	}
	known, err := p.objects(ctx, p.portal, refs)
	if err != nil {
		return err
	}
	if p.page.HintOnly {
		p.compare(known)
	} else if err := p.store(ctx, known); err != nil {
		return err
	}
	if err := p.remove(ctx, known); err != nil {
		return err
	}
	if err := p.mergeRecords(ctx); err != nil {
		return err
	}
	if err := p.check(ctx); err != nil {
		return err
	}
	return p.raise(ctx)
}

// withoutErasedRecords leaves out of the page what was erased, and of what others name as merged into them; of the
// records that it names it gives those that were not.
func (p *pageSaver) withoutErasedRecords(ctx context.Context, refs []connector.Ref) ([]connector.Ref, error) {
	erased, err := p.tombstones(ctx, p.portal, refs)
	if err != nil {
		return nil, err
	}
	p.page.Objects = slices.DeleteFunc(slices.Clone(p.page.Objects), func(o connector.Object) bool {
		return erased[connector.Ref{Type: p.page.Type, ID: o.ID}]
	})
	for i := range p.page.Objects {
		p.page.Objects[i].Type = p.page.Type
	}
	p.page.Objects, err = p.withoutErasedMerges(ctx, p.portal, p.page.Objects)
	return slices.DeleteFunc(refs, func(ref connector.Ref) bool { return erased[ref] }), err
}

// compare marks the records due that differ from the mirror, without storing them.
func (p *pageSaver) compare(known map[connector.Ref]mirrored) {
	for _, o := range p.page.Objects {
		ref := connector.Ref{Type: p.page.Type, ID: o.ID}
		old, has := known[ref]
		seen := compareReading(o, old, has, false, p.page.Properties)
		differs := seen.changed
		if has && !old.removed && len(p.page.Properties) == 0 {
			differs = seen.store && !sameMicros(seen.object.UpdatedAt, old.UpdatedAt)
		}
		if !differs {
			continue
		}
		p.changed++
		p.find(seen.object, old, has)
		if !p.page.Quiet {
			p.marks.raise(ref)
		}
	}
}

// store puts the records and their links into the mirror.
func (p *pageSaver) store(ctx context.Context, known map[connector.Ref]mirrored) error {
	newer := map[connector.Ref]connector.Object{}
	for _, o := range p.page.Objects {
		ref := connector.Ref{Type: p.page.Type, ID: o.ID}
		o.Type = p.page.Type
		old, has := known[ref]
		seen := compareReading(o, old, has, false, p.page.Properties)
		if seen.store {
			newer[ref] = seen.object
			known[ref] = mirrored{Object: seen.object} // a page may name a record twice
		}
		if seen.changed {
			p.changed++
			p.touched[ref] = true
			p.find(seen.object, old, has)
		}
	}
	objects := make([]connector.Object, 0, len(newer))
	for _, ref := range slices.SortedFunc(maps.Keys(newer), compareRefs) {
		objects = append(objects, newer[ref])
	}
	if err := p.saveObjects(ctx, p.portal, objects); err != nil {
		return err
	}
	linked, err := p.linkSubmissions(ctx, p.portal, objects)
	if err != nil {
		return err
	}
	for _, ref := range linked {
		p.touched[ref] = true
	}
	return p.storeLinks(ctx, known)
}

func (p *pageSaver) storeLinks(ctx context.Context, mirror map[connector.Ref]mirrored) error {
	refs := make([]connector.Ref, 0, len(p.page.Objects))
	own := map[connector.Ref]bool{}
	for _, o := range p.page.Objects {
		ref := connector.Ref{Type: p.page.Type, ID: o.ID}
		refs, own[ref] = append(refs, ref), true
	}
	known, err := p.links(ctx, p.portal, refs, p.page.LinkTypes)
	if err != nil {
		return err
	}
	there := map[connector.Link]bool{}
	for _, l := range p.page.Links {
		if own[connector.Ref{Type: l.FromType, ID: l.FromID}] && slices.Contains(p.page.LinkTypes, l.ToType) {
			there[canonical(l)] = true
		}
	}
	different, err := p.saveLinks(ctx, p.portal, known, there)
	if err != nil {
		return err
	}
	for _, l := range different {
		p.raiseContact(l)
		from, to := connector.Ref{Type: l.FromType, ID: l.FromID}, connector.Ref{Type: l.ToType, ID: l.ToID}
		if own[to] {
			from, to = to, from
		}
		if !p.touched[from] { // the links of a record that is new or different are part of that
			p.findOther(find{ref: from, other: to, class: findLink}, mirror[from])
		}
	}
	return nil
}

// raiseContact makes the contact of a link due.
func (p *pageSaver) raiseContact(l connector.Link) {
	if l.ToType == connector.TypeContact && !p.page.Quiet {
		p.marks.raise(connector.Ref{Type: l.ToType, ID: l.ToID})
	}
}

// remove marks the missing records as removed. Their contacts become due; the links of a missing contact
// stay until somebody has read it and knows whether it was merged.
func (p *pageSaver) remove(ctx context.Context, known map[connector.Ref]mirrored) error {
	var gone []connector.Ref
	for _, id := range p.page.Missing {
		ref := connector.Ref{Type: p.page.Type, ID: id}
		if old, has := known[ref]; has && !old.removed {
			gone = append(gone, ref)
			p.changed++
			p.findOther(find{ref: ref, class: findGone}, old)
		}
	}
	if err := p.removeObjects(ctx, p.portal, gone); err != nil {
		return err
	}
	if p.page.Type == connector.TypeContact {
		for _, ref := range gone {
			p.touched[ref] = true
		}
		return nil
	}
	lost, err := p.links(ctx, p.portal, gone, workflows.ReadTypes())
	if err != nil {
		return err
	}
	different, err := p.saveLinks(ctx, p.portal, lost, nil)
	for _, l := range different {
		p.raiseContact(l)
	}
	return err
}

// raise makes the contacts of the touched records due, or the touched contacts themselves, and what the page
// says besides.
func (p *pageSaver) raise(ctx context.Context) error {
	for _, ref := range p.page.Hints {
		p.marks.raise(ref)
	}
	if p.page.Quiet || len(p.touched) == 0 {
		return nil
	}
	touched := slices.SortedFunc(maps.Keys(p.touched), compareRefs)
	if p.page.Type == connector.TypeContact {
		for _, ref := range touched {
			p.marks.raise(ref)
		}
		return nil
	}
	known, err := p.links(ctx, p.portal, touched, []connector.ObjectType{connector.TypeContact})
	for l := range known {
		p.raiseContact(l)
	}
	return err
}
