package workflows_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// situation is a contact of a model in an account where every name is its own value.
type situation struct {
	t      *testing.T
	portal *workflows.Portal
	model  *scoring.Model
	record workflows.LeadRecord
	now    time.Time
}

func newSituation(t *testing.T, extra string) *situation {
	t.Helper()
	text := `model: small
facts: {email: {from: [contact.email]}, size: {from: [contact.size], type: number}}
activities: {form: {counter: contact.forms, last: contact.form_at}}
scores: {fit: {rules: [{name: big, when: size >= 50, points: 30}]}}
lifecycle:
  - {stage: lead, when: known(email)}
  - {stage: mql, scores: {fit: 20}}
  - {stage: sql, owner: sales, manual: true}
` + extra
	m, err := scoring.Parse("small.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p := &workflows.Portal{
		ID: "1", Language: "en", Names: connector.Names{Stage: "stage", Status: "status", Owner: "owner", Email: "email"}, Modes: map[workflows.Class]workflows.Mode{},
		Stages: map[string]string{"lead": "lead", "mql": "mql", "sql": "sql"}, Order: []string{"lead", "mql", "sql"},
	}
	for _, c := range workflows.Classes() {
		p.Modes[c] = workflows.ModeOn
	}
	return &situation{t: t, portal: p, model: m, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), record: workflows.LeadRecord{
		ID: "7", Contact: connector.Object{Type: connector.TypeContact, ID: "7", Properties: map[string]string{"email": "a@example.com", "stage": "lead"}},
	}}
}

// plan plans once, and what was planned arrives.
func (s *situation) plan() workflows.Planned {
	s.t.Helper()
	lead := workflows.LeadOf(s.portal, s.model, s.record)
	plan := workflows.Plan(workflows.Situation{
		Portal: s.portal, Model: s.model, Record: s.record, Lead: lead, Evaluation: s.model.Evaluate(lead, s.now), Now: s.now,
	})
	state := plan.State
	s.record.State, s.record.Told, s.record.Pending = &state, false, nil
	for _, a := range plan.Actions {
		if a.Class == workflows.ClassStage && a.To != "" && a.Mode == workflows.ModeOn {
			s.record.Contact.Properties["stage"] = a.To
		}
	}
	return plan
}

// sets lets somebody set the stage an hour later.
func (s *situation) sets(stage string, by connector.Origin) {
	s.now = s.now.Add(time.Hour)
	s.record.Contact.Properties["stage"], s.record.Told, s.record.ReadAt = stage, true, s.now
	s.record.Observations = append(s.record.Observations, workflows.Observation{
		Property: "stage", Value: stage, At: s.now.Add(-time.Minute), Known: workflows.KnownHistory, Origin: by, Source: "WORD",
	})
}

func (s *situation) kinds() string {
	var list []string
	for _, f := range s.record.State.Frozen("7") {
		list = append(list, string(f.Kind)+" "+string(f.Why))
	}
	return strings.TrimSpace(strings.Join(list, ", "))
}

func TestPlan_whoSetItBack(t *testing.T) {
	for name, tc := range map[string]struct {
		extra string
		by    connector.Origin
		want  string // frozen
		stage string // afterwards
	}{
		"a person":                      {"overrides: {keep: 5d}", connector.OriginPerson, "lease", "lead"},
		"nobody knows who":              {"overrides: {keep: 5d}", connector.OriginUnknown, "lease", "lead"},
		"a machine, contested":          {"overrides: {keep: 5d}", connector.OriginMachine, "rival", "mql"},
		"a machine, one round allowed":  {"overrides: {rounds: 1}", connector.OriginMachine, "rival", "lead"},
		"a person, no leases":           {"overrides: {rounds: 2}", connector.OriginPerson, "behind moved_back", "lead"},
		"a person, no overrides":        {"", connector.OriginPerson, "", "lead"},
		"a machine wins, no overrides":  {"", connector.OriginMachine, "rival", "lead"},
		"leadsync itself, no overrides": {"", connector.OriginOwn, "", "lead"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSituation(t, tc.extra)
			s.record.Contact.Properties["size"] = "100"
			s.plan()
			s.sets("lead", tc.by)
			s.plan()
			if got := s.kinds(); got != tc.want || s.record.Contact.Properties["stage"] != tc.stage {
				t.Errorf("frozen %q at %q, want %q at %q", got, s.record.Contact.Properties["stage"], tc.want, tc.stage)
			}
		})
	}
}

// A person was faster than our update: it is cancelled.
func TestPlan_leaseCancelsWhatIsUnderWay(t *testing.T) {
	s := newSituation(t, "overrides: {keep: 5d}")
	s.plan()
	s.record.Contact.Properties["size"] = "100"
	s.plan()
	s.sets("sql", connector.OriginPerson)
	s.sets("lead", connector.OriginPerson)
	s.record.Pending = map[string]string{"stage": "mql"}
	plan := s.plan()
	if len(plan.CancelKeys) != 1 || plan.CancelKeys[0] != "contact/7/stage" || s.kinds() != "lease" {
		t.Errorf("cancelled %v, frozen %q", plan.CancelKeys, s.kinds())
	}
	if !plan.LookAt.Equal(s.now.Add(-time.Minute).Add(5 * 24 * time.Hour)) {
		t.Errorf("it looks again at %s", plan.LookAt)
	}
	s.now = plan.LookAt
	if s.plan(); s.kinds() != "" || s.record.Contact.Properties["stage"] != "mql" {
		t.Errorf("afterwards it is frozen %q at %q", s.kinds(), s.record.Contact.Properties["stage"])
	}
}

// A person takes the contact where a way back leads, before anything of ours is sent: the update that was to come ahead of
// the way back must not pass over their choice.
func TestPlan_personGoesWhereAWayBackLeads(t *testing.T) {
	p := newPerson(t, reach("sql"))
	p.step()
	p.record.Pending = map[string]string{"lifecyclestage": "marketingqualifiedlead"}
	p.record.Returning = &workflows.BackPayload{Property: "lifecyclestage", From: []string{"salesqualifiedlead"}, To: "marketingqualifiedlead"}
	p.after(time.Hour).changed("lifecyclestage", "marketingqualifiedlead", time.Minute, aPerson)
	planned := p.plan()
	if diff := cmp.Diff([]string{"contact/101/stage", "contact/101/back"}, planned.CancelKeys); diff != "" || planned.State.Stage != "mql" {
		t.Errorf("at %q, cancels (-want +got):\n%s", planned.State.Stage, diff)
	}
}

// The deed that releases a held contact is a choice like any other: it holds as a lease, and when that ends, the stage is
// open again. To go along with the model afterwards is no choice against it.
func TestPlan_leaseOfWhoReleases(t *testing.T) {
	s := newSituation(t, "overrides: {keep: 5d}")
	s.record.Contact.Properties["stage"], s.record.Contact.Properties["size"] = "sql", "100"
	lead := workflows.LeadOf(s.portal, s.model, s.record)
	state := workflows.Baseline(s.portal, s.model, s.record, s.now)
	s.record.State = &state
	if s.plan(); !s.record.State.Held || lead.Stage != "sql" {
		t.Fatalf("at %q, held %v", lead.Stage, s.record.State.Held)
	}
	s.sets("lead", connector.OriginPerson)
	if s.plan(); s.kinds() != "lease" || s.record.State.Held {
		t.Fatalf("frozen %q, held %v", s.kinds(), s.record.State.Held)
	}
	s.now = s.now.AddDate(0, 0, 5)
	if s.plan(); s.kinds() != "" || s.record.Contact.Properties["stage"] != "mql" || s.record.State.Furthest != "mql" {
		t.Errorf("afterwards frozen %q at %q, furthest %q", s.kinds(), s.record.Contact.Properties["stage"], s.record.State.Furthest)
	}
	s.sets("lead", connector.OriginPerson)
	s.plan()
	s.sets("mql", connector.OriginPerson)
	if s.plan(); s.kinds() != "" {
		t.Errorf("with the model it is frozen %q", s.kinds())
	}
}

// A machine that leadsync knows for a rival sets the stage back that a person has set meanwhile: that is still the rival's
// fight, and nobody's choice, whether leadsync has looked in between or not. After the pause it begins again (rule 20).
func TestPlan_rivalSetsBackWhatAPersonSet(t *testing.T) {
	for name, tc := range map[string]struct {
		extra  string
		looked bool
		by     connector.Origin
		to     string
		want   string // where it is after the pause
		frozen string
	}{
		"between two looks":         {"overrides: {rounds: 1}", false, connector.OriginMachine, "lead", "mql", "rival"},
		"each seen by itself":       {"overrides: {rounds: 1}", true, connector.OriginMachine, "lead", "mql", "rival"},
		"a person sets it back":     {"overrides: {rounds: 1}", false, connector.OriginPerson, "lead", "lead", "rival , behind moved_back"},
		"the machine goes along":    {"overrides: {rounds: 1}", false, connector.OriginMachine, "mql", "mql", "rival"},
		"no overrides in the model": {"", false, connector.OriginMachine, "lead", "lead", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSituation(t, tc.extra)
			s.record.Contact.Properties["size"] = "100"
			s.plan()
			s.sets("lead", connector.OriginMachine)
			s.plan()
			s.sets("sql", connector.OriginPerson)
			if tc.looked {
				s.plan()
			}
			s.sets(tc.to, tc.by)
			s.plan()
			rounds := s.record.State.Choices.Rivals[0].Count
			s.now = s.now.AddDate(0, 0, 2)
			if s.plan(); s.record.Contact.Properties["stage"] != tc.want || s.kinds() != tc.frozen || rounds != 1 {
				t.Errorf("at %q frozen %q after %d rounds, want %q, %q, 1", s.record.Contact.Properties["stage"], s.kinds(), rounds, tc.want, tc.frozen)
			}
		})
	}
}

// What the rival did is considered once: a move forward that the CRM refused is not planned again for it.
func TestPlan_rivalIsConsideredOnce(t *testing.T) {
	s := newSituation(t, "overrides: {keep: 5d}")
	s.record.Contact.Properties["size"] = "100"
	s.plan()
	s.sets("lead", connector.OriginMachine)
	s.plan()
	s.record.Contact.Properties["stage"], s.record.Told = "lead", true // refused
	s.now = s.now.Add(time.Hour)
	if s.plan(); s.record.Contact.Properties["stage"] != "lead" {
		t.Errorf("moved to %q", s.record.Contact.Properties["stage"])
	}
}

// Each reason about choices can be said in both languages, without a placeholder left over.
func TestRenderReason_choices(t *testing.T) {
	params := map[string]string{}
	for _, name := range []string{"property", "value", "would", "since", "origin", "ours", "theirs", "rounds", "rule", "stage", "gates", "fact", "why"} {
		params[name] = "x"
	}
	source, err := os.ReadFile("render_choice.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, code := range []scoring.ReasonCode{
		workflows.ReasonOverride, workflows.ReasonOverrideEnds, workflows.ReasonOverrideEnded, workflows.ReasonRival, workflows.ReasonUnmapped,
		workflows.ReasonWayBack, workflows.ReasonMovedBack, workflows.ReasonHandoverWaits, workflows.ReasonHandoverSilence,
		workflows.ReasonHandoverAccepted, workflows.ReasonHandoverRejected, workflows.ReasonGatesClosed, workflows.ReasonShown,
	} {
		en, de := workflows.RenderReason("en", scoring.Reason{Code: code, Params: params}), workflows.RenderReason("de", scoring.Reason{Code: code, Params: params})
		if strings.ContainsAny(en+de, "{}") || en == de || en == string(code) {
			t.Errorf("%s: %q, %q", code, en, de)
		}
		n++
	}
	if want := strings.Count(string(source), "scoring.ReasonCode = "); n != want {
		t.Errorf("%d of %d reasons looked at", n, want)
	}
}
