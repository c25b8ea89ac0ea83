package audit

import (
	"fmt"
	"io"
	"strconv"
	"time"
)

// Report is what an audit counted and found. It is passed if there are no findings.
type Report struct {
	Contacts    int `json:"contacts"`
	Steps       int `json:"steps"`
	Evaluations int `json:"evaluations"`
	StageMoves  int `json:"stage_moves"`
	Statuses    int `json:"statuses"`
	Scores      int `json:"scores"`
	Tasks       int `json:"tasks"`
	Deals       int `json:"deals"`
	// Amended are changes of tasks that leadsync had made before, Archived the tasks that it took away.
	Amended  int `json:"amended"`
	Archived int `json:"archived"`
	// CompanyMoves are moves of companies by leadsync.
	CompanyMoves int `json:"company_moves"`
	// Findings are the mistakes in the order of the journal, the first step of each contact that has any.
	Findings []Finding `json:"findings,omitempty"`
	// Truncated counts the findings beyond those kept in Findings.
	Truncated int `json:"truncated"`
}

// Finding is one thing that is not as it should be.
type Finding struct {
	Contact string    `json:"contact,omitempty"` // id of the contact; empty if none can be named
	Company string    `json:"company,omitempty"` // id of the company, if it is about one
	Name    string    `json:"name,omitempty"`    // what people call the contact or company
	At      time.Time `json:"at,omitzero"`
	What    string    `json:"what,omitempty"` // stage, status, score, task, duplicate task, deal, …
	Want    string    `json:"want,omitempty"`
	Got     string    `json:"got,omitempty"`
	Why     string    `json:"why,omitempty"` // the rule and what it saw
}

// String is the finding on one line.
func (f Finding) String() string {
	who := "the account"
	if f.Contact != "" {
		who = "contact " + f.Contact + " (" + f.Name + ")"
	}
	if f.Company != "" {
		who = "company " + f.Company + " (" + f.Name + ")"
	}
	line := fmt.Sprintf("%s %s: %s: want %s, got %s", stamp(f.At), who, f.What, orNone(f.Want), orNone(f.Got))
	if f.Why != "" {
		line += "; " + f.Why
	}
	return line
}

const (
	shownFindings = 20
	keptFindings  = 1000
)

// OK reports whether everything is as it should be.
func (r Report) OK() bool { return len(r.Findings) == 0 }

// Write prints the report for people: what was looked at, the first 20 findings, and how many more there are.
func (r Report) Write(w io.Writer) {
	_, _ = fmt.Fprintf(w, "audit: %s over %s, %s; %s, %s, %s, %s, %s, %s\n",
		number(r.Contacts, "contact", "contacts"), number(r.Steps, "step", "steps"), number(r.Evaluations, "evaluation", "evaluations"),
		number(r.StageMoves, "stage move", "stage moves"), number(r.Statuses, "status", "statuses"), number(r.Scores, "score", "scores"),
		number(r.Tasks, "task", "tasks"), number(r.Deals, "deal", "deals"), number(r.CompanyMoves, "company move", "company moves"))
	for _, f := range r.Findings[:min(shownFindings, len(r.Findings))] {
		_, _ = fmt.Fprintln(w, "  "+f.String())
	}
	if more := len(r.Findings) + r.Truncated - shownFindings; more > 0 {
		_, _ = fmt.Fprintf(w, "  and %d more\n", more)
	}
	if r.OK() {
		_, _ = fmt.Fprintln(w, "audit: every contact is as it should be")
		return
	}
	_, _ = fmt.Fprintf(w, "audit: FAILED with %s\n", number(len(r.Findings)+r.Truncated, "finding", "findings"))
}

func (a *auditor) add(f Finding) {
	if len(a.report.Findings) >= keptFindings {
		a.report.Truncated++
		return
	}
	a.report.Findings = append(a.report.Findings, f)
}

// number is n and its noun: "1 deal", "2 deals".
func number(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04") }

func quote(s string) string { return strconv.Quote(s) }

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
