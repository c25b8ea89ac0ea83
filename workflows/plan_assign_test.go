package workflows_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/scoring/calendar"
	"leadsync/workflows"
)

const inside = `assignments:
  inside sales:
    sets_owner: true
    entries:
      - {when: 'industry == "Mining"', people: [maria]}
      - {people: [jonas, ada]}
  round: {entries: [{people: [jonas, ada]}]}
`

// working is a new contact in a portal with people, whose first call is for whom the model says.
func working(t *testing.T, whom string, props ...string) *person {
	t.Helper()
	text, err := os.ReadFile("testdata/model.yaml")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "follow_ups:\n", inside+"follow_ups:\n", 1)
	changed = strings.Replace(changed, "task: {kind: call, due: 1wd,", "task: {kind: call, for: "+whom+", due: 1wd,", 1)
	p := newPerson(t, with(reach("sql"), props...))
	if p.model, err = scoring.Parse("working.yaml", []byte(changed)); err != nil {
		t.Fatal(err)
	}
	p.portal.Modes[workflows.ClassOwner] = workflows.ModeOn
	p.portal.Names.DealOwner = "deal_owner"
	p.portal.People = map[string]workflows.Person{
		"maria": {Owner: "m"}, "jonas": {Owner: "j", Deputy: "ada"}, "ada": {Owner: "a", Deputy: "maria"}, "jana": {Owner: "jana"}, "leo": {Owner: "left"},
	}
	for _, id := range []string{"m", "j", "a", "fallback"} {
		p.owners[id] = connector.Owner{ID: id, Active: true, Person: true}
	}
	return p
}

// off is an absence of whole days from Monday on.
func (p *person) off(name string, days int) *person {
	one := p.portal.People[name]
	one.Absences = []workflows.Absence{{Absence: calendar.Absence{From: monday, To: monday.AddDate(0, 0, days-1), Days: true}}}
	p.portal.People[name] = one
	return p
}

// given is whose the first call is, when it is due, and how that came about.
func given(t *testing.T, planned workflows.Planned) (owner string, due time.Time, why []string) {
	t.Helper()
	task := decoded[connector.Task](t, entryOf(t, planned, workflows.KindTask, workflows.ClassTask))
	for _, a := range planned.Actions {
		if a.Kind == workflows.KindTask {
			for _, r := range a.Assigned {
				why = append(why, workflows.RenderReason("en", r))
			}
		}
	}
	return task.OwnerID, task.DueAt, why
}

func TestAssign_givesTheWorkToWhomTheModelSays(t *testing.T) {
	tuesday := time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, whom string
		props      []string
		prepare    func(*person)
		owner      string
		due        time.Time
		why        []string
	}{
		{"the owner", "owner", []string{"hubspot_owner_id", "jana"}, nil, "jana", tuesday, nil},
		{"an owner who has left", "owner", []string{"hubspot_owner_id", "left"}, nil, "fallback", tuesday, []string{"owner left has left or cannot be given work, so owner fallback stands in"}},
		{"no owner", "owner", nil, nil, "fallback", tuesday, nil},
		{
			"a fallback who has left is nobody", "owner",
			[]string{"hubspot_owner_id", "queue"},
			func(p *person) { p.owners["fallback"] = connector.Owner{ID: "fallback", Person: true} }, "", tuesday,
			[]string{"owner queue has left or cannot be given work, and there is no fallback"},
		},
		{"a person", "maria", []string{"hubspot_owner_id", "jana"}, nil, "m", tuesday, nil},
		{"a person who has left", "leo", []string{"hubspot_owner_id", "jana"}, nil, "fallback", tuesday, []string{"owner left has left or cannot be given work, so owner fallback stands in"}},
		{"the owner of the newest open deal", "deal_owner", []string{"hubspot_owner_id", "jana"}, func(p *person) {
			p.deal(false, false).deal(false, false).deal(true, false).status("NEW")
			for i, owner := range []string{"m", "j", "a"} {
				p.record.Deals[i].Properties["deal_owner"] = owner
			}
		}, "j", tuesday, nil},
		{"the owner if that of the deal has left", "deal_owner", []string{"hubspot_owner_id", "jana"}, func(p *person) {
			p.deal(false, false).status("NEW")
			p.record.Deals[0].Properties["deal_owner"] = "left"
		}, "jana", tuesday, nil},
		{"an assignment", "inside sales", []string{"industry", "Mining"}, nil, "m", tuesday, []string{`inside sales: maria, because industry == "Mining", one of maria`}},
		{"an assignment that sets the owner leaves the owner who is there", "inside sales", []string{"industry", "Mining", "hubspot_owner_id", "jana"}, nil, "jana", tuesday, nil},
		{
			"an assignment that does not set the owner does not ask for it", "round",
			[]string{"hubspot_owner_id", "jana"},
			func(p *person) { p.owners["a"] = connector.Owner{ID: "a", Person: true} }, "j", tuesday,
			[]string{"round: jonas, one of jonas; left: ada"},
		},
		{"who is absent is passed over", "round", nil, func(p *person) { p.off("jonas", 5) }, "a", tuesday, []string{"round: ada, one of ada; absent: jonas"}},
		{"nobody left", "inside sales", []string{"industry", "Mining"}, func(p *person) {
			for _, id := range []string{"m", "j", "a"} {
				p.owners[id] = connector.Owner{ID: id, Person: true}
			}
		}, "fallback", tuesday, []string{"inside sales: nobody can do it; left: ada, jonas, maria"}},
		{"the deputy", "jonas", nil, func(p *person) { p.off("jonas", 5) }, "a", tuesday, []string{"jonas is absent, ada stands in"}},
		{"the deputy of the deputy", "jonas", nil, func(p *person) { p.off("jonas", 5).off("ada", 2) }, "m", tuesday, []string{"jonas is absent, maria stands in"}},
		{"the deputy has left", "jonas", nil, func(p *person) { p.off("jonas", 5); p.owners["a"] = connector.Owner{ID: "a", Person: true} }, "m", tuesday, []string{"jonas is absent, maria stands in"}},
		{"deputies in a circle", "jonas", nil, func(p *person) {
			p.off("jonas", 5).off("ada", 5).off("maria", 5)
			one := p.portal.People["maria"]
			one.Deputy = "jonas"
			p.portal.People["maria"] = one
		}, "j", time.Date(2026, 11, 9, 9, 0, 0, 0, time.UTC), []string{"jonas is absent and nobody stands in, so it waits"}},
		{"back before it is due", "jonas", nil, func(p *person) { p.off("jonas", 1) }, "j", tuesday, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := working(t, c.whom, c.props...)
			if c.prepare != nil {
				c.prepare(p)
			}
			owner, due, why := given(t, p.plan())
			if owner != c.owner || !due.Equal(c.due) {
				t.Errorf("for %q at %s, want %q at %s", owner, due, c.owner, c.due)
			}
			if diff := cmp.Diff(c.why, why); diff != "" {
				t.Errorf("why (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAssign_takesTheContactOver(t *testing.T) {
	mining := []string{"industry", "Mining"}
	for _, c := range []struct {
		name    string
		owner   string
		prepare func(*person)
		want    []string // actions of the class, then what is written where
	}{
		{"nobody's", "", nil, []string{"owner m", "m <- "}},
		{"of somebody who has left", "left", nil, []string{"owner m", "m <- left"}},
		{"of an owner whom the account does not have", "99", nil, []string{"owner m", "m <- 99"}},
		{"of somebody who is there", "jana", nil, nil},
		{"in shadow", "", func(p *person) { delete(p.portal.Modes, workflows.ClassOwner) }, []string{"owner m (shadow)", "m <- "}},
		{"off", "", func(p *person) { p.portal.Modes[workflows.ClassOwner] = workflows.ModeOff }, nil},
		{"for work in shadow", "", func(p *person) { p.portal.Modes[workflows.ClassTask] = workflows.ModeShadow }, []string{"owner m (shadow)", "m <- "}},
		{"for work that is off", "", func(p *person) { p.portal.Modes[workflows.ClassTask] = workflows.ModeOff }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := working(t, "inside sales", append(mining, "hubspot_owner_id", c.owner)...)
			if c.prepare != nil {
				c.prepare(p)
			}
			planned := p.plan()
			var got []string
			for _, text := range brief(planned) {
				if strings.HasPrefix(text, "owner") {
					got = append(got, text)
				}
			}
			for _, e := range planned.Entries {
				if e.Class == workflows.ClassOwner {
					payload := decoded[workflows.UpdatePayload](t, e)
					got = append(got, payload.Properties["hubspot_owner_id"]+" <- "+payload.Only["hubspot_owner_id"])
					if e.Key != "contact/101/owner" {
						t.Errorf("key %s", e.Key)
					}
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s\n%v", diff, brief(planned))
			}
		})
	}
}

func TestAssign_takesTheContactOverOnce(t *testing.T) {
	p := working(t, "inside sales", "industry", "Mining")
	p.step()
	if got := p.record.Contact.Properties["hubspot_owner_id"]; got != "m" {
		t.Fatalf("owner %q", got)
	}
	if planned := p.plan(); planned.Reason.Code != workflows.ReasonUnchanged {
		t.Errorf("planned again: %v", brief(planned))
	}
	shadowed := working(t, "inside sales", "industry", "Mining")
	delete(shadowed.portal.Modes, workflows.ClassOwner)
	shadowed.step()
	shadowed.status("").after(time.Hour).step()
	shadowed.status("NEW").after(time.Hour)
	for _, text := range brief(shadowed.plan()) {
		if strings.HasPrefix(text, "owner") {
			t.Errorf("recorded in shadow twice: %s", text)
		}
	}
}

// Once the owner of an open task has left, the task goes to who would do it now, and once only (C21).
func TestPlan_passesTheTasksOfWhoHasLeftOn(t *testing.T) {
	p := working(t, "inside sales", "industry", "Mining")
	p.step()
	p.owners["m"] = connector.Owner{ID: "m", Person: true}
	planned := p.after(time.Hour).step()
	amended := decoded[workflows.AmendPayload](t, entryOf(t, planned, workflows.KindAmend, workflows.ClassTask))
	if o := amended.Task.OwnerID; o != "j" && o != "a" {
		t.Errorf("it goes to %q", o)
	}
	if !amended.Task.DueAt.Equal(time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)) || !strings.HasPrefix(amended.Task.Subject, "First call: Petra Wolf") {
		t.Errorf("amended %+v", amended.Task)
	}
	if amended.Old == amended.Task.Key {
		t.Error("the key of the first task again")
	}
	var why []string
	for _, a := range planned.Actions {
		for _, r := range a.Assigned {
			why = append(why, string(r.Code))
		}
	}
	if diff := cmp.Diff([]string{"passed_on", "assigned"}, why); diff != "" {
		t.Error(diff)
	}
	entryOf(t, planned, workflows.KindUpdate, workflows.ClassOwner)
	if again := p.after(time.Hour).plan(); again.Reason.Code != workflows.ReasonUnchanged {
		t.Errorf("passed on twice: %v", brief(again))
	}
}

func TestPlan_leavesTheTasksOfWhoHasLeftInShadow(t *testing.T) {
	p := working(t, "inside sales", "industry", "Mining")
	p.step()
	p.owners["m"] = connector.Owner{ID: "m", Person: true}
	p.portal.Modes[workflows.ClassTask] = workflows.ModeShadow
	if planned := p.after(time.Hour).plan(); planned.Reason.Code != workflows.ReasonUnchanged {
		t.Errorf("planned %v", brief(planned))
	}
}

func TestDealNames_haveTheOwnerOnlyIfItIsAskedFor(t *testing.T) {
	for whom, want := range map[string]bool{"deal_owner": true, "owner": false} {
		p := working(t, whom)
		asked := strings.Contains(strings.Join(p.portal.Properties(p.model, connector.TypeDeal), " "), "deal_owner")
		if asked != want {
			t.Errorf("for %s: %v", whom, asked)
		}
	}
}
