package audit_test

import (
	"strings"
	"testing"

	"leadsync/cmd/leadsync/audit"
	"leadsync/connector/hubspot/simulator"
)

// tell tells the whole story of Ada, from the form to the end, with Ben beside her, who is never touched.
func (s *story) tell() {
	s.load()
	s.score(s.ada, 30)
	s.score(s.ben, 0)
	if s.is("held") {
		s.set(leadsync, s.ben, map[string]string{"lifecyclestage": "other"})
	}

	s.now = at("2026-03-03 10:00") // Tuesday
	s.form(s.ada)
	switch {
	case s.is("stage missing"):
	case s.is("stage wrong"):
		s.set(leadsync, s.ada, map[string]string{"lifecyclestage": "salesqualifiedlead"})
	default:
		s.set(leadsync, s.ada, map[string]string{"lifecyclestage": "marketingqualifiedlead"})
	}
	s.score(s.ada, 30)
	s.talk()
	s.end()
}

func (s *story) talk() {
	s.now = at("2026-03-04 11:30") // Wednesday
	s.call(s.ada, simulator.CallConnected)
	s.set(leadsync, s.ada, map[string]string{"lifecyclestage": "salesqualifiedlead"})
	switch {
	case s.is("status missing"):
	case s.is("status wrong"):
		s.set(leadsync, s.ada, map[string]string{"hs_lead_status": "BAD_TIMING"})
	default:
		s.set(leadsync, s.ada, map[string]string{"hs_lead_status": "NEW"})
	}
	s.score(s.ada, 30)
	first := taskOf{s.ada, "First call: Ada Beispiel", "CALL", "2026-03-05T08:00:00Z", s.owner, "HIGH"}
	switch {
	case s.is("task missing"):
	case s.is("task owner"):
		first.owner = s.gone
	case s.is("task due"):
		first.due = "2026-03-06T08:00:00Z"
	case s.is("task priority"):
		first.priority = "LOW"
	case s.is("task name"):
		first.subject = "First call: Ben Probe"
	case s.is("task type"):
		first.kind = "TODO"
	case s.is("task of another"):
		first.contact = s.ben
	}
	s.first = ""
	if s.wrong != "task missing" {
		s.first = s.task(first)
	}
	if s.is("task twice") {
		s.task(first)
	}

	s.now = at("2026-03-06 09:00") // Friday: two days later is a Sunday
	s.call(s.ada, simulator.CallNoAnswer)
	s.set(leadsync, s.ada, map[string]string{"hs_lead_status": "ATTEMPTED_TO_CONTACT"})
	again := taskOf{s.ada, "Call Ada Beispiel again", "CALL", "2026-03-09T08:00:00Z", s.owner, ""}
	if s.is("task on Sunday") {
		again.due = "2026-03-08T08:00:00Z"
	}
	switch {
	case s.first == "" || s.is("task beside the old one"):
		s.task(again)
	case s.is("task not amended"):
	case s.is("task in place of the old one"):
		s.archive(s.first)
		s.first = s.task(again)
	default:
		s.amend(s.first, again)
	}

	s.now = at("2026-03-09 09:00") // Monday
	s.call(s.ada, simulator.CallNoAnswer)
	again.due = "2026-03-11T08:00:00Z"
	if s.first != "" {
		s.amend(s.first, again)
	}
	if s.is("task amended without cause") {
		s.now = at("2026-03-09 11:00")
		s.amend(s.first, again)
	}
	if s.is("task without cause") {
		s.now = at("2026-03-09 12:00")
		s.task(again)
	}
}

// later sets the moment as bad, with a task that the rep completes, before the rep gives up.
func (s *story) later() {
	s.now = at("2026-03-11 09:00")
	s.set(person, s.ada, map[string]string{"hs_lead_status": "BAD_TIMING", "closedate": "2026-04-04T10:00:00Z"}) // the Saturday before Easter
	later := taskOf{s.ada, "Ask Ada Beispiel later", "TODO", "2026-04-07T07:00:00Z", s.owner, ""}
	if s.is("due fact") {
		later.due = "2026-04-10T07:00:00Z" // thirty days later
	}
	id := s.task(later)
	s.now = at("2026-03-11 15:00")
	if !s.is("closing missing") {
		s.must(s.account.CompleteTask(person, id))
	}
}

func (s *story) end() {
	s.now = at("2026-03-10 09:00")
	s.set(person, s.ada, map[string]string{"hs_lead_status": "OPEN_DEAL"})
	company := simulator.Link{Type: simulator.Companies, ID: s.company}
	switch {
	case s.is("deal missing"):
	case s.is("deal pipeline"):
		s.deal(s.ada, "74230118", company)
	case s.is("deal company"):
		s.deal(s.ada, "default")
	default:
		s.deal(s.ada, "default", company)
	}
	if s.is("deal twice") {
		s.deal(s.ada, "default", company)
	}
	s.score(s.ada, 30) // opportunity is reached now

	if s.is("task of the status before left") {
		s.later()
	} else {
		s.archive(s.tasks["Call Ada Beispiel again"])
		s.later()
	}

	s.now = at("2026-03-12 09:00")
	if s.is("stage backwards") {
		s.must(s.account.Set(person, simulator.Contacts, s.ada, map[string]string{"lifecyclestage": ""}))
		s.now = at("2026-03-12 10:00")
		s.set(leadsync, s.ada, map[string]string{"lifecyclestage": "lead"})
	}
	s.set(person, s.ada, map[string]string{"hs_lead_status": "UNQUALIFIED"})
	if s.is("completed archived") {
		s.archive(s.tasks["Ask Ada Beispiel later"])
	}
	if s.is("foreign") {
		s.set(leadsync, s.ada, map[string]string{"jobtitle": "Chief"})
	}

	s.now = at("2026-03-20 09:00") // time alone: the engagement has fallen below what an mql needs
	s.steps = append(s.steps, s.now)
	if !s.is("drift") {
		s.score(s.ada, 30)
	}
	s.newcomer()
}

// newcomer makes a contact after go-live whose owner has left.
func (s *story) newcomer() {
	s.now = at("2026-04-02 09:00") // the Thursday before Good Friday
	id, err := s.account.CreateContact(person, map[string]string{
		"email": "cleo@muster.example", "firstname": "Cleo", "lastname": "Neu", "hubspot_owner_id": s.gone,
		"lifecyclestage": "salesqualifiedlead",
	})
	s.must(err)
	s.set(leadsync, id, map[string]string{"hs_lead_status": "NEW"})
	if !s.is("scores missing") {
		s.score(id, 0)
	}
	first := taskOf{id, "First call: Cleo Neu", "CALL", "2026-04-07T07:00:00Z", s.owner, "HIGH"}
	if s.is("holiday") {
		first.due = "2026-04-03T07:00:00Z"
	}
	s.task(first)
}

func TestAuditPassesWhatIsRight(t *testing.T) {
	s := newStory(t, "")
	s.tell()
	report := audit.Run(s.input(modelText))
	if !report.OK() {
		var b strings.Builder
		report.Write(&b)
		t.Fatal(b.String())
	}
	if report.Contacts != 3 || report.StageMoves != 2 || report.Tasks != 3 || report.Amended != 2 || report.Archived != 1 || report.Deals != 1 || report.Statuses != 3 {
		t.Errorf("counted %+v", report)
	}
}

func TestAuditFindsWhatIsWrong(t *testing.T) {
	for wrong, want := range map[string][2]string{ // what is found, and about whom
		"held":                           {"stage", "Ben Probe"},
		"stage missing":                  {"stage", "Ada Beispiel"},
		"stage wrong":                    {"stage", "Ada Beispiel"},
		"stage backwards":                {"stage", "Ada Beispiel"},
		"status missing":                 {"status", "Ada Beispiel"},
		"status wrong":                   {"status", "Ada Beispiel"},
		"score":                          {"score", "Ada Beispiel"},
		"grade":                          {"score", "Ada Beispiel"},
		"tier":                           {"score", "Ada Beispiel"},
		"drift":                          {"score", "Ada Beispiel"},
		"scores missing":                 {"score", "Cleo Neu"},
		"task missing":                   {"task", "Ada Beispiel"},
		"task twice":                     {"duplicate task", "Ada Beispiel"},
		"task without cause":             {"duplicate task", "Ada Beispiel"},
		"task owner":                     {"task owner", "Ada Beispiel"},
		"task due":                       {"task due date", "Ada Beispiel"},
		"task priority":                  {"task priority", "Ada Beispiel"},
		"task name":                      {"task subject", "Ada Beispiel"},
		"task type":                      {"task type", "Ada Beispiel"},
		"task of another":                {"task", "Ada Beispiel"},
		"task on Sunday":                 {"task due date", "Ada Beispiel"},
		"holiday":                        {"task due date", "Cleo Neu"},
		"task beside the old one":        {"duplicate task", "Ada Beispiel"},
		"task in place of the old one":   {"task", "Ada Beispiel"},
		"task not amended":               {"task", "Ada Beispiel"},
		"task amended without cause":     {"task amended", "Ada Beispiel"},
		"amended under the old key":      {"task key", "Ada Beispiel"},
		"amended to a lower priority":    {"task priority", "Ada Beispiel"},
		"amended without a subject":      {"task subject", "Ada Beispiel"},
		"amended without a due date":     {"task due date", "Ada Beispiel"},
		"task of the status before left": {"obsolete task", "Ada Beispiel"},
		"due fact":                       {"task due date", "Ada Beispiel"},
		"closing missing":                {"obsolete task", "Ada Beispiel"},
		"completed archived":             {"archived task", "Ada Beispiel"},
		"same key":                       {"key", "Ada Beispiel"},
		"no key":                         {"key", "Ada Beispiel"},
		"deal missing":                   {"deal", "Ada Beispiel"},
		"deal twice":                     {"deal", "Ada Beispiel"},
		"deal pipeline":                  {"deal pipeline", "Ada Beispiel"},
		"deal company":                   {"deal company", "Ada Beispiel"},
		"deal name":                      {"deal name", "Ada Beispiel"},
		"deal amount":                    {"deal amount", "Ada Beispiel"},
		"deal owner":                     {"deal owner", "Ada Beispiel"},
		"deal close date":                {"deal close date", "Ada Beispiel"},
		"foreign":                        {"property", "Ada Beispiel"},
	} {
		t.Run(wrong, func(t *testing.T) {
			s := newStory(t, wrong)
			s.tell()
			if !s.met {
				t.Fatal("the story never came to this")
			}
			report := audit.Run(s.input(modelText))
			if report.OK() {
				t.Fatal("passed")
			}
			found := false
			for _, f := range report.Findings {
				found = found || (f.What == want[0] && f.Name == want[1] && f.Contact != "" && f.Why != "")
			}
			if !found || len(report.Findings) > 6 {
				t.Errorf("found: %v", report.Findings)
			}
		})
	}
}
