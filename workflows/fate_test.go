package workflows_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"leadsync/connector"
	"leadsync/workflows"
)

// keeper notes who is erased.
type keeper struct {
	*bench
	erased []connector.ObjectID
}

func (k *keeper) SaveDecisions(ctx context.Context, f workflows.Fence, d []workflows.Decided) error {
	return k.store.SaveDecisions(ctx, f, d)
}

func (k *keeper) SavePage(ctx context.Context, f workflows.Fence, p workflows.PulledPage) (workflows.PulledCount, error) {
	return k.store.SavePage(ctx, f, p)
}

func (k *keeper) Leads(ctx context.Context, portal connector.PortalID, ids []connector.ObjectID) ([]workflows.LeadRecord, error) {
	return k.store.Leads(ctx, portal, ids)
}

func (k *keeper) Owners(ctx context.Context, portal connector.PortalID) ([]connector.Owner, error) {
	return k.store.Owners(ctx, portal)
}

func (k *keeper) Erase(ctx context.Context, portal connector.PortalID, id connector.ObjectID) error {
	k.erased = append(k.erased, id)
	return k.store.Erase(ctx, portal, id)
}

// Who is erased: what the CRM has nowhere any more, if we know of it at all, and never under the id of somebody
// who was merged into a living person.
func TestReconcile_forgets(t *testing.T) {
	nowhere := func(b *bench) { b.crm.fail["archived 1"] = fault(connector.ErrNotFound) }
	known := workflows.Decided{ID: "1", Objects: []connector.Object{{Type: connector.TypeContact, ID: "1"}}, State: workflows.LeadState{Root: "1"}}
	stateless := workflows.PulledPage{Type: connector.TypeContact, Objects: []connector.Object{{Type: connector.TypeContact, ID: "1"}}}
	for name, tc := range map[string]struct {
		script func(b *bench)
		want   []connector.ObjectID
	}{
		"deleted for good": {func(b *bench) {
			b.must(b.store.SaveDecisions(b.Context(), b.fence, []workflows.Decided{known}))
			nowhere(b)
		}, []connector.ObjectID{"1"}},
		"archived": {func(b *bench) {
			b.must(b.store.SaveDecisions(b.Context(), b.fence, []workflows.Decided{known}))
		}, nil},
		"archived before it was ever planned, then deleted for good": {func(b *bench) {
			_, err := b.store.SavePage(b.Context(), b.fence, stateless)
			b.must(err)
			_, err = b.store.SavePage(b.Context(), b.fence, workflows.PulledPage{Type: connector.TypeContact, Missing: []connector.ObjectID{"1"}})
			b.must(err)
			nowhere(b)
		}, []connector.ObjectID{"1"}},
		"never heard of": {nowhere, nil},
		"merged into somebody who is there": {func(b *bench) {
			b.must(b.store.SaveDecisions(b.Context(), b.fence, []workflows.Decided{known}))
			b.must(b.store.SaveDecisions(b.Context(), b.fence, []workflows.Decided{{ID: "1", Gone: true, Survivor: "2"}}))
			nowhere(b)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			w, k := newWorker(b), &keeper{bench: b}
			w.Reconciler.Store = k
			tc.script(b)
			b.must(w.Reconciler.Contacts(b.Context(), b.fence, []workflows.DueRow{{Type: connector.TypeContact, ID: "1", Hinted: true}}))
			if !slices.Equal(k.erased, tc.want) {
				t.Errorf("erased %v, want %v", k.erased, tc.want)
			}
		})
	}
}

// archive answers after somebody has restored what is asked for.
type archive struct {
	*crm
	restores map[connector.ObjectID]map[string]string
}

func (a *archive) Archived(context.Context, connector.ObjectType, []connector.ObjectID) ([]connector.ObjectID, error) {
	maps.Copy(a.props, a.restores)
	return nil, nil
}

// Who is restored after it was not there, and before it was looked for in the archive, was in neither place when it was
// asked for. It is not erased, and the next look decides about it, whether or not a webhook tells of it.
func TestReconcile_restoredBetweenTwoQuestions(t *testing.T) {
	b := newBench(t)
	w, k := newWorker(b), &keeper{bench: b}
	w.Reconciler.Store = k
	b.crm.props["1"], b.crm.props["2"] = reach("sql"), reach("sql")
	b.look(w, "1")
	b.look(w, "2")
	w.Reconciler.CRM = &archive{b.crm, map[connector.ObjectID]map[string]string{"1": b.crm.props["1"]}}
	delete(b.crm.props, "1")
	delete(b.crm.props, "2")
	for _, id := range []connector.ObjectID{"1", "2"} { // before anybody restores one
		b.must(b.store.Hint(b.Context(), portalID, []connector.Ref{{Type: connector.TypeContact, ID: id}}))
	}
	look := func() []connector.ObjectID {
		rows, err := b.store.Due(b.Context(), portalID, b.clock, []connector.ObjectType{connector.TypeContact}, 10)
		b.must(err)
		var ids []connector.ObjectID
		for _, row := range rows {
			if row.Hinted {
				ids = append(ids, row.ID)
			}
		}
		b.must(w.Reconciler.Contacts(b.Context(), b.fence, rows))
		return ids
	}
	if got, want := look(), []connector.ObjectID{"1", "2"}; !slices.Equal(got, want) {
		t.Errorf("looked at %v, want %v", got, want)
	}
	if want := []connector.ObjectID{"2"}; !slices.Equal(k.erased, want) {
		t.Errorf("erased %v, want %v", k.erased, want)
	}
	if got, want := look(), []connector.ObjectID{"1"}; !slices.Equal(got, want) {
		t.Errorf("then looked at %v, want %v", got, want)
	}
	records, err := b.store.Leads(b.Context(), portalID, []connector.ObjectID{"1"})
	b.must(err)
	if records[0].Contact.ID != "1" || records[0].Removed {
		t.Errorf("who was restored is %+v", records[0])
	}
}

// A survivor that names its loser is merged before it is decided, also if the loser is in the same batch and is
// looked at for the time that has passed only.
func TestReconcile_mergeInOneBatch(t *testing.T) {
	b := newBench(t)
	w := newWorker(b)
	w.Reconciler.Portal.Names.MergedIDs = "hs_merged_object_ids"
	b.crm.props["1"] = with(reach("sql"), "hs_lead_status", "NEW", "lifecyclestage", "salesqualifiedlead")
	b.look(w, "1")
	delete(b.crm.props, "1")
	b.crm.props["3"] = with(reach("sql"), "hs_lead_status", "NEW", "lifecyclestage", "salesqualifiedlead", "hs_merged_object_ids", "1;2")
	b.must(w.Reconciler.Contacts(b.Context(), b.fence, []workflows.DueRow{
		{Type: connector.TypeContact, ID: "1"}, {Type: connector.TypeContact, ID: "3", Hinted: true},
	}))
	records, err := b.store.Leads(b.Context(), portalID, []connector.ObjectID{"1", "3"})
	b.must(err)
	if records[0].MergedInto != "3" || records[1].State == nil || records[1].State.Root != "1" {
		t.Errorf("the loser is %+v, the survivor's state %+v", records[0], records[1].State)
	}
}

// Whose survivor was archived before anybody read it is in the archive too, and what is known of them is the survivor's if
// it is restored: it is no new lead with tasks of its own.
func TestReconcile_mergedIntoArchived(t *testing.T) {
	b := newBench(t)
	w, k := newWorker(b), &keeper{bench: b}
	w.Reconciler.Store = k
	w.Reconciler.Portal.Names.MergedIDs = "hs_merged_object_ids"
	b.crm.props["1"] = with(reach("sql"), "hs_lead_status", "NEW", "lifecyclestage", "salesqualifiedlead")
	b.look(w, "1")
	delete(b.crm.props, "1")
	b.must(w.Reconciler.Contacts(b.Context(), b.fence, []workflows.DueRow{{Type: connector.TypeContact, ID: "1", Hinted: true}}))
	if len(k.erased) != 0 {
		t.Errorf("erased %v", k.erased)
	}
	b.crm.props["3"] = with(reach("sql"), "hs_lead_status", "NEW", "lifecyclestage", "salesqualifiedlead", "hs_merged_object_ids", "1;2")
	b.crm.links = []connector.Link{{FromType: connector.TypeContact, FromID: "3", ToType: connector.TypeCall, ToID: "70"}}
	survivor := []workflows.DueRow{{Type: connector.TypeContact, ID: "3", Hinted: true}}
	b.must(w.Reconciler.Contacts(b.Context(), b.fence, survivor))
	b.must(w.Reconciler.Contacts(b.Context(), b.fence, survivor))
	records, err := b.store.Leads(b.Context(), portalID, []connector.ObjectID{"1", "3"})
	b.must(err)
	if records[1].Contact.ID != "3" {
		t.Errorf("the survivor is %+v", records[1])
	}
	if records[0].MergedInto != "3" || records[1].State == nil || records[1].State.Root != "1" {
		t.Errorf("the loser is %+v, the survivor's state %+v", records[0], records[1].State)
	}
	rows, err := b.store.Due(b.Context(), portalID, b.clock, []connector.ObjectType{connector.TypeCall}, 10)
	b.must(err)
	if len(rows) != 1 || rows[0].ID != "70" {
		t.Errorf("what belongs to the survivor is to be read again, since the loser's links went with it: %+v", rows)
	}
}

// Only a privacy deletion of a contact erases one: numbers of other kinds of record are other things.
func TestReceive_privacyOfAnotherKind(t *testing.T) {
	for kind, want := range map[connector.ObjectType]int{connector.TypeContact: 1, connector.TypeCompany: 0} {
		inbox := &counting{}
		r := &workflows.Receiver{Store: inbox, Known: []connector.PortalID{portalID}, Wake: func(connector.PortalID) {}}
		_, err := r.Receive(t.Context(), []byte("[]"), []connector.Event{{Portal: portalID, Kind: connector.EventPrivacy, Type: kind, ID: "7"}})
		if err != nil || inbox.erased != want {
			t.Errorf("%s: erased %d, want %d, %v", kind, inbox.erased, want, err)
		}
	}
}

type counting struct{ erased int }

func (*counting) Receive(context.Context, workflows.Delivery) (workflows.Received, error) {
	return workflows.Received{}, nil
}

func (c *counting) Erase(context.Context, connector.PortalID, connector.ObjectID) error {
	c.erased++
	return nil
}

// aware notes for what the CRM was asked.
type aware struct {
	*crm
	purposes map[string]connector.Purpose
}

func (a *aware) FindByKey(ctx context.Context, t connector.ObjectType, refs []connector.KeyRef) (map[string]connector.KeyState, error) {
	a.purposes["find"] = connector.PurposeOf(ctx)
	return a.crm.FindByKey(ctx, t, refs)
}

func (a *aware) Links(ctx context.Context, from, to connector.ObjectType, ids []connector.ObjectID) ([]connector.Link, error) {
	a.purposes["links"] = connector.PurposeOf(ctx)
	return a.crm.Links(ctx, from, to, ids)
}

func (a *aware) AssertLinks(ctx context.Context, links []connector.Link) error {
	a.purposes["assert"] = connector.PurposeOf(ctx)
	return a.crm.AssertLinks(ctx, links)
}

// What is looked up to be sure is counted as such, what is written is not.
func TestPush_purposes(t *testing.T) {
	b := newBench(t)
	a := &aware{crm: b.crm, purposes: map[string]connector.Purpose{}}
	b.pusher.Look = a
	b.crm.things["k"] = connector.KeyState{ID: "42"}
	b.plan(task("k", "1"), dealEntry("d", "2"))
	b.crash(workflows.KindTask)
	b.must(b.push())
	for call, want := range map[string]connector.Purpose{
		"find": connector.PurposeVerify, "links": connector.PurposeVerify, "assert": connector.PurposePush,
	} {
		if a.purposes[call] != want {
			t.Errorf("%s: %q, want %q", call, a.purposes[call], want)
		}
	}
}

// A kind of record that the account refuses to show holds up neither contacts nor effects; one that cannot be had
// just now is wanted again.
func TestWorker_refusedChore(t *testing.T) {
	for name, tc := range map[string]struct {
		fault   error
		pending int
		pushed  bool
	}{
		"a scope that was taken away": {connector.ErrForbidden, 0, true},
		"out of order":                {connector.ErrUnavailable, 1, true},
		"the whole account":           {connector.ErrThrottled, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			w := newWorker(b)
			b.crm.fail["Changed deal"] = fault(tc.fault)
			b.crm.props["1"] = reach("sql")
			b.hint("1")
			w.Schedule.Want(workflows.SweepOf(connector.TypeDeal))
			_, err := w.Step(t.Context(), b.fence)
			if (err == nil) != tc.pushed || (b.crm.props["1"]["lifecyclestage"] != "") != tc.pushed || w.Schedule.Pending() != tc.pending {
				t.Errorf("error %v, contact %v, %d chores pending; want work done %v, %d pending", err, b.crm.props["1"], w.Schedule.Pending(), tc.pushed, tc.pending)
			}
		})
	}
}
