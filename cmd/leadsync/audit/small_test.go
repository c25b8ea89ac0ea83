package audit_test

import (
	"strings"
	"testing"

	"leadsync/cmd/leadsync/audit"
	"leadsync/connector/hubspot/simulator"
)

func TestDecayed(t *testing.T) {
	for _, test := range []struct{ points, age, halfLife, want int64 }{
		{20000, 0, 720, 20000},
		{20000, 5000, 0, 20000}, // no half-life, no decay
		{20000, 720, 720, 10000},
		{20000, 1440, 720, 5000},
		{-20000, 720, 720, -10000},
		{20000, 168, 720, 17024}, // entry 238 of the table: 20000 * 2^(-238/1024) = 17023.6
		{1, 720, 720, 1},         // half a thousandth is rounded up
		{1, 1440, 720, 0},
		{1 << 40, 31 * 720, 720, 0}, // from a shift of 63 on nothing is left
		{1 << 40, 30 * 720, 720, 1 << 10},
	} {
		if got := audit.Decayed(test.points, test.age, test.halfLife); got != test.want {
			t.Errorf("%d points after %d of %d steps: got %d, want %d", test.points, test.age, test.halfLife, got, test.want)
		}
	}
}

func TestWhole(t *testing.T) {
	for points, want := range map[int64]int64{499: 0, 500: 1, 1499: 1, -499: 0, -500: -1, -1500: -2} {
		if got := audit.Whole(points); got != want {
			t.Errorf("%d thousandths: got %d, want %d", points, got, want)
		}
	}
}

func TestHasWord(t *testing.T) {
	for _, test := range []struct {
		text, pattern string
		want          bool
	}{
		{"Geschäftsführer", "geschaeftsfuehrer", true},
		{"Geschaeftsfuehrer", "geschäftsführer", true},
		{"GESCHAFTSFUHRER", "geschäftsführer", true},
		{"Geschäftsführerin", "geschäftsführer", false},
		{"Geschäftsführerin", "geschäftsführer*", true},
		{"Vertriebsleiter", "*leiter", true},
		{"Vertriebsleiterin", "*leiter", false},
		{"Head of IT (interim)", "it", true},
		{"Auditor", "it", false},
		{"Head, of IT", "head of", true},
		{"Straßenbau", "strassenbau", true},
		{"", "it", false},
	} {
		if got := audit.HasWord(test.text, test.pattern); got != test.want {
			t.Errorf("%q in %q: got %v", test.pattern, test.text, got)
		}
	}
}

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
		"an unknown key":       {"push_step: 5", "push_step: 5\nseasons: 4", "seasons"},
		"an unknown function":  {"known(email)", "phase_of_moon(email)", "phase_of_moon"},
		"an unknown operator":  {"open_deals >= 1", "open_deals % 2 >= 1", "%"},
		"a broken condition":   {"known(email)", "known(email", "unexpected"},
		"an unknown unit":      {"half_life: 30d", "half_life: 30y", "unit"},
		"four decimals":        {"points: -12.5", "points: -12.0005", "decimals"},
		"no number of days":    {"due: 2d", "due: 2h", "days"},
		"a text for a section": {"gates:\n  no_rival: {requires: 'domain != \"rival.example\"', ask: \"Whom?\"}", "gates: none", "string"},
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
