package workflows_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// changed lets a property have a value from so long before now, as the history tells it; the last one stands.
func (p *person) changed(property, value string, ago time.Duration, origin connector.Origin) *person {
	p.record.Observations = append(slices.Clone(p.record.Observations), workflows.Observation{
		Property: property, Value: value, At: p.now.Add(-ago), Known: workflows.KnownHistory, Origin: origin, Source: strings.ToUpper(string(origin)),
	})
	p.record.ReadAt, p.record.Told = p.now, true
	return p.set(map[string]string{property: value})
}

// was changes the lead status.
func (p *person) was(status string, ago time.Duration, origin connector.Origin) *person {
	return p.changed("hs_lead_status", status, ago, origin)
}

const (
	aPerson  = connector.OriginPerson
	aMachine = connector.OriginMachine
	leadsync = connector.OriginOwn
)

// attempted is a contact whose status a person has set, and which was looked at since.
func attempted(t *testing.T) *person {
	p := newPerson(t, reach("sql"))
	p.step()
	p.after(time.Hour).was("NEW", 50*time.Minute, leadsync).was("ATTEMPTED_TO_CONTACT", 30*time.Minute, aPerson)
	p.step()
	p.record.Told = false
	return p.after(10 * time.Hour)
}

func TestPlan_betweenTwoLooks(t *testing.T) {
	const hour = time.Hour
	entered := []string{"amend call again"}
	for name, tc := range map[string]struct {
		happen func(p *person)
		want   []string
		params map[string]string // but for seen
		seen   string            // statuses on the way, with who set them
	}{
		"nothing": {happen: func(*person) {}, want: []string{}},
		"left and entered once more": {
			happen: func(p *person) {
				p.was("IN_PROGRESS", 5*hour, aPerson).was("ATTEMPTED_TO_CONTACT", 2*hour, aPerson)
			},
			want: entered, params: map[string]string{"origin": "person", "source": "PERSON"}, seen: "in_progress person, attempted person",
		},
		"twice is one episode": {
			happen: func(p *person) {
				p.was("NEW", 5*hour, aPerson).was("ATTEMPTED_TO_CONTACT", 4*hour, aPerson).was("", 3*hour, aMachine).was("ATTEMPTED_TO_CONTACT", 2*hour, aMachine)
			},
			want: entered, params: map[string]string{"origin": "machine", "source": "MACHINE"}, seen: "new person, attempted person, none machine, attempted machine",
		},
		"what was passed starts nothing": {
			happen: func(p *person) { p.was("OPEN_DEAL", 5*hour, aPerson).was("BAD_TIMING", 2*hour, aPerson) },
			want:   []string{"close call again", "task try later"}, params: map[string]string{"origin": "person", "source": "PERSON"}, seen: "open_deal person, bad_timing person",
		},
		"a slip of the hand": {
			happen: func(p *person) {
				p.was("OPEN_DEAL", 2*hour, aPerson).was("ATTEMPTED_TO_CONTACT", 2*hour-59*time.Second, aPerson)
			},
			want: []string{}, params: map[string]string{"origin": "person", "source": "PERSON"}, seen: "open_deal person, attempted person",
		},
		"a slip of the hand after a talk": {
			happen: func(p *person) {
				p.call("CONNECTED", 3*hour)
				p.was("OPEN_DEAL", 2*hour, aPerson).was("ATTEMPTED_TO_CONTACT", 2*hour-59*time.Second, aPerson)
			},
			want: []string{}, params: map[string]string{"origin": "person", "source": "PERSON"}, seen: "open_deal person, attempted person",
		},
		"a talk after a slip of the hand": {
			happen: func(p *person) {
				p.was("OPEN_DEAL", 2*hour, aPerson).was("ATTEMPTED_TO_CONTACT", 2*hour-59*time.Second, aPerson)
				p.call("CONNECTED", hour)
			},
			want: []string{"status in_progress", "close call again"}, params: map[string]string{"origin": "person", "source": "PERSON"}, seen: "open_deal person, attempted person",
		},
		"set again without leaving": {happen: func(p *person) { p.was("ATTEMPTED_TO_CONTACT", 2*hour, aPerson) }, want: []string{}},
		"leadsync brought it back": {
			happen: func(p *person) {
				p.was("NEW", 5*hour, aPerson).was("ATTEMPTED_TO_CONTACT", 2*hour, leadsync)
			},
			want: []string{}, params: map[string]string{"origin": "own", "source": "OWN"}, seen: "new person, attempted own",
		},
		"another machine is somebody": {
			happen: func(p *person) { p.was("BAD_TIMING", 2*hour, aMachine) },
			want:   []string{"close call again", "task try later"}, params: map[string]string{"origin": "machine", "source": "MACHINE"},
		},
		"leadsync's own write is nobody's": {happen: func(p *person) { p.was("BAD_TIMING", 2*hour, leadsync) }, want: []string{"close call again"}},
		"a write that was lost": {
			happen: func(p *person) { // what was planned last never arrived: the status stands as it was considered before
				state := *p.record.State
				state.Status, p.record.State, p.record.Told = "in_progress", &state, true
			},
			want: []string{},
		},
		"the history lags": {
			happen: func(p *person) { p.status("BAD_TIMING"); p.record.Told = true },
			want:   []string{"close call again", "task try later"},
		},
		"an update is under way": {
			happen: func(p *person) {
				p.was("NEW", 5*hour, aPerson).was("ATTEMPTED_TO_CONTACT", 2*hour, aPerson)
				p.record.Pending = map[string]string{"hs_lead_status": "BAD_TIMING"}
				state := *p.record.State
				state.Status, p.record.State = "bad_timing", &state
			},
			want: []string{"close call again"}, seen: "new person, attempted person", params: map[string]string{"origin": "person", "source": "PERSON"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := attempted(t)
			tc.happen(p)
			planned := p.step()
			if name == "an update is under way" { // only that nothing is entered once more
				if slices.Contains(brief(planned), "task call again") {
					t.Errorf("entered once more: %v", brief(planned))
				}
				return
			}
			if diff := cmp.Diff(tc.want, brief(planned)); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
			params, seen := map[string]string{}, ""
			for k, v := range planned.Reason.Params {
				if k != workflows.ParamSeen {
					params[k] = v
				}
			}
			for one := range strings.SplitSeq(planned.Reason.Params[workflows.ParamSeen], ", ") {
				if words := strings.Fields(one); len(words) == 3 {
					seen = strings.TrimPrefix(seen+", "+words[0]+" "+words[2], ", ")
				}
			}
			if diff := cmp.Diff(tc.params, params); diff != "" && len(tc.params)+len(params) > 0 {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
			if seen != tc.seen {
				t.Errorf("seen %q, want %q", seen, tc.seen)
			}
			p.record.Told = true // reading the same history once more
			if again := p.after(time.Hour).plan(); len(brief(again)) > 0 {
				t.Errorf("with the same history again: %v", brief(again))
			}
		})
	}
}

// A loaded contact whose status is left and entered once more is released: somebody works on it.
func TestPlan_heldAndEnteredOnceMore(t *testing.T) {
	p := loaded(t, with(reach("lead"), "hs_lead_status", "ATTEMPTED_TO_CONTACT"))
	p.step()
	p.after(10*time.Hour).was("IN_PROGRESS", 5*time.Hour, aPerson).was("ATTEMPTED_TO_CONTACT", 2*time.Hour, aPerson)
	if diff := cmp.Diff([]string{"stage lead", "task call again"}, brief(p.step())); diff != "" || p.record.State.Held {
		t.Errorf("held %v (-want +got):\n%s", p.record.State.Held, diff)
	}
}

// Before the load is not between two looks.
func TestPlan_historyFromBeforeTheLoad(t *testing.T) {
	p := loaded(t, with(reach("lead"), "hs_lead_status", "ATTEMPTED_TO_CONTACT"))
	p.step()
	p.was("IN_PROGRESS", 50*time.Hour, aPerson).was("ATTEMPTED_TO_CONTACT", 20*time.Hour, aPerson)
	if planned := p.after(time.Hour).step(); len(brief(planned)) > 0 || !p.record.State.Held {
		t.Errorf("held %v: %v", p.record.State.Held, brief(planned))
	}
}

// A stage that was passed between two looks counts as entered: leadsync does not move the contact there again.
func TestPlan_passedStage(t *testing.T) {
	for name, origin := range map[string]connector.Origin{"by a person": aPerson, "by leadsync, counted when planned": leadsync} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, with(reach("lead"), "lifecyclestage", "lead"))
			p.step()
			p.after(10*time.Hour).changed("lifecyclestage", "salesqualifiedlead", 5*time.Hour, origin).changed("lifecyclestage", "lead", 2*time.Hour, aPerson)
			p.was("NEW", 3*time.Hour, aPerson).set(reach("sql"))
			want := []string{"task first contact"}
			if origin == leadsync {
				want = []string{"stage sql", "task first contact"}
			}
			if diff := cmp.Diff(want, brief(p.step())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The history of a first load dates stage and status and knows the stages from before.
func TestBaseline_history(t *testing.T) {
	p := newPerson(t, nil)
	p.changed("lifecyclestage", "customer", 90*24*time.Hour, aPerson).changed("lifecyclestage", "lead", 30*24*time.Hour, aPerson)
	p.was("NEW", 20*24*time.Hour, aPerson)
	state := workflows.Baseline(p.portal, p.model, p.record, p.now)
	since := func(days int) time.Time { return p.now.AddDate(0, 0, -days) }
	if state.Stage != "lead" || state.Furthest != "customer" || !state.StageSince.Equal(since(30)) || !state.StatusSince.Equal(since(20)) {
		t.Errorf("stage %s since %s, furthest %s, status since %s", state.Stage, state.StageSince, state.Furthest, state.StatusSince)
	}
}

// Another model, switch or source is no change of a held contact; what was read just now is.
func TestPlan_anotherModelReleasesNobody(t *testing.T) {
	p := newPerson(t, with(reach("sql"), "num_conversion_events", "1", "recent_conversion_date", "2026-11-01T09:00:00Z"))
	p.record.Observations = p.readings()
	state := workflows.Baseline(p.portal, p.model, p.record, p.now)
	p.record.State = &state
	p.step()
	p.portal.Off = []string{"form"}
	if planned := p.step(); len(brief(planned)) > 0 || !p.record.State.Held {
		t.Errorf("switching a source off: held %v, %v", p.record.State.Held, brief(planned))
	}
	p.set(map[string]string{"budget": "5"})
	if p.step(); p.record.State.Held {
		t.Error("a change afterwards does not release")
	}
}

// TestPlan_lastWordStays: a person who sets what leadsync was about to write changes nothing by it, but has the last word:
// no activity from before that sets a status, at whatever look it is seen. One from after it does.
func TestPlan_lastWordStays(t *testing.T) {
	talk := []string{"status in_progress", "close call again"}
	for name, tc := range map[string]struct {
		origin connector.Origin
		ago    time.Duration // of the call that is seen at another look, an hour later
		want   []string
	}{
		"a talk from before, seen late":           {aPerson, 100 * time.Minute, []string{}},
		"a talk from after":                       {aPerson, 80 * time.Minute, talk},
		"a talk from before leadsync's own write": {leadsync, 100 * time.Minute, talk},
		"a talk from before a machine's write":    {aMachine, 100 * time.Minute, talk}, // our own looks so where the app is not known
	} {
		t.Run(name, func(t *testing.T) {
			p := attempted(t)
			p.was("ATTEMPTED_TO_CONTACT", 30*time.Minute, tc.origin)
			if got := brief(p.step()); len(got) != 0 {
				t.Fatalf("the choice of what it is already: %v", got)
			}
			p.record.Told = false
			p.after(time.Hour).call("CONNECTED", tc.ago)
			if diff := cmp.Diff(tc.want, brief(p.step())); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
		})
	}
}
