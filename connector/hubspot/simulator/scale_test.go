package simulator_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// TestConcurrentUse is for the race detector: people, clients and readers at once.
func TestConcurrentUse(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) {
		o.Now, o.Wall, o.SearchLag = time.Now, time.Now, time.Millisecond
		o.Webhook = simulator.WebhookTarget{URL: "https://leadsync.test/hook", Client: &http.Client{Transport: &receiver{}}}
	})
	w.Faults().Add(simulator.Fault{Kind: simulator.Fault500, Probability: 0.05})
	w.Start(t.Context())
	defer w.Close()
	var ids []string
	for i := range 20 {
		ids = append(ids, w.contact("email", fmt.Sprintf("c%d@example.org", i)))
	}
	jobs := []func(i int){
		func(i int) { _, _ = w.LogCall(rep, ids[i], simulator.Call{Disposition: simulator.CallBusy}) },
		func(i int) { _ = w.SubmitForm(ids[i], "Pricing", time.Time{}) },
		func(i int) { _, _ = w.CreateDeal(rep, ids[i], map[string]string{"dealname": "x"}) },
		func(i int) { w.do("PATCH", contacts+"/"+ids[i], `{"properties":{"firstname":"n"}}`) },
		func(i int) {
			w.do("POST", contacts+"/batch/update", inputs(`{"id":"`+ids[i]+`","properties":{"lastname":"m"}}`))
		},
		func(int) { w.do("POST", contacts+"/search", changedSince("lastmodifieddate", time.UnixMilli(0))) },
		func(int) { w.do("GET", contacts+"?limit=100", "") },
		func(i int) {
			_ = w.AddProperty("contacts", simulator.Property{Name: fmt.Sprint("p", i), Type: "string", FieldType: "text"})
		},
		func(int) { _, _, _, _ = w.Journal(), w.Calls(), w.Pending(), w.Objects("contacts") },
		func(int) { w.do("GET", "/crm/properties/2026-09/contacts/email", "") },
	}
	var wg sync.WaitGroup
	for _, job := range jobs {
		wg.Go(func() {
			for i := range ids {
				job(i)
			}
		})
	}
	wg.Wait()
	for w.Pending().Total() > 0 {
		runtime.Gosched()
	}
	for _, id := range ids {
		if got := w.prop("contacts", id, "num_conversion_events"); got != "1" {
			t.Errorf("%s: %s form submissions, want 1", id, got)
		}
	}
}

// load fills an account with contacts of about 40 properties.
func load(tb testing.TB, a *simulator.Account, n int) {
	tb.Helper()
	var names []string
	for _, p := range a.Definitions("contacts") {
		if p.Type == "string" && p.FieldType == "text" && p.Name != "email" && !p.HasUniqueValue && len(names) < 34 {
			names = append(names, p.Name)
		}
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	err := a.Load(func(add func(string, map[string]string, ...simulator.Link) string) {
		for i := range n {
			props := map[string]string{
				"email": fmt.Sprintf("c%d@example.org", i), "firstname": "Ada", "lastname": "Muster", "hs_lead_status": "NEW",
				"lifecyclestage": "lead", "lastmodifieddate": start.Add(time.Duration(i) * time.Second).Format(time.RFC3339),
			}
			for _, name := range names {
				props[name] = "value"
			}
			add("contacts", props)
		}
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// perContact loads n contacts and returns the account and what each of them keeps in memory, in bytes.
func perContact(tb testing.TB, n int) (*simulator.Account, float64) {
	tb.Helper()
	a := simulator.New(simulator.Options{})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	load(tb, a, n)
	runtime.GC()
	runtime.ReadMemStats(&after)
	return a, float64(after.HeapAlloc-before.HeapAlloc) / float64(n)
}

// userOf sends what a client of a large account sends.
type userOf struct {
	tb     testing.TB
	a      *simulator.Account
	client *http.Client
	last   string // id of the first contact
	batch  string // an update of the first hundred, with %d for what is new
}

func newUser(tb testing.TB, a *simulator.Account) *userOf {
	tb.Helper()
	all := a.Objects("contacts")[:100]
	var ins []string
	for _, o := range all {
		ins = append(ins, `{"id":"`+o.ID+`","properties":{"firstname":"%d","lastname":"%d"}}`)
	}
	return &userOf{tb: tb, a: a, client: &http.Client{Transport: a.Transport()}, last: all[0].ID, batch: inputs(ins...)}
}

func (u *userOf) call(method, path, body string) {
	u.tb.Helper()
	req, err := http.NewRequestWithContext(u.tb.Context(), method, "http://sim.test"+path, strings.NewReader(body))
	if err != nil {
		u.tb.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+u.a.Token())
	req.Header.Set("Content-Type", "application/json") // anything else is a 415
	resp, err := u.client.Do(req)
	if err != nil {
		u.tb.Fatal(err)
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode > 299 {
		u.tb.Fatalf("%s %s answers %d: %s, %v", method, path, resp.StatusCode, answer, err)
	}
}

func (u *userOf) list() {
	u.call("GET", contacts+"?limit=100&properties=email,firstname,lifecyclestage&after="+u.last, "")
}

func (u *userOf) update(n int) {
	u.call("POST", contacts+"/batch/update", strings.ReplaceAll(u.batch, "%d", fmt.Sprint(n)))
}

func (u *userOf) search() {
	u.call("POST", contacts+"/search", changedSince("lastmodifieddate", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
}

// mostPerContact bounds a loaded contact of 40 properties, history included: it costs nothing before a change.
const mostPerContact = 1400

// TestMemoryPerContact does what the benchmark does, small enough for every run.
func TestMemoryPerContact(t *testing.T) {
	a, bytes := perContact(t, 20_000)
	if bytes > mostPerContact {
		t.Errorf("%.0f bytes a contact, at most %d are wanted", bytes, mostPerContact)
	}
	u := newUser(t, a)
	for n := range 3 {
		u.list()
		u.update(n)
		u.search()
	}
	if o, _ := a.Object("contacts", u.last); o.Properties["firstname"] != "2" {
		t.Errorf("the updates were not applied: %v", o.Properties["firstname"])
	}
	if n := a.HistorySize("contacts", a.Objects("contacts")[200].ID); n != 0 {
		t.Errorf("a contact that nobody changed since the load keeps %d versions", n)
	}
}

// TestHistoryIsTrimmed: a record that changes for years keeps no more than one that changed for a month.
func TestHistoryIsTrimmed(t *testing.T) {
	w := newWorld(t)
	id := w.contact("email", "ada@example.org")
	most := 0
	for n := range 3000 {
		must(t, w.Set(rep, "contacts", id, map[string]string{"jobtitle": fmt.Sprint("title ", n)}))
		most = max(most, w.HistorySize("contacts", id))
	}
	if properties := len(w.Objects("contacts")[0].Properties); most > 2*20*properties || most > 300 {
		t.Errorf("%d entries were kept for 3,000 changes of one property", most)
	}
}

// BenchmarkLargeAccount reports how the account copes with 200,000 contacts.
func BenchmarkLargeAccount(b *testing.B) {
	a, bytes := perContact(b, 200_000)
	u := newUser(b, a)
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			u.list()
		}
	})
	b.Run("update", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			u.update(i)
		}
	})
	b.Run("search", func(b *testing.B) {
		for b.Loop() {
			u.search()
		}
		b.ReportMetric(bytes, "B/contact")
	})
	if bytes > mostPerContact {
		b.Errorf("%.0f bytes a contact, at most %d are wanted", bytes, mostPerContact)
	}
}
