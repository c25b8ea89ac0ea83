package audit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"leadsync/cmd/leadsync/audit"
	"leadsync/cmd/leadsync/audit/naive"
	"leadsync/connector/hubspot/simulator"
)

func TestFits(t *testing.T) {
	for _, test := range []struct {
		text, template string
		want           bool
	}{
		{"First call: Ada Beispiel, Muster GmbH", "First call: Ada Beispiel, {company}", true},
		{"First call: Ada Beispiel", "First call: Ada Beispiel, {company}", true},
		{"First call: Ben Probe, Muster GmbH", "First call: Ada Beispiel, {company}", false},
		{"Re: First call: Ada Beispiel", "First call: Ada Beispiel", false},
		{"Call Ada Beispiel", "Call Ada Beispiel again", false},
	} {
		if got := audit.Fits(test.text, test.template); got != test.want {
			t.Errorf("%q for %q: got %v", test.text, test.template, got)
		}
	}
}

func TestEaster(t *testing.T) {
	for year, want := range map[int]string{2024: "2024-03-31", 2025: "2025-04-20", 2026: "2026-04-05", 2027: "2027-03-28", 2038: "2038-04-25"} {
		if got := audit.Easter(year); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestAuditRefusesWhatItCannotJudge: what the auditor does not understand must not pass.
func TestAuditRefusesWhatItCannotJudge(t *testing.T) {
	for name, test := range map[string]struct{ old, new, got string }{
		"an unknown key":        {"push_step: 5", "push_step: 5\nseasons: 4", "seasons"},
		"companies":             {"push_step: 5", "push_step: 5\ncompanies: {lifecycle: nearest}", "companies"},
		"an unknown vocabulary": {"job_title:  {from: [contact.jobtitle]}", "job_title:  {from: [contact.jobtitle], vocabulary: job_level}", "job_level"},
		"an unknown list":       {"known(email)", "domain_in(email, free_mail)", "free_mail"},
		"an unknown function":   {"known(email)", "phase_of_moon(email)", "phase_of_moon"},
		"an unknown operator":   {"open_deals >= 1", "open_deals % 2 >= 1", "%"},
		"a broken condition":    {"known(email)", "known(email", "unexpected"},
		"an unknown unit":       {"half_life: 30d", "half_life: 30y", "unit"},
		"four decimals":         {"points: -12.5", "points: -12.0005", "decimals"},
		"no number of days":     {"due: 2d", "due: 2y", "unit"},
		"a text for a section":  {"gates:\n  no_rival: {requires: 'domain != \"rival.example\"', ask: \"Whom?\"}", "gates: none", "string"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, "")
			s.tell()
			changed := strings.Replace(modelText, test.old, test.new, 1)
			if changed == modelText {
				t.Fatal("nothing was changed")
			}
			report := audit.Run(s.input(changed))
			if len(report.Findings) != 1 || report.Findings[0].What != "model" || !strings.Contains(report.Findings[0].Got, test.got) {
				t.Errorf("found %v", report.Findings)
			}
		})
	}
}

// TestAuditJudgesTheWholeLanguage tells the same story under a model that says the same in other words.
func TestAuditJudgesTheWholeLanguage(t *testing.T) {
	text := modelText
	for old, replacement := range map[string]string{
		"  job_title:  {from: [contact.jobtitle]}": `  job_title:  {from: [contact.jobtitle], options: {boss: [Geschaeftsfuehrerin, CEO]}, otherwise: other}
  level:      {from: [contact.jobtitle], vocabulary: job_level}`,
		"activities:": `words: {rivals: [rival.example]}
variants:
  - {name: nobody, when: level == "trainee", gates: {no_rival: {complete: [budget]}}}
invariants:
  - {name: too early, never: stage == "opportunity" and open_deals == 0}
time_zone: Europe/Berlin
activities:`,
		"attributes: {outcome: hs_call_disposition}}": `attributes: {outcome: hs_call_disposition, answer: {of: outcome, options: {yes: [connected], no: [no_answer, "no*"]}}}}
  missed: {of: call, where: 'answer == "no"'}
  talked: {of: call, where: 'answer == "yes"'}
  contact: {any_of: [form, talked]}`,
		`when: 'has_word(job_title, "geschäftsführer*", "ceo")'`:               `when: job_title == "boss" and level == "c_level"`,
		"{name: form, activity: form, points: 20, cap: 60, half_life: 30d}":    "{group: web, maximum: 60, rules: [{name: form, activity: form, points: 20, half_life: 30d, at_most: {times: 9, per: day}, at_least: 1}]}",
		`{requires: 'domain != "rival.example"', ask: "Whom?"}`:                `{forbids: 'domain_in(email, rivals)', ask: "Whom?"}`,
		`direct: 'count("call", outcome == "connected") >= 1'`:                 `direct: 'days_with("talked") >= 1 or count_after("talked", "contact") > 9'`,
		`{status: attempted, activity: call, where: 'outcome == "no_answer"'}`: "{status: attempted, activity: missed}",
	} {
		changed := strings.Replace(text, old, replacement, 1)
		if changed == text {
			t.Fatalf("nothing was changed for %q", old)
		}
		text = changed
	}
	levels := naive.Words{Word: func(vocabulary, text string) (string, bool) {
		return "c_level", vocabulary == "job_level" && text == "Geschaeftsfuehrerin"
	}}
	for wrong, what := range map[string]string{"": "", "stage wrong": "stage", "status wrong": "status", "score": "score"} {
		s := newStory(t, wrong)
		s.tell()
		in := s.input(text)
		in.Words = levels
		report := audit.Run(in)
		if what == "" && !report.OK() {
			t.Errorf("found %v", report.Findings)
		}
		if what != "" && (report.OK() || report.Findings[0].What != what) {
			t.Errorf("%s: found %v", wrong, report.Findings)
		}
	}
}

func TestAuditNamesTasksOfNobodyAndMerges(t *testing.T) {
	s := newStory(t, "")
	s.tell()
	s.now = at("2026-04-08 09:00")
	_, err := s.account.Create(leadsync, simulator.Tasks, map[string]string{"hs_task_subject": "Stray", "hs_timestamp": "2026-04-09T07:00:00Z"})
	s.must(err)
	s.now = at("2026-04-08 10:00")
	if _, err := s.account.Merge(person, simulator.Contacts, s.ada, s.ben); err != nil {
		t.Fatal(err)
	}
	report := audit.Run(s.input(modelText))
	whats := map[string]bool{}
	for _, f := range report.Findings {
		whats[f.What] = true
	}
	if !whats["task"] || !whats["merge"] {
		t.Errorf("found %v", report.Findings)
	}
}

// Somebody leaves, and it counts when: the owner's tasks and deals are right before and wrong after.
func TestAuditKnowsWhenAnOwnerLeft(t *testing.T) {
	const before, with, after, back = "before", "in the step", "after", "after coming back"
	for _, test := range []struct {
		when     string
		fallback bool // the task goes to the fallback owner
		want     string
	}{
		{before, false, ""},
		{before, true, "task owner"},
		{with, false, ""},
		{with, true, ""},
		{after, false, "task for somebody who has left, task owner"},
		{after, true, ""},
		{back, false, ""},
		{back, true, "task owner"},
	} {
		t.Run(fmt.Sprintf("%s, to fallback %t", test.when, test.fallback), func(t *testing.T) {
			s := newStory(t, "")
			leaver := s.account.CreateOwner("Lea Leaver", "lea@our-company.example", true)
			s.load()
			s.score(s.ada, 30)
			s.score(s.ben, 0)
			to := leaver
			if test.fallback {
				to = s.owner
			}
			for i, when := range []string{before, with, after, back} {
				s.now = at("2026-03-03 10:00").AddDate(0, 0, i)
				if when == with || when == back && test.when == back {
					s.must(s.account.SetOwnerActive(leaver, when == back))
				}
				if when == back {
					s.now = s.now.Add(time.Hour)
				}
				if when == test.when {
					s.owned(leaver, to)
				}
			}
			if got := whatsOf(audit.Run(s.input(modelText))); got != test.want {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

// What says nothing about the status by rule 4: leadsync does nothing, and that is right.
func TestAuditExpectsNoStatus(t *testing.T) {
	for name, tell := range map[string]func(*story){
		"a call in a stage that nobody calls in": func(s *story) { s.call(s.ada, simulator.CallNoAnswer) },
		"a call after the last word": func(s *story) {
			dora := s.owned(s.owner, s.owner)
			s.now = at("2026-03-04 10:00")
			s.set(person, dora, map[string]string{"hs_lead_status": "UNQUALIFIED"})
			s.archive(s.tasks["First call: Dora Neu"])
			s.now = at("2026-03-05 10:00")
			s.call(dora, simulator.CallNoAnswer)
		},
		"a call before the status was set": func(s *story) {
			dora := s.owned(s.owner, s.owner)
			s.now = at("2026-03-04 10:00")
			s.set(person, dora, map[string]string{"hs_lead_status": "ATTEMPTED_TO_CONTACT"})
			s.amend(s.tasks["First call: Dora Neu"], taskOf{dora, "Call Dora Neu again", "CALL", "2026-03-06T08:00:00Z", s.owner, ""})
			s.now = at("2026-03-05 10:00")
			_, err := s.account.LogCall(person, dora, simulator.Call{Disposition: simulator.CallNoAnswer, At: at("2026-03-03 12:00")})
			s.must(err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, "")
			s.load()
			s.score(s.ada, 30)
			s.score(s.ben, 0)
			s.now = at("2026-03-03 10:00")
			tell(s)
			if report := audit.Run(s.input(modelText)); !report.OK() {
				t.Errorf("found %v", report.Findings)
			}
		})
	}
}

func whatsOf(report audit.Report) string {
	var whats []string
	for _, f := range report.Findings {
		whats = append(whats, f.What)
	}
	return strings.Join(whats, ", ")
}

func TestReportCountsInWords(t *testing.T) {
	one := audit.Report{
		Contacts: 1, Steps: 1, Evaluations: 1, StageMoves: 1, Statuses: 1, Scores: 1, Tasks: 1, Deals: 1, CompanyMoves: 1, Findings: []audit.Finding{{}},
	}
	two := audit.Report{
		Contacts: 2, Steps: 2, Evaluations: 2, StageMoves: 2, Statuses: 2, Scores: 2, Tasks: 2, Deals: 2, CompanyMoves: 2, Findings: make([]audit.Finding, 2),
	}
	for _, test := range []struct {
		report       audit.Report
		first, final string
	}{
		{
			one, "audit: 1 contact over 1 step, 1 evaluation; 1 stage move, 1 status, 1 score, 1 task, 1 deal, 1 company move\n",
			"audit: FAILED with 1 finding\n",
		},
		{
			two, "audit: 2 contacts over 2 steps, 2 evaluations; 2 stage moves, 2 statuses, 2 scores, 2 tasks, 2 deals, 2 company moves\n",
			"audit: FAILED with 2 findings\n",
		},
		{
			audit.Report{},
			"audit: 0 contacts over 0 steps, 0 evaluations; 0 stage moves, 0 statuses, 0 scores, 0 tasks, 0 deals, 0 company moves\n",
			"audit: every contact is as it should be\n",
		},
	} {
		var b strings.Builder
		test.report.Write(&b)
		if !strings.HasPrefix(b.String(), test.first) || !strings.HasSuffix(b.String(), test.final) {
			t.Errorf("written:\n%s", b.String())
		}
	}
}

func TestReportWritesTwentyFindings(t *testing.T) {
	report := audit.Report{Contacts: 30, Truncated: 5}
	for range 25 {
		report.Findings = append(report.Findings, audit.Finding{Contact: "7", Name: "Ada", At: at("2026-03-02 09:00"), What: "stage", Want: "mql", Why: "rule 2"})
	}
	var b strings.Builder
	report.Write(&b)
	if strings.Count(b.String(), "contact 7 (Ada): stage: want mql, got none; rule 2") != 20 ||
		!strings.Contains(b.String(), "and 10 more") || !strings.Contains(b.String(), "FAILED with 30 findings") {
		t.Error(b.String())
	}
}

// replaced is a text with one thing changed.
func replaced(t *testing.T, text, old, replacement string) string {
	t.Helper()
	changed := strings.Replace(text, old, replacement, 1)
	if changed == text {
		t.Fatalf("nothing was changed for %q", old)
	}
	return changed
}
