package service_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"leadsync/cmd/leadsync/service"
	"leadsync/connector/hubspot/simulator"
	"leadsync/workflows"
)

func load(n int, props func(i int) map[string]string) func(*simulator.Account) {
	return func(a *simulator.Account) {
		err := a.Load(func(add func(string, map[string]string, ...simulator.Link) string) {
			for i := range n {
				add(contacts, props(i))
			}
		})
		if err != nil {
			panic(err)
		}
	}
}

// demoModel is the model of the demo: with people who object to profiling, and companies that follow.
const demoModel = "../demomodel/model.yaml"

// objectors lets people object to profiling.
func objectors(a *simulator.Account) {
	if err := a.AddProperty(contacts, simulator.Property{Name: "no_profiling", Label: "n", Type: "bool"}); err != nil {
		panic(err)
	}
}

func numbered(i int) map[string]string {
	return map[string]string{
		"email": fmt.Sprintf("p%d@example.org", i), "firstname": "P", "lastname": strconv.Itoa(i), "lifecyclestage": "lead",
		"hs_email_click": "1", "hs_email_last_click_date": "2026-10-30T10:00:00Z",
	}
}

// 1,000 changed contacts cost at most 15 calls to find and read, and 10 to write. Activities and companies
// are counted apart: a sweep that finds none costs one search per type.
func TestCost_thousandChangedContacts(t *testing.T) {
	for name, modes := range map[string]string{
		"finding and reading": "{}", // in shadow nothing is written, so no echo has to be recognised
		"and writing":         everythingOn,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, rigOptions{bulk: true, model: demoModel, modes: modes, populate: func(a *simulator.Account) {
				objectors(a)
				load(1500, numbered)(a)
			}})
			r.start()
			r.advance(time.Hour) // beyond the overlap of the sweeps
			r.settle()
			before := r.account.Calls()
			for _, o := range r.account.Objects(contacts)[:1000] {
				r.advance(time.Millisecond)
				if err := r.account.Set(user(), contacts, o.ID, map[string]string{"jobtitle": "Geschäftsführer", "country": "Germany"}); err != nil {
					t.Fatal(err)
				}
			}
			r.settle()
			spent := map[string]int{}
			for call, n := range r.account.Calls() {
				if n > before[call] {
					spent[call] = n - before[call]
				}
			}
			t.Log(spent)
			searches := spent["POST /crm/objects/{v}/contacts/search"]
			reads := spent["POST /crm/objects/{v}/contacts/batch/read"]
			updates := spent["POST /crm/objects/{v}/contacts/batch/update"]
			if modes == "{}" {
				if searches+reads != 15 || updates != 0 {
					t.Errorf("%d searches and %d reads, want 5 and 10", searches, reads)
				}
				return
			}
			// The echo of the 1,000 writes is recognised in the next sweep from what the search shows, without
			// reading a contact again.
			if reads != 10 || updates != 10 {
				t.Errorf("%d reads and %d updates, want 10 and 10", reads, updates)
			}
		})
	}
}

// The first load of an account with a fifth of its contacts at "attempted to contact" creates and moves
// nothing. LEADSYNC_BASELINE_CONTACTS sets the size; CI runs it with 200,000.
func TestBaseline_isQuiet(t *testing.T) {
	n := 1000
	if text := os.Getenv("LEADSYNC_BASELINE_CONTACTS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	attempted, objecting := n/5, 0
	r := newRig(t, rigOptions{bulk: true, model: demoModel, modes: everythingOn, patience: 2*time.Minute + time.Duration(n)*2*time.Millisecond, populate: func(a *simulator.Account) {
		objectors(a)
		err := a.Load(func(add func(string, map[string]string, ...simulator.Link) string) {
			company := ""
			for i := range n {
				p := numbered(i)
				if i < attempted {
					p["lifecyclestage"], p["hs_lead_status"] = "salesqualifiedlead", "ATTEMPTED_TO_CONTACT"
				}
				if i%3 == 0 { // the model would have them further
					p["jobtitle"], p["country"], p["budget"], p["num_conversion_events"], p["recent_conversion_event_name"] = "CEO", "Germany", "50000", "1", "Demo request"
				}
				if i%10 == 7 {
					p["no_profiling"] = "true"
					objecting++
				}
				if i%4 == 0 { // four colleagues each
					company = add(simulator.Companies, map[string]string{"name": "Company " + strconv.Itoa(i)})
				}
				p["associatedcompanyid"] = company
				add(contacts, p, simulator.Link{Type: simulator.Companies, ID: company})
			}
		})
		if err != nil {
			panic(err)
		}
	}})
	r.start()
	if got := len(r.account.Objects(simulator.Tasks)); got != 0 {
		t.Errorf("%d tasks for what was there before", got)
	}
	if got := len(r.account.Objects(simulator.Deals)); got != 0 {
		t.Errorf("%d deals for what was there before", got)
	}
	scored := map[string]bool{}
	for _, e := range r.account.Journal() {
		if e.Actor.Kind != simulator.API {
			continue
		}
		if e.Property == "lifecyclestage" || e.Property == "hs_lead_status" {
			t.Fatalf("%s %s: %s written from %q to %q at go-live", e.Type, e.ID, e.Property, e.Old, e.New)
		}
		if e.Property == "leadsync_score" {
			scored[e.ID] = true
		}
	}
	if len(scored) != n-objecting {
		t.Errorf("%d of %d contacts scored, of whom %d object", len(scored), n, objecting)
	}
	// The first real transition gets its task.
	r.advance(time.Hour)
	first := r.account.Objects(contacts)[0].ID
	r.must(r.account.LogCall(user(), first, simulator.Call{At: r.world(), Disposition: noAnswer, Direction: "OUTBOUND"}))
	r.settle()
	if tasks := r.open(); len(tasks) != 1 || !strings.HasPrefix(tasks[0].Properties["hs_task_subject"], "Call again") {
		t.Errorf("open tasks after the first unanswered call: %v", tasks)
	}
	// And takes back what was written when the contact objects, and only that.
	r.advance(time.Hour)
	before := len(r.account.Journal())
	if err := r.account.Set(user(), contacts, first, map[string]string{"no_profiling": "true"}); err != nil {
		t.Fatal(err)
	}
	r.settle()
	for _, e := range r.account.JournalSince(before) {
		if e.Actor.Kind == simulator.API && (e.Op == simulator.OpSet && (e.ID != first || e.New != "")) {
			t.Errorf("written: %+v", e)
		}
	}
	if r.prop(first, "leadsync_score") != "" || len(r.open()) != 0 {
		t.Errorf("score %q, %d open tasks of a contact who objects", r.prop(first, "leadsync_score"), len(r.open()))
	}
}

func TestWebhook_refusals(t *testing.T) {
	r := newRig(t, rigOptions{})
	target := r.hooks.URL + "/webhooks/hubspot"
	body := []byte(`[{"eventId":1,"subscriptionId":2,"portalId":48000001,"appId":4,"occurredAt":1790000000000,"subscriptionType":"object.propertyChange","attemptNumber":0,"objectId":101,"objectTypeId":"0-1","propertyName":"firstname","propertyValue":"Canary","changeSource":"CRM_UI"}]`)
	now := strconv.FormatInt(time.Now().UnixMilli(), 10)
	old := strconv.FormatInt(time.Now().Add(-6*time.Minute).UnixMilli(), 10)
	sign := func(body []byte, at string) string { return simulator.SignatureV3(secret, "POST", target, body, at) }
	malformed, big, foreign := []byte(`[{"eventId":`), bytes.Repeat([]byte("["), 65_000), bytes.ReplaceAll(body, []byte("48000001"), []byte("48000002"))
	big[0] = ' '
	for name, tc := range map[string]struct {
		body          []byte
		signature, at string
		status        int
		outcome       string
	}{
		"wrong signature":   {body, sign(malformed, now), now, http.StatusUnauthorized, "signature_wrong"},
		"no signature":      {body, "", now, http.StatusUnauthorized, "signature_missing"},
		"stale timestamp":   {body, sign(body, old), old, http.StatusUnauthorized, "timestamp_refused"},
		"body over limit":   {big, sign(big, now), now, http.StatusRequestEntityTooLarge, "body_too_large"},
		"malformed JSON":    {malformed, sign(malformed, now), now, http.StatusBadRequest, "malformed"},
		"portal of another": {foreign, sign(foreign, now), now, http.StatusNoContent, "foreign_portal"},
	} {
		t.Run(name, func(t *testing.T) {
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, bytes.NewReader(tc.body))
			if tc.signature != "" {
				req.Header.Set("X-HubSpot-Signature-v3", tc.signature)
			}
			req.Header.Set("X-HubSpot-Request-Timestamp", tc.at)
			answer := httptest.NewRecorder()
			r.svc.Handler().ServeHTTP(answer, req)
			if answer.Code != tc.status {
				t.Errorf("status %d, want %d", answer.Code, tc.status)
			}
			if n := r.metric(`leadsync_webhook_requests_total{outcome="` + tc.outcome + `"}`); n != 1 {
				t.Errorf("metric of %q = %v, want 1", tc.outcome, n)
			}
		})
	}
	if b, err := r.store.Backlog(t.Context(), "48000001", r.world()); err != nil || b.Due != 0 {
		t.Errorf("due after refusals: %d (%v), want nothing stored", b.Due, err)
	}
	if logs := r.logs.String(); strings.Contains(logs, "Canary") || !strings.Contains(logs, "signature_wrong") {
		t.Errorf("log must name the reason and no content:\n%s", logs)
	}
	// The same request, signed rightly, is taken: the refusals above were not for another cause.
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, bytes.NewReader(body))
	req.Header.Set("X-HubSpot-Signature-v3", sign(body, now))
	req.Header.Set("X-HubSpot-Request-Timestamp", now)
	answer := httptest.NewRecorder()
	r.svc.Handler().ServeHTTP(answer, req)
	if b, err := r.store.Backlog(t.Context(), "48000001", r.world()); answer.Code != http.StatusNoContent || err != nil || b.Due != 1 {
		t.Errorf("a valid request: status %d, due %d (%v)", answer.Code, b.Due, err)
	}
}

// metric reads one sample of /metrics; 0 if it is not there.
func (r *rig) metric(sample string) float64 {
	r.t.Helper()
	for line := range strings.Lines(r.get("/metrics")) {
		if rest, ok := strings.CutPrefix(line, sample+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			if err != nil {
				r.t.Fatal(err)
			}
			return v
		}
	}
	return 0
}

func (r *rig) get(path string) string {
	answer := httptest.NewRecorder()
	r.svc.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(r.t.Context(), http.MethodGet, path, http.NoBody))
	return answer.Body.String()
}

func TestToken_revokedInTheMiddle(t *testing.T) {
	r := newRig(t, rigOptions{webhooks: true})
	r.start()
	r.account.RevokeToken()
	ids := make([]string, 20)
	for i := range ids {
		ids[i] = r.must(r.account.CreateContact(user(), decisionMaker("Keller"+strconv.Itoa(i))))
		r.must(r.account.LogCall(user(), ids[i], simulator.Call{At: r.world(), Disposition: connected, Direction: "OUTBOUND"}))
	}
	r.eventually("pause in /readyz", func() bool { return strings.Contains(r.get("/readyz"), `"pause_reason"`) })
	if body := r.get("/readyz"); !strings.Contains(body, "unauthorized") || !strings.Contains(body, `"ready": true`) {
		t.Errorf("/readyz while paused:\n%s", body)
	}
	// Several probes fail meanwhile, and the log says it once.
	refused := r.account.Calls()["GET /account-info/{v}/details"]
	r.eventually("three more probes", func() bool { return r.account.Calls()["GET /account-info/{v}/details"] >= refused+3 })
	if n := strings.Count(r.logs.String(), "portal paused"); n != 1 {
		t.Errorf("the log says %d times that the portal is paused", n)
	}
	r.account.RestoreToken()
	r.settle()
	for _, id := range ids {
		if got := r.prop(id, "lifecyclestage"); got != "salesqualifiedlead" {
			t.Errorf("contact %s: stage %q after the token works again", id, got)
		}
	}
	if body := r.get("/readyz"); strings.Contains(body, "pause_reason") {
		t.Errorf("/readyz still paused:\n%s", body)
	}
}

func TestLimit_pausesTheClassUntilReleased(t *testing.T) {
	r := newRig(t, rigOptions{limits: "tasks_per_hour: 5, deals_per_hour: 5, stage_moves_per_hour: 1000, "})
	r.start()
	for i := range 12 {
		id := r.must(r.account.CreateContact(user(), decisionMaker("Maier"+strconv.Itoa(i))))
		if err := r.account.SubmitForm(id, "Demo request", r.world()); err != nil {
			t.Fatal(err)
		}
	}
	r.settle()
	if got := len(r.open()); got > 5 {
		t.Fatalf("%d tasks, want the class paused before more than 5", got)
	}
	before := len(r.open())
	if !strings.Contains(r.get("/readyz"), `"paused_classes"`) {
		t.Error("/readyz does not name the paused class")
	}
	n, err := r.store.ReleaseClass(t.Context(), "48000001", workflows.ClassTask)
	if err != nil || n != 12-before {
		t.Fatalf("released %d (%v), want %d", n, err, 12-before)
	}
	r.settle()
	if got := len(r.open()); got != 12 {
		t.Errorf("%d tasks after the release, want 12", got)
	}
}

func TestShadow_writesNothing(t *testing.T) {
	r := newRig(t, rigOptions{webhooks: true, modes: "{}"})
	r.start()
	id := r.must(r.account.CreateContact(user(), decisionMaker("Wolf")))
	if err := r.account.SubmitForm(id, "Demo request", r.world()); err != nil {
		t.Fatal(err)
	}
	r.settle()
	r.settle()
	for _, e := range r.account.Journal() {
		if e.Actor.Kind == simulator.API {
			t.Fatalf("written in shadow: %+v", e)
		}
	}
	counts, err := r.store.ShadowCounts(t.Context(), "48000001")
	if err != nil || counts[workflows.ClassStage] != 1 || counts[workflows.ClassScore] != 1 {
		t.Errorf("recorded in shadow: %v (%v), want one stage and one score", counts, err)
	}
}

// A privacy deletion leaves nothing of the contact in the database, and no later event brings it back.
func TestPrivacyDeletion_erases(t *testing.T) {
	r := newRig(t, rigOptions{webhooks: true})
	r.start()
	id := r.must(r.account.CreateContact(user(), decisionMaker("Canary")))
	if err := r.account.SubmitForm(id, "Demo request", r.world()); err != nil {
		t.Fatal(err)
	}
	r.settle()
	if found, err := r.store.FindContact(t.Context(), "48000001", "canary@nordlicht.example"); err != nil || len(found) != 1 {
		t.Fatalf("before: %v, %v", found, err)
	}
	if err := r.account.PrivacyDelete(user(), contacts, id); err != nil {
		t.Fatal(err)
	}
	r.settle()
	r.stop()
	if found, err := r.store.FindContact(t.Context(), "48000001", id); err != nil || len(found) != 0 {
		t.Errorf("after: %v, %v", found, err)
	}
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"", "-wal"} {
		text, err := os.ReadFile(r.options.Config.Database.File + end)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, canary := range []string{"Canary", "canary@"} {
			if n := bytes.Count(text, []byte(canary)); n > 0 {
				t.Errorf("%q stands %d times in the database file%s", canary, n, end)
			}
		}
	}
}

// Against a real account (not on loopback) the first run stays in shadow whatever the switches say; the next
// start obeys them.
func TestFirstRun_againstARealAccountIsInShadow(t *testing.T) {
	o := rigOptions{baseURL: "https://api.hubapi.com", populate: load(20, numbered)} // the client goes to the simulator all the same
	r := newRig(t, o)
	r.start()
	id := r.must(r.account.CreateContact(user(), decisionMaker("Haas")))
	if err := r.account.SubmitForm(id, "Demo request", r.world()); err != nil {
		t.Fatal(err)
	}
	r.settle()
	for _, e := range r.account.Journal() {
		if e.Actor.Kind == simulator.API {
			t.Fatalf("written in the first run: %+v", e)
		}
	}
	if !strings.Contains(r.logs.String(), "first run against this account") {
		t.Error("nobody was told why nothing is written")
	}
	// A process that ran already and takes the account over is still the first run.
	state, err := r.store.Portal(t.Context(), "48000001")
	if err != nil || state.FirstRunAt.IsZero() {
		t.Errorf("first run noted as %v, %v", state.FirstRunAt, err)
	}
	r.stop()
	r.again()
	r.cancelableRun()
	r.eventually("scores of the second run", func() bool { return r.prop(id, "leadsync_score") != "" })
	r.settle()
	if got := r.prop(id, "lifecyclestage"); got != "lead" {
		t.Errorf("stage in the second run = %q, though nobody acknowledged what else acts on it", got)
	}
	r.stop()
	acting, err := service.ActingOn(t.Context(), r.conn.CRM, &workflows.Portal{ID: "48000001", Names: names()})
	if err != nil {
		t.Fatal(err)
	}
	r.options.Config.Portals[0].Acknowledged = acting.Code
	r.again()
	r.cancelableRun()
	r.eventually("stage of the third run", func() bool { return r.prop(id, "lifecyclestage") == "salesqualifiedlead" })
}

func TestWrongAccount_stopsThePortal(t *testing.T) {
	o := rigOptions{populate: load(10, numbered)}
	r := newRig(t, o)
	other := simulator.New(simulator.Options{PortalID: 77, Token: token, Now: r.world, Wall: time.Now})
	r.api.Config.Handler = other.Handler()
	r.cancelableRun()
	r.eventually("pause", func() bool { return strings.Contains(r.get("/readyz"), "another account") })
	for call := range other.Calls() {
		if call != "GET /account-info/{v}/details" {
			t.Errorf("asked the wrong account: %s", call)
		}
	}
}
