package workflows

import (
	"context"
	"fmt"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// Feed names in the store. A first load walks the list endpoint; a sweep walks what changed; a repair walks the
// list endpoint again, slowly.
const (
	feedLoad     = "load/"
	feedSweep    = "sweep/"
	feedBaseline = "baseline"
	feedRepair   = "repair"
)

type feedSource interface {
	List(ctx context.Context, t connector.ObjectType, at connector.Cursor, props []string) (connector.Page, error)
	Changed(ctx context.Context, q connector.ChangedQuery) (connector.Page, error)
	Links(ctx context.Context, from, to connector.ObjectType, ids []connector.ObjectID) ([]connector.Link, error)
	Owners(ctx context.Context) ([]connector.Owner, error)
}

type feedStore interface {
	Feed(ctx context.Context, portal connector.PortalID, feed string) (FeedState, error)
	SavePage(ctx context.Context, f Fence, p PulledPage) (PulledCount, error)
	SaveOwners(ctx context.Context, f Fence, owners []connector.Owner) error
}

// Puller loads an account once and then finds what changed.
type Puller struct {
	CRM    feedSource
	Store  feedStore
	Portal *Portal
	Model  *scoring.Model
	Now    func() time.Time // business time
	// Overlap is how far a sweep reaches back behind the newest change it has seen: longer than the CRM's
	// slowest webhook and index delay, so that nothing falls between two sweeps.
	Overlap time.Duration
	// Announced says that the portal has webhooks: what a feed finds without one is counted.
	Announced bool
	Pass      Pass
	// Progress is told after every page; may be nil.
	Progress func(Progress)
	// Weak switches defences off, in the simulation only.
	Weak Weakness
}

// Progress says how far a walk has come. Total is 0 if the CRM does not tell.
type Progress struct {
	Feed        string
	Done, Total int
	Complete    bool
}

// Types are the kinds of record that the portal's feeds cover: contacts last in a first load, so that
// everything a contact refers to is there already.
func (p *Puller) Types() []connector.ObjectType {
	types := []connector.ObjectType{connector.TypeCompany}
	types = append(types, p.Portal.ActivityTypes(p.Model)...)
	return append(types, connector.TypeDeal, connector.TypeContact)
}

// loadGather is how many records of a listing share one association call and one checkpoint.
const loadGather = 1000

// Load walks all records of one type through the list endpoint. It resumes where a crash left it, costs at
// most the records between two checkpoints again, and marks nothing due. The instant at which it began
// is remembered: the first sweep starts there.
func (p *Puller) Load(ctx context.Context, f Fence, t connector.ObjectType) error {
	ctx = connector.For(ctx, connector.PurposeLoad)
	feed := feedLoad + string(t)
	state, err := p.Store.Feed(ctx, f.Portal, feed)
	if err != nil {
		return fmt.Errorf("load position of %q: %w", feed, err)
	}
	if state.Since.IsZero() {
		state.Since = p.Now()
		// The listing does not say how many there are; a search does, for the price of one call.
		if first, err := p.CRM.Changed(ctx, connector.ChangedQuery{Type: t}); err == nil {
			state.Total = first.Total
		}
	}
	for !state.Complete {
		page := PulledPage{Feed: feed, Type: t, Properties: p.Portal.Properties(p.Model, t), Quiet: true}
		for done := false; !done; {
			got, err := p.CRM.List(ctx, t, state.Cursor, page.Properties)
			if err != nil {
				return fmt.Errorf("list records of type %s: %w", t, err)
			}
			if got.Partial {
				return fmt.Errorf("list records of type %s: the model reads %d properties, too many for one listing; take facts out of the model", t, len(page.Properties))
			}
			page.Objects = append(page.Objects, got.Objects...)
			state.Cursor, state.Complete = got.Next, got.Next == ""
			done = state.Complete || len(page.Objects) >= p.gather(t)
		}
		state.Done += len(page.Objects)
		page.Next = state
		if _, err := p.save(ctx, f, page); err != nil {
			return err
		}
		p.tell(feed, state)
	}
	return nil
}

// gather is how many records to collect before a checkpoint. Contacts need no association call.
func (p *Puller) gather(t connector.ObjectType) int {
	if t == connector.TypeContact || t == connector.TypeCompany {
		return 1
	}
	return loadGather
}

// Sweep walks everything of one type that changed since the watermark, less the overlap. It ends a walk that
// a crash interrupted before it begins a new one. Contacts that differ from the mirror become due; other
// records are stored and make their contacts due.
func (p *Puller) Sweep(ctx context.Context, f Fence, t connector.ObjectType) (PulledCount, error) {
	count, _, err := p.follow(connector.For(ctx, connector.PurposeSweep), f, &searchFeed{puller: p, t: t}, 0)
	return count, err
}

// sweepPages goes on with a sweep for so many pages, and reports whether there is more.
func (p *Puller) sweepPages(ctx context.Context, f Fence, t connector.ObjectType, pages int) (bool, error) {
	_, more, err := p.follow(connector.For(ctx, connector.PurposeSweep), f, &searchFeed{puller: p, t: t}, pages)
	return more, err
}

// maxSkew is how far the CRM's clock may be behind ours without a change being missed.
const maxSkew = 10 * time.Minute

// save completes a page with the contacts of its records and stores it with the feed's position.
func (p *Puller) save(ctx context.Context, f Fence, page PulledPage) (PulledCount, error) {
	if !p.Portal.watched(p.Model, page.Type) { // rule 17 looks at our own tasks too: whether a person edited them
		page.Objects = p.Portal.Foreign(page.Objects)
	}
	if page.Type != connector.TypeContact && page.Type != connector.TypeCompany && len(page.Objects) > 0 {
		ids := make([]connector.ObjectID, len(page.Objects))
		for i, o := range page.Objects {
			ids[i] = o.ID
		}
		var err error
		if page.Links, page.LinkTypes, err = linksOf(ctx, p.CRM, p.Model, page.Type, ids); err != nil {
			return PulledCount{}, err
		}
	}
	if page.Type == connector.TypeContact && !page.HintOnly {
		page.Links, page.LinkTypes = p.companies(page.Objects), []connector.ObjectType{connector.TypeCompany}
	}
	if page.Type == connector.TypeContact && len(page.Objects) > 0 {
		page.Behaviour = p.Portal.Behaviour(p.Model)
	}
	p.Pass.at(PointPageRead)
	count, err := p.Store.SavePage(ctx, f, page)
	if err != nil {
		return count, fmt.Errorf("save page of feed %q: %w", page.Feed, err)
	}
	p.Pass.at(PointPageSaved)
	return count, nil
}

// companies are the links that the contacts' own property tells, which costs no call.
func (p *Puller) companies(contacts []connector.Object) []connector.Link {
	var links []connector.Link
	for _, o := range contacts {
		if id := o.Properties[p.Portal.Names.CompanyID]; id != "" {
			links = append(links, connector.Link{
				FromType: connector.TypeContact, FromID: o.ID, ToType: connector.TypeCompany, ToID: connector.ObjectID(id),
			})
		}
	}
	return links
}

// Owners reads all users of the account, the inactive ones too.
func (p *Puller) Owners(ctx context.Context, f Fence) error {
	ctx = connector.For(ctx, connector.PurposeSweep)
	owners, err := p.CRM.Owners(ctx)
	if err != nil {
		return fmt.Errorf("read owners: %w", err)
	}
	if owners, err = p.timed(ctx, owners); err != nil {
		return err
	}
	if err := p.Store.SaveOwners(ctx, f, owners); err != nil {
		return fmt.Errorf("save owners: %w", err)
	}
	return nil
}

func (p *Puller) tell(feed string, s FeedState) {
	if p.Progress != nil {
		p.Progress(Progress{Feed: feed, Done: s.Done, Total: s.Total, Complete: s.Complete})
	}
}
