package service_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// quarantine is one account of which one contact makes trouble; in virtual time, so that the waits between attempts cost
// nothing.
type quarantine struct {
	*outage
	account *outageAccount
	bad     connector.ObjectID
	trouble atomic.Bool
}

func newQuarantine(t *testing.T, dir string, change func(*quarantine, *service.Options)) *quarantine {
	t.Helper()
	q := &quarantine{}
	q.outage = newOutageWith(t, dir, func(o *service.Options) { change(q, o) }, 30)
	q.account = q.accounts[0]
	q.drained(q.account, time.Hour)
	q.bad = q.account.ids[7]
	return q
}

// set changes contacts, tells of it as a webhook would, and waits until a sweep that began afterwards has found nothing
// more to do.
func (q *quarantine) set(title string, ids ...connector.ObjectID) {
	q.Helper()
	var refs []connector.Ref
	for _, id := range ids {
		if err := q.account.sim.Set(user(), contacts, string(id), map[string]string{"jobtitle": title}); err != nil {
			q.Fatal(err)
		}
		refs = append(refs, connector.Ref{Type: connector.TypeContact, ID: id})
	}
	if err := q.store.Hint(q.Context(), q.account.id, refs); err != nil {
		q.Fatal(err)
	}
	q.svc.Runner(q.account.name).Wake()
	q.settle()
}

func (q *quarantine) settle() {
	q.Helper()
	q.drained(q.account, time.Hour)
	time.Sleep(time.Minute) // the index of the account lags
	q.svc.Runner(q.account.name).Sweep()
	q.drained(q.account, time.Hour)
}

func (q *quarantine) fit(id connector.ObjectID) string {
	q.Helper()
	o, ok := q.account.sim.Object(contacts, string(id))
	if !ok {
		q.Fatalf("no contact %s", id)
	}
	return o.Properties["leadsync_fit"]
}

// neighbours checks that every contact but the bad one was decided.
func (q *quarantine) neighbours() {
	q.Helper()
	for _, id := range q.account.ids {
		if got := q.fit(id); (got == "40") == (id == q.bad) {
			q.Errorf("contact %s (bad: %v) has fit %q", id, id == q.bad, got)
		}
	}
}

// only gives the one record that is in quarantine: the bad one.
func (q *quarantine) only() workflows.Quarantined {
	q.Helper()
	list := q.all()
	if len(list) != 1 || list[0].ID != q.bad {
		q.Fatalf("quarantine: %+v, want contact %s; log:\n%s", list, q.bad, q.logs.String())
	}
	return list[0]
}

func (q *quarantine) all() []workflows.Quarantined {
	q.Helper()
	list, err := q.store.Quarantined(q.Context(), q.account.id, "", 10)
	if err != nil {
		q.Fatal(err)
	}
	return list
}

func (q *quarantine) page(path string) (int, string) {
	q.Helper()
	w := httptest.NewRecorder()
	q.svc.Handler().ServeHTTP(w, httptest.NewRequestWithContext(context.WithoutCancel(q.Context()), http.MethodGet, path, http.NoBody))
	return w.Code, w.Body.String()
}

// A contact whose evaluation panics is left alone, with the reason, and its neighbours are not; it is tried again when it
// changes and when it is released. One change puts it there once, however often it is heard of.
func TestQuarantine(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		q := newQuarantine(t, dir, func(q *quarantine, o *service.Options) {
			o.Observer.Planned = func(_ string, r workflows.LeadRecord, _ scoring.Evaluation, _ workflows.Planned) {
				if r.ID == q.bad && q.trouble.Load() {
					n := len(r.Observations) & 1
					_ = make([]string, n)[n]
				}
			}
		})
		defer q.close()
		q.trouble.Store(true)
		q.set("Head of Operations", q.account.ids...)
		q.neighbours()
		if got := q.only(); got.Times != 1 || got.Kind != workflows.FailedEvaluation || !strings.Contains(got.Reason, "index out of range") ||
			!strings.Contains(got.Reason, "outage_quarantine_test.go") {
			t.Fatalf("quarantine: %+v", got)
		}
		if code, body := q.page("/readyz"); code != http.StatusOK || !strings.Contains(body, `"quarantine": {`) {
			t.Errorf("/readyz: %d %s", code, body)
		}
		if _, body := q.page("/metrics"); !strings.Contains(body, `leadsync_quarantined_records{failed="evaluation",portal="p0",rule=""} 1`) {
			t.Errorf("metrics do not count it:\n%s", body)
		}
		q.set("Head of Purchasing", q.bad) // it changes and fails once more
		if got := q.only(); got.Times != 2 {
			t.Errorf("quarantine after a change: %+v, want it there for the second time", got)
		}
		q.trouble.Store(false)
		if n, err := q.store.ReleaseQuarantined(t.Context(), q.account.id, q.bad); n != 1 || err != nil {
			t.Fatalf("released %d, %v", n, err)
		}
		q.svc.Runner(q.account.name).Wake()
		q.settle()
		if got := q.fit(q.bad); got != "40" || len(q.all()) != 0 {
			t.Errorf("after the release fit is %q, quarantine %v", got, q.all())
		}
		q.trouble.Store(true)
		q.set("Intern", q.bad)
		q.trouble.Store(false)
		q.set("Head of Engineering", q.bad) // it changes and is well
		if got := q.fit(q.bad); got != "40" || len(q.all()) != 0 {
			t.Errorf("after the change fit is %q, quarantine %v", got, q.all())
		}
	})
}

// What is stored of one contact cannot be read: its neighbours go on.
func TestQuarantine_broken(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		q := newQuarantine(t, dir, func(*quarantine, *service.Options) {})
		defer q.close()
		raw := openRaw(t, dir+"/leadsync.db")
		defer func() { _ = raw.Close() }()
		whole := ""
		if err := raw.QueryRowContext(t.Context(), "SELECT state FROM leads WHERE id = ?", q.bad).Scan(&whole); err != nil || !json.Valid([]byte(whole)) {
			t.Fatal(err)
		}
		if _, err := raw.ExecContext(t.Context(), "UPDATE leads SET state = '{broken' WHERE id = ?", q.bad); err != nil {
			t.Fatal(err)
		}
		q.set("Head of Operations", q.account.ids...)
		q.neighbours()
		if got := q.only(); got.Kind != workflows.FailedStore || got.Times != 1 {
			t.Fatalf("quarantine: %+v", got)
		}
	})
}
