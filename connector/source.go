package connector

import "time"

// Form is a form of the account, whose submissions are an optional source of activities.
type Form struct {
	ID       string
	Name     string
	Archived bool
}

// Submission is one filled form. Everything else that the person typed is dropped at the border.
type Submission struct {
	ID string // the CRM's id of the submission; empty if it gives none
	At time.Time
	// Email says whose it is; empty if the form did not ask.
	Email string
	// Page is the address of the page without query and fragment, which may carry personal data.
	Page string
}

// SubmissionPage is one page of a form's submissions, newest first. Next is empty on the last page.
type SubmissionPage struct {
	Submissions []Submission
	Next        Cursor
}

// Occurrence is one event of a contact that the CRM tracked, e.g. a visited page.
type Occurrence struct {
	ID   string
	Type string // the CRM's own name, e.g. "e_visited_page"
	At   time.Time
	Page string // the address without query and fragment; empty if the event has none
}

// OccurrencePage is one page of a contact's occurrences. Next is empty on the last page.
type OccurrencePage struct {
	Occurrences []Occurrence
	Next        Cursor
}
