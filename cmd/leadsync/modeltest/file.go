package modeltest

import (
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/scoring/calendar"
)

// File is a parsed file of stories with the model that they are about.
type File struct {
	Path    string // as it was given to Parse
	Model   *scoring.Model
	Stories []Story

	zone     *time.Location
	language string
	calendar calendar.Calendar
}

// Story is what happens to one lead, in the order of time.
type Story struct {
	Name  string
	Line  int // of the file, from 1
	facts []factChange
	steps []step
}

// step is one moment of a story: what happened since the step before, what happens then, and what is expected.
type step struct {
	line    int
	at      time.Time
	facts   []factChange
	acts    []act
	stage   *string // set by somebody; empty: cleared
	status  *string
	by      connector.Origin // who sets stage or status; empty: a person
	deal    dealEvent
	deeds   []deed
	expect  []expectation
	expects bool // whether the file says expect, also if wrongly
}

// factChange gives a fact a value in the CRM's own writing; an empty one clears it.
type factChange struct{ source, value string }

// act is something that the lead or a colleague does, once or several times.
type act struct {
	kind       scoring.ActivityKind
	times      int
	attributes map[string]string
}

// subject is what an expectation is about.
type subject int

const (
	aboutStage subject = iota
	aboutCompany
	aboutStatus
	aboutGrade
	aboutTier
	aboutScore // name is a score, or total
	aboutBecause
	aboutNotBecause
	aboutMissing
	aboutNextChange
	aboutVariant
	aboutViolations
	aboutUnprofiled
	aboutTask
	aboutDeal
	aboutClosed
	aboutAmended
	aboutSatisfied
	aboutBack
	aboutAdded
	aboutRemoved
	aboutNothing
	aboutClock
	aboutCooling
	aboutHeld
	aboutRival
	aboutResponsible
	aboutRank
	aboutShows
)

// expectation is one thing that shall be so after a step.
type expectation struct {
	line  int
	key   string // as it stands in the file
	about subject
	name  string // stage of the lead or its company, status, grade, tier, score, rule, gate, list, variant or violations; empty: none
	op    string // of a score: = >= > <= <
	bound float64
	// because: the points that the rule gives, if they were named.
	points *float64
	// task, deal: what the file says about it, empty if it does not.
	due, text, amount string
	pipeline, begins  string // of a deal
	// none says that there shall be nothing of the kind.
	none bool
}

// total is the sum of all scores, in expectations.
const total = "total"
