package workflows_test

import (
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"leadsync/workflows"
)

// deed is one thing that happens to a contact.
func deed(r *rapid.T, p *person) {
	switch rapid.IntRange(0, 9).Draw(r, "deed") {
	case 0:
		p.status(rapid.SampledFrom([]string{"", "NEW", "ATTEMPTED_TO_CONTACT", "BAD_TIMING", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "CONNECTED"}).Draw(r, "status"))
	case 1:
		p.stage(rapid.SampledFrom([]string{"", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist", "other", "4711"}).Draw(r, "stage"))
	case 2, 3:
		ago := time.Duration(rapid.IntRange(-2, 30).Draw(r, "hours ago")) * time.Hour
		p.call(rapid.SampledFrom([]string{noAnswer, connected, "left_message"}).Draw(r, "outcome"), ago)
	case 4:
		n, _ := strconv.Atoi(p.record.Contact.Properties["num_conversion_events"])
		p.set(map[string]string{"num_conversion_events": strconv.Itoa(n + rapid.IntRange(-1, 3).Draw(r, "forms")), "recent_conversion_date": p.now.Format(time.RFC3339), "recent_conversion_event_name": rapid.SampledFrom([]string{demo, "Newsletter"}).Draw(r, "form")})
	case 5:
		p.set(reach(rapid.SampledFrom([]string{"lead", "mql", "sql", "other"}).Draw(r, "reach")))
	case 6:
		p.set(map[string]string{rapid.SampledFrom([]string{"budget", "vip", "email", "jobtitle"}).Draw(r, "cleared"): ""})
	case 7:
		p.deal(rapid.Bool().Draw(r, "closed"), rapid.Bool().Draw(r, "won"))
	case 8:
		p.record.Deals = nil
	default:
		p.after(time.Duration(rapid.IntRange(1, 24*40).Draw(r, "hours")) * time.Hour)
	}
	p.after(time.Minute)
	p.record.Observations = p.readings()
}

func someone(r *rapid.T) *person {
	birth := newPerson
	if rapid.Bool().Draw(r, "loaded") {
		birth = loaded
	}
	p := birth(r, reach(rapid.SampledFrom([]string{"lead", "mql", "sql", "other"}).Draw(r, "first")))
	for _, c := range slices.Sorted(maps.Keys(allOn())) {
		p.portal.Modes[c] = rapid.SampledFrom([]workflows.Mode{workflows.ModeOn, workflows.ModeOn, workflows.ModeOn, workflows.ModeShadow, workflows.ModeOff}).Draw(r, string(c))
	}
	return p
}

// What was planned and has arrived is never planned again, whatever happened before.
func TestPlan_settles(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := someone(r)
		for range rapid.IntRange(1, 25).Draw(r, "deeds") {
			p.step()
			if again := p.plan(); len(again.Actions)+len(again.Entries)+len(again.CancelKeys) != 0 || again.Reason.Code == workflows.ReasonPlanned {
				r.Fatalf("planned a second time: %v", again.Actions)
			}
			deed(r, p)
		}
	})
}

// The model never moves a contact back, nor to where it was before; a side track is the end of its moves.
func TestPlan_movesForwardOnly(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := someone(r)
		rank := func(stage string) int {
			if stage == "other" {
				return len(p.portal.Order) + 1
			}
			return slices.Index(p.portal.Order, stage) + 1
		}
		high := 0
		for range rapid.IntRange(1, 25).Draw(r, "deeds") {
			high = max(high, rank(workflows.LeadOf(p.portal, p.model, p.record).Stage))
			planned := p.step()
			for _, a := range planned.Actions {
				if a.Class != workflows.ClassStage {
					continue
				}
				if rank(a.To) <= high {
					r.Fatalf("moved from %q to %q although it has been at rank %d", a.From, a.To, high)
				}
				if a.Mode == workflows.ModeOn {
					high = rank(a.To)
				}
			}
			deed(r, p)
		}
	})
}

// A contact has at most one open task of a kind, none of a status that it does not have, no key twice, and
// nothing is closed or amended that is not open.
func TestPlan_tasks(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := someone(r)
		p.portal.Modes = allOn()
		open, seen := map[string]string{}, map[string]bool{} // by key: the rule
		for range rapid.IntRange(1, 25).Draw(r, "deeds") {
			p.last = p.step()
			for _, a := range p.last.Actions {
				switch a.Kind {
				case workflows.KindTask, workflows.KindDeal:
					if a.Mode == workflows.ModeOff {
						continue // it says that a deal is open already
					}
					if seen[a.Key] {
						r.Fatalf("key %q of %q twice", a.Key, a.Rule)
					}
					seen[a.Key] = true
					if a.Kind == workflows.KindTask {
						open[a.Key] = a.Rule
					}
				case workflows.KindAmend:
					if seen[a.Key] {
						r.Fatalf("key %q of %q twice", a.Key, a.Rule)
					}
					seen[a.Key] = true
					old := amended(r, p, a.Key)
					if open[old] == "" {
						r.Fatalf("%q amends %q, which is not open", a.Key, old)
					}
					delete(open, old)
					open[a.Key] = a.Rule
				case workflows.KindClose:
					key := a.Key[len("close/"):]
					if open[key] == "" {
						r.Fatalf("%q closes what is not open", a.Key)
					}
					delete(open, key)
				case workflows.KindUpdate, workflows.KindBack, workflows.KindList, workflows.KindCompany, workflows.KindDelete:
				}
			}
			status := workflows.LeadOf(p.portal, p.model, p.record).Status
			rules := slices.Sorted(maps.Values(open))
			kinds := map[string]bool{}
			for _, f := range p.model.FollowUps() {
				if f.Task == nil || !slices.Contains(rules, f.Name) {
					continue
				}
				if kinds[f.Task.Kind] {
					r.Fatalf("open tasks %v, two of them of one kind", rules)
				}
				kinds[f.Task.Kind] = true
			}
			if len(slices.Compact(slices.Clone(rules))) != len(rules) {
				r.Fatalf("open tasks %v", rules)
			}
			for _, f := range p.model.FollowUps() {
				if f.OnStatus != "" && f.OnStatus != status && !p.record.State.Held && slices.Contains(rules, f.Name) {
					r.Fatalf("status %q, open task of %q", status, f.Name)
				}
			}
			deed(r, p)
		}
	})
}

// amended is the key that an amendment of the last plan replaces.
func amended(r *rapid.T, p *person, key string) string {
	for _, e := range p.last.Entries {
		if e.Key == key {
			return decoded[workflows.AmendPayload](r, e).Old
		}
	}
	r.Fatalf("no entry %q", key)
	return ""
}

// The order in which the store hands out what it knows does not matter.
func TestPlan_orderIsIrrelevant(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := someone(r)
		for range rapid.IntRange(1, 12).Draw(r, "deeds") {
			deed(r, p)
		}
		before := p.plan()
		p.record.Activities = rapid.Permutation(p.record.Activities).Draw(r, "activities")
		p.record.Observations = append(rapid.Permutation(p.record.Observations).Draw(r, "observations"), p.record.Observations...)
		p.record.Deals = rapid.Permutation(p.record.Deals).Draw(r, "deals")
		if after := p.plan(); !slices.Equal(after.State.Prints, before.State.Prints) || !slices.Equal(brief(after), brief(before)) {
			r.Fatalf("%v, in another order %v", brief(before), brief(after))
		}
	})
}
