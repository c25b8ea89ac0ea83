package main

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite" // reads the deliveries

	"leadsync/connector/hubspot/simulator"
)

// acknowledgements takes notes of what the receiver answers: what it has acknowledged must be in the database, whatever
// happens afterwards. A sweep would find what was lost; the promise is that none has to.
type acknowledgements struct {
	wire http.RoundTripper

	mu       sync.Mutex
	stored   map[string]bool // keys of the deliveries answered 2xx; true: found in the database at the last look
	statuses map[int]int
	outages  int  // of the database so far
	away     bool // it is stopped
	lied     []string
}

func newAcknowledgements() *acknowledgements {
	return &acknowledgements{
		wire: &http.Transport{MaxIdleConnsPerHost: 8}, stored: map[string]bool{}, statuses: map[int]int{},
	}
}

// RoundTrip sends a delivery.
func (a *acknowledgements) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_ = r.Body.Close()
	out := r.Clone(r.Context())
	out.Body = io.NopCloser(bytes.NewReader(body))
	during := a.outage()
	resp, err := a.wire.RoundTrip(out)
	if err == nil {
		a.answered(body, resp.StatusCode, during)
	}
	return resp, err
}

// outage is the number of the present outage of the database; 0: there is none.
func (a *acknowledgements) outage() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.away {
		return 0
	}
	return a.outages
}

func (a *acknowledgements) answered(body []byte, status, during int) {
	key := sha256.Sum256(body)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.statuses[status]++
	if status < 200 || status > 299 {
		return
	}
	a.stored[hex.EncodeToString(key[:])] = false
	if during != 0 && a.away && during == a.outages {
		a.lied = append(a.lied, fmt.Sprintf("a delivery was answered %d while there was no database", status))
	}
}

// gone says whether there is a database from now on.
func (a *acknowledgements) gone(away bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.away = away; away {
		a.outages++
	}
}

// refused is how often a delivery was answered with 503.
func (a *acknowledgements) refused() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.statuses[http.StatusServiceUnavailable]
}

// check reads the deliveries and tells which of the acknowledged ones are not among them.
func (a *acknowledgements) check(t *testing.T, db *sql.DB) {
	t.Helper()
	found, err := db.QueryContext(t.Context(), "SELECT delivery_key FROM deliveries")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	kept := map[string]bool{}
	for found.Next() {
		var key string
		if err := found.Scan(&key); err != nil {
			t.Fatal(err)
		}
		kept[key] = true
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for key := range a.stored {
		if a.stored[key] = kept[key]; !kept[key] {
			t.Errorf("delivery %s was acknowledged and is lost", key)
		}
	}
	for _, lie := range a.lied {
		t.Error(lie)
	}
}

// deliveries opens the program's database beside it.
func (w *town) deliveries(t *testing.T, database string) *sql.DB {
	t.Helper()
	driver := "postgres"
	if database == "" {
		driver, database = "sqlite", "file:"+filepath.Join(w.dir, "leadsync.db")+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// knock delivers one event as the account does: that a property of a contact has changed, which is a hint and makes
// the service look. It gives the status, 0 if there was no answer.
func (s *siege) knock() int {
	s.Helper()
	s.knocks++
	contact := s.account.Objects(simulator.Contacts)[0].ID
	body := fmt.Appendf(nil, `[{"eventId":%d,"subscriptionId":1,"portalId":%d,"appId":%d,"occurredAt":%d,"subscriptionType":"object.propertyChange",`+
		`"attemptNumber":0,"objectId":%s,"objectTypeId":"0-1","propertyName":"city","propertyValue":"Example","changeSource":"CRM_UI"}]`,
		1_000_000_000+s.knocks, simulatedPortal, simulatedApp, s.clock.Now().UnixMilli(), contact)
	target := "http://" + s.listen + "/webhooks/hubspot"
	req, err := http.NewRequestWithContext(s.Context(), http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	stamp := strconv.FormatInt(time.Now().UnixMilli(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-HubSpot-Request-Timestamp", stamp)
	req.Header.Set("X-HubSpot-Signature-v3", simulator.SignatureV3(simulatedSecret, req.Method, target, body, stamp))
	resp, err := s.knocker.Do(req)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
