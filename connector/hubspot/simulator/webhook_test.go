package simulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"leadsync/connector/hubspot/simulator"
	"leadsync/fixtures/hubspot/contract"
)

func TestSignatureVectors(t *testing.T) {
	const secret = "leadsync-test-client-secret-0001"
	for _, c := range []struct{ secret, uri, body, stamp, want string }{
		{"yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy", "https://www.example.com/webhook_uri", "{'example_field':'example_value'}", "1693657560000", "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="},
		{secret, "https://leadsync.example.com/webhooks/hubspot?src=hs%3Aapp%2Fv3&x=%28a%29", "[]", "1790000003000", "iRtm0GogVhxWG6zcI24nDAgBPTmso+2bmHlb2Yy1wis="},
	} {
		if got := simulator.SignatureV3(c.secret, "POST", c.uri, []byte(c.body), c.stamp); got != c.want {
			t.Errorf("%s: %s, want %s", c.uri, got, c.want)
		}
	}
	body := `[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]`
	if got := simulator.SignatureV1("yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy", []byte(body)); got != "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de" {
		t.Errorf("v1: %s", got)
	}
}

// receiver takes deliveries in process and keeps the events that it accepts.
type receiver struct {
	mu      sync.Mutex
	refuse  int // how many deliveries to refuse first
	sizes   []int
	events  []map[string]any
	headers []http.Header
	bodies  [][]byte
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := httptest.NewRecorder()
	r.headers, r.bodies = append(r.headers, req.Header), append(r.bodies, body)
	if r.refuse > 0 {
		r.refuse--
		rec.WriteHeader(http.StatusServiceUnavailable)
		return rec.Result(), nil
	}
	var events []map[string]any
	if err := json.Unmarshal(body, &events); err != nil {
		return nil, err
	}
	r.sizes = append(r.sizes, len(events))
	r.events = append(r.events, events...)
	return rec.Result(), nil
}

// got is what has arrived so far.
func (r *receiver) got() []map[string]any {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

func (r *receiver) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = nil
}

func (r *receiver) refuseNext(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = n
}

const hookURL = "https://leadsync.test/webhooks/hubspot"

// hooked runs in virtual time with an account that delivers to a receiver.
func hooked(t *testing.T, change func(*simulator.WebhookTarget), body func(a *simulator.Account, r *receiver)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		c, err := contract.New()
		must(t, err)
		target := simulator.WebhookTarget{URL: hookURL, Secret: "s", Client: &http.Client{Transport: delivered{c, r}}}
		if change != nil {
			change(&target)
		}
		a := simulator.New(simulator.Options{Webhook: target, Seed: 5})
		a.Start(t.Context())
		defer a.Close()
		body(a, r)
		for _, p := range c.Problems() {
			t.Error(p)
		}
	})
}

// delivered holds every delivery against hubspot-api 3.1 to 3.3.
type delivered struct {
	contract *contract.Contract
	next     http.RoundTripper
}

func (d delivered) RoundTrip(r *http.Request) (*http.Response, error) {
	d.contract.Receiver(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(nil, r)
	return d.next.RoundTrip(r)
}

func (r *receiver) byType() map[string][]map[string]any {
	out := map[string][]map[string]any{}
	for _, e := range r.got() {
		k := e["subscriptionType"].(string)
		out[k] = append(out[k], e)
	}
	return out
}

func TestEventsAreSignedAndGeneric(t *testing.T) {
	hooked(t, nil, func(a *simulator.Account, r *receiver) {
		id, err := a.CreateContact(rep, map[string]string{"email": "ada@example.org"})
		must(t, err)
		synctest.Wait()
		r.reset()
		must(t, a.Set(rep, "contacts", id, map[string]string{"firstname": "Zoë"}))
		must(t, a.SubmitForm(id, "Pricing", time.Time{}))
		synctest.Wait()
		if len(r.got()) != 1 {
			t.Fatalf("roll-ups must not send events: %v", r.got())
		}
		e := r.got()[0]
		if e["subscriptionType"] != "object.propertyChange" || e["objectTypeId"] != "0-1" || e["propertyName"] != "firstname" || e["propertyValue"] != "Zoë" ||
			e["changeSource"] != "CRM_UI" || e["sourceId"] != "userId:7" || e["attemptNumber"] != 0.0 || e["portalId"] != 48_000_001.0 {
			t.Errorf("event %v", e)
		}
		for i, h := range r.headers {
			stamp := h.Get("X-HubSpot-Request-Timestamp")
			if h.Get("X-HubSpot-Signature-v3") != simulator.SignatureV3("s", "POST", hookURL, r.bodies[i], stamp) ||
				h.Get("X-HubSpot-Signature") != simulator.SignatureV1("s", r.bodies[i]) || len(stamp) != 13 {
				t.Errorf("signatures of delivery %d: %v", i, h)
			}
		}
		_, err = a.LogCall(rep, id, simulator.Call{Disposition: simulator.CallNoAnswer})
		must(t, err)
		must(t, a.PrivacyDelete(rep, "contacts", id))
		synctest.Wait()
		kinds := r.byType()
		if len(kinds["object.creation"]) != 1 || kinds["object.creation"][0]["objectTypeId"] != "0-48" || len(kinds["contact.privacyDeletion"]) != 1 || len(kinds["object.deletion"]) != 1 {
			t.Errorf("kinds %v", kinds)
		}
	})
}

// id is a number of an event as records have it.
func id(v any) string { return strconv.FormatInt(int64(v.(float64)), 10) }

func TestClassicEvents(t *testing.T) {
	hooked(t, func(w *simulator.WebhookTarget) { w.Classic = true }, func(a *simulator.Account, r *receiver) {
		x, err := a.CreateContact(other, map[string]string{"email": "x@example.org"})
		must(t, err)
		y, err := a.CreateContact(other, nil)
		must(t, err)
		must(t, a.Archive(rep, "contacts", y))
		must(t, a.Restore(rep, "contacts", y))
		_, err = a.Merge(rep, "contacts", x, y)
		must(t, err)
		synctest.Wait()
		kinds := r.byType()
		if e := kinds["contact.merge"]; len(e) != 1 || e[0]["newObjectId"] == nil || id(e[0]["primaryObjectId"]) != x ||
			len(e[0]["mergedObjectIds"].([]any)) != 1 || id(e[0]["mergedObjectIds"].([]any)[0]) != y {
			t.Errorf("merge %v", e)
		}
		if e := kinds["contact.creation"]; len(e) != 2 || e[0]["objectTypeId"] != nil || e[0]["changeFlag"] != "NEW" || e[0]["changeSource"] != "INTEGRATION" || e[0]["sourceId"] != "99" {
			t.Errorf("creation %v", e)
		}
		if len(kinds["contact.deletion"]) != 1 || len(kinds["contact.restore"]) != 1 || len(kinds["contact.propertyChange"]) == 0 {
			t.Errorf("kinds %v", kinds)
		}
	})
}

func TestBatchesAndRetries(t *testing.T) {
	hooked(t, nil, func(a *simulator.Account, r *receiver) {
		r.refuseNext(3)
		for range 250 {
			_, err := a.CreateContact(rep, nil)
			must(t, err)
		}
		synctest.Wait()
		if p := a.Pending(); p.Total() == 0 || p.Retrying == 0 {
			t.Errorf("pending %+v", p)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if p := a.Pending(); p.Total() != 0 || len(r.got()) != 250 {
			t.Errorf("pending %+v, %d events arrived", p, len(r.got()))
		}
		retried := 0
		for _, e := range r.got() {
			if e["attemptNumber"] != 0.0 {
				retried++
			}
		}
		for _, n := range r.sizes {
			if n > 100 {
				t.Errorf("%d events in one delivery", n)
			}
		}
		if retried == 0 {
			t.Error("no attempt was counted")
		}
	})
}

func TestGivesUpAfterTheLastAttempt(t *testing.T) {
	hooked(t, nil, func(a *simulator.Account, r *receiver) {
		r.refuseNext(1000)
		_, err := a.CreateContact(rep, nil)
		must(t, err)
		time.Sleep(48 * time.Hour)
		synctest.Wait()
		if _, lost := a.WebhookCounts(); lost != 1 || len(r.headers) != 11 || a.Pending().Total() != 0 {
			t.Errorf("lost %d after %d attempts", lost, len(r.headers))
		}
	})
}

func TestWebhookFaults(t *testing.T) {
	for kind, want := range map[simulator.FaultKind]int{
		simulator.FaultWebhookLost: 1, simulator.FaultWebhookDouble: 3, simulator.FaultWebhookDelay: 1, simulator.FaultWebhookReorder: 2,
	} {
		hooked(t, nil, func(a *simulator.Account, r *receiver) {
			a.Faults().Add(simulator.Fault{Kind: kind, Endpoint: "object.creation", Count: 1, Delay: time.Minute})
			for range 2 {
				_, err := a.CreateContact(rep, nil)
				must(t, err)
			}
			synctest.Wait()
			if len(r.got()) != want {
				t.Errorf("%s: %d events at once, want %d", kind, len(r.got()), want)
			}
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			if kind == simulator.FaultWebhookDelay && len(r.got()) != 2 {
				t.Errorf("%s: the late event did not come", kind)
			}
		})
	}
}

func TestSubscriptionsNarrow(t *testing.T) {
	narrow := func(w *simulator.WebhookTarget) {
		w.Subscriptions = []simulator.Subscription{{Type: "object.propertyChange", ObjectType: "contacts", Property: "lifecyclestage"}}
	}
	hooked(t, narrow, func(a *simulator.Account, r *receiver) {
		id, err := a.CreateContact(rep, map[string]string{"email": "x@example.org"})
		must(t, err)
		must(t, a.Set(rep, "contacts", id, map[string]string{"lifecyclestage": "lead", "firstname": "X"}))
		synctest.Wait()
		if len(r.got()) != 1 || r.got()[0]["propertyValue"] != "lead" {
			t.Errorf("%v", r.got())
		}
	})
}

func TestFullBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		a := simulator.New(simulator.Options{Webhook: simulator.WebhookTarget{URL: hookURL, Client: &http.Client{Transport: r}}})
		for range 250 {
			_, err := a.CreateContact(rep, nil)
			must(t, err)
		}
		if p := a.Pending(); p.Queued != 250 {
			t.Errorf("before the start: %+v", p)
		}
		a.Start(t.Context())
		synctest.Wait()
		a.Close()
		slices.Sort(r.sizes)
		if !slices.Equal(r.sizes, []int{50, 100, 100}) {
			t.Errorf("sizes %v", r.sizes)
		}
	})
}
