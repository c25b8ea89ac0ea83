package recorder_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/recorder"
)

const liveToken = "pat-eu1-11aa22bb-33cc-44dd-55ee-66ff77889900"

// person is somebody in an invented account, everything about whom must disappear.
type person struct {
	id, company, first, last, mail, phone, street, note, ip, born, stage string
	visits                                                               int
}

// account answers like one with these people. It is written by hand so that a mistake of the simulator does not
// hide one here.
type account struct {
	people  []person
	calls   map[string]string // call → contact
	refuse  bool              // answers batch/read with an error that quotes a value
	page    int               // records on a page of the listing
	written []string          // requests that would have written
}

func (a *account) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	status, answer := a.answer(req, body)
	text, ok := answer.(string)
	if !ok {
		b, err := json.Marshal(answer)
		if err != nil {
			return nil, err
		}
		text = string(b)
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: io.NopCloser(strings.NewReader(text)), Request: req,
		Header: http.Header{
			"Content-Type": {"application/json;charset=utf-8"}, "Set-Cookie": {"__cf_bm=SecretCookieValue; path=/"}, "X-Secret-Trace": {"OperatorName"},
			"X-Hubspot-Correlation-Id": {"0a0b0c0d-1111-4222-8333-444455556666"}, "X-Hubspot-Ratelimit-Remaining": {"99"},
		},
	}, nil
}

func (a *account) answer(req *http.Request, body string) (int, any) {
	path := req.Method + " " + strings.TrimPrefix(req.URL.Path, "/proxy")
	switch {
	case path == "GET /account-info/2026-09/details":
		return 200, map[string]any{"portalId": 73311557, "timeZone": "Europe/Berlin", "companyCurrency": "EUR", "uiDomain": "app-eu1.hubspot.com"}
	case path == "GET /crm/properties/2026-09/contacts":
		return 200, map[string]any{"results": contactDefinitions()}
	case path == "GET /crm/owners/2026-09":
		return 200, map[string]any{"results": []any{map[string]any{
			"id": "880011223", "email": "owner@operator.de", "firstName": "Ottokar", "lastName": "Operatorio", "type": "PERSON", "archived": false, "userId": 99887766,
			"teams": []any{map[string]any{"id": "556677", "name": "Vertrieb Nordost", "primary": true}},
		}}}
	case path == "GET /crm/objects/2026-09/contacts":
		return 200, a.list(req.URL.Query().Get("after"))
	case path == "POST /crm/objects/2026-09/contacts/batch/read":
		if a.refuse {
			p := a.people[0]
			return 400, map[string]any{
				"status": "error", "category": "VALIDATION_ERROR", "correlationId": "9a9b9c9d-1111-4222-8333-444455556666",
				"message": fmt.Sprintf(`Property values were not valid: [{"isValid":false,"message":"%s is no number","error":"INVALID_LONG","name":"visits","portalId":73311557}]`, p.first),
				"errors":  []any{map[string]any{"message": fmt.Sprintf(`"%s" <%s> of %s`, p.last, p.mail, p.id), "context": map[string]any{"propertyName": []any{"visits"}, "ids": []any{p.id}}}},
			}
		}
		return 200, map[string]any{"status": "COMPLETE", "results": a.records(a.people)}
	case path == "POST /crm/associations/2026-09/contacts/calls/batch/read":
		return 200, map[string]any{"status": "COMPLETE", "results": a.links()}
	case strings.HasSuffix(path, "/missing"), strings.Contains(path, "/contacts/"):
		p := a.people[0]
		return 404, "<html><body>Nothing of " + p.first + " " + p.last + " at " + p.mail + "</body></html>"
	}
	a.written = append(a.written, path+" "+body)
	return 200, map[string]any{}
}

func contactDefinitions() []any {
	def := func(name, kind string, own bool, options ...string) any {
		var list []any
		for i, o := range options {
			list = append(list, map[string]any{"value": o, "label": "Label of Ottokar", "displayOrder": i, "hidden": false})
		}
		return map[string]any{
			"name": name, "label": "The " + name, "type": kind, "fieldType": "text", "hubspotDefined": !own, "options": append([]any{}, list...),
			"description": "About " + name, "modificationMetadata": map[string]any{"readOnlyValue": false}, "groupName": "contactinformation",
		}
	}
	return []any{
		def("firstname", "string", false), def("lastname", "string", false), def("email", "string", false), def("phone", "string", false),
		def("address", "string", false), def("message", "string", false), def("company", "string", false), def("hs_object_id", "number", false),
		def("hs_merged_object_ids", "string", false), def("visits", "number", false), def("lastmodifieddate", "datetime", false),
		def("lifecyclestage", "enumeration", false, "lead", "customer", "153180554"), def("hs_v2_date_entered_153180554", "datetime", false),
		def("secret_field", "string", true), def("date_of_birth", "string", false), def("hs_ip", "string", false), def("website", "string", false),
		def("hubspot_owner_id", "enumeration", false), def("associatedcompanyid", "number", false),
	}
}

func (a *account) record(p person) any {
	return map[string]any{
		"id": p.id, "createdAt": "2026-09-01T08:00:00.000Z", "updatedAt": "2026-11-02T09:30:00.123Z", "archived": false,
		"properties": map[string]any{
			"firstname": p.first, "lastname": p.last, "email": p.mail, "phone": p.phone, "address": p.street, "message": p.note, "company": p.company,
			"hs_object_id": p.id, "hs_merged_object_ids": a.people[0].id + ";" + p.id, "visits": fmt.Sprint(p.visits), "lifecyclestage": p.stage,
			"lastmodifieddate": "2026-11-02T09:30:00.123Z", "secret_field": p.company, "date_of_birth": p.born, "hs_ip": p.ip,
			"website": "https://www." + domainOf(p.mail) + "/jobs?ref=" + p.first, "hubspot_owner_id": "880011223", "associatedcompanyid": "7" + p.id,
			"nobody_defined_this": "Liebe " + p.last + " GbR", "hs_v2_date_entered_153180554": "2026-10-02T09:30:00.123Z",
		},
	}
}

func domainOf(mail string) string {
	_, domain, _ := strings.Cut(mail, "@")
	return domain
}

func (a *account) records(people []person) []any {
	out := []any{}
	for _, p := range people {
		out = append(out, a.record(p))
	}
	return out
}

func (a *account) list(after string) any {
	from := 0
	for i, p := range a.people {
		if p.id == after {
			from = i
		}
	}
	to := min(from+a.page, len(a.people))
	answer := map[string]any{"results": a.records(a.people[from:to])}
	if to < len(a.people) {
		answer["paging"] = map[string]any{"next": map[string]any{"after": a.people[to].id, "link": "https://api.hubapi.com/crm/v3/objects/contacts?after=" + a.people[to].id}}
	}
	return answer
}

func (a *account) links() []any {
	out := []any{}
	for call, contact := range a.calls {
		id := json.Number(call)
		out = append(out, map[string]any{"from": map[string]any{"id": contact}, "to": []any{map[string]any{
			"toObjectId": id, "associationTypes": []any{map[string]any{"category": "HUBSPOT_DEFINED", "typeId": 193, "label": nil}},
		}}})
	}
	return out
}

func client(t failer, transport http.RoundTripper) *hubspot.Client {
	c, err := hubspot.New(hubspot.Config{
		BaseURL: "https://gateway.operator.de/proxy", Token: func(context.Context) (string, error) { return liveToken, nil },
		Transport: transport, Now: time.Now, Jitter: func() float64 { return 0 }, GeneralPerSecond: 1e6, SearchPerSecond: 1e6, Attempts: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type failer interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

func begin(t failer, a *account, change func(*recorder.Options)) *recorder.Recorder {
	o := recorder.Options{BaseURL: "https://gateway.operator.de/proxy", Transport: a, Secret: bytes.Repeat([]byte{7}, 32)}
	if change != nil {
		change(&o)
	}
	r, err := recorder.Record(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// seen is what a client learns from the account, by whatever names.
type seen struct {
	contacts []connector.Object
	links    []connector.Link
	owners   []connector.Owner
	account  connector.Account
}

func props() []string {
	return []string{
		"firstname", "lastname", "email", "phone", "address", "message", "company", "visits", "lifecyclestage", "secret_field", "hs_merged_object_ids",
		"date_of_birth", "hs_ip", "website", "hubspot_owner_id", "associatedcompanyid", "nobody_defined_this",
	}
}

func look(t failer, c *hubspot.Client, properties []string) seen {
	ctx := context.Background()
	var s seen
	var err error
	if s.account, err = c.Account(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err = c.Properties(ctx, connector.TypeContact); err != nil {
		t.Fatal(err)
	}
	if s.owners, err = c.Owners(ctx); err != nil {
		t.Fatal(err)
	}
	at := connector.Cursor("")
	for {
		page, err := c.List(ctx, connector.TypeContact, at, properties)
		if err != nil {
			t.Fatal(err)
		}
		s.contacts = append(s.contacts, page.Objects...)
		if at = page.Next; at == "" {
			break
		}
	}
	var ids []connector.ObjectID
	for _, o := range s.contacts {
		ids = append(ids, o.ID)
	}
	if s.links, err = c.Links(ctx, connector.TypeContact, connector.TypeCall, ids); err != nil {
		t.Fatal(err)
	}
	return s
}

func people(r *rand.Rand, n int) *account {
	word := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte('a' + r.IntN(26))
		}
		return string(b)
	}
	name := func() string { w := word(4 + r.IntN(7)); return strings.ToUpper(w[:1]) + w[1:] + "ß" }
	a := &account{calls: map[string]string{}, page: 3}
	domains := []string{word(8) + ".de", word(9) + ".co.uk", "gmail.com"}
	next := 700_000_000 + r.IntN(100_000_000)
	for range n {
		next += 1 + r.IntN(900)
		p := person{
			id: fmt.Sprint(next), first: name(), last: name() + "-" + name(), company: name() + " " + name() + " GmbH", ip: fmt.Sprintf("85.%d.%d.7", r.IntN(250), r.IntN(250)),
			phone: fmt.Sprintf("+49 89 %07d", r.IntN(10_000_000)), street: name() + "weg " + fmt.Sprint(1+r.IntN(99)), born: fmt.Sprintf("19%02d-03-0%d", 40+r.IntN(30), 1+r.IntN(9)),
			stage: []string{"lead", "customer", "153180554"}[r.IntN(3)], visits: r.IntN(500),
		}
		p.mail = strings.ToLower(word(3+r.IntN(8)) + "." + word(5) + "@" + domains[r.IntN(3)])
		p.note = "Called " + p.first + " " + p.last + " (" + strings.ToUpper(p.mail) + "), " + p.phone + "; likes " + word(7) + " " + word(6) + " " + word(9) + " " + word(5)
		a.people = append(a.people, p)
		a.calls[fmt.Sprint(next*3)] = p.id
	}
	return a
}

// secrets are what may not be in a file, whatever the case.
func (a *account) secrets() []string {
	out := []string{
		liveToken, "66ff77889900", "SecretCookieValue", "OperatorName", "880011223", "99887766", "73311557", "153180554", "Ottokar", "Operatorio",
		"Nordost", "owner@operator.de", "operator.de", "0a0b0c0d-1111", "556677",
	}
	for _, p := range a.people {
		local, domain, _ := strings.Cut(p.mail, "@")
		out = append(out, p.id, p.first, p.last, strings.Split(p.last, "-")[0], p.company, strings.Fields(p.company)[0], p.mail, p.phone,
			strings.ReplaceAll(strings.TrimPrefix(p.phone, "+"), " ", ""), p.street, p.note, p.ip, p.born)
		if len(local) > 4 {
			out = append(out, local)
		}
		if domain != "gmail.com" {
			out = append(out, domain)
		}
		words := strings.Fields(p.note)
		out = append(out, words[len(words)-2])
	}
	for call := range a.calls {
		out = append(out, call)
	}
	return out
}

// holds looks for a secret. A number counts as a whole only: the ones that replace others may hold its digits by chance.
func holds(text, secret string) bool {
	if strings.Trim(secret, "0123456789") != "" {
		return strings.Contains(strings.ToLower(text), strings.ToLower(secret))
	}
	return regexp.MustCompile(`(^|[^0-9])` + secret + `([^0-9]|$)`).MatchString(text)
}

// TestNothingSurvives records random accounts and looks for everything that was planted; the same person is the
// same person afterwards, associations lead somewhere, and what is no secret is as it was.
func TestNothingSurvives(t *testing.T) {
	base, tries := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		a := people(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), rapid.IntRange(2, 12).Draw(t, "people"))
		rec := begin(t, a, nil)
		before := look(t, client(t, rec), props())
		a.refuse = true
		_, err := client(t, rec).Read(t.Context(), connector.TypeContact, []connector.ObjectID{before.contacts[0].ID}, props())
		if !errors.Is(err, connector.ErrInvalid) {
			t.Fatalf("refused read: %v", err)
		}
		if page := fetch(t, rec, "GET", "/crm/objects/2026-09/contacts/"+a.people[0].id, ""); !strings.Contains(page, a.people[0].first) {
			t.Fatalf("the client sees %q", page)
		}
		recording, err := rec.Redact()
		if err != nil {
			t.Fatal(err)
		}
		tries++
		dir := filepath.Join(base, strconv.Itoa(tries))
		if err := recording.Write(dir, recorder.Note{Version: recorder.NoteVersion, Replaced: recording.Replaced}); err != nil {
			t.Fatal(err)
		}
		for name, text := range files(t, dir) {
			for _, secret := range a.secrets() {
				if holds(text, secret) {
					t.Errorf("%s holds %q", name, secret)
				}
			}
		}
		compare(t, a, before, look(t, client(t, gateway{played(t, dir)}), props()))
	})
}

// gateway asks the canonical address, as a replay does.
type gateway struct{ next http.RoundTripper }

func (g gateway) RoundTrip(req *http.Request) (*http.Response, error) {
	u := *req.URL
	u.Scheme, u.Host, u.Path = "https", "api.hubapi.com", strings.TrimPrefix(u.Path, "/proxy")
	u.RawPath = ""
	copied := *req
	copied.URL = &u
	return g.next.RoundTrip(&copied)
}

func played(t failer, dir string) *recorder.Player {
	paths, err := recorder.Cassettes(dir)
	if err != nil {
		t.Fatal(err)
	}
	// the ids that a client sends are those of the answers, so a replay must ask exactly what was asked
	p, err := recorder.ReplayWith(recorder.ReplayOptions{MaskTimes: true}, paths...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func files(t failer, dir string) map[string]string {
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		out[d.Name()] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func compare(t failer, a *account, before, after seen) {
	if len(after.contacts) != len(before.contacts) || len(after.links) != len(before.links) || len(after.owners) != 1 {
		t.Fatalf("replayed %d contacts, %d links, %d owners", len(after.contacts), len(after.links), len(after.owners))
	}
	listed := map[connector.ObjectID]bool{}
	same := map[string]map[string]string{}
	for i, o := range after.contacts {
		was := before.contacts[i]
		listed[o.ID] = true
		if len(o.ID) != len(was.ID) || o.Properties["visits"] != was.Properties["visits"] || !o.UpdatedAt.Equal(was.UpdatedAt) {
			t.Errorf("%+v became %+v", was, o)
		}
		if i > 0 && o.ID <= after.contacts[i-1].ID {
			t.Errorf("the order of ids changed: %s after %s", o.ID, after.contacts[i-1].ID)
		}
		if stage := was.Properties["lifecyclestage"]; len(stage) < 9 && o.Properties["lifecyclestage"] != stage {
			t.Errorf("stage %q became %q", stage, o.Properties["lifecyclestage"])
		}
		for _, name := range []string{"email", "firstname", "lastname", "phone", "hubspot_owner_id", "lifecyclestage", "company"} {
			if same[name] == nil {
				same[name] = map[string]string{}
			}
			if made, ok := same[name][was.Properties[name]]; ok && made != o.Properties[name] {
				t.Errorf("the same %s became two", name)
			}
			same[name][was.Properties[name]] = o.Properties[name]
			if o.Properties[name] == "" {
				t.Errorf("%s is gone", name)
			}
		}
		if merged := strings.Split(o.Properties["hs_merged_object_ids"], ";"); merged[1] != string(o.ID) || merged[0] != string(after.contacts[0].ID) {
			t.Errorf("merged ids %v of %s", merged, o.ID)
		}
		if o.Properties["hubspot_owner_id"] != after.owners[0].ID {
			t.Errorf("owner %q is not %q", o.Properties["hubspot_owner_id"], after.owners[0].ID)
		}
		if !strings.Contains(o.Properties["message"], "@") || !strings.Contains(o.Properties["message"], o.Properties["email"]) {
			t.Errorf("the address in the text is another: %q", o.Properties["message"])
		}
		if domain := domainOf(o.Properties["email"]); !strings.Contains(o.Properties["website"], domain) || strings.Contains(o.Properties["website"], "?") {
			t.Errorf("website %q of %q", o.Properties["website"], domain)
		}
	}
	for _, l := range after.links {
		if !listed[l.FromID] {
			t.Errorf("link from %s, which is nobody", l.FromID)
		}
	}
	if len(after.account.ID) != len(before.account.ID) || after.account.TimeZone != before.account.TimeZone {
		t.Errorf("account %+v", after.account)
	}
	_ = a
}

// TestALeakIsNoRecording breaks a rule, in the two ways in which one can be broken: a value that is kept, and one
// that nobody would look for at that place.
func TestALeakIsNoRecording(t *testing.T) {
	a := people(rand.New(rand.NewPCG(1, 1)), 3)
	a.people[1].stage = a.people[0].first + " " + a.people[0].last // a name as the value of an enumeration, which is kept
	for _, broken := range []struct {
		name string
		rule func(*recorder.Recorder, ...string)
		leak bool
	}{
		{"no rule", func(*recorder.Recorder, ...string) {}, false},
		{"names are kept", recorder.BreakNames, true},
		{"ids are kept", recorder.BreakIDs, true},
		{"addresses are kept", recorder.BreakMail, true},
		{"phones are kept", recorder.BreakPhones, true},
		{"headers are kept", recorder.BreakHeaders, true},
	} {
		t.Run(broken.name, func(t *testing.T) {
			rec := begin(t, a, nil)
			broken.rule(rec, a.people[0].mail, a.people[1].mail, a.people[2].mail)
			look(t, client(t, rec), props())
			recording, err := rec.Redact()
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "made")
			err = recording.Write(dir, recorder.Note{Version: recorder.NoteVersion})
			if errors.Is(err, recorder.ErrLeak) != broken.leak {
				t.Fatalf("written: %v", err)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), "*")); broken.leak && len(left) > 0 {
				t.Errorf("files stayed behind: %v", left)
			}
			if broken.leak {
				for _, secret := range a.secrets() {
					if strings.Contains(err.Error(), secret) {
						t.Errorf("the error tells %q", secret)
					}
				}
			}
		})
	}
}

func TestARecordingOnlyReads(t *testing.T) {
	a := people(rand.New(rand.NewPCG(1, 1)), 2)
	rec := begin(t, a, nil)
	for _, try := range []struct {
		method, path string
		sent         bool
	}{
		{"GET", "/crm/objects/2026-09/contacts", true},
		{"POST", "/crm/objects/2026-09/contacts/batch/read", true},
		{"POST", "/crm/associations/2026-09/contacts/calls/batch/read", true},
		{"POST", "/crm/objects/2026-09/contacts/batch/update", false},
		{"POST", "/crm/objects/2026-09/tasks/batch/create", false},
		{"PATCH", "/crm/objects/2026-09/contacts/1", false},
		{"DELETE", "/crm/objects/2026-09/contacts/1", false},
		{"PUT", "/crm/lists/2026-09/1/memberships/add", false},
		{"POST", "/crm/properties/2026-09/contacts", false},
		{"POST", "/crm/objects/2026-09/contacts/search/../batch/archive", false},
	} {
		req, err := http.NewRequestWithContext(t.Context(), try.method, "https://gateway.operator.de/proxy"+try.path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := rec.RoundTrip(req)
		if errors.Is(err, recorder.ErrWrites) == try.sent {
			t.Errorf("%s %s: %v", try.method, try.path, err)
		}
		if err == nil {
			resp.Body.Close()
		}
	}
	if len(a.written) > 0 {
		t.Errorf("reached the account: %v", a.written)
	}
}

func TestSampleEndsTheListing(t *testing.T) {
	a := people(rand.New(rand.NewPCG(2, 1)), 9)
	rec := begin(t, a, func(o *recorder.Options) { o.Sample = 4 })
	if got := look(t, client(t, rec), props()); len(got.contacts) != 4 {
		t.Errorf("%d contacts", len(got.contacts))
	}
	recording, err := rec.Redact()
	// account, definitions, owners twice, two pages of contacts and no third, associations
	if err != nil || !slices.Equal(recording.Truncated, []string{"contacts"}) || recording.Requests != 7 {
		t.Errorf("truncated %v after %d requests, %v", recording.Truncated, recording.Requests, err)
	}
}

func TestShiftAndKeep(t *testing.T) {
	a := people(rand.New(rand.NewPCG(3, 1)), 2)
	rec := begin(t, a, func(o *recorder.Options) { o.Shift, o.Keep = 7*24*time.Hour, []string{"contacts.secret_field"} })
	before := look(t, client(t, rec), props())
	recording, err := rec.Redact()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "made")
	// the company's name is a secret elsewhere, so what is kept is cleaned of it
	if err := recording.Write(dir, recorder.Note{Version: recorder.NoteVersion}); err != nil {
		t.Fatal(err)
	}
	after := look(t, client(t, gateway{played(t, dir)}), props())
	for i, o := range after.contacts {
		if !o.UpdatedAt.Equal(before.contacts[i].UpdatedAt.Add(7 * 24 * time.Hour)) {
			t.Errorf("updated %v was %v", o.UpdatedAt, before.contacts[i].UpdatedAt)
		}
		if !strings.HasSuffix(o.Properties["secret_field"], " GmbH") && strings.EqualFold(o.Properties["secret_field"], before.contacts[i].Properties["secret_field"]) {
			t.Errorf("kept %q", o.Properties["secret_field"])
		}
	}
}

func fetch(t failer, rt http.RoundTripper, method, path, body string) string {
	req, err := http.NewRequestWithContext(context.Background(), method, "https://gateway.operator.de/proxy"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// canned answers everything with one body.
type canned string

func (c canned) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(c))), Request: req}, nil
}

// TestWhereSecretsHide has one place for each rule: what must go, and what must stay as it is.
func TestWhereSecretsHide(t *testing.T) {
	cases := []struct {
		name, method, path, body, answer string
		gone, stays                      []string
	}{
		{
			"merged ids with times", "POST", "/crm/objects/2026-09/contacts/batch/read", `{"inputs":[{"id":"51200431"}]}`,
			`{"results":[{"id":"51200431","properties":{"hs_calculated_merged_vids":"61200431:1700000000000;71200431:1700000000001"}}]}`,
			[]string{"51200431", "61200431", "71200431"},
			[]string{":1700000000000;", ":1700000000001"},
		},
		{
			"read by address", "POST", "/crm/objects/2026-09/contacts/batch/read", `{"idProperty":"email","inputs":[{"id":"ada@lovelace.de"}]}`,
			`{"results":[]}`,
			[]string{"ada", "lovelace"},
			[]string{`"idProperty":"email"`, ".example.com"},
		},
		{
			"history", "GET", "/crm/objects/2026-09/contacts", "",
			`{"results":[{"propertiesWithHistory":{"email":[{"value":"ada@lovelace.de","sourceId":"userId:8812345","sourceType":"CRM_UI","sourceLabel":"Ada Byron","updatedByUserId":8812345,"timestamp":"2026-11-01T10:00:00.000Z"}]}}]}`,
			[]string{"lovelace", "8812345", "Byron"},
			[]string{"CRM_UI", "2026-11-01T10:00:00.000Z"},
		},
		{
			"filters", "POST", "/crm/objects/2026-09/contacts/search",
			`{"filterGroups":[{"filters":[{"propertyName":"hs_object_id","operator":"NEQ","value":"51200431"},{"propertyName":"lastname","operator":"IN","values":["byron"]},{"propertyName":"lastmodifieddate","operator":"GTE","value":"1790000000000"}]}]}`,
			`{"results":[]}`,
			[]string{"51200431", "byron"},
			[]string{"1790000000000", "lastmodifieddate", "NEQ"},
		},
		{
			"conflict", "GET", "/crm/objects/2026-09/contacts", "", `{"category":"CONFLICT","message":"Contact already exists. Existing ID: 51200431","context":{"id":["51200431"]}}`,
			[]string{"51200431"},
			[]string{"Contact already exists. Existing ID: ", "CONFLICT"},
		},
		{
			"no associations", "POST", "/crm/associations/2026-09/contacts/calls/batch/read", `{"inputs":[{"id":"51200431","after":"NTEyMDA0MzE="}]}`,
			`{"results":[],"errors":[{"category":"OBJECT_NOT_FOUND","subCategory":"crm.associations.NO_ASSOCIATIONS_FOUND","message":"No CALL is associated with 51200431.","context":{"fromObjectId":["51200431"]}}]}`,
			[]string{"51200431", "NTEyMDA0MzE"},
			[]string{"NO_ASSOCIATIONS_FOUND", "No CALL is associated with "},
		},
		{
			"keys of an object", "GET", "/crm/objects/2026-09/contacts", "", `{"51200431":{"ada@lovelace.de":"Byron"}}`, []string{"51200431", "lovelace", "Byron"}, nil,
		},
		{
			"query", "GET", "/crm/owners/2026-09?email=ada@lovelace.de&limit=100&after=51200431", "", `{"results":[]}`,
			[]string{"lovelace", "51200431"},
			[]string{"limit=100"},
		},
		{
			"form", "GET", "/form-integrations/v1/submissions/forms/0f0e0d0c-1111-4222-8333-444455556666?limit=50", "",
			`{"results":[{"submittedAt":1700000000000,"values":[{"name":"email","value":"ada@lovelace.de"}],"pageUrl":"https://lovelace.de/demo?utm=byron"}]}`,
			[]string{"lovelace", "byron", "0f0e0d0c-1111"},
			[]string{"1700000000000"},
		},
		{
			"unknown key", "GET", "/crm/objects/2026-09/contacts", "", `{"brandNewField":"Ada Byron called twice","nested":[{"deeper":"10.20.30.40"}],"token":"abcdef123456"}`,
			[]string{"Byron", "called", "10.20.30.40", "abcdef123456"},
			nil,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			rec := begin(t, nil, func(o *recorder.Options) { o.Transport = canned(c.answer) })
			if got := fetch(t, rec, c.method, c.path, c.body); got != c.answer {
				t.Errorf("the client got %q", got)
			}
			recording, err := rec.Redact()
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "made")
			if err := recording.Write(dir, recorder.Note{Version: recorder.NoteVersion}); err != nil {
				t.Fatal(err)
			}
			text := ""
			for name, part := range files(t, dir) {
				text += name + part
			}
			for _, secret := range c.gone {
				if holds(text, secret) {
					t.Errorf("%q is left in %s", secret, text)
				}
			}
			for _, word := range c.stays {
				if !strings.Contains(text, word) {
					t.Errorf("%q is gone from %s", word, text)
				}
			}
		})
	}
}
