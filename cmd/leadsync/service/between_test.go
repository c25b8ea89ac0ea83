package service_test

import (
	"strings"
	"testing"
	"time"

	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
)

// What a rep did to the lead status between two looks (rule 12 of a plan): however often a status was entered and
// left meanwhile, it is one episode more, with one open task, and none if it was left for less than a minute.
func TestBetweenTwoLooks(t *testing.T) {
	const attempted, talking, rule = "ATTEMPTED_TO_CONTACT", "IN_PROGRESS", "call again"
	type deed struct {
		status string
		after  time.Duration
	}
	for name, tc := range map[string]struct {
		before string // the status at the last look
		deeds  []deed
		more   int // episodes
		seen   []string
	}{
		"entered, left and entered within a second": {
			before: "NEW", more: 1, seen: []string{"attempted", "in_progress", "attempted"},
			deeds: []deed{{attempted, 0}, {talking, 300 * time.Millisecond}, {attempted, 300 * time.Millisecond}},
		},
		"left for a while, and entered once more": {
			before: attempted, more: 1, seen: []string{"in_progress", "attempted"},
			deeds: []deed{{talking, 0}, {attempted, 5 * time.Minute}},
		},
		"left and entered twice": {
			before: attempted, more: 1, seen: []string{"in_progress", "attempted", "in_progress", "attempted"},
			deeds: []deed{{talking, 0}, {attempted, 5 * time.Minute}, {talking, time.Minute}, {attempted, 5 * time.Minute}},
		},
		"a slip of the hand": {
			before: attempted, seen: []string{"in_progress", "attempted"},
			deeds: []deed{{talking, 0}, {attempted, 20 * time.Second}},
		},
		"passed only": {
			before: "NEW", seen: []string{"attempted", "in_progress"},
			deeds: []deed{{attempted, 0}, {talking, 5 * time.Minute}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, rigOptions{webhooks: true})
			r.start()
			id := r.must(r.account.CreateContact(user(), decisionMaker("Ebert")))
			if err := r.account.SubmitForm(id, "Demo anfordern", r.world()); err != nil {
				t.Fatal(err)
			}
			r.settle()
			set := func(status string) {
				t.Helper()
				if err := r.account.Set(user(), contacts, id, map[string]string{"hs_lead_status": status}); err != nil {
					t.Fatal(err)
				}
			}
			r.advance(10 * time.Minute)
			if r.prop(id, "hs_lead_status") != tc.before {
				set(tc.before)
			}
			r.settle()
			episodes := r.episodes(id)[rule]
			r.advance(10 * time.Minute)
			r.stop() // nobody looks while the rep works; what the webhooks tell is kept
			for _, d := range tc.deeds {
				r.advance(d.after)
				set(d.status)
			}
			r.eventually("deliveries", func() bool { return r.account.Pending().Total() == 0 })
			r.again()
			r.start()
			if got := r.episodes(id)[rule] - episodes; got != tc.more {
				t.Errorf("%d new episodes, want %d", got, tc.more)
			}
			want := 0
			if tc.deeds[len(tc.deeds)-1].status == attempted {
				want = 1
			}
			if got := r.open(); len(got) != want {
				t.Errorf("%d open tasks, want %d: %v", len(got), want, got)
			}
			decisions, err := r.store.Decisions(t.Context(), "48000001", connector.ObjectID(id), 10)
			if err != nil {
				t.Fatal(err)
			}
			seen := ""
			for _, d := range decisions {
				if seen == "" {
					seen = d.Reason.Params["seen"]
				}
			}
			values := strings.Split(seen, ", ")
			if len(values) != len(tc.seen) {
				t.Fatalf("the decision lists %q, want %v", seen, tc.seen)
			}
			for i, value := range values {
				if !strings.HasPrefix(value, tc.seen[i]+" ") {
					t.Errorf("value %d is %q, want %s", i, value, tc.seen[i])
				}
			}
		})
	}
}

// episodes are those that leadsync has counted for a contact.
func (r *rig) episodes(id string) map[string]int {
	r.t.Helper()
	leads, err := r.store.Leads(r.t.Context(), "48000001", []connector.ObjectID{connector.ObjectID(id)})
	if err != nil || leads[0].State == nil {
		r.t.Fatalf("lead %s: %v", id, err)
	}
	return leads[0].State.Episodes
}

func TestFeedHealth_text(t *testing.T) {
	for text, h := range map[string]service.FeedHealth{
		"no webhooks: changes are known with the next sweep":                                                                      {},
		"no change in the last 24 h; 0 changes in the last 24 h were not announced (0 more announced late)":                       {Measured: true},
		"99 % of changes were known within 5 s; 1 change in the last 24 h was not announced (2 more announced late)":              {Measured: true, KnownWithin: 5, Unannounced: 1, Late: 2},
		"more than 1 % of changes took longer than 3600 s; 3 changes in the last 24 h were not announced (0 more announced late)": {Measured: true, Unannounced: 3, Delays: []service.DelayCount{{Count: 9}}},
	} {
		if got := h.Text(); got != text {
			t.Errorf("got  %s\nwant %s", got, text)
		}
	}
}
