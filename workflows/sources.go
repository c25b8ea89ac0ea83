package workflows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"leadsync/connector"
)

// The bounds of optional sources: they never starve the rest of the portal.
const (
	// submissionPages is how many pages of submissions one step reads, visitContacts for how many contacts it
	// reads visits.
	submissionPages = 2
	visitContacts   = 5
	// formsEvery is how often the list of forms is read, and how long a quiet form is not looked at; a refused
	// source is tried again after it.
	formsEvery = time.Hour
	// submissionsReach is how far back the first walk through a form goes: older submissions decide no score.
	submissionsReach = 365 * 24 * time.Hour
	// quietShare of the time since the newest submission of a form is how long it is not looked at, up to formsEvery.
	quietShare = 24
)

// Form is a form of the account and how far its submissions were read, newest first.
type Form struct {
	ID, Name string
	// Began is when the form was first known here: submissions from then on are news.
	Began time.Time
	// High is the newest submission of the last complete walk. What is older by more than the overlap was read.
	High time.Time
	// Position and Newest belong to the walk under way: its place, and the newest submission that it met.
	Position connector.Cursor
	Newest   time.Time
}

// SubmissionPage is one page of a form's submissions, and the form's position behind it.
type SubmissionPage struct {
	Form        Form
	Submissions []connector.Submission
	At          time.Time // business time: contacts with older submissions are looked at from then on
}

// WantedVisits is a contact whose visits are to be read.
type WantedVisits struct {
	Contact  connector.ObjectID
	Since    time.Time
	Position connector.Cursor
}

// VisitPage is one page of a contact's visits. Next is the place behind it, empty if it is the last one.
type VisitPage struct {
	Contact connector.ObjectID
	Visits  []connector.Occurrence
	Next    connector.Cursor
	At      time.Time // business time
}

type sourceCRM interface {
	Forms(ctx context.Context) ([]connector.Form, error)
	Submissions(ctx context.Context, form string, at connector.Cursor) (connector.SubmissionPage, error)
	Occurrences(
		ctx context.Context, contact connector.ObjectID, eventType string, since time.Time, at connector.Cursor,
	) (connector.OccurrencePage, error)
}

type formStore interface {
	SaveForms(ctx context.Context, f Fence, forms []connector.Form, at time.Time) ([]Form, error)
	SaveSubmissions(ctx context.Context, f Fence, page SubmissionPage) error
}

type visitStore interface {
	WantedVisits(ctx context.Context, portal connector.PortalID, limit int) ([]WantedVisits, error)
	SaveVisits(ctx context.Context, f Fence, page VisitPage) error
}

// Sources reads what optional sources tell: submissions of forms in rounds that the clock asks for, and the visits
// of contacts whose counter has moved. A step makes a bounded number of calls, and every page is stored with the
// position behind it. What fails is tried again later; what the account refuses, after an hour. Neither holds up
// the portal, which goes on with the counters.
type Sources struct {
	CRM    sourceCRM
	Forms  formStore
	Visits visitStore
	Portal *Portal
	// Now is business time, Clock operating time.
	Now, Clock func() time.Time
	// Overlap is how far a walk reaches back behind the newest submission that it knows.
	Overlap time.Duration
	Log     *slog.Logger

	listed time.Time            // operating time at which the list of forms was read
	forms  map[string]Form      // as read in this process, by id
	looked map[string]time.Time // operating time of the last complete walk
	round  []string             // forms still to be read
	all    bool                 // the next round reads quiet forms too
	wanted bool                 // a round was asked for

	submissions, visits brake
}

// brake holds a source back after a failure.
type brake struct {
	until time.Time // operating time
	fails int
}

// Begin asks for a round through the forms: those that are not quiet, or all of them.
func (s *Sources) Begin(all bool) { s.wanted, s.all = true, s.all || all }

// UnderWay reports whether there is something to read later: a round, or a source that is held back.
func (s *Sources) UnderWay() bool {
	if s == nil {
		return false
	}
	held := func(b brake) bool { return s.Clock().Before(b.until) }
	return s.wanted || len(s.round) > 0 || held(s.submissions) || held(s.visits)
}

// Step makes a few calls, if there is something to read, and says whether there was.
func (s *Sources) Step(ctx context.Context, f Fence) (bool, error) {
	ctx = connector.For(ctx, connector.PurposeSource)
	worked := false
	if s.Portal.Submissions {
		did, err := s.braked(ctx, f, &s.submissions, "submissions of forms", s.stepForms)
		if worked = worked || did; err != nil {
			return worked, err
		}
	}
	if s.Portal.PageVisits {
		did, err := s.braked(ctx, f, &s.visits, "visited pages", s.stepVisits)
		return worked || did, err
	}
	return worked, nil
}

// braked works on one source unless it is held back, and holds it back if it fails.
func (s *Sources) braked(
	ctx context.Context, f Fence, b *brake, what string, step func(context.Context, Fence) (bool, error),
) (bool, error) {
	if s.Clock().Before(b.until) {
		return false, nil
	}
	did, err := step(ctx, f)
	switch {
	case err == nil:
		b.fails = 0
		return did, nil
	case errors.Is(err, ErrFenced), portalWide(err), ctx.Err() != nil:
		return did, err
	case errors.Is(err, connector.ErrForbidden), errors.Is(err, connector.ErrNotFound):
		b.until = s.Clock().Add(formsEvery)
		s.Log.Warn("the account refuses an optional source, its counter goes on", "portal", f.Portal, "source", what,
			"error", err, "remedy", "run `leadsync doctor`, or switch the source off under `sources`")
		return false, nil
	}
	b.fails++
	b.until = s.Clock().Add(Backoff(b.fails, 0))
	s.Log.Warn("optional source waits", "portal", f.Portal, "source", what, "attempt", b.fails, "error", err)
	return false, nil
}

// stepForms goes on with the round through the forms.
func (s *Sources) stepForms(ctx context.Context, f Fence) (bool, error) {
	if len(s.round) == 0 {
		if !s.wanted {
			return false, nil
		}
		if err := s.list(ctx, f); err != nil {
			return true, err
		}
		s.plan()
	}
	for range submissionPages {
		if len(s.round) == 0 {
			break
		}
		if err := s.page(ctx, f, s.forms[s.round[0]]); err != nil {
			return true, err
		}
	}
	return true, nil
}

// list reads the list of forms: once an hour, and for a round through all.
func (s *Sources) list(ctx context.Context, f Fence) error {
	if !s.all && !s.listed.IsZero() && s.Clock().Sub(s.listed) < formsEvery {
		return nil
	}
	forms, err := s.CRM.Forms(ctx)
	if err != nil {
		return fmt.Errorf("list forms: %w", err)
	}
	known, err := s.Forms.SaveForms(ctx, f, forms, s.Now())
	if err != nil {
		return fmt.Errorf("save %d forms: %w", len(forms), err)
	}
	s.forms = make(map[string]Form, len(known))
	for _, form := range known {
		s.forms[form.ID] = form
	}
	if s.looked == nil {
		s.looked = map[string]time.Time{}
	}
	s.listed = s.Clock()
	return nil
}

// plan decides which forms the round reads. A form that nobody has filled in for long is looked at less often: an
// account may have hundreds of forms, and each look is a call.
func (s *Sources) plan() {
	for id, form := range s.forms {
		rest := formsEvery
		if !form.High.IsZero() {
			rest = min(rest, s.Now().Sub(form.High)/quietShare)
		}
		looked, ok := s.looked[id]
		if s.all || !ok || form.Position != "" || s.Clock().Sub(looked) >= rest {
			s.round = append(s.round, id)
		}
	}
	s.wanted, s.all = false, false
}

// page reads one page of a form's submissions.
func (s *Sources) page(ctx context.Context, f Fence, form Form) error {
	got, err := s.CRM.Submissions(ctx, form.ID, form.Position)
	switch {
	case errors.Is(err, connector.ErrNotFound), errors.Is(err, connector.ErrInvalid):
		return s.leave(ctx, f, form, err)
	case err != nil:
		s.round = append(s.round[1:], form.ID) // the others need not wait for it
		return fmt.Errorf("read submissions of form %q: %w", form.ID, err)
	}
	next, done := form.behind(got, s.Overlap)
	if err := s.Forms.SaveSubmissions(ctx, f, SubmissionPage{Form: next, Submissions: got.Submissions, At: s.Now()}); err != nil {
		return fmt.Errorf("save submissions of form %q: %w", form.ID, err)
	}
	s.forms[form.ID] = next
	if done {
		s.round, s.looked[form.ID] = s.round[1:], s.Clock()
	}
	return nil
}

// leave gives up on a form for this round: it is gone, or the place in its listing is; the next walk begins anew.
func (s *Sources) leave(ctx context.Context, f Fence, form Form, cause error) error {
	s.Log.Warn("submissions of a form cannot be read", "portal", f.Portal, "form", form.ID, "error", cause)
	s.round, s.looked[form.ID] = s.round[1:], s.Clock()
	if form.Position == "" {
		return nil
	}
	form.Position, form.Newest = "", time.Time{}
	if err := s.Forms.SaveSubmissions(ctx, f, SubmissionPage{Form: form, At: s.Now()}); err != nil {
		return fmt.Errorf("save position of form %q: %w", form.ID, err)
	}
	s.forms[form.ID] = form
	return nil
}

// behind is the form's position behind a page, and whether the walk is over: it has met what is known, or the end.
func (form Form) behind(page connector.SubmissionPage, overlap time.Duration) (next Form, done bool) {
	next = form
	bound := form.High.Add(-overlap)
	if form.High.IsZero() {
		bound = form.Began.Add(-submissionsReach)
	}
	done = page.Next == ""
	for _, sub := range page.Submissions {
		next.Newest = later(next.Newest, sub.At)
		done = done || sub.At.Before(bound)
	}
	next.Position = page.Next
	if done {
		next.High, next.Position, next.Newest = later(form.High, next.Newest), "", time.Time{}
	}
	return next, done
}

// stepVisits reads a page of visits of a few contacts.
func (s *Sources) stepVisits(ctx context.Context, f Fence) (bool, error) {
	wanted, err := s.Visits.WantedVisits(ctx, f.Portal, visitContacts)
	if err != nil {
		return false, fmt.Errorf("find contacts whose visits are wanted: %w", err)
	}
	for _, w := range wanted {
		got, err := s.CRM.Occurrences(ctx, w.Contact, s.Portal.Names.VisitEvent, w.Since, w.Position)
		switch {
		case errors.Is(err, connector.ErrInvalid), errors.Is(err, connector.ErrNotFound):
			// The contact is gone, or the place in its listing is: the counter has what is missing.
			s.Log.Warn("visits of a contact cannot be read", "portal", f.Portal, "contact", w.Contact, "error", err)
			got = connector.OccurrencePage{}
		case err != nil:
			return true, fmt.Errorf("read visits of contact %q: %w", w.Contact, err)
		}
		if err := s.Visits.SaveVisits(ctx, f, VisitPage{Contact: w.Contact, Visits: got.Occurrences, Next: got.Next, At: s.Now()}); err != nil {
			return true, fmt.Errorf("save visits of contact %q: %w", w.Contact, err)
		}
	}
	return len(wanted) > 0, nil
}
