package hubspot_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
)

func unkeyed(cfg *hubspot.Config) {
	cfg.AppID = "50780459"
	cfg.Unkeyed = map[connector.ObjectType]bool{connector.TypeTask: true, connector.TypeDeal: true}
}

func TestMarkedKeys(t *testing.T) {
	c := replayed(t, unkeyed, "marked-keys")
	asked := []connector.KeyRef{{Key: "k-1", Contact: "101"}, {Key: "k-2", Contact: "102"}, {Key: "k-9", Contact: "101"}}
	got, err := c.FindByKey(t.Context(), connector.TypeTask, asked)
	when := at(t, "2026-11-02T10:00:00Z")
	want := map[string]connector.KeyState{
		"k-1": {ID: "7202", Open: true, UpdatedAt: when, Copies: []connector.ObjectID{"7201", "7203"}}, // a person gave it to somebody
		"k-2": {ID: "7205", UpdatedAt: when},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("states %v (-want +got):\n%s", err, diff)
	}
	closed := c.CloseTasks(t.Context(), []connector.Close{{Key: "k-1", Contact: "101"}, {Key: "k-2", Contact: "102"}, {Key: "k-9", Contact: "101"}})
	wantClosed := []connector.CloseResult{
		{Key: "k-1", Outcome: connector.CloseArchived}, {Key: "k-2", Outcome: connector.CloseLeft}, {Key: "k-9", Outcome: connector.CloseGone},
	}
	if diff := cmp.Diff(wantClosed, closed); diff != "" {
		t.Errorf("closed (-want +got):\n%s", diff)
	}
}

func TestMarkedKeysNeedTheirContact(t *testing.T) {
	cfg := quick(roundTrip(func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent %s", r.URL)
		return answerWith(500, ""), nil
	}))
	unkeyed(&cfg)
	c := newClient(t, cfg)
	for name, asked := range map[string][]connector.KeyRef{
		"no contact": refs("k-1"), "two contacts": {{Key: "k", Contact: "1"}, {Key: "k", Contact: "2"}},
	} {
		if _, err := c.FindByKey(t.Context(), connector.TypeTask, asked); !errors.Is(err, connector.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	odd := task("two words", "1")
	if r := c.CreateTasks(t.Context(), []connector.Task{odd})[0]; !errors.Is(r.Err, connector.ErrInvalid) {
		t.Errorf("a key that no marker can hold: %+v", r)
	}
}

func TestMarkedCreate(t *testing.T) {
	c := replayed(t, func(cfg *hubspot.Config) {
		unkeyed(cfg)
		cfg.PlainKey = map[connector.ObjectType]bool{connector.TypeTask: true}
	}, "marked-create")
	tk := task("k-1", "101")
	tk.BodyHTML = "Score 82"
	if r := c.CreateTasks(t.Context(), []connector.Task{tk})[0]; r.Err != nil || r.ID != "7201" { // found by its marker: no trace id came back
		t.Errorf("task %+v", r)
	}
	deal := connector.Deal{
		Key: "d-1", Name: "Example Ltd", Pipeline: "default", Stage: "appointmentscheduled", Contact: "101",
		Extra: map[string]string{"description": "Met at the fair"},
	}
	if r := c.CreateDeals(t.Context(), []connector.Deal{deal})[0]; r.Err != nil || r.ID != "8201" {
		t.Errorf("deal %+v", r)
	}
}

// TestWhichCopyStays says for every pair of copies of one task which is kept and which may be archived.
func TestWhichCopyStays(t *testing.T) {
	type one struct{ status, source string }
	untouched, byPerson, done, unclear := one{"NOT_STARTED", "INTEGRATION"}, one{"NOT_STARTED", "CRM_UI"}, one{"COMPLETED", "INTEGRATION"}, one{"NOT_STARTED", "TEA_LEAVES"}
	tests := []struct {
		name     string
		old, new one
		want     connector.KeyState
	}{
		{"nobody touched either", untouched, untouched, connector.KeyState{ID: "1", Open: true, Copies: []connector.ObjectID{"2"}}},
		{"the newer was touched", untouched, byPerson, connector.KeyState{ID: "2", Open: true, Copies: []connector.ObjectID{"1"}}},
		{"the newer was completed", untouched, done, connector.KeyState{ID: "2", Copies: []connector.ObjectID{"1"}}},
		{"both were touched", byPerson, done, connector.KeyState{ID: "1", Open: true}},
		{"nobody knows", untouched, unclear, connector.KeyState{ID: "2", Open: true, Copies: []connector.ObjectID{"1"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := quick(roundTrip(func(r *http.Request) (*http.Response, error) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				switch {
				case strings.Contains(r.URL.Path, "/associations/"):
					return answerWith(200, `{"results":[{"from":{"id":"9"},"to":[{"toObjectId":2},{"toObjectId":1}]}]}`), nil
				case strings.Contains(string(body), `"propertiesWithHistory":["hs_task_status"`):
					history := func(id string, o one) string {
						return fmt.Sprintf(`{"id":"%s","propertiesWithHistory":{"hs_timestamp":[{"value":"x","timestamp":"2026-11-01T09:00:00Z","sourceType":"%s"}]}}`, id, o.source)
					}
					return answerWith(200, `{"results":[`+history("1", tt.old)+`,`+history("2", tt.new)+`]}`), nil
				}
				rec := func(id, created, status string) string {
					return fmt.Sprintf(`{"id":"%s","createdAt":"%s","properties":{"hs_task_body":"[leadsync:k]","hs_task_status":"%s"}}`, id, created, status)
				}
				return answerWith(200, `{"results":[`+rec("2", "2026-11-01T08:00:01Z", tt.new.status)+`,`+rec("1", "2026-11-01T08:00:00Z", tt.old.status)+`]}`), nil
			}))
			unkeyed(&cfg)
			got, err := newClient(t, cfg).FindByKey(t.Context(), connector.TypeTask, []connector.KeyRef{{Key: "k", Contact: "9"}})
			if diff := cmp.Diff(map[string]connector.KeyState{"k": tt.want}, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestMarkedIgnoranceIsNotAbsence(t *testing.T) {
	for name, records := range map[string]string{"records": `{"results":[],"errors":[{"category":"INTERNAL_ERROR","message":"boom"}]}`} {
		cfg := quick(roundTrip(func(r *http.Request) (*http.Response, error) {
			if strings.Contains(r.URL.Path, "/associations/") {
				return answerWith(200, `{"results":[{"from":{"id":"9"},"to":[{"toObjectId":1}]}]}`), nil
			}
			return answerWith(207, records), nil
		}))
		unkeyed(&cfg)
		if got, err := newClient(t, cfg).FindByKey(t.Context(), connector.TypeTask, []connector.KeyRef{{Key: "k", Contact: "9"}}); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestProbeUnique(t *testing.T) {
	c := replayed(t, func(cfg *hubspot.Config) { cfg.Now = func() time.Time { return at(t, "2026-11-21T22:00:00Z") } }, "probe-unique")
	got, err := c.ProbeUnique(t.Context(), connector.TypeTask)
	if diff := cmp.Diff(connector.UniqueProbe{Unique: true}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// probed is an account for probes: it makes records, refuses doubles or not, and archives or not.
type probed struct {
	unique, freed, stuck bool
	refusal              string
	lost                 bool // the first creation is made and its answer lost
	next                 int
	keys                 map[string]string // key of the records that are there, by id
	taken                map[string]bool   // keys of archived records
	created              int
}

func (p *probed) RoundTrip(r *http.Request) (*http.Response, error) {
	text := ""
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, fmt.Errorf("read request: %w", err)
		}
		text = string(body)
	}
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/pipelines/2026-09/deals"):
		return answerWith(200, `{"results":[{"id":"9","stages":[{"id":"91"}]}]}`), nil
	case strings.HasSuffix(path, "/batch/create"):
		_, key, _ := strings.Cut(text, `"leadsync_key":"`)
		key, _, _ = strings.Cut(key, `"`)
		if p.refusal != "" {
			return answerWith(400, p.refusal), nil
		}
		for _, there := range p.keys {
			if p.unique && there == key || p.taken[key] {
				return answerWith(409, `{"category":"CONFLICT","message":"taken"}`), nil
			}
		}
		if p.taken[key] {
			return answerWith(409, `{"category":"CONFLICT","message":"taken"}`), nil
		}
		p.next++
		p.created++
		id := fmt.Sprint(p.next)
		p.keys[id] = key
		if p.lost && p.created == 1 {
			return answerWith(502, ``), nil
		}
		return answerWith(201, `{"results":[{"id":"`+id+`","objectWriteTraceId":"input-0","properties":{}}]}`), nil
	case strings.HasSuffix(path, "/batch/archive"):
		if p.stuck {
			return answerWith(403, `{"category":"MISSING_SCOPES"}`), nil
		}
		for id, key := range p.keys {
			if strings.Contains(text, `"id":"`+id+`"`) {
				delete(p.keys, id)
				p.taken[key] = p.unique && !p.freed
			}
		}
		return answerWith(204, ``), nil
	}
	var results []string
	for id, key := range p.keys {
		if strings.Contains(text, `"id":"`+id+`"`) || strings.Contains(text, `"id":"`+key+`"`) {
			results = append(results, `{"id":"`+id+`","properties":{}}`)
		}
	}
	if r.Method == http.MethodGet {
		return answerWith(404, ``), nil
	}
	return answerWith(200, `{"results":[`+strings.Join(results, ",")+`]}`), nil
}

func TestProbeUniqueOutcomes(t *testing.T) {
	refused := `{"category":"VALIDATION_ERROR","message":"Property values were not valid: [{\"error\":\"PROPERTY_DOESNT_EXIST\",\"name\":\"leadsync_key\"}]"}`
	tests := []struct {
		name  string
		typ   connector.ObjectType
		p     probed
		want  connector.UniqueProbe
		fails bool
		made  int
	}{
		{"unique, and free again", connector.TypeTask, probed{unique: true, freed: true}, connector.UniqueProbe{Unique: true, Freed: true}, false, 2},
		{"unique deals", connector.TypeDeal, probed{unique: true}, connector.UniqueProbe{Unique: true}, false, 1},
		{"not unique", connector.TypeTask, probed{}, connector.UniqueProbe{Refusal: "a second record was created under the same key"}, false, 2},
		{"refused", connector.TypeTask, probed{refusal: refused}, connector.UniqueProbe{Refusal: "Property values were not valid: leadsync_key PROPERTY_DOESNT_EXIST"}, false, 0},
		{"cannot be archived", connector.TypeTask, probed{unique: true, stuck: true}, connector.UniqueProbe{Unique: true, Left: []connector.ObjectID{"1"}}, false, 1},
		{"answer lost", connector.TypeTask, probed{unique: true, lost: true}, connector.UniqueProbe{}, true, 1},
		{"contacts have no keys", connector.TypeContact, probed{}, connector.UniqueProbe{}, true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wire := tt.p
			wire.keys, wire.taken = map[string]string{}, map[string]bool{}
			got, err := newClient(t, quick(&wire)).ProbeUnique(t.Context(), tt.typ)
			if diff := cmp.Diff(tt.want, got); diff != "" || tt.fails != (err != nil) || wire.created != tt.made {
				t.Errorf("%d made, %v (-want +got):\n%s", wire.created, err, diff)
			}
			if len(wire.keys) > 0 && !wire.stuck {
				t.Errorf("left behind: %v", wire.keys)
			}
		})
	}
}

// TestMarkedKeysFollowMerges: a task of a contact that was merged into another is found, amended and closed under the old
// id too, as it is where the key is a property.
func TestMarkedKeysFollowMerges(t *testing.T) {
	for name, o := range protocols() {
		t.Run(name, func(t *testing.T) {
			s := simulateProtocol(t, name, o)
			ada, bo := s.contact(t, "ada"), s.contact(t, "bo")
			made := s.client.CreateTasks(t.Context(), []connector.Task{task("k-1", ada), task("k-2", ada)})
			if err := errors.Join(made[0].Err, made[1].Err); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Merge(rep, simulator.Contacts, string(bo), string(ada)); err != nil {
				t.Fatal(err)
			}
			amended := s.client.AmendTasks(t.Context(), []connector.Amend{{Old: "k-1", Was: connector.PrintOf(task("k-1", ada)), Task: task("k-3", ada)}})[0]
			closed := s.client.CloseTasks(t.Context(), []connector.Close{
				{Key: "k-2", Contact: ada, Was: connector.PrintOf(task("k-2", ada))}, {Key: "k-9", Contact: ada},
			})
			if amended.Outcome != connector.AmendDone || amended.Err != nil {
				t.Errorf("amended: %+v", amended)
			}
			if closed[0].Outcome != connector.CloseArchived || closed[1].Outcome != connector.CloseGone {
				t.Errorf("closed: %+v", closed)
			}
			open := slices.DeleteFunc(s.Objects(simulator.Tasks), func(o simulator.Object) bool { return o.Archived })
			if len(open) != 1 {
				t.Errorf("%d open tasks, want the amended one", len(open))
			}
		})
	}
}

// TestMarkedKeysInTheBin: what a contact in the bin does not lead to is found by its id, if it bears the key.
func TestMarkedKeysInTheBin(t *testing.T) {
	s := simulate(t, protocols()["marked"], unkeyed)
	ada := s.contact(t, "ada")
	made := s.client.CreateTasks(t.Context(), []connector.Task{task("k-1", ada), task("k-2", ada)})
	if err := errors.Join(made[0].Err, made[1].Err, s.Archive(rep, simulator.Contacts, string(ada))); err != nil {
		t.Fatal(err)
	}
	asked := []connector.KeyRef{{Key: "k-1", Contact: ada, ID: made[0].ID}, {Key: "k-2", Contact: ada}, {Key: "k-9", Contact: ada, ID: made[1].ID}}
	got, err := s.client.FindByKey(t.Context(), connector.TypeTask, asked)
	if state, found := got["k-1"]; err != nil || len(got) != 1 || !found || state.ID != made[0].ID || !state.Open {
		t.Errorf("found %v (%v), want the task of k-1 alone", got, err)
	}
}
