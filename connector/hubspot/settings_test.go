package hubspot_test

import (
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/connector/hubspot"
)

func TestVersionsPerFamily(t *testing.T) {
	var paths []string
	cfg := quick(roundTrip(func(r *http.Request) (*http.Response, error) {
		paths = append(paths, r.URL.Path)
		return answerWith(403, `{}`), nil
	}))
	cfg.Versions = map[string]string{
		"objects": "2026-03", "associations": "2027-03-beta", "lists": "2026-03", "account-info": "2025-09", "automation": "2026-09-beta", "oauth": "2026-03",
	}
	c := newClient(t, cfg)
	_, _ = c.List(t.Context(), connector.TypeContact, "", nil)
	_, _ = c.Links(t.Context(), connector.TypeContact, connector.TypeCall, []connector.ObjectID{"1"})
	_, _ = c.StaticList(t.Context(), "1")
	_, _ = c.Account(t.Context())
	_, _ = c.Automations(t.Context())
	_, _ = c.Owners(t.Context())
	want := []string{
		"/crm/objects/2026-03/contacts", "/crm/associations/2027-03-beta/contacts/calls/batch/read", "/crm/lists/2026-03/1",
		"/account-info/2025-09/details", "/automation/2026-09-beta/flows", "/crm/owners/2026-09",
	}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	wantFamilies := []string{"account-info", "associations", "automation", "events", "lists", "oauth", "objects", "owners", "pipelines", "properties"}
	if diff := cmp.Diff(wantFamilies, hubspot.Families()); diff != "" {
		t.Errorf("families (-want +got):\n%s", diff)
	}
}

func TestSettingsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*hubspot.Config){
		"version with a word":   func(c *hubspot.Config) { c.Versions = map[string]string{"objects": "v3"} },
		"version with a path":   func(c *hubspot.Config) { c.Versions = map[string]string{"objects": "2026-09/../x"} },
		"version of nothing":    func(c *hubspot.Config) { c.Versions = map[string]string{"object": "2026-09"} },
		"empty version":         func(c *hubspot.Config) { c.Versions = map[string]string{"objects": ""} },
		"negative reserve":      func(c *hubspot.Config) { c.Reserve = new(-0.1) },
		"whole reserve":         func(c *hubspot.Config) { c.Reserve = new(0.91) },
		"reserve that is none":  func(c *hubspot.Config) { c.Reserve = new(math.NaN()) },
		"app id with a word":    func(c *hubspot.Config) { c.AppID = "app-7" },
		"contacts without keys": func(c *hubspot.Config) { c.Unkeyed = map[connector.ObjectType]bool{connector.TypeContact: true} },
		"plain keys of calls":   func(c *hubspot.Config) { c.PlainKey = map[connector.ObjectType]bool{connector.TypeCall: true} },
	} {
		cfg := quick(nil)
		spoil(&cfg)
		if _, err := hubspot.New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, r := range []float64{0, 0.9} {
		cfg := quick(nil)
		cfg.Reserve = new(r)
		if _, err := hubspot.New(cfg); err != nil {
			t.Errorf("reserve %v: %v", r, err)
		}
	}
}

func TestCallsKnowTheirPurpose(t *testing.T) {
	var observed calls
	cfg := quick(roundTrip(func(*http.Request) (*http.Response, error) { return answerWith(200, `{"results":[]}`), nil }))
	cfg.Observe = observed.observe
	c := newClient(t, cfg)
	for _, p := range []connector.Purpose{connector.PurposeSweep, connector.PurposeRepair} {
		if _, err := c.Owners(connector.For(t.Context(), p)); err != nil {
			t.Error(err)
		}
	}
	_, _ = c.Owners(t.Context())
	var got []connector.Purpose
	for _, call := range observed.list() {
		got = append(got, call.Purpose)
	}
	want := []connector.Purpose{"sweep", "sweep", "repair", "repair", "setup", "setup"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("purposes (-want +got):\n%s", diff)
	}
}

func TestUsageAndLimits(t *testing.T) {
	c := replayed(t, func(cfg *hubspot.Config) { cfg.Now = func() time.Time { return at(t, "2026-11-21T22:00:00Z") } }, "usage")
	none := connector.CallLimit{Max: -1, Remaining: -1, Daily: -1, DailyRemaining: -1}
	for i, l := range c.Limits() {
		none.Bucket = []string{"general", "search", "associations"}[i]
		if l != none {
			t.Errorf("before the first answer: %+v", l)
		}
	}
	got, err := c.Usage(t.Context())
	want := []connector.Usage{
		{
			Name: "private-apps-api-calls-daily", Limit: 250000, Used: 1234, Fresh: true, Status: "SUCCESS",
			CollectedAt: at(t, "2026-11-21T21:59:00Z"), ResetsAt: at(t, "2026-11-21T23:00:00Z"),
		},
		{Name: "another-limit", Limit: 10, Status: "TIMEOUT"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("usage %v (-want +got):\n%s", err, diff)
	}
	wantLimits := []connector.CallLimit{
		{Bucket: "general", Max: 100, Remaining: 97, Window: "10s", Daily: 250000, DailyRemaining: 249000},
		{Bucket: "search", Max: -1, Remaining: -1, Daily: 250000, DailyRemaining: 249000},
		{Bucket: "associations", Max: -1, Remaining: -1, Daily: 250000, DailyRemaining: 249000},
	}
	if diff := cmp.Diff(wantLimits, c.Limits()); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
	if _, err := c.Usage(t.Context()); !errors.Is(err, connector.ErrForbidden) {
		t.Errorf("without the scope: %v", err)
	}
}

// account is an account with a day of calls.
type account struct {
	now       time.Time
	remaining string // header; empty: none
	status    int
	resets    string
	sent      int
}

func (a *account) RoundTrip(r *http.Request) (*http.Response, error) {
	a.sent++
	switch {
	case strings.HasSuffix(r.URL.Path, "/details"):
		return answerWith(200, `{"portalId":33,"timeZone":"Europe/Berlin"}`), nil
	case strings.HasSuffix(r.URL.Path, "/private-apps"):
		return answerWith(200, `{"results":[{"usageLimit":1000,"currentUsage":1000,"fetchStatus":"SUCCESS","resetsAt":"`+a.resets+`"}]}`), nil
	}
	resp := answerWith(a.status, `{"results":[],"policyName":"DAILY","message":"You have reached your daily limit."}`)
	if a.remaining != "" {
		resp.Header.Set("X-HubSpot-RateLimit-Daily", "1000")
		resp.Header.Set("X-HubSpot-RateLimit-Daily-Remaining", a.remaining)
	}
	return resp, nil
}

func TestTheDayStopsThePortalUntilTheReset(t *testing.T) {
	a := &account{now: at(t, "2026-11-21T22:00:00Z"), status: 429}
	cfg := quick(a)
	cfg.Now = func() time.Time { return a.now }
	c := newClient(t, cfg)
	ask := func() *connector.Error {
		t.Helper()
		_, err := c.List(t.Context(), connector.TypeContact, "", nil)
		if err == nil {
			return nil
		}
		return detail(t, err)
	}
	if _, err := c.Account(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"refused by HubSpot", "not even sent"} {
		e := ask()
		if e == nil || !errors.Is(e, connector.ErrThrottled) || e.Policy != "DAILY" || e.RetryAfter != time.Hour || !strings.Contains(e.Message, "until 2026-11-22T00:00:00+01:00") {
			t.Errorf("%s: %+v", when, e)
		}
	}
	if a.sent != 2 {
		t.Errorf("%d calls sent, want the account and one refused", a.sent)
	}
	a.resets = "2026-11-21T22:30:00Z"
	if _, err := c.Usage(t.Context()); err != nil {
		t.Error(err)
	}
	if e := ask(); e == nil || e.RetryAfter != 30*time.Minute || !strings.Contains(e.Message, "23:30:00+01:00") {
		t.Errorf("after HubSpot said when it resets: %+v", e)
	}
	a.now, a.status = at(t, "2026-11-21T22:30:00Z"), 200
	if e := ask(); e != nil {
		t.Errorf("after the reset: %+v", e)
	}
}

func TestTheDailyReserveIsKept(t *testing.T) {
	for name, tt := range map[string]struct {
		reserve   *float64
		remaining string
		stops     bool
	}{
		"default, enough":     {nil, "101", false},
		"default, used up":    {nil, "100", true},
		"half, used up":       {new(0.5), "500", true},
		"none, almost":        {new(0.0), "1", false},
		"none, all gone":      {new(0.0), "0", true},
		"no daily limit told": {nil, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			a := &account{now: at(t, "2026-11-21T22:00:00Z"), status: 200, remaining: tt.remaining}
			cfg := quick(a)
			cfg.Now, cfg.Reserve = func() time.Time { return a.now }, tt.reserve
			c := newClient(t, cfg)
			if _, err := c.Owners(t.Context()); err != nil && !errors.Is(err, connector.ErrThrottled) {
				t.Fatal(err)
			}
			_, err := c.List(t.Context(), connector.TypeContact, "", nil)
			if tt.stops != errors.Is(err, connector.ErrThrottled) || tt.stops != (err != nil) {
				t.Errorf("error %v", err)
			}
			if _, err := c.Account(t.Context()); err != nil {
				t.Errorf("the account can be asked always: %v", err)
			}
			a.now = a.now.Add(3 * time.Hour)
			if _, err := c.List(t.Context(), connector.TypeContact, "", nil); err != nil {
				t.Errorf("on the next day: %v", err)
			}
		})
	}
}

// TestAssociationsInEitherBucket: whether HubSpot counts association calls apart or not, the limit of the
// general bucket is never exceeded (hubspot-api 4.1).
func TestAssociationsInEitherBucket(t *testing.T) {
	for name, tt := range map[string]struct {
		limit       string // what association answers state
		least, most int    // of all calls in ten seconds
	}{
		"counted apart":              {"150", 220, 250},
		"counted apart, not stated":  {"", 220, 250},
		"counted in the general one": {"100", 80, 100},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := &counted{}
				cfg := quick(roundTrip(func(r *http.Request) (*http.Response, error) {
					resp, err := (&counted{answer: plain}).RoundTrip(r)
					wire.mu.Lock()
					wire.when = append(wire.when, time.Now())
					wire.mu.Unlock()
					stated := "100"
					if strings.Contains(r.URL.Path, "/associations/") {
						stated = tt.limit
					}
					if stated != "" {
						resp.Header.Set("X-HubSpot-RateLimit-Max", stated)
						resp.Header.Set("X-HubSpot-RateLimit-Interval-Milliseconds", "10000")
					}
					return resp, err
				}))
				cfg.GeneralPerSecond = 0
				c := newClient(t, cfg)
				_, _ = c.List(t.Context(), connector.TypeContact, "", nil)
				_, _ = c.Links(t.Context(), connector.TypeContact, connector.TypeCall, []connector.ObjectID{"1"})
				time.Sleep(10 * time.Second)
				wire.when = nil
				done := make(chan struct{})
				go func() {
					defer close(done)
					for range 600 {
						_, _ = c.Links(t.Context(), connector.TypeContact, connector.TypeCall, []connector.ObjectID{"1"})
					}
				}()
				for range 400 {
					_, _ = c.List(t.Context(), connector.TypeContact, "", nil)
				}
				<-done
				slices.SortFunc(wire.when, time.Time.Compare)
				if n := wire.busiest(10 * time.Second); n < tt.least || n > tt.most {
					t.Errorf("%d calls in ten seconds, want %d to %d", n, tt.least, tt.most)
				}
			})
		})
	}
}

func TestOtherErrors(t *testing.T) {
	_, p := documented(t, "errors-more")
	cfg := quick(p)
	cfg.Now = func() time.Time { return at(t, "2026-11-21T22:00:00Z") }
	c := newClient(t, cfg)
	invalid, throttled, down := connector.ErrInvalid, connector.ErrThrottled, connector.ErrUnavailable
	type step struct {
		kind    error
		message string
		policy  string
		after   time.Duration
	}
	var steps []step
	for _, code := range []string{"PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE", "INVALID_EMAIL", "INVALID_OPTION", "INVALID_LONG", "INVALID_INTEGER", "INVALID_DATE"} {
		steps = append(steps, step{kind: invalid, message: "some_property " + code})
	}
	steps = append(steps,
		step{kind: invalid, message: "MISSING_REQUIRED_PROPERTY"}, step{kind: invalid, message: "MISSING_CONDITIONAL_REQUIRED_PROPERTY"},
		step{kind: invalid, message: "Edit Associations"}, step{kind: connector.ErrUnauthorized, message: "expired"}, step{kind: connector.ErrNotFound},
		step{kind: invalid}, step{kind: invalid, message: "Unprocessable"},
		step{throttled, "until 2026-11-22T00:00:00Z", "DAILY", 2 * time.Hour}, step{throttled, "", "TEN_SECONDLY_ROLLING", 10 * time.Second},
		step{throttled, "", "TEN_SECONDLY_ROLLING", 3 * time.Second}, step{throttled, "", "SECONDLY", time.Second},
		step{kind: throttled, message: "data centre", after: 24 * time.Hour}, step{kind: throttled, message: "data centre", after: time.Minute},
		step{kind: down}, step{kind: down}, step{kind: down}, step{kind: down}, step{kind: down, message: "status.hubspot.com"}, step{kind: down},
		step{kind: down}, step{kind: down, message: "status.hubspot.com"}, step{kind: down, message: "status.hubspot.com"},
	)
	named := map[int][]string{7: {"deal_source"}, 8: {"closed_lost_reason"}}
	for i, s := range steps {
		_, err := c.Account(t.Context())
		if want, ok := named[i]; ok && !slices.Equal(detail(t, err).Properties, want) {
			t.Errorf("step %d names %v, want %v", i, detail(t, err).Properties, want)
		}
		if e := detail(t, err); !errors.Is(e, s.kind) || e.Policy != s.policy || e.RetryAfter != s.after || !strings.Contains(e.Message, s.message) || strings.Contains(e.Error(), "banana") {
			t.Errorf("step %d: got %+v\nwant %+v", i, e, s)
		}
	}
}

// TestLongValues: HubSpot stores 65,536 characters in a property; a longer one is refused before it is sent and
// does not keep the others.
func TestLongValues(t *testing.T) {
	wire := &batches{t: t, bad: func(string, map[string]string) bool { return false }}
	c := newClient(t, quick(wire))
	long, most := strings.Repeat("ä", 65537), strings.Repeat("ä", 65536)
	got := c.Update(t.Context(), connector.TypeContact, []connector.Update{
		{ID: "1", Properties: map[string]string{"b": long, "a": long, "c": "x"}}, {ID: "2", Properties: map[string]string{"a": most}},
	})
	if e := detail(t, got[0].Err); !errors.Is(e, connector.ErrInvalid) || !slices.Equal(e.Properties, []string{"a", "b"}) || strings.Contains(e.Error(), "ä") || got[1].Err != nil {
		t.Errorf("%+v", got)
	}
	tk := task("k-1", "1")
	tk.BodyHTML = long
	made := c.CreateTasks(t.Context(), []connector.Task{tk, task("k-2", "1")})
	if e := detail(t, made[0].Err); !slices.Equal(e.Properties, []string{"hs_task_body"}) || made[1].Err != nil {
		t.Errorf("%+v", made)
	}
}

func TestA404OfABatch(t *testing.T) {
	updates := make([]connector.Update, 100)
	for i := range updates {
		updates[i] = connector.Update{ID: connector.ObjectID(strconv.Itoa(i + 1)), Properties: map[string]string{"a": "b"}}
	}
	t.Run("about one record: the others go through", func(t *testing.T) {
		wire := &batches{t: t, bad: func(id string, _ map[string]string) bool { return id == "42" }, fault: refuse(404, `{"category":"OBJECT_NOT_FOUND","message":"no"}`)}
		for _, r := range newClient(t, quick(wire)).Update(t.Context(), connector.TypeContact, updates) {
			if (r.ID == "42") != errors.Is(r.Err, connector.ErrNotFound) || (r.ID == "42") != (r.Err != nil) {
				t.Errorf("%+v", r)
			}
		}
	})
	t.Run("about the address: no record is declared gone", func(t *testing.T) {
		wire := &batches{t: t, bad: func(string, map[string]string) bool { return true }, fault: refuse(404, `<html>`)}
		for _, r := range newClient(t, quick(wire)).Update(t.Context(), connector.TypeContact, updates) {
			if !errors.Is(r.Err, connector.ErrUnavailable) {
				t.Errorf("%+v", r)
			}
		}
		if wire.calls != 1 {
			t.Errorf("%d calls", wire.calls)
		}
	})
}
