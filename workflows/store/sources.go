package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// typeSubmission is the kind under which tombstones of submissions stand.
const typeSubmission connector.ObjectType = "form_submission"

// A known form keeps its position and its beginning.
const saveForms = `INSERT INTO forms (portal, id, name, began_at, position)
SELECT ?, j.value->>0, j.value->>1, CAST(? AS BIGINT), '' FROM {rows} WHERE true
ON CONFLICT (portal, id) DO UPDATE SET name = excluded.name`

type formRow struct {
	ID       string `db:"id"`
	Name     string `db:"name"`
	BeganAt  *int64 `db:"began_at"`
	HighAt   *int64 `db:"high_at"`
	Position string `db:"position"`
	NewestAt *int64 `db:"newest_at"`
}

const findForms = `SELECT f.id, f.name, f.began_at, f.high_at, f.position, f.newest_at FROM {rows} CROSS JOIN forms f
WHERE f.portal = ? AND f.id = j.value->>0 ORDER BY f.id`

// SaveForms stores the forms of the account that can be filled in, with at as the beginning of those that are new,
// and gives them with their positions.
func (s *Store) SaveForms(
	ctx context.Context, fence workflows.Fence, forms []connector.Form, at time.Time,
) ([]workflows.Form, error) {
	var many rows
	seen := map[string]bool{}
	for _, f := range forms {
		if !f.Archived && !seen[f.ID] {
			seen[f.ID] = true
			many = append(many, []any{f.ID, f.Name})
		}
	}
	var out []workflows.Form
	err := s.fenced(ctx, "save forms", fence, func(in *session) error {
		if err := in.bulk(ctx, saveForms, many, fence.Portal, micros(at)); err != nil {
			return fmt.Errorf("store forms: %w", err)
		}
		var found []formRow
		if err := in.lookup(ctx, &found, findForms, many, fence.Portal); err != nil {
			return fmt.Errorf("read forms: %w", err)
		}
		for _, row := range found {
			out = append(out, workflows.Form{
				ID: row.ID, Name: row.Name, Began: fromMicros(row.BeganAt), High: fromMicros(row.HighAt),
				Position: connector.Cursor(row.Position), Newest: fromMicros(row.NewestAt),
			})
		}
		return nil
	})
	return out, err
}

const moveForm = `UPDATE forms SET high_at = ?, position = ?, newest_at = ? WHERE portal = ? AND id = ?`

const findSubmissions = `SELECT s.id AS id FROM {rows} CROSS JOIN submissions s WHERE s.portal = ? AND s.id = j.value->>0`

const saveSubmissions = `INSERT INTO submissions (portal, id, form, at, page, email, contact, fresh, kept_at)
SELECT ?, j.value->>0, CAST(? AS TEXT), CAST(j.value->>1 AS BIGINT), j.value->>2, j.value->>3, j.value->>4,
    CAST(j.value->>5 AS INTEGER), CAST(? AS BIGINT)
FROM {rows} WHERE true ON CONFLICT (portal, id) DO NOTHING`

// SaveSubmissions stores one page of a form's submissions and the form's position in one transaction. What is
// known already, has no address, was erased, or is of a contact that must not be profiled is left out. Contacts with the address become due: to be read if
// a submission is news, else to be looked at in the mirror.
func (s *Store) SaveSubmissions(ctx context.Context, fence workflows.Fence, page workflows.SubmissionPage) error {
	return s.fenced(ctx, "save submissions", fence, func(in *session) error {
		fresh, err := in.newSubmissions(ctx, fence.Portal, page)
		if err != nil {
			return err
		}
		owners, fresh, err := in.submitters(ctx, fence.Portal, fresh)
		if err != nil {
			return err
		}
		var many, looks rows
		marks := dueMarks{}
		for _, sub := range fresh {
			news, email := !sub.At.Before(page.Form.Began), sub.Email
			contact := owners[email]
			if contact != "" {
				email = ""
				looks = append(looks, []any{string(contact)})
			}
			if contact != "" && news {
				marks.raise(connector.Ref{Type: connector.TypeContact, ID: contact})
			}
			many = append(many, []any{sub.ID, micros(sub.At), sub.Page, email, string(contact), flag(news)})
		}
		if err := in.bulk(ctx, saveSubmissions, many, fence.Portal, page.Form.ID, micros(in.now)); err != nil {
			return fmt.Errorf("store submissions: %w", err)
		}
		if err := in.look(ctx, fence.Portal, looks, page.At); err != nil {
			return err
		}
		if err := in.markDue(ctx, fence.Portal, marks); err != nil {
			return err
		}
		form := page.Form
		_, err = in.exec(ctx, moveForm, micros(form.High), string(form.Position), micros(form.Newest), fence.Portal, form.ID)
		if err != nil {
			return fmt.Errorf("move form %q: %w", form.ID, err)
		}
		return nil
	})
}

// newSubmissions are those of a page that are not stored and were not erased, each once, with the address as the
// mirror has addresses and an id.
func (in *session) newSubmissions(
	ctx context.Context, portal connector.PortalID, page workflows.SubmissionPage,
) ([]connector.Submission, error) {
	var ids rows
	var refs []connector.Ref
	var all []connector.Submission
	for _, sub := range page.Submissions {
		sub.Email = strings.ToLower(strings.TrimSpace(sub.Email))
		if sub.Email == "" {
			continue
		}
		if sub.ID == "" {
			sub.ID = workflows.SubmissionID(page.Form.ID, sub)
		}
		ids, refs = append(ids, []any{sub.ID}), append(refs, connector.Ref{Type: typeSubmission, ID: connector.ObjectID(sub.ID)})
		all = append(all, sub)
	}
	var stored []string
	if err := in.lookup(ctx, &stored, findSubmissions, ids, portal); err != nil {
		return nil, fmt.Errorf("look for known submissions: %w", err)
	}
	erased, err := in.tombstones(ctx, portal, refs)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, id := range stored {
		known[id] = true
	}
	return slices.DeleteFunc(all, func(sub connector.Submission) bool {
		leave := known[sub.ID] || erased[connector.Ref{Type: typeSubmission, ID: connector.ObjectID(sub.ID)}]
		known[sub.ID] = true
		return leave
	}), nil
}

type addressRow struct {
	Email string             `db:"email"`
	ID    connector.ObjectID `db:"id"`
}

const findByEmails = `SELECT o.email, o.id FROM {rows} CROSS JOIN objects o
WHERE o.portal = ? AND o.type = 'contact' AND o.email = j.value->>0 AND o.removed_at IS NULL ORDER BY o.email, o.id DESC`

// contactsByEmail are the contacts with the addresses of submissions; of several with one address the one with
// the smallest id.
func (in *session) contactsByEmail(
	ctx context.Context, portal connector.PortalID, subs []connector.Submission,
) (map[string]connector.ObjectID, error) {
	var many rows
	for _, sub := range subs {
		many = append(many, []any{sub.Email})
	}
	var found []addressRow
	if err := in.lookup(ctx, &found, findByEmails, many, portal); err != nil {
		return nil, fmt.Errorf("find contacts by address: %w", err)
	}
	owners := make(map[string]connector.ObjectID, len(found))
	for _, row := range found {
		owners[row.Email] = row.ID
	}
	return owners, nil
}

const findWaiting = `SELECT DISTINCT s.email AS email, j.value->>1 AS id FROM {rows} CROSS JOIN submissions s
WHERE s.portal = ? AND s.email = j.value->>0 AND s.email <> '' ORDER BY 1, 2`

const linkSubmissions = `UPDATE submissions SET contact = m.contact, email = ''
FROM (SELECT j.value->>0 AS portal, j.value->>1 AS email, j.value->>2 AS contact FROM {rows}) AS m
WHERE submissions.portal = m.portal AND submissions.email = m.email AND submissions.email <> ''`

// linkSubmissions gives the contacts that were just stored the submissions that waited for their addresses, and
// says which contacts that are.
func (in *session) linkSubmissions(
	ctx context.Context, portal connector.PortalID, objects []connector.Object,
) ([]connector.Ref, error) {
	var many rows
	for _, o := range objects {
		if email := strings.ToLower(o.Properties[emailProperty]); o.Type == connector.TypeContact && email != "" {
			many = append(many, []any{email, string(o.ID)})
		}
	}
	var found []addressRow
	if err := in.lookup(ctx, &found, findWaiting, many, portal); err != nil {
		return nil, fmt.Errorf("find waiting submissions: %w", err)
	}
	private, err := in.privateOwners(ctx, portal, found)
	if err != nil {
		return nil, err
	}
	var refs []connector.Ref
	var links rows
	for i, row := range found {
		if private[row.ID] || i > 0 && row.Email == found[i-1].Email {
			continue // two contacts with one address: the first has them
		}
		links = append(links, []any{string(portal), row.Email, string(row.ID)})
		refs = append(refs, connector.Ref{Type: connector.TypeContact, ID: row.ID})
	}
	if err := in.bulk(ctx, linkSubmissions, links); err != nil {
		return nil, fmt.Errorf("link submissions: %w", err)
	}
	return refs, nil
}

const lookAt = `INSERT INTO due (portal, type, id, revision, settled, changes_at, attempts, error)
SELECT DISTINCT CAST(? AS TEXT), 'contact', j.value->>0, 0, -1, CAST(? AS BIGINT), 0, '' FROM {rows} WHERE true ORDER BY 3
ON CONFLICT (portal, type, id) DO UPDATE SET changes_at = excluded.changes_at
    WHERE due.changes_at IS NULL OR due.changes_at > excluded.changes_at`

// look makes contacts due at a business time, which costs no call.
func (in *session) look(ctx context.Context, portal connector.PortalID, contacts rows, at time.Time) error {
	if err := in.bulk(ctx, lookAt, contacts, portal, micros(at)); err != nil {
		return fmt.Errorf("mark contacts: %w", err)
	}
	return nil
}

type sourceRow struct {
	Contact connector.ObjectID `db:"contact"`
	ID      string             `db:"id"`
	At      int64              `db:"at"`
	Name    string             `db:"name"`
	Page    string             `db:"page"`
	Fresh   bool               `db:"fresh"`
}

const submissionsOf = `SELECT s.contact, s.id, s.at, COALESCE(f.name, '') AS name, s.page, s.fresh
FROM {rows} CROSS JOIN submissions s LEFT JOIN forms f ON f.portal = s.portal AND f.id = s.form
WHERE s.portal = ? AND s.contact = j.value->>0 ORDER BY s.contact, s.at, s.id`

const visitsOf = `SELECT v.contact, v.id, v.at, '' AS name, v.page, 1 AS fresh FROM {rows} CROSS JOIN visits v
WHERE v.portal = ? AND v.contact = j.value->>0 ORDER BY v.contact, v.at, v.id`

func (in *session) fillSources(
	ctx context.Context, portal connector.PortalID, many rows, at map[connector.ObjectID]*workflows.LeadRecord,
) error {
	var submissions, visits []sourceRow
	if err := in.lookup(ctx, &submissions, submissionsOf, many, portal); err != nil {
		return fmt.Errorf("read submissions: %w", err)
	}
	if err := in.lookup(ctx, &visits, visitsOf, many, portal); err != nil {
		return fmt.Errorf("read visits: %w", err)
	}
	for _, row := range submissions {
		at[row.Contact].Submissions = append(at[row.Contact].Submissions, row.event())
	}
	for _, row := range visits {
		at[row.Contact].Visits = append(at[row.Contact].Visits, row.event())
	}
	return nil
}

func (r sourceRow) event() workflows.SourceEvent {
	return workflows.SourceEvent{ID: r.ID, At: fromMicros(&r.At), Name: r.Name, Page: r.Page, Fresh: r.Fresh}
}
