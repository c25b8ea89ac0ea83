package hubspot

import (
	"context"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"leadsync/connector"
)

// Optional sources (hubspot-api 9.4): they need scopes or plans that not every account has. A refusal is
// connector.ErrForbidden, one of a plan without the feature may also be ErrNotFound.

const (
	submissionPage = 50
	mostPages      = 1000
)

// formID is a GUID in hexadecimal; nothing else gets into a path.
var formID = regexp.MustCompile(`^[0-9A-Fa-f-]{1,64}$`)

// Forms lists the account's forms; scope "forms".
func (c *Client) Forms(ctx context.Context) ([]connector.Form, error) {
	var forms []connector.Form
	for after, page := "", 0; page < mostPages; page++ {
		query := url.Values{"limit": {strconv.Itoa(listLimit)}}
		if after != "" {
			query.Set("after", after)
		}
		var out struct {
			Results []struct {
				ID       text `json:"id"`
				Name     text `json:"name"`
				Archived bool `json:"archived"`
			} `json:"results"`
			Paging paging `json:"paging"`
		}
		r := request{op: "list forms", endpoint: epForms, query: query}
		if _, err := c.do(ctx, r, &out); err != nil {
			return nil, err
		}
		for _, f := range out.Results {
			forms = append(forms, connector.Form{ID: string(f.ID), Name: string(f.Name), Archived: f.Archived})
		}
		next := string(out.Paging.Next.After)
		if next == "" {
			return forms, nil
		}
		if next == after {
			break
		}
		after = next
	}
	return nil, &connector.Error{Kind: connector.ErrUnavailable, Op: "list forms", Message: "the listing does not move on"}
}

// Submissions gives one page of a form's submissions, newest first; scope "forms". Of what people typed only
// the mail address is kept, which says whose the submission is.
func (c *Client) Submissions(ctx context.Context, form string, cur connector.Cursor) (connector.SubmissionPage, error) {
	if !formID.MatchString(form) {
		return connector.SubmissionPage{}, unfit("list submissions", "the id of a form is a GUID")
	}
	query := url.Values{"limit": {strconv.Itoa(submissionPage)}}
	if cur != "" {
		query.Set("after", string(cur))
	}
	var out struct {
		Results []struct {
			ID          text `json:"conversionId"`
			SubmittedAt text `json:"submittedAt"`
			PageURL     text `json:"pageUrl"`
			Values      []struct {
				Name  text `json:"name"`
				Value text `json:"value"`
			} `json:"values"`
		} `json:"results"`
		Paging paging `json:"paging"`
	}
	r := request{op: "list submissions", endpoint: epSubmissions, args: []string{form}, query: query}
	if _, err := c.do(ctx, r, &out); err != nil {
		return connector.SubmissionPage{}, err
	}
	page := connector.SubmissionPage{Next: connector.Cursor(out.Paging.Next.After)}
	if page.Next != "" && page.Next == cur {
		return connector.SubmissionPage{}, &connector.Error{Kind: connector.ErrUnavailable, Op: r.op, Message: "the listing does not move on"}
	}
	for _, s := range out.Results {
		at := instant(string(s.SubmittedAt))
		if at.IsZero() {
			return connector.SubmissionPage{}, &connector.Error{Kind: connector.ErrUnavailable, Op: r.op, Message: "a submission has no time"}
		}
		submission := connector.Submission{ID: string(s.ID), At: at, Page: bare(string(s.PageURL))}
		for _, v := range s.Values {
			if v.Name == "email" {
				submission.Email = string(v.Value)
			}
		}
		page.Submissions = append(page.Submissions, submission)
	}
	return page, nil
}

// Occurrences gives one page of what HubSpot tracked of one contact since an instant, of one type
// ("e_visited_page"); it needs an Enterprise plan.
func (c *Client) Occurrences(
	ctx context.Context, contact connector.ObjectID, eventType string, since time.Time, cur connector.Cursor,
) (connector.OccurrencePage, error) {
	const op = "list occurrences"
	if !decimal(string(contact)) || eventType == "" {
		return connector.OccurrencePage{}, unfit(op, "occurrences need a contact and a type of event")
	}
	query := url.Values{
		"objectType": {"contact"}, "objectId": {string(contact)}, "eventType": {eventType},
		"occurredAfter": {since.UTC().Format("2006-01-02T15:04:05.000Z07:00")}, "limit": {strconv.Itoa(listLimit)},
	}
	if cur != "" {
		query.Set("after", string(cur))
	}
	var out struct {
		Results []struct {
			ID         text            `json:"id"`
			Type       text            `json:"eventType"`
			At         text            `json:"occurredAt"`
			Properties map[string]text `json:"properties"`
		} `json:"results"`
		Paging paging `json:"paging"`
	}
	if _, err := c.do(ctx, request{op: op, endpoint: epOccurrences, query: query}, &out); err != nil {
		return connector.OccurrencePage{}, err
	}
	page := connector.OccurrencePage{Next: connector.Cursor(out.Paging.Next.After)}
	if page.Next != "" && page.Next == cur {
		return connector.OccurrencePage{}, &connector.Error{Kind: connector.ErrUnavailable, Op: op, Message: "the listing does not move on"}
	}
	for _, o := range out.Results {
		at := instant(string(o.At))
		if at.IsZero() {
			return connector.OccurrencePage{}, &connector.Error{Kind: connector.ErrUnavailable, Op: op, Message: "an occurrence has no time"}
		}
		page.Occurrences = append(page.Occurrences, connector.Occurrence{
			ID: string(o.ID), Type: orString(string(o.Type), eventType), At: at, Page: bare(string(o.Properties["hs_url"])),
		})
	}
	return page, nil
}

// bare is an address without query, fragment and user, which may carry who somebody is.
func bare(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.RawQuery, u.Fragment, u.User, u.ForceQuery = "", "", nil, false
	return u.String()
}

// Dispositions gives the account's call outcomes: Value is the GUID that stands in hs_call_disposition, Hidden
// one that was deleted and still stands in old calls.
func (c *Client) Dispositions(ctx context.Context) ([]connector.Option, error) {
	var out []struct {
		ID      text `json:"id"`
		Label   text `json:"label"`
		Deleted bool `json:"deleted"`
	}
	if _, err := c.do(ctx, request{op: "list call dispositions", endpoint: epDispositions}, &out); err != nil {
		return nil, err
	}
	options := make([]connector.Option, len(out))
	for i, d := range out {
		options[i] = connector.Option{Value: string(d.ID), Label: string(d.Label), Order: i, Hidden: d.Deleted}
	}
	return options, nil
}
