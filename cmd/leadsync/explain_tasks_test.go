package main

import (
	"strings"
	"testing"
	"time"

	"leadsync/scoring"
	"leadsync/workflows"
)

// What a decision did with tasks, in both languages and on the screen of the demo.
func TestDecisionLines_tasks(t *testing.T) {
	amended := scoring.Reason{Code: workflows.ReasonAmended, Params: map[string]string{"rule": "call again", "before": "first contact", "status": "attempted"}}
	satisfied := scoring.Reason{Code: workflows.ReasonSatisfied, Params: map[string]string{"rule": "call again", "by": "meeting", "id": "7"}}
	absent := []scoring.Reason{{Code: workflows.ReasonDeputy, Params: map[string]string{"person": "ada", "deputy": "ben"}}}
	for name, tc := range map[string]struct {
		action          workflows.Action
		english, german []string
		screen          string
		counted         int
	}{
		"amended, by a deputy": {
			workflows.Action{Class: workflows.ClassTask, Mode: workflows.ModeOn, Kind: workflows.KindAmend, Rule: "call again", DueAt: "2026-11-03T09:00:00Z", Reason: amended, Assigned: absent},
			[]string{"the open task becomes call again due 2026-11-03T09:00:00Z", "(call again: the open task of first contact becomes this one)", "ada is absent, ben stands in"},
			[]string{"die offene Aufgabe wird zu call again fällig 2026-11-03T09:00:00Z", "(call again: die offene Aufgabe von first contact wird zu dieser)", "ada ist abwesend, ben vertritt"},
			"task changed: call again, due Tue 3 Nov 10:00, because status attempted was entered (no. 1); ada is absent, ben stands in", 1,
		},
		"satisfied": {
			workflows.Action{Class: workflows.ClassTask, Mode: workflows.ModeOff, Kind: workflows.KindTask, Rule: "call again", Reason: satisfied},
			[]string{"(call again: meeting 7 lies ahead)"},
			[]string{"(call again: Termin 7 steht bevor)"},
			"", 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			for language, want := range map[string][]string{"en": tc.english, "de": tc.german} {
				text := strings.Join(decisionLines(workflows.Decision{Actions: []workflows.Action{tc.action}}, language), "\n")
				for _, part := range want {
					if !strings.Contains(text, part) {
						t.Errorf("%s: %q lacks %q", language, text, part)
					}
				}
			}
			s := &screen{zone: time.FixedZone("CET", 3600)}
			if got := s.action(tc.action, scoring.Evaluation{}); got != tc.screen {
				t.Errorf("screen: %q, want %q", got, tc.screen)
			}
			out := preview{Tasks: map[string]int{}}
			if out.count(tc.action); out.Tasks["call again"] != tc.counted {
				t.Errorf("preview counts %v", out.Tasks)
			}
		})
	}
}
