package workflows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// batchSize is how many contacts are reconciled together: one batch call of the CRM (hubspot-api 5.2).
const batchSize = 100

type reader interface {
	Read(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID, props []string) (connector.ReadResult, error)
	Links(ctx context.Context, from, to connector.ObjectType, ids []connector.ObjectID) ([]connector.Link, error)
	Archived(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID) ([]connector.ObjectID, error)
}

type reconcileStore interface {
	leadStore
	eraser
}

type eraser interface {
	Erase(ctx context.Context, portal connector.PortalID, id connector.ObjectID) error
}

type leadStore interface {
	Leads(ctx context.Context, portal connector.PortalID, ids []connector.ObjectID) ([]LeadRecord, error)
	SaveDecisions(ctx context.Context, f Fence, d []Decided) error
	SavePage(ctx context.Context, f Fence, p PulledPage) (PulledCount, error)
	Owners(ctx context.Context, portal connector.PortalID) ([]connector.Owner, error)
}

// Reconciler makes due records current: reads them in batch, evaluates, plans and saves.
type Reconciler struct {
	CRM reader
	// Past tells the history of properties; nil if the CRM keeps none.
	Past   historian
	Store  reconcileStore
	Portal *Portal
	Model  *scoring.Model
	Now    func() time.Time // business time
	Pass   Pass
	// Planned is told about every plan that has a reason worth showing; it must not block. May be nil.
	Planned func(LeadRecord, scoring.Evaluation, Planned)
	// Arrivals counts the contacts that other programs make; nil: nobody counts, and none are too many.
	Arrivals arrivalStore
	// Fill says what the mirror was not asked for yet; nil: it was asked for everything.
	Fill *Filler
	// Quarantine takes contacts whose evaluation fails; nil: nobody does, and they are tried for ever.
	Quarantine quarantineStore
	// Weak switches defences off, in the simulation only.
	Weak Weakness

	working  string        // the follow-up whose turn it is, for who has to mend it
	judged   *scoring.Lead // while the model evaluates it
	judgedAt time.Time
}

// Contacts reconciles due contacts, at most 100 at a time. Those with a hint are read from the CRM with
// their companies, the others are evaluated from the mirror. An error means that nothing was saved, unless it is a poison:
// then everything but the contacts that it names was.
func (r *Reconciler) Contacts(ctx context.Context, f Fence, rows []DueRow) error {
	for chunk := range slices.Chunk(rows, batchSize) {
		if err := r.contacts(ctx, f, chunk); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reconciler) contacts(ctx context.Context, f Fence, rows []DueRow) error {
	ctx = connector.For(ctx, connector.PurposeReconcile)
	fresh, err := r.read(ctx, rows)
	if err != nil {
		return err
	}
	records, err := r.Store.Leads(ctx, f.Portal, rowIDs(rows))
	if err != nil {
		return errors.Join(fmt.Errorf("load %d leads: %w", len(rows), err), r.alone(ctx, f, rows, fresh, err))
	}
	if rows, records, err = r.settleFates(ctx, f, due{rows, records, fresh}); err != nil || len(rows) == 0 {
		return err
	}
	if fresh.told, err = r.past(ctx, rows, records, fresh); err != nil {
		return err
	}
	if fresh.flood, err = r.arrivals(ctx, f, records, fresh); err != nil {
		return err
	}
	owners, err := r.owners(ctx, f.Portal)
	if err != nil {
		return err
	}
	decided := make([]Decided, 0, len(rows))
	var failed poison
	for i, row := range rows {
		d, bad := r.guarded(func() Decided { return r.decide(row, records[i], fresh, owners) }, row)
		if bad != nil {
			failed = append(failed, *bad)
			continue
		}
		decided = append(decided, d)
	}
	r.Pass.at(PointRead)
	if err := r.Store.SaveDecisions(ctx, f, decided); err != nil {
		return fmt.Errorf("save %d decisions: %w", len(decided), err)
	}
	r.Pass.at(PointDecided)
	if len(failed) > 0 {
		return errors.Join(failed, r.mirror(ctx, f, failed.rows(), fresh))
	}
	return nil
}

// Baseline evaluates loaded contacts from the mirror and remembers them as handled: their scores are
// written, their stages, statuses and deals are not touched until something about them changes.
func (r *Reconciler) Baseline(ctx context.Context, f Fence, ids []connector.ObjectID) error {
	if len(ids) == 0 {
		return nil
	}
	records, err := r.Store.Leads(ctx, f.Portal, ids)
	if err != nil {
		return fmt.Errorf("load %d leads: %w", len(ids), err)
	}
	owners, err := r.owners(ctx, f.Portal)
	if err != nil {
		return err
	}
	past, err := r.firstPast(ctx, records)
	if err != nil {
		return err
	}
	look := freshly{at: r.Now(), basis: EvaluationBasis(r.Portal, r.Model), told: past}
	var decided []Decided
	var failed []Failure
	for i, record := range records {
		if record.State != nil { // done before a crash
			continue
		}
		row := DueRow{Type: connector.TypeContact, ID: ids[i], Revision: noRevision}
		state := LeadState{Held: true, Root: ids[i], Model: r.Model.Version(), EvaluatedAt: look.at}
		d, bad := r.guarded(func() Decided { return r.first(&state, record, look, owners) }, row)
		if bad != nil { // it is remembered as handled all the same, and looked at again when it changes
			failed = append(failed, *bad)
			d = Decided{ID: ids[i], State: state}
		}
		decided = append(decided, d)
	}
	if err := r.Store.SaveDecisions(ctx, f, decided); err != nil {
		return fmt.Errorf("save %d decisions: %w", len(decided), err)
	}
	return r.aside(ctx, f, failed)
}

// first decides about one loaded contact, and gives the state that it begins with also if that fails.
func (r *Reconciler) first(state *LeadState, record LeadRecord, look freshly, owners map[string]connector.Owner) Decided {
	first := look.told.learn(&record)
	first = append(first, Readings(r.Model, record.Contact, record.Observations, look.at)...)
	record.Observations = append(slices.Clone(record.Observations), first...)
	record.Unread = r.Fill.unread(false)
	*state = Baseline(r.Portal, r.Model, record, look.at)
	begin := *state
	record.State = &begin
	d := r.decide(DueRow{Type: connector.TypeContact, ID: record.ID}, record, freshly{at: look.at, basis: look.basis}, owners)
	if d.State.Unprofiled.IsZero() {
		d.Observations = first
	}
	return d
}

// freshly is what was just read for a batch.
type freshly struct {
	contacts, companies connector.ReadResult
	told                told
	at                  time.Time
	basis               string                      // what decides
	walk                bool                        // nothing but another basis makes the look
	flood               map[connector.ObjectID]bool // contacts that arrive with too many others
}

func (r *Reconciler) read(ctx context.Context, rows []DueRow) (freshly, error) {
	out := freshly{at: r.Now(), basis: EvaluationBasis(r.Portal, r.Model)}
	var ids []connector.ObjectID
	for _, row := range rows {
		if row.Hinted {
			ids = append(ids, row.ID)
		}
	}
	if len(ids) == 0 {
		return out, nil
	}
	var err error
	if out.contacts, err = r.CRM.Read(ctx, connector.TypeContact, ids, r.Portal.ContactProperties(r.Model)); err != nil {
		return out, fmt.Errorf("read %d contacts: %w", len(ids), err)
	}
	out.at = r.Now()
	var companies []connector.ObjectID
	for _, o := range out.contacts.Found {
		if id := connector.ObjectID(o.Properties[r.Portal.Names.CompanyID]); id != "" {
			companies = append(companies, id)
		}
	}
	slices.Sort(companies)
	companies = slices.Compact(companies)
	if len(companies) == 0 {
		return out, nil
	}
	if out.companies, err = r.CRM.Read(ctx, connector.TypeCompany, companies, r.Portal.CompanyProperties(r.Model)); err != nil {
		return out, fmt.Errorf("read %d companies: %w", len(companies), err)
	}
	return out, nil
}

func (r *Reconciler) owners(ctx context.Context, portal connector.PortalID) (map[string]connector.Owner, error) {
	list, err := r.Store.Owners(ctx, portal)
	if err != nil {
		return nil, fmt.Errorf("load owners: %w", err)
	}
	owners := make(map[string]connector.Owner, len(list))
	for _, o := range list {
		owners[o.ID] = o
	}
	return owners, nil
}

// decide makes one contact's decision; it is pure but for the clock reading in fresh.
func (r *Reconciler) decide(row DueRow, record LeadRecord, fresh freshly, owners map[string]connector.Owner) Decided {
	d, before := Decided{ID: row.ID, Revision: row.Revision}, record.Observations
	record.Unread = r.Fill.unread(row.Hinted)
	if row.Hinted {
		contact, ok := fresh.contacts.Found[row.ID]
		switch {
		case !ok:
			return gone(d, record, "", fresh.at)
		case contact.ID != row.ID:
			return gone(d, record, contact.ID, fresh.at)
		}
		record.State = r.rebased(record)
		record.Contact, record.ReadAt = contact, fresh.at
		r.adopt(&d, &record, fresh)
		d.Observations = fresh.told.learn(&record)
	} else if record.Contact.ID == "" {
		return gone(d, record, "", fresh.at) // time came for a contact that the mirror has lost: nothing to evaluate
	}
	latest := Readings(r.Model, record.Contact, record.Observations, fresh.at)
	d.VisitsSince = r.Portal.visited(record.Contact, before, slices.Concat(d.Observations, latest))
	if len(latest) > 0 {
		d.Observations = append(d.Observations, latest...)
		record.Observations = append(slices.Clone(record.Observations), latest...)
	}
	record, dropped := record.ungathered(fresh.basis)
	plan, ev := r.evaluate(record, owners, fresh)
	d.State, d.Entries, d.CancelKeys, d.ChangesAt = plan.State, plan.Entries, slices.Concat(dropped, plan.CancelKeys), plan.LookAt
	d.Ordered = plan.Ordered
	if _, arrived := fresh.flood[row.ID]; arrived {
		d.ArrivedAt = fresh.at
	}
	d.aside(r.Portal, r.Model, record.State, plan, ev)
	if plan.recorded(record.State) {
		d.State.Decisions++
		d.Decision = &Decision{
			Contact: row.ID, No: d.State.Decisions, At: fresh.at, Model: r.Model.Version(),
			Reason: plan.Reason, Actions: plan.Actions,
		}
	}
	if r.Planned != nil {
		r.Planned(record, ev, plan)
	}
	return d
}

func (r *Reconciler) evaluate(record LeadRecord, owners map[string]connector.Owner, fresh freshly) (Planned, scoring.Evaluation) {
	lead := LeadOf(r.Portal, r.Model, record)
	r.judged, r.judgedAt = &lead, fresh.at
	ev := r.Model.Evaluate(lead, fresh.at)
	r.judged = nil
	plan := Plan(Situation{
		Portal: r.Portal, Model: r.Model, Record: record, Lead: lead, Evaluation: ev, Owners: owners, Now: fresh.at,
		Basis: fresh.basis, Walk: fresh.walk, Flood: fresh.flood[record.ID], Weak: r.Weak,
		Working: &r.working,
	})
	return plan, ev
}

// adopt puts the freshly read contact and its company in the place of the mirror's.
func (r *Reconciler) adopt(d *Decided, record *LeadRecord, fresh freshly) {
	d.Objects = append(d.Objects, record.Contact)
	d.LinkTypes = []connector.ObjectType{connector.TypeCompany}
	record.Companies = nil
	id := connector.ObjectID(record.Contact.Properties[r.Portal.Names.CompanyID])
	company, ok := fresh.companies.Found[id]
	if id == "" || !ok {
		return
	}
	d.Objects = append(d.Objects, company)
	d.Links = append(d.Links, connector.Link{
		FromType: connector.TypeContact, FromID: d.ID, ToType: connector.TypeCompany, ToID: company.ID,
	})
	record.Companies = []connector.Object{company}
}

func gone(d Decided, record LeadRecord, survivor connector.ObjectID, at time.Time) Decided {
	d.Gone, d.Survivor = true, survivor
	if record.State != nil {
		d.State = *record.State
		d.State.Decisions++
		reason := scoring.Reason{Code: ReasonGone}
		if survivor != "" {
			reason.Params = map[string]string{"survivor": string(survivor)}
		}
		d.Decision = &Decision{Contact: d.ID, No: d.State.Decisions, At: at, Model: d.State.Model, Reason: reason}
	}
	return d
}

// Objects makes due records other than contacts current (activities and companies that a webhook named):
// they are read by id, never through search, whose index lags behind. Their contacts become due.
func (r *Reconciler) Objects(ctx context.Context, f Fence, rows []DueRow) error {
	byType := map[connector.ObjectType][]DueRow{}
	var types []connector.ObjectType
	for _, row := range rows {
		if byType[row.Type] == nil {
			types = append(types, row.Type)
		}
		byType[row.Type] = append(byType[row.Type], row)
	}
	slices.Sort(types)
	var failed unreadError
	for _, t := range types {
		if err := r.objects(ctx, f, t, byType[t]); err != nil {
			failed.types, failed.error = append(failed.types, t), errors.Join(failed.error, err)
		}
	}
	if failed.error == nil {
		return nil
	}
	return failed
}

// unreadError says that some kinds of record of a batch could not be read; the others are settled.
type unreadError struct {
	types []connector.ObjectType
	error
}

// Unwrap gives the causes.
func (u unreadError) Unwrap() error { return u.error }

// unsettled are the rows of a batch that an error concerns.
func unsettled(rows []DueRow, err error) []DueRow {
	failed, some := errors.AsType[unreadError](err)
	return slices.DeleteFunc(slices.Clone(rows), func(row DueRow) bool { return some && !slices.Contains(failed.types, row.Type) })
}

func (r *Reconciler) objects(ctx context.Context, f Fence, t connector.ObjectType, rows []DueRow) error {
	ctx = connector.For(ctx, connector.PurposeReconcile)
	page := PulledPage{Type: t, Properties: r.Portal.Properties(r.Model, t), Settle: rows}
	got := connector.ReadResult{}
	var err error
	if r.Portal.Reads(r.Model, t) { // an event about anything else is settled without a call
		if got, err = r.CRM.Read(ctx, t, rowIDs(rows), page.Properties); err != nil {
			return fmt.Errorf("read %d records of type %s: %w", len(rows), t, err)
		}
	}
	page.sort(rowIDs(rows), got)
	var found []connector.ObjectID
	for _, o := range page.Objects {
		found = append(found, o.ID)
	}
	if t != connector.TypeCompany && len(found) > 0 {
		if page.Links, page.LinkTypes, err = linksOf(ctx, r.CRM, r.Model, t, found); err != nil {
			return err
		}
	}
	if _, err := r.Store.SavePage(ctx, f, page); err != nil {
		return fmt.Errorf("save %d records of type %s: %w", len(rows), t, err)
	}
	return nil
}
