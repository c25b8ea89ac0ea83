package naive_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leadsync/cmd/leadsync/audit/naive"
	"leadsync/scoring"
	"leadsync/scoring/scoringtest"
)

// TestAgreement_nextChange tries every step of the grid, as the next change is defined: a whole year of the coarsest
// grid, and as many steps of a finer one. What lies beyond must not be claimed to lie before.
func TestAgreement_nextChange(t *testing.T) {
	found, none := 0, 0
	check(t, (triples(t)+9)/10, func(rt *rapid.T) {
		text := scoringtest.ModelText(rt, "24h", "12h", "6h", "1h")
		model, other := both(rt, text)
		lead, now := scoringtest.Lead(rt), scoringtest.Now(rt)
		if rapid.Bool().Draw(rt, "written") {
			lead = scoringtest.Written(rt, lead, model.Evaluate(lead, now), model.PushStep())
		}
		horizon := rapid.SampledFrom([]time.Duration{40, 365}).Draw(rt, "horizon in steps") * model.Grid()
		e := model.Evaluate(lead, now)
		at, then := other.Read(leadOf(lead)).Next(now, horizon)
		want := e.NextChange
		if want.After(e.At.Add(horizon)) {
			want = time.Time{}
		}
		if !at.Equal(want) {
			rt.Fatalf("at %s: next change %s, trying every step gives %s\nmodel:\n%s\nlead:\n%s", now, want, at, text, show(lead))
		}
		if at.IsZero() {
			none++
			return
		}
		found++
		if diff := cmp.Diff(*e.Change, changed(e, other.Read(leadOf(lead)).At(now), then, at)); diff != "" {
			rt.Fatalf("at %s: what changes at %s (-scoring +naive):\n%s\nmodel:\n%s\nlead:\n%s", now, at, diff, text, show(lead))
		}
	})
	if found < none/20 || none < found/20 {
		t.Errorf("%d leads change and %d do not: the test shows little", found, none)
	}
}

// changed is what differs between two verdicts, the stages in the order of the evaluation.
func changed(e scoring.Evaluation, now, then naive.Verdict, at time.Time) scoring.Change {
	c := scoring.Change{At: at}
	for i, s := range now.Scores {
		if to := then.Scores[i].Whole; to != s.Whole {
			c.Scores = append(c.Scores, scoring.ScoreChange{Name: s.Name, From: s.Whole, To: to})
		}
	}
	if now.Grade != then.Grade {
		c.Grade = &then.Grade
	}
	if now.Tier != then.Tier {
		c.Tier = &then.Tier
	}
	for _, st := range e.Stages {
		before, after := slices.Contains(now.Reached, st.Stage), slices.Contains(then.Reached, st.Stage)
		switch {
		case after && !before:
			c.Gained = append(c.Gained, st.Stage)
		case before && !after:
			c.Lost = append(c.Lost, st.Stage)
		}
	}
	return c
}

// TestNothingChangesBetweenSteps looks minute by minute: what a lead is worth at the beginning of a step of the grid
// it is worth until the next one, unless something happens to it in between.
func TestNothingChangesBetweenSteps(t *testing.T) {
	check(t, (triples(t)+39)/40, func(rt *rapid.T) {
		text := scoringtest.ModelText(rt, "1h", "15m", "4h")
		_, other := both(rt, text)
		lead, now := leadOf(scoringtest.Lead(rt)), scoringtest.Now(rt)
		reading := other.Read(lead)
		var begin time.Time
		var first verdict
		for minute := range 6 * 60 {
			at := now.Truncate(24 * time.Hour).Add(time.Duration(minute) * time.Minute)
			if at.Truncate(other.Grid()).After(begin) {
				begin = at.Truncate(other.Grid())
				first = ours(reading.At(begin))
			}
			if happens(lead, begin, at) {
				continue
			}
			if diff := cmp.Diff(first, ours(reading.At(at))); diff != "" {
				rt.Fatalf("between %s and %s (-then +now):\n%s\nmodel:\n%s", begin, at, diff, text)
			}
		}
	})
}

// happens reports whether something of a lead lies after one moment, and not after another.
func happens(lead naive.Lead, after, until time.Time) bool {
	within := func(at time.Time) bool { // in whole microseconds, as moments are taken
		return at.UnixMicro() > after.UnixMicro() && at.UnixMicro() <= until.UnixMicro()
	}
	for _, v := range lead.Facts {
		if at, ok := v.(time.Time); ok && within(at) {
			return true
		}
	}
	return slices.ContainsFunc(lead.Activities, func(a naive.Activity) bool { return within(a.At) })
}
