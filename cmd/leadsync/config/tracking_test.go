package config_test

import (
	"slices"
	"testing"
)

func TestTracking(t *testing.T) {
	p := portal(t, "activities: {email_open: off, page_view: on, email: off}", "history: {first_load: on}")
	if !slices.Equal(p.Off, []string{"email_open", "email"}) || !p.FirstLoadHistory {
		t.Errorf("off %v, history %v", p.Off, p.FirstLoadHistory)
	}
	if p := portal(t, "history: {first_load: off}"); p.FirstLoadHistory || len(p.Off) > 0 {
		t.Errorf("off %v, history %v", p.Off, p.FirstLoadHistory)
	}
}

func TestSources(t *testing.T) {
	for extra, want := range map[string][2]bool{
		"language: en":                                     {},
		"sources: {form_submissions: on}":                  {true, false},
		"sources: {page_visits: on}":                       {false, true},
		"sources: {form_submissions: off}":                 {},
		"sources: {form_submissions: on, page_visits: on}": {true, true},
	} {
		if p := portal(t, extra); [2]bool{p.Submissions, p.PageVisits} != want {
			t.Errorf("%s: submissions %v, visits %v", extra, p.Submissions, p.PageVisits)
		}
	}
}
