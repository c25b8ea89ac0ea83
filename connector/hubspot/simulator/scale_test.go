package simulator_test

import (
	"fmt"
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
	for i := range 34 {
		names = append(names, fmt.Sprintf("hs_internal_state_%02d", i+1))
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

// BenchmarkLargeAccount reports how the account copes with 200,000 contacts.
func BenchmarkLargeAccount(b *testing.B) {
	const n = 200_000
	a := simulator.New(simulator.Options{})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	load(b, a, n)
	runtime.GC()
	runtime.ReadMemStats(&after)
	client := &http.Client{Transport: a.Transport()}
	call := func(method, path, body string) {
		req, err := http.NewRequestWithContext(b.Context(), method, "http://sim.test"+path, strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+a.Token())
		resp, err := client.Do(req)
		if err != nil || resp.StatusCode > 299 {
			b.Fatal(resp, err)
		}
	}
	all := a.Objects("contacts")[:100]
	var ins []string
	for _, o := range all {
		ins = append(ins, `{"id":"`+o.ID+`","properties":{"firstname":"%d","lastname":"%d"}}`)
	}
	batch := inputs(ins...)
	last := all[0].ID
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			call("GET", contacts+"?limit=100&properties=email,firstname,lifecyclestage&after="+last, "")
		}
	})
	b.Run("update", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			call("POST", contacts+"/batch/update", strings.ReplaceAll(batch, "%d", fmt.Sprint(i)))
		}
	})
	b.Run("search", func(b *testing.B) {
		for b.Loop() {
			call("POST", contacts+"/search", changedSince("lastmodifieddate", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
		}
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/contact")
	})
}
