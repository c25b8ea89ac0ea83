package recorder_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"

	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
	"leadsync/connector/hubspot/simulator/population"
	"leadsync/connector/recorder"
)

var update = flag.Bool("update", false, "record the synthetic fixtures anew")

var root = filepath.Join("..", "..", "fixtures", "hubspot")

// TestFixturesHoldNobody goes through every file: tokens, addresses outside the example domains, telephone
// numbers outside +999, which no country has.
func TestFixturesHoldNobody(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		seen++
		for _, problem := range somebody(string(b)) {
			t.Errorf("%s holds %s", path, problem)
		}
		return nil
	})
	if err != nil || seen < 30 {
		t.Errorf("%d files, %v", seen, err)
	}
}

func somebody(text string) []string {
	var found []string
	for _, m := range regexp.MustCompile(`[\w.+-]+@([\w-]+\.[\w.-]*\w)`).FindAllStringSubmatch(text, -1) {
		if !regexp.MustCompile(`(^|\.)(example\.(com|org|net)|test|example)$`).MatchString(m[1]) {
			found = append(found, "an address at "+m[1])
		}
	}
	if s := regexp.MustCompile(`(?i)pat-[a-z]{2}\d|bearer [\w-]*\d[\w.-]{4,}|authorization:|hapikey=|set-cookie:|client_secret=[^r]`).FindString(text); s != "" {
		found = append(found, "a credential: "+s)
	}
	for _, m := range regexp.MustCompile(`[^\d.T:]\+\d[\d ()/.-]{7,}\d`).FindAllString(text, -1) {
		if !strings.HasPrefix(m[1:], "+999") {
			found = append(found, "a telephone number: "+m[1:])
		}
	}
	return found
}

func TestTheScanFindsSomebody(t *testing.T) {
	for _, text := range []string{"ada@company.de", "x: pat-eu1-0", "Authorization: x", "Bearer abcdef01234", `"+49 89 1234567"`, "a@example.com.de"} {
		if len(somebody(text)) == 0 {
			t.Errorf("%q goes unnoticed", text)
		}
	}
	if found := somebody(`"p@abc.example.com" "+999123456" "2026-11-02T09:30:00.123+01:00" q@x.test`); len(found) > 0 {
		t.Errorf("found %v in what is invented", found)
	}
}

type fixture struct {
	file        string
	interaction *cassette.Interaction
	endpoint    string
}

func allFixtures(t *testing.T) []fixture {
	t.Helper()
	var all []fixture
	for _, pattern := range [][]string{{"*", "*.yaml"}, {"*", "*", "*.yaml"}} {
		for _, path := range fixtures(t, pattern...) {
			c, err := cassette.Load(strings.TrimSuffix(path, ".yaml"))
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range c.Interactions {
				u, err := url.Parse(i.Request.URL)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, fixture{path, i, recorder.EndpointOf(i.Request.Method, u.Path, hubspot.Endpoints())})
			}
		}
	}
	return all
}

func status(code int) func(*cassette.Interaction) bool {
	return func(i *cassette.Interaction) bool { return i.Response.Code == code }
}

func says(code int, words ...string) func(*cassette.Interaction) bool {
	return func(i *cassette.Interaction) bool {
		for _, w := range words {
			if !strings.Contains(strings.ReplaceAll(i.Response.Body, `\"`, `"`), w) {
				return false
			}
		}
		return i.Response.Code == code
	}
}

func lacks(words string, other func(*cassette.Interaction) bool) func(*cassette.Interaction) bool {
	return func(i *cassette.Interaction) bool { return other(i) && !strings.Contains(i.Response.Body, words) }
}

func emptyResults(i *cassette.Interaction) bool {
	return i.Response.Code == 207 && regexp.MustCompile(`"results":\s*\[\]`).MatchString(i.Response.Body)
}

func page(i *cassette.Interaction) bool {
	return i.Response.Code >= 500 && strings.HasPrefix(strings.TrimSpace(i.Response.Body), "<")
}

// errorClasses is every error of hubspot-api 4, 9.2 and 11 that an account can answer with.
func errorClasses() map[string]func(*cassette.Interaction) bool {
	classes := map[string]func(*cassette.Interaction) bool{
		"400 required property":    says(400, "MISSING_REQUIRED_PROPERTY"),
		"400 conditional property": says(400, "MISSING_CONDITIONAL_REQUIRED_PROPERTY"),
		"400 edit associations":    says(400, "Missing 'Edit Associations' permission"),
		"401 invalid":              says(401, "INVALID_AUTHENTICATION"),
		"401 expired":              says(401, "EXPIRED_AUTHENTICATION"),
		"403 scopes":               says(403, "MISSING_SCOPES", "requiredGranularScopes"),
		"404 category":             says(404, "OBJECT_NOT_FOUND"),
		"404 without one":          lacks("category", status(404)),
		"409 conflict":             says(409, "CONFLICT"),
		"409 property exists":      says(409, "OBJECT_ALREADY_EXISTS"),
		"414":                      status(414),
		"422":                      status(422),
		"423":                      status(423),
		"429 daily":                says(429, "RATE_LIMIT", "DAILY"),
		"429 ten seconds":          says(429, "RATE_LIMIT", "TEN_SECONDLY_ROLLING"),
		"429 second":               lacks("TEN_SECONDLY", says(429, "RATE_LIMIT", "SECONDLY")),
		"429 without policy":       lacks("policyName", says(429, "RATE_LIMITS")),
		"477 with a wait": func(i *cassette.Interaction) bool {
			return i.Response.Code == 477 && i.Response.Headers.Get("Retry-After") != ""
		},
		"5xx as a page":    page,
		"5xx without body": func(i *cassette.Interaction) bool { return i.Response.Code >= 500 && i.Response.Body == "" },
		"200 as a page": func(i *cassette.Interaction) bool {
			return i.Response.Code == 200 && strings.HasPrefix(strings.TrimSpace(i.Response.Body), "<")
		},
		"207 ids unknown":                   says(207, "OBJECT_NOT_FOUND", "they may be deleted or not exist"),
		"207 one refused by trace id":       says(207, "objectWriteTraceId", "errors"),
		"207 without results and errors":    emptyResults,
		"207 no associations":               says(207, "NO_ASSOCIATIONS_FOUND"),
		"batch leaves one out with success": func(i *cassette.Interaction) bool { return i.Response.Code == 200 && fewer(i) },
	}
	for _, code := range []string{
		"PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE", "INVALID_EMAIL", "INVALID_OPTION", "INVALID_LONG", "INVALID_INTEGER", "INVALID_DATE",
	} {
		classes["400 "+code] = says(400, "VALIDATION_ERROR", code)
	}
	for _, code := range []int{500, 502, 503, 504, 521, 522, 523, 524, 525, 526} {
		classes[http.StatusText(code)+" "+time.Duration(code).String()] = status(code)
	}
	return classes
}

func fewer(i *cassette.Interaction) bool {
	return strings.HasSuffix(i.Request.URL, "/batch/update") &&
		strings.Count(i.Request.Body, `"properties"`) > strings.Count(i.Response.Body, `"updatedAt"`)
}

func TestEveryEndpointAndErrorHasAFixture(t *testing.T) {
	all := allFixtures(t)
	endpoints, classes := map[string]bool{}, map[string]bool{}
	for _, f := range all {
		if f.endpoint == "" {
			t.Errorf("%s, interaction %d: %s %s is no endpoint of the client", f.file, f.interaction.ID, f.interaction.Request.Method, f.interaction.Request.URL)
		}
		if f.interaction.Response.Code < 300 {
			endpoints[f.endpoint] = true
		}
		for name, is := range errorClasses() {
			classes[name] = classes[name] || is(f.interaction)
		}
	}
	for _, e := range hubspot.Endpoints() {
		if !endpoints[e] {
			t.Errorf("no fixture shows a success of %s", e)
		}
	}
	for name := range errorClasses() {
		if !classes[name] {
			t.Errorf("no fixture shows %s", name)
		}
	}
}

// trouble is one thing that goes wrong in a simulated account and what the client must make of it.
type trouble struct {
	name    string
	fault   simulator.FaultKind
	gateway int // status of a gateway in front of the account that answers nothing else
	prepare func(*simulator.Account)
	call    func(context.Context, *hubspot.Client) error
	kind    error
	status  int
	policy  string
}

func accountCall(ctx context.Context, c *hubspot.Client) error {
	_, err := c.Account(ctx)
	return err
}

func setting(property, value string) func(context.Context, *hubspot.Client) error {
	return func(ctx context.Context, c *hubspot.Client) error {
		page, err := c.List(ctx, connector.TypeContact, "", []string{"email"})
		if err != nil {
			return err
		}
		return c.Update(ctx, connector.TypeContact, []connector.Update{{ID: page.Objects[0].ID, Properties: map[string]string{property: value}}})[0].Err
	}
}

func troubles() []trouble {
	faults := func(k simulator.FaultKind, kind error, code int, policy string) trouble {
		return trouble{name: string(k), fault: k, call: accountCall, kind: kind, status: code, policy: policy}
	}
	refused := func(property, value string) trouble {
		return trouble{name: property + "=" + value, call: setting(property, value), kind: connector.ErrInvalid}
	}
	all := []trouble{
		faults(simulator.FaultRateTen, connector.ErrThrottled, 429, "TEN_SECONDLY_ROLLING"),
		faults(simulator.FaultRateSecond, connector.ErrThrottled, 429, "SECONDLY"),
		faults(simulator.FaultRateDaily, connector.ErrThrottled, 429, "DAILY"),
		faults(simulator.FaultLocked, connector.ErrThrottled, 423, ""),
		faults(simulator.FaultMoving, connector.ErrThrottled, 477, ""),
		faults(simulator.Fault500, connector.ErrUnavailable, 500, ""),
		faults(simulator.Fault503, connector.ErrUnavailable, 503, ""),
		faults(simulator.FaultHTML, connector.ErrUnavailable, 502, ""),
		faults(simulator.FaultHTMLOK, connector.ErrUnavailable, 200, ""),
		faults(simulator.FaultExpired, connector.ErrUnauthorized, 401, ""),
		{name: "a gateway without words", gateway: 503, call: accountCall, kind: connector.ErrUnavailable, status: 503},
		{
			name: "left out", fault: simulator.FaultOmit, kind: connector.ErrAmbiguous,
			call: func(ctx context.Context, c *hubspot.Client) error {
				page, err := c.List(ctx, connector.TypeContact, "", []string{"email"})
				if err != nil {
					return err
				}
				var updates []connector.Update
				for i, o := range page.Objects {
					updates = append(updates, connector.Update{ID: o.ID, Properties: map[string]string{"jobtitle": strconv.Itoa(i)}})
				}
				for _, r := range c.Update(ctx, connector.TypeContact, updates) {
					err = errors.Join(err, r.Err)
				}
				return err
			},
		},
		{name: "revoked", prepare: func(a *simulator.Account) { a.RevokeToken() }, call: accountCall, kind: connector.ErrUnauthorized, status: 401},
		refused("no_such_property", "1"), refused("num_notes", "4"), refused("email", "banana"), refused("lifecyclestage", "banana"),
		refused("numemployees", "banana"),
		{
			name: "unknown id", kind: nil,
			call: func(ctx context.Context, c *hubspot.Client) error {
				got, err := c.Read(ctx, connector.TypeContact, []connector.ObjectID{"999999999999"}, []string{"email"})
				if err == nil && len(got.Missing) != 1 {
					return errors.New("the unknown id is not missing")
				}
				return err
			},
		},
		{
			name: "scope", prepare: func(a *simulator.Account) { a.DenyScope("crm.objects.deals.read") }, kind: connector.ErrForbidden, status: 403,
			call: func(ctx context.Context, c *hubspot.Client) error {
				_, err := c.List(ctx, connector.TypeDeal, "", []string{"dealname"})
				return err
			},
		},
	}
	return all
}

// TestSyntheticErrors replays what the simulator answered to trouble. With -update it is recorded anew.
func TestSyntheticErrors(t *testing.T) {
	folder := filepath.Join(root, "synthetic", "errors")
	if *update {
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		recordTroubles(t, folder)
	}
	player := played(t, folder)
	for _, x := range troubles() {
		t.Run(x.name, func(t *testing.T) { x.check(t, x.call(t.Context(), client(t, gateway{player}))) })
	}
	if left := player.Unplayed(); len(left) > 0 {
		t.Errorf("nobody asked for %v", left)
	}
}

func (x trouble) check(t *testing.T, err error) {
	t.Helper()
	var e *connector.Error
	switch {
	case x.kind == nil:
		if err != nil {
			t.Errorf("got %v", err)
		}
	case !errors.Is(err, x.kind) || !errors.As(err, &e) || x.status != 0 && e.Status != x.status || e.Policy != x.policy:
		t.Errorf("got %+v (%v), want %v with status %d and policy %q", e, err, x.kind, x.status, x.policy)
	}
}

func recordTroubles(t *testing.T, folder string) {
	t.Helper()
	still := func() time.Time { return time.Date(2026, 11, 2, 7, 0, 0, 0, time.UTC) }
	a := simulator.New(simulator.Options{Token: liveToken, Now: still, Wall: still, Seed: 1})
	population.Populate(a, population.Options{Seed: 1, Contacts: 4, Start: still()})
	front := &gatewayTo{next: a.Transport()}
	rec, err := recorder.Record(recorder.Options{
		BaseURL: "https://gateway.operator.de/proxy", Transport: front, Simulated: true, Secret: bytes.Repeat([]byte{5}, 32),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range troubles() {
		if x.fault != "" {
			endpoint := ""
			if x.fault == simulator.FaultOmit {
				endpoint = "POST /crm/objects/{v}/contacts/batch/update"
			}
			a.Faults().Add(simulator.Fault{Kind: x.fault, Count: 1, Endpoint: endpoint})
		}
		if x.prepare != nil {
			x.prepare(a)
		}
		front.broken = x.gateway
		x.check(t, x.call(t.Context(), client(t, rec)))
		a.RestoreToken()
		a.AllowScope("crm.objects.deals.read")
		a.Faults().Clear()
	}
	recording, err := rec.Redact()
	if err != nil {
		t.Fatal(err)
	}
	note := recorder.Note{Version: recorder.NoteVersion, RecordedAt: still(), Account: "48000001", Replaced: recording.Replaced}
	if err := recording.Write(folder, note); err != nil {
		t.Fatal(err)
	}
}

// gatewayTo is the simulator behind a gateway with a path of its own, which may be broken.
type gatewayTo struct {
	next   http.RoundTripper
	broken int
}

func (s *gatewayTo) RoundTrip(req *http.Request) (*http.Response, error) {
	if s.broken > 0 {
		return &http.Response{
			StatusCode: s.broken, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, Request: req,
		}, nil
	}
	in := req.Clone(req.Context())
	in.URL.Path, in.URL.RawPath = strings.TrimPrefix(in.URL.Path, "/proxy"), ""
	return s.next.RoundTrip(in)
}
