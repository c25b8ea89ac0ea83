package hubspot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/fixtures/hostile"
)

// hostileCRM answers whatever it was given, one part after the other and the last one for ever. It looks at every
// request, and goes away after so many.
type hostileCRM struct {
	t        *testing.T
	parts    [][]byte
	status   int
	header   http.Header
	patience int
	asked    int
}

var errGone = errors.New("the connection was closed")

// templates are the addresses that the client may ask for.
func templates() []*regexp.Regexp {
	var out []*regexp.Regexp
	hole := regexp.MustCompile(`\\\{[a-z]+\\\}`)
	for _, e := range hubspot.Endpoints() {
		out = append(out, regexp.MustCompile("^"+hole.ReplaceAllString(regexp.QuoteMeta(e), `[^/]+`)+"$"))
	}
	for _, e := range []string{"token", "token/introspect", "token/revoke"} {
		out = append(out, regexp.MustCompile("^POST /oauth/[^/]+/"+e+"$"))
	}
	return out
}

func (h *hostileCRM) RoundTrip(r *http.Request) (*http.Response, error) {
	h.look(r)
	if h.asked++; h.asked > h.patience {
		return nil, errGone
	}
	part := h.parts[min(h.asked-1, len(h.parts)-1)]
	status := 200
	if h.asked == 1 || h.status >= 500 {
		status = h.status
	}
	if len(part) > 4 && part[3] == ' ' { // a part may name its own status
		if n, err := strconv.Atoi(string(part[:3])); err == nil && n >= 200 && n < 600 {
			status, part = n, part[4:]
		}
	}
	return &http.Response{
		StatusCode: status, Header: h.header.Clone(), Body: io.NopCloser(bytes.NewReader(part)), ContentLength: int64(len(part)), Request: r,
	}, nil
}

// look fails the test when what an answer said led a request astray.
func (h *hostileCRM) look(r *http.Request) {
	if r.URL.Host != "api.hubapi.com" || r.URL.Scheme != "https" || r.Host != "" && r.Host != r.URL.Host {
		h.t.Errorf("request for %s", r.URL)
	}
	path := r.Method + " " + r.URL.EscapedPath()
	known := false
	for _, template := range templates() {
		known = known || template.MatchString(path)
	}
	if !known || slices.ContainsFunc(strings.Split(r.URL.EscapedPath(), "/"), func(s string) bool { return s == "." || s == ".." }) {
		h.t.Errorf("request for %s, which nothing is meant to ask for", path)
	}
	if r.Body == nil || r.Header.Get("Content-Type") != "application/json" {
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || !json.Valid(body) {
		h.t.Errorf("request body %.200q: %v", body, err)
	}
}

// operations are everything that the client can be asked, by name. Each gives its errors.
func operations() map[string]func(context.Context, *hubspot.Client) []error {
	ids := []connector.ObjectID{"1", "2", "3"}
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	task := connector.Task{Key: "k1", Kind: connector.TaskCall, Subject: hostile.Canary, BodyHTML: hostile.Canary, DueAt: at, OwnerID: "7", Contact: "1", Company: "9"}
	second := task
	second.Key = "k2"
	looks := connector.PrintOf(task)
	return map[string]func(context.Context, *hubspot.Client) []error{
		"account": func(ctx context.Context, c *hubspot.Client) []error { _, err := c.Account(ctx); return []error{err} },
		"owners":  func(ctx context.Context, c *hubspot.Client) []error { _, err := c.Owners(ctx); return []error{err} },
		"users": func(ctx context.Context, c *hubspot.Client) []error {
			_, err := c.WorkTimes(ctx, []connector.Owner{{ID: "7", Email: "a@example.com", Active: true, Person: true}})
			return []error{err}
		},
		"pipelines": func(ctx context.Context, c *hubspot.Client) []error { _, err := c.Pipelines(ctx); return []error{err} },
		"automations": func(ctx context.Context, c *hubspot.Client) []error {
			_, err := c.Automations(ctx)
			return []error{err}
		},
		"usage": func(ctx context.Context, c *hubspot.Client) []error {
			_, err := c.Usage(ctx)
			c.Limits()
			return []error{err}
		},
		"archived": func(ctx context.Context, c *hubspot.Client) []error {
			_, err := c.Archived(ctx, connector.TypeTask, ids)
			return []error{err}
		},
		"archive": func(ctx context.Context, c *hubspot.Client) []error {
			return []error{c.Archive(ctx, connector.TypeTask, ids)}
		},
		"list": func(ctx context.Context, c *hubspot.Client) []error {
			var at connector.Cursor
			for range 3 {
				page, err := c.List(ctx, connector.TypeContact, at, []string{"email", "lifecyclestage"})
				if err != nil || page.Next == "" {
					return []error{err}
				}
				at = page.Next
			}
			return nil
		},
		"changed": func(ctx context.Context, c *hubspot.Client) []error {
			q := connector.ChangedQuery{Type: connector.TypeContact, Since: at, Properties: []string{"email"}}
			for range 4 { // the cursor is made of what the answer says
				page, err := c.Changed(ctx, q)
				if err != nil || page.Next == "" {
					return []error{err}
				}
				q.Cursor = page.Next
			}
			return nil
		},
		"read": func(ctx context.Context, c *hubspot.Client) []error {
			got, err := c.Read(ctx, connector.TypeContact, ids, []string{"email"})
			if err == nil && len(got.Found)+len(got.Missing) != len(ids) {
				return []error{fmt.Errorf("%d found and %d missing of %d", len(got.Found), len(got.Missing), len(ids))}
			}
			return []error{err}
		},
		"history": func(ctx context.Context, c *hubspot.Client) []error {
			got, err := c.History(ctx, connector.TypeContact, ids, []string{"lifecyclestage"})
			if err == nil && len(got.Found)+len(got.Missing) != len(ids) {
				return []error{fmt.Errorf("%d found and %d missing of %d", len(got.Found), len(got.Missing), len(ids))}
			}
			return []error{err}
		},
		"links": func(ctx context.Context, c *hubspot.Client) []error {
			_, err := c.Links(ctx, connector.TypeContact, connector.TypeTask, ids)
			return []error{err}
		},
		"assert links": func(ctx context.Context, c *hubspot.Client) []error {
			return []error{c.AssertLinks(ctx, []connector.Link{{FromType: "task", FromID: "5", ToType: "contact", ToID: "1"}})}
		},
		"find by key": func(ctx context.Context, c *hubspot.Client) []error {
			_, err := c.FindByKey(ctx, connector.TypeTask, refs("k1", "k2"))
			return []error{err}
		},
		"create tasks": func(ctx context.Context, c *hubspot.Client) []error {
			var errs []error
			for i, r := range c.CreateTasks(ctx, []connector.Task{task, second}) {
				if (r.ID == "") == (r.Err == nil) || r.Key != []string{"k1", "k2"}[i] {
					errs = append(errs, fmt.Errorf("result %+v", r))
				}
				errs = append(errs, r.Err)
			}
			return errs
		},
		"create deals": func(ctx context.Context, c *hubspot.Client) []error {
			var errs []error
			for _, r := range c.CreateDeals(ctx, []connector.Deal{{Key: "d", Name: hostile.Canary, Pipeline: "default", Stage: "s", Contact: "1", Amount: "5"}}) {
				if (r.ID == "") == (r.Err == nil) {
					errs = append(errs, fmt.Errorf("result %+v", r))
				}
				errs = append(errs, r.Err)
			}
			return errs
		},
		"update": func(ctx context.Context, c *hubspot.Client) []error {
			var errs []error
			all := c.Update(ctx, connector.TypeContact, []connector.Update{{ID: "1", Properties: map[string]string{"x": hostile.Canary}}, {ID: "2", Properties: map[string]string{"x": ""}}})
			if len(all) != 2 {
				errs = append(errs, fmt.Errorf("%d results", len(all)))
			}
			for _, r := range all {
				errs = append(errs, r.Err)
			}
			return errs
		},
		"close": func(ctx context.Context, c *hubspot.Client) []error {
			var errs []error
			for _, r := range c.CloseTasks(ctx, []connector.Close{{Key: "k1", Contact: "1", Was: looks}, {Key: "k2", Contact: "1", ID: "72"}}) {
				if (r.Outcome == "") == (r.Err == nil) {
					errs = append(errs, fmt.Errorf("result %+v", r))
				}
				errs = append(errs, r.Err)
			}
			return errs
		},
		"amend": func(ctx context.Context, c *hubspot.Client) []error {
			var errs []error
			for _, r := range c.AmendTasks(ctx, []connector.Amend{{Old: "k0", Was: looks, Task: task}}) {
				errs = append(errs, r.Err)
			}
			return errs
		},
		"lists": func(ctx context.Context, c *hubspot.Client) []error {
			_, err := c.StaticLists(ctx, "x")
			return []error{err}
		},
		"one list": func(ctx context.Context, c *hubspot.Client) []error {
			_, err := c.StaticList(ctx, "17")
			return []error{err}
		},
		"create list": func(ctx context.Context, c *hubspot.Client) []error {
			_, err := c.CreateList(ctx, "a/b")
			return []error{err}
		},
		"change list": func(ctx context.Context, c *hubspot.Client) []error {
			_, err := c.ChangeList(ctx, connector.ListChange{List: "17", Add: true, Member: ids})
			return []error{err}
		},
		"unique": func(ctx context.Context, c *hubspot.Client) []error {
			_, err := c.ProbeUnique(ctx, connector.TypeTask)
			return []error{err}
		},
		"properties": func(ctx context.Context, c *hubspot.Client) []error {
			_, err := c.Properties(ctx, connector.TypeContact)
			return []error{err}
		},
		"create property": func(ctx context.Context, c *hubspot.Client) []error {
			return []error{c.CreateProperty(ctx, connector.TypeContact, hubspot.PropertySpec{Name: "p", Label: "P", Type: "string"})}
		},
		"scopes": func(ctx context.Context, c *hubspot.Client) []error {
			c.ProbeScopes(ctx, []connector.ObjectType{connector.TypeCall})
			return nil
		},
		"forms": func(ctx context.Context, c *hubspot.Client) []error { _, err := c.Forms(ctx); return []error{err} },
		"submissions": func(ctx context.Context, c *hubspot.Client) []error {
			_, err := c.Submissions(ctx, "00000000-0000-0000-0000-000000000001", "")
			return []error{err}
		},
		"occurrences": func(ctx context.Context, c *hubspot.Client) []error {
			_, err := c.Occurrences(ctx, "1", "e_visited_page", at, "")
			return []error{err}
		},
		"dispositions": func(ctx context.Context, c *hubspot.Client) []error {
			_, err := c.Dispositions(ctx)
			return []error{err}
		},
	}
}

// kinds are the classes of errors.
func kinds() []error {
	return []error{
		connector.ErrNotFound, connector.ErrUnauthorized, connector.ErrForbidden, connector.ErrInvalid, connector.ErrConflict,
		connector.ErrThrottled, connector.ErrUnavailable, connector.ErrAmbiguous, connector.ErrDown,
	}
}

// sayable fails the test unless an error is of a known class, short, and free of secrets.
func sayable(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var e *connector.Error
	if !errors.As(err, &e) || !slices.ContainsFunc(kinds(), func(k error) bool { return errors.Is(err, k) }) {
		t.Errorf("%s: error of no class: %v", what, err)
	}
	text := err.Error()
	hostile.Quiet(t, what, text)
	if strings.Contains(text, token) || strings.Contains(text, oauthSecret) {
		t.Errorf("%s: the error shows a secret", what)
	}
	if len(text) > 16<<10 {
		t.Errorf("%s: an error of %d characters", what, len(text))
	}
}

// headerOf reads lines of "Name: value".
func headerOf(text string) http.Header {
	h := http.Header{}
	for line := range strings.SplitSeq(text, "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && len(h) < 20 {
			h.Add(name, strings.TrimSpace(value))
		}
	}
	return h
}

// FuzzAnswer lets a CRM answer anything to everything that the client can ask: no panic, errors of a known class
// that repeat nothing, requests to the known addresses only, an end after a bounded number of them, and no wait
// that an answer can make endless.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []struct {
		status int
		header string
		body   string
	}{
		{200, "", `{"results":[{"id":"1","properties":{"email":"a@example.com","leadsync_key":"k1"},"updatedAt":"2026-11-02T09:00:00Z"}],"paging":{"next":{"after":"1"}},"total":3}`},
		{207, "", `{"status":"COMPLETE","results":[{"id":"1"}],"errors":[{"status":"error","category":"OBJECT_NOT_FOUND","message":"m","context":{"ids":["2","3"]}}]}`},
		{429, "Retry-After: 1\nX-HubSpot-RateLimit-Max: 1\nX-HubSpot-RateLimit-Interval-Milliseconds: 999999999", `{"policyName":"DAILY","errorType":"RATE_LIMIT"}`},
		{400, "", `{"message":"Property values were not valid: [{\"isValid\":false,\"error\":\"x\",\"name\":\"y\"}]","errors":[{"errors":[{}]}]}`},
		{502, "Content-Type: text/html", "<html>bad gateway</html>\x00200 {\"results\":[]}"},
		{200, "", "{\"lists\":[{\"listId\":\"17\",\"name\":\"x\",\"processingType\":\"MANUAL\"}],\"hasMore\":true,\"offset\":0}\x00{}"},
		{201, "", `{"results":[{"id":"..","properties":{}},{"id":5}],"errors":null,"recordIdsAdded":["1"],"recordIdsMissing":[2]}`},
	} {
		for which := range len(operations()) {
			f.Add(uint8(which), uint16(seed.status), seed.header, []byte(seed.body))
		}
	}
	all := operations()
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, which uint8, status uint16, header string, body []byte) {
		name := names[int(which)%len(names)]
		w.Run(t, func() {
			synctest.Test(t, func(t *testing.T) {
				crm := &hostileCRM{
					t: t, parts: bytes.Split(body, []byte{0}), status: 200 + int(status)%400, header: headerOf(header), patience: 40,
				}
				begin := time.Now()
				for _, err := range all[name](t.Context(), newClient(t, patient(crm))) {
					sayable(t, name, err)
				}
				// 40 answers, each of which may make the client wait: what it waits for by itself is seconds each.
				if waited := time.Since(begin); waited > time.Hour {
					t.Errorf("%s waited %s", name, waited)
				}
			})
		})
	})
}

// patient is a client that may try three times, as the real one.
func patient(wire http.RoundTripper) hubspot.Config {
	cfg := quick(wire)
	cfg.Attempts, cfg.GeneralPerSecond, cfg.SearchPerSecond = 3, 0, 0
	return cfg
}
