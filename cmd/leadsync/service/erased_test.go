package service_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// written gives every value of every table, by table.
func written(t *testing.T, db *sql.DB) map[string]string {
	t.Helper()
	names, err := db.QueryContext(t.Context(), "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = names.Close() }()
	out := map[string]string{}
	for names.Next() {
		name := ""
		if err := names.Scan(&name); err != nil {
			t.Fatal(err)
		}
		out[name] = values(t, db, name)
	}
	if err := names.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func values(t *testing.T, db *sql.DB, table string) string {
	t.Helper()
	found, err := db.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for found.Next() {
		row := make([]any, len(columns))
		for i := range row {
			row[i] = new(sql.NullString)
		}
		if err := found.Scan(row...); err != nil {
			t.Fatal(err)
		}
		for i, value := range row {
			fmt.Fprintf(&b, "%s=%s ", columns[i], value.(*sql.NullString).String)
		}
		b.WriteString("\n")
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// where names the tables that hold one of the texts, and the files that hold its bytes.
func (r *rig) where(db *sql.DB, texts []string) []string {
	r.t.Helper()
	var out []string
	for table, text := range written(r.t, db) {
		for _, one := range texts {
			if at := strings.Index(text, one); at >= 0 {
				out = append(out, fmt.Sprintf("%s: %q in %s", table, one, text[max(0, at-150):min(len(text), at+80)]))
			}
		}
	}
	slices.Sort(out)
	return out
}

func (r *rig) bytesOf(dir string, texts []string) []string {
	r.t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "leadsync.db*"))
	if err != nil || len(files) == 0 {
		r.t.Fatalf("%v, %v", files, err)
	}
	var out []string
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, one := range texts {
			if at := bytes.Index(raw, []byte(one)); at >= 0 {
				out = append(out, fmt.Sprintf("%s: %q at %d: %q", filepath.Base(file), one, at, raw[max(0, at-60):min(len(raw), at+60)]))
			}
		}
	}
	return out
}

// A person goes the whole way through the service: webhooks, a form, page visits, a call, a meeting, tasks, a deal,
// statuses, a merge. Then the CRM deletes the person for privacy. Nothing that names or identifies her is in any table or
// in the bytes of the file, and nothing that arrives later brings her back.
func TestPrivacyDeletion_leavesNobody(t *testing.T) {
	r, db := privateRig(t, true)
	dir := filepath.Dir(databaseFile(t, db))
	ada := decisionMaker("Vogelsang")
	ada["firstname"], ada["email"], ada["phone"] = "Kanarina", "kanarina.vogelsang@example.com", "+49 30 23125 777"
	first := r.must(r.account.CreateContact(user(), ada))
	r.settle()
	again := decisionMaker("Vogelsang")
	again["firstname"], again["email"] = "Kanarina", "k.vogelsang@example.org"
	second := r.must(r.account.CreateContact(user(), again))
	for _, id := range []string{first, second} {
		r.busy(id, "Demo anfordern")
		r.must(r.account.LogMeeting(user(), id, simulator.Meeting{Title: "Kanarina Vogelsang", At: r.world(), Duration: time.Hour, Outcome: "COMPLETED"}))
		r.must(r.account.CreateDeal(user(), id, map[string]string{"dealname": "Kanarina Vogelsang", "pipeline": "default", "dealstage": "appointmentscheduled"}))
		r.settle()
		r.advance(time.Hour)
		r.set(id, "hs_lead_status", "ATTEMPTED_TO_CONTACT")
		r.settle()
	}
	merged := r.must(r.account.Merge(user(), contacts, first, second))
	r.settle()
	hers := []string{first, second, merged, "Kanarina", "Vogelsang", "vogelsang@example", "23125 777"}
	if before := r.where(db, hers); len(before) < 12 {
		t.Fatalf("there is little to erase, the test proves nothing: %s", strings.Join(before, "\n"))
	}
	if err := r.account.PrivacyDelete(user(), contacts, merged); err != nil {
		t.Fatal(err)
	}
	r.settle()
	r.nobody(db, dir, hers, "after the deletion")

	for n, kind := range []string{"contact.propertyChange", "contact.creation", "contact.merge", "contact.associationChange", "contact.privacyDeletion"} {
		for _, id := range []string{first, merged} {
			r.late(900+n, kind, id)
		}
	}
	r.settle()
	r.advance(48 * time.Hour)
	r.svc.Runner("rig").Repair()
	r.settle()
	r.nobody(db, dir, hers, "after late events and a walk through the account")
	if n := strings.Count(written(t, db)["erasures"], "\n"); n < 2 {
		t.Errorf("%d marks of what was erased", n)
	}
}

func (r *rig) nobody(db *sql.DB, dir string, hers []string, when string) {
	r.t.Helper()
	r.eventually("erasing "+when, func() bool { return len(r.where(db, hers)) == 0 || r.waiting() == 0 })
	for _, place := range r.where(db, hers) {
		r.t.Errorf("%s: %s", when, place)
	}
	for _, place := range r.bytesOf(dir, hers) {
		r.t.Errorf("%s, bytes: %s", when, place)
	}
}

// late delivers a signed event about somebody, as HubSpot repeats them for days.
func (r *rig) late(event int, kind, id string) {
	r.t.Helper()
	body := fmt.Appendf(nil, `[{"eventId":%d,"subscriptionId":7,"portalId":%d,"appId":4100001,"occurredAt":%d,"subscriptionType":%q,"attemptNumber":3,"objectId":%s,`+
		`"propertyName":"firstname","propertyValue":"Kanarina","primaryObjectId":%s,"mergedObjectIds":[%s],"newObjectId":%s,"fromObjectId":%s,"toObjectId":1}]`,
		event, portalID, r.world().UnixMilli(), kind, id, id, id, id, id)
	stamp := time.Now().UnixMilli()
	target := r.hooks.URL + "/webhooks/hubspot"
	req := httptest.NewRequest(http.MethodPost, target, bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-HubSpot-Request-Timestamp", fmt.Sprint(stamp))
	req.Header.Set("X-HubSpot-Signature-v3", simulator.SignatureV3(secret, http.MethodPost, target, body, fmt.Sprint(stamp)))
	w := httptest.NewRecorder()
	r.svc.Handler().ServeHTTP(w, req)
	if w.Code/100 != 2 {
		r.t.Fatalf("%s of %s was refused: %d %s", kind, id, w.Code, w.Body)
	}
}

func databaseFile(t *testing.T, db *sql.DB) string {
	t.Helper()
	file := ""
	if err := db.QueryRowContext(t.Context(), "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&file); err != nil {
		t.Fatal(err)
	}
	return file
}
