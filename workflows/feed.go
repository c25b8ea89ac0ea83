package workflows

import (
	"context"
	"fmt"
	"time"

	"leadsync/connector"
)

// changeFeed is a source of changed records with a cursor. A feed is worked like this: its position is loaded
// under its name, begin places a new walk if none is under way, next reads page after page, and every page is
// stored with the position behind it in one transaction, so that a crash costs one page. The page says what the
// feed knows: records to compare with the mirror (Objects), or only ids (Hints), of one kind or of many.
// The search sweep is the first implementation; a journal that the CRM keeps is another (hubspot-api 3.7), whose
// page has nothing but Hints, and whose cursor is its offset.
type changeFeed interface {
	name() string
	begin(ctx context.Context, f Fence, at FeedState) (FeedState, error)
	next(ctx context.Context, at FeedState) (PulledPage, error)
}

// follow works a feed until it has nothing more, or for so many pages (0: all), and reports whether there is more.
func (p *Puller) follow(ctx context.Context, f Fence, feed changeFeed, pages int) (total PulledCount, more bool, err error) {
	state, err := p.Store.Feed(ctx, f.Portal, feed.name())
	if err != nil {
		return total, false, fmt.Errorf("load position of %q: %w", feed.name(), err)
	}
	if state.Cursor == "" {
		if state, err = feed.begin(ctx, f, state); err != nil {
			return total, false, err
		}
		state.Done = 0
	}
	for n := 1; ; n++ {
		page, err := feed.next(ctx, state)
		if err != nil {
			return total, false, err
		}
		count, err := p.save(ctx, f, page)
		if err != nil {
			return total, false, err
		}
		total.Objects += count.Objects
		total.Changed += count.Changed
		total.Due += count.Due
		if state = page.Next; state.Complete {
			return total, false, nil
		}
		p.tell(feed.name(), state)
		if n == pages {
			return total, true, nil
		}
	}
}

// searchFeed finds changed records of one kind by the CRM's search.
type searchFeed struct {
	puller *Puller
	t      connector.ObjectType
	began  time.Time // zero for a walk that is resumed: nobody knows
}

func (s *searchFeed) name() string { return feedSweep + string(s.t) }

// begin places a new walk: behind the newest change seen, or the last complete walk, by the overlap; or where
// the first load began.
func (s *searchFeed) begin(ctx context.Context, f Fence, state FeedState) (FeedState, error) {
	s.began = s.puller.Now()
	if state.Seen.IsZero() {
		load, err := s.puller.Store.Feed(ctx, f.Portal, feedLoad+string(s.t))
		if err != nil {
			return state, fmt.Errorf("load position of the first load: %w", err)
		}
		state.Seen = load.Since
	}
	if state.Since = state.Seen; !s.puller.Weak.Without(SweepOverlap) {
		state.Since = state.Seen.Add(-s.puller.Overlap)
	}
	return state, nil
}

// next reads the next page and the position behind it.
func (s *searchFeed) next(ctx context.Context, state FeedState) (PulledPage, error) {
	p := s.puller
	page := PulledPage{
		Feed: s.name(), Type: s.t, Properties: p.Portal.Properties(p.Model, s.t), HintOnly: s.t == connector.TypeContact,
		Find: p.found(SourceSweep),
	}
	got, err := p.CRM.Changed(ctx, connector.ChangedQuery{
		Type: s.t, Since: state.Since, Cursor: state.Cursor, Properties: page.Properties,
	})
	if err != nil {
		return page, fmt.Errorf("search changed records of type %s: %w", s.t, err)
	}
	if got.Partial {
		page.Properties = nil
	}
	page.Objects = got.Objects
	for _, o := range got.Objects {
		if o.UpdatedAt.After(state.Seen) {
			state.Seen = o.UpdatedAt
		}
	}
	state.Cursor, state.Complete = got.Next, got.Next == ""
	if quiet := s.began.Add(-maxSkew); state.Complete && !s.began.IsZero() && quiet.After(state.Seen) {
		state.Seen = quiet // a quiet account's last changes are not walked for ever
	}
	state.Done, state.Total = state.Done+len(got.Objects), got.Total
	page.Next = state
	return page, nil
}

// found says that what a page shows counts as found by a feed, if the portal has webhooks to compare with.
func (p *Puller) found(by FeedSource) Find {
	if !p.Announced {
		return Find{}
	}
	return Find{By: by, At: p.Now()}
}
