package service_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestReadyz_unknown: what could not be counted is not shown as nothing.
func TestReadyz_unknown(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, rigOptions{dir: dir})
	if err := r.store.EnsurePortal(t.Context(), "48000001", "hubspot", "rig"); err != nil {
		t.Fatal(err)
	}
	db := databaseIn(t, dir)
	ask := func() (code int, portal map[string]any) {
		w := httptest.NewRecorder()
		r.svc.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		var answer struct{ Portals []map[string]any }
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || len(answer.Portals) != 1 {
			t.Fatalf("/readyz: %v: %s", err, w.Body)
		}
		return w.Code, answer.Portals[0]
	}
	counted := []string{"live", "contacts", "due", "unsent", "parked"}
	code, portal := ask()
	for _, name := range counted {
		if _, has := portal[name]; !has || code != http.StatusOK {
			t.Errorf("answer %d without %s: %v", code, name, portal)
		}
	}
	rename := func(from, to string) {
		if _, err := db.ExecContext(t.Context(), "ALTER TABLE "+from+" RENAME TO "+to); err != nil {
			t.Fatal(err)
		}
	}
	rename("due", "due_away")
	defer rename("due_away", "due")
	code, portal = ask()
	if why, _ := portal["error"].(string); code != http.StatusServiceUnavailable || !strings.Contains(why, "due") || portal["portal"] != "rig" {
		t.Errorf("answer %d, portal %v", code, portal)
	}
	for _, name := range counted {
		if value, has := portal[name]; has {
			t.Errorf("%s is %v, and nobody could count", name, value)
		}
	}
}
