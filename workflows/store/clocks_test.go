package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

func running(rule string, at time.Time) workflows.Clock {
	return workflows.Clock{Rule: rule, StartedAt: at, DueAt: at.Add(4 * time.Hour), State: workflows.ClockDue, Team: "north", Source: "ads"}
}

func outcomes(root connector.ObjectID, o workflows.Outcomes) workflows.LeadState {
	return workflows.LeadState{Root: root, Outcomes: o}
}

func TestClocks(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		first, second := running("a", business), running("a", business.Add(time.Hour))
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", State: outcomes("1", workflows.Outcomes{Clocks: []workflows.Clock{first}})}}))
		met := first
		met.State, met.MetAt, met.Took = workflows.ClockMet, business.Add(2*time.Hour), 90*time.Minute
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", State: outcomes("1", workflows.Outcomes{Clocks: []workflows.Clock{met}})}}))
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", State: outcomes("1", workflows.Outcomes{Clocks: []workflows.Clock{second}})}}))
		got, err := b.store.Clocks(b.ctx, portal, business)
		b.must(err)
		want := []workflows.Measured{
			{Rule: "a", Team: "north", Source: "ads", State: workflows.ClockMet, StartedAt: business, Answered: true, Took: 90 * time.Minute},
			{Rule: "a", Team: "north", Source: "ads", State: workflows.ClockDue, StartedAt: business.Add(time.Hour)},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			b.Errorf("runs (-want +got):\n%s", diff)
		}
		if later, err := b.store.Clocks(b.ctx, portal, business.Add(time.Minute)); err != nil || len(later) != 1 {
			b.Errorf("since later: %v %v", later, err)
		}
		counts, err := b.store.ClockCount(b.ctx, portal)
		b.must(err)
		if diff := cmp.Diff([]workflows.ClockCount{{Rule: "a", State: "due", Count: 1}, {Rule: "a", State: "met", Count: 1}}, counts); diff != "" {
			b.Errorf("counts (-want +got):\n%s", diff)
		}
	})
}

// The survivor has what was measured of both, and one clock that goes on.
func TestMergeOfOutcomes(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		old, own, other := running("a", business), running("a", business.Add(time.Hour)), running("b", business)
		entered := workflows.Qualified{Stage: "mql", At: business, Carrier: workflows.CarrierHand}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{
			{ID: "1", State: outcomes("1", workflows.Outcomes{
				Clocks: []workflows.Clock{old, other}, Qualified: []workflows.Qualified{entered}, Recycles: 1,
				Cooling: &workflows.Cooling{End: "unqualified", Until: business.Add(time.Hour)},
			})},
			{ID: "2", State: outcomes("2", workflows.Outcomes{Clocks: []workflows.Clock{own}, Recycles: 2})},
		}))
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", Gone: true, Survivor: "2"}}))
		got := b.lead("2").State.Outcomes
		want := workflows.Outcomes{
			Clocks: []workflows.Clock{own, other}, Qualified: []workflows.Qualified{entered}, Recycles: 3,
			Cooling: &workflows.Cooling{End: "unqualified", Until: business.Add(time.Hour)},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			b.Errorf("state (-want +got):\n%s", diff)
		}
		if n := b.count("SELECT COUNT(*) FROM clocks WHERE contact = '2'"); n != 3 {
			b.Errorf("%d runs", n)
		}
		if n := b.count("SELECT COUNT(*) FROM clocks WHERE contact = '2' AND state = 'due'"); n != 2 {
			b.Errorf("%d clocks run", n)
		}
		if n := b.count("SELECT COUNT(*) FROM clocks WHERE contact = '1'") + b.count("SELECT COUNT(*) FROM qualifications WHERE contact = '1'"); n != 0 {
			b.Errorf("the loser keeps %d rows", n)
		}
	})
}

// To delete a lead is proposed, with the reason, and no more once the judgement is taken back; nothing is deleted (S94).
func TestProposals(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		judged := func(id connector.ObjectID, outcome scoring.MisjudgedOutcome, after time.Duration) workflows.Decided {
			j := &workflows.Judged{End: "fake", Outcome: outcome, At: business.Add(after), Reason: "robot"}
			q := workflows.Qualified{Stage: "mql", At: business, Carrier: "x", JudgedAt: j.At, End: j.End, Outcome: outcome, Reason: j.Reason}
			return workflows.Decided{ID: id, State: outcomes(id, workflows.Outcomes{Judged: j, Qualified: []workflows.Qualified{q}})}
		}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{
			judged("1", scoring.OutcomeDelete, time.Hour), judged("2", scoring.OutcomeMark, 0), judged("3", scoring.OutcomeDelete, 0),
		}))
		list, all, err := b.store.Proposals(b.ctx, portal, 1)
		b.must(err)
		want := []workflows.Proposal{{Contact: "3", End: "fake", Reason: "robot", Since: business}}
		if diff := cmp.Diff(want, list); diff != "" || all != 2 {
			b.Errorf("%d proposals (-want +got):\n%s", all, diff)
		}
		entered, err := b.store.Qualified(b.ctx, portal, business)
		b.must(err)
		if len(entered) != 3 || entered[0].Reason != "robot" || !entered[0].JudgedAt.Equal(business.Add(time.Hour)) {
			b.Errorf("qualified: %+v", entered)
		}
		// Taken back, gone from the CRM: proposed no more.
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", State: outcomes("1", workflows.Outcomes{})}, {ID: "3", Gone: true}}))
		if _, all, err := b.store.Proposals(b.ctx, portal, 5); err != nil || all != 0 {
			b.Errorf("%d proposals are left: %v", all, err)
		}
	})
}

// A contact that is gone waits for no answer; one that must not be profiled is not measured.
func TestOutcomesOfThoseWhoLeave(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		o := workflows.Outcomes{Clocks: []workflows.Clock{running("a", business)}, Qualified: []workflows.Qualified{{Stage: "mql", At: business}}}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", State: outcomes("1", o)}, {ID: "2", State: outcomes("2", o)}}))
		private := outcomes("2", workflows.Outcomes{})
		private.Unprofiled = business
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", Gone: true}, {ID: "2", State: private}}))
		if n := b.count("SELECT COUNT(*) FROM clocks WHERE contact = '1' AND state = 'ended'"); n != 1 {
			b.Errorf("the clock of a contact that is gone runs")
		}
		if n := b.count("SELECT COUNT(*) FROM clocks WHERE contact = '2'") + b.count("SELECT COUNT(*) FROM qualifications WHERE contact = '2'"); n != 0 {
			b.Errorf("%d rows of a contact that must not be profiled", n)
		}
		b.exec("UPDATE clocks SET started_at = 0")
		b.exec("UPDATE qualifications SET entered_at = 0")
		_, err := b.pruneAll(24 * time.Hour)
		b.must(err)
		if n := b.count("SELECT COUNT(*) FROM clocks") + b.count("SELECT COUNT(*) FROM qualifications"); n != 0 {
			b.Errorf("%d measurements are left after more than a year", n)
		}
	})
}
