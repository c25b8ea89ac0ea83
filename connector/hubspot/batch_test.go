package hubspot_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
)

// batches is a fake of batch/update and batch/create: it refuses a whole batch that holds a bad input and
// never says which, unless name tells it to.
type batches struct {
	t     testing.TB
	bad   func(id string, props map[string]string) bool
	fault func(bad []string) (int, string)
	calls int
	done  []string
	most  int
}

type wireInputs struct {
	Inputs []struct {
		ID         string
		Properties map[string]string
		Trace      string `json:"objectWriteTraceId"`
	}
}

func (b *batches) RoundTrip(r *http.Request) (*http.Response, error) {
	b.calls++
	in := bodyOf[wireInputs](b.t, r)
	b.most = max(b.most, len(in.Inputs))
	var bad, traces []string
	seen := map[string]bool{}
	results := []map[string]any{}
	for _, i := range in.Inputs {
		name := i.ID + i.Properties["leadsync_key"]
		if seen[name] || i.Trace == "" || slices.Contains(traces, i.Trace) {
			b.t.Errorf("%q twice in one batch, or without its own trace id", name)
		}
		seen[name] = true
		traces = append(traces, i.Trace)
		if b.bad(name, i.Properties) {
			bad = append(bad, name)
		}
		id := i.ID
		if id == "" {
			id = fmt.Sprint(9000 + len(b.done) + len(results))
		}
		results = append(results, map[string]any{"id": id, "properties": i.Properties, "objectWriteTraceId": i.Trace})
	}
	if len(bad) > 0 {
		code, body := b.fault(bad)
		return answerWith(code, body), nil
	}
	for n := range seen {
		b.done = append(b.done, n)
	}
	slices.Reverse(results) // results come in any order
	body, err := json.Marshal(map[string]any{"status": "COMPLETE", "results": results})
	if err != nil {
		b.t.Error(err)
	}
	return answerWith(200, string(body)), nil
}

func refuse(code int, body string) func([]string) (int, string) {
	return func([]string) (int, string) { return code, body }
}

func TestOneBadInputDoesNotTakeTheOthersWithIt(t *testing.T) {
	is := func(names ...string) func(string, map[string]string) bool {
		return func(n string, _ map[string]string) bool { return slices.Contains(names, n) }
	}
	has := func(property string) func(string, map[string]string) bool {
		return func(_ string, p map[string]string) bool { _, ok := p[property]; return ok }
	}
	lacks := func(property string) func(string, map[string]string) bool {
		return func(_ string, p map[string]string) bool { return p[property] == "" }
	}
	unnamed := refuse(400, `{"category":"VALIDATION_ERROR","message":"Invalid input JSON"}`)
	tests := []struct {
		name  string
		bad   func(string, map[string]string) bool
		fault func([]string) (int, string)
		n     int
		odd   string // property that odd inputs have, if any
		fails func(i int) bool
		calls int // at most
	}{
		{"none bad", is(), unnamed, 250, "", func(int) bool { return false }, 3},
		{"one unnamed", is("58"), unnamed, 100, "", func(i int) bool { return i == 57 }, 15},
		{"first and last", is("1", "100"), unnamed, 100, "", func(i int) bool { return i == 0 || i == 99 }, 29},
		{"one named by id", is("58"), func(bad []string) (int, string) {
			return 400, `{"category":"VALIDATION_ERROR","context":{"ids":["` + strings.Join(bad, `","`) + `"]}}`
		}, 100, "", func(i int) bool { return i == 57 }, 2},
		{
			"all bad by a property that does not exist", has("score"), refuse(400, `{"category":"VALIDATION_ERROR","message":"Property values were not valid: [{\"isValid\":false,\"message\":\"m\",\"error\":\"PROPERTY_DOESNT_EXIST\",\"name\":\"score\"}]"}`),
			100, "", func(int) bool { return true }, 1,
		},
		{
			"half bad by a read-only property", has("extra"), refuse(400, `{"category":"VALIDATION_ERROR","errors":[{"code":"READ_ONLY_VALUE","context":{"propertyName":["extra"]}}]}`),
			100, "extra", func(i int) bool { return i%2 == 1 }, 2,
		},
		{
			"half lack what the account requires", lacks("extra"), refuse(400, `{"category":"VALIDATION_ERROR","errors":[{"code":"MISSING_REQUIRED_PROPERTY","context":{"propertyName":["extra"]}}]}`),
			100, "extra", func(i int) bool { return i%2 == 0 }, 2,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wire := &batches{t: t, bad: tt.bad, fault: tt.fault}
			updates := make([]connector.Update, tt.n)
			for i := range updates {
				updates[i] = connector.Update{ID: connector.ObjectID(fmt.Sprint(i + 1)), Properties: map[string]string{"score": "1"}}
				if tt.odd != "" && i%2 == 1 {
					updates[i].Properties[tt.odd] = "x"
				}
			}
			for i, r := range newClient(t, quick(wire)).Update(t.Context(), connector.TypeContact, updates) {
				if r.ID != updates[i].ID || tt.fails(i) != (r.Err != nil) || r.Err != nil && !errors.Is(r.Err, connector.ErrInvalid) {
					t.Errorf("result %d: %+v", i, r)
				}
			}
			if wire.calls > tt.calls || wire.most > 100 {
				t.Errorf("%d calls of up to %d, want at most %d", wire.calls, wire.most, tt.calls)
			}
		})
	}
}

func TestUpdatesOfOneRecordKeepTheirOrder(t *testing.T) {
	var order []string
	wire := &batches{t: t, bad: func(id string, p map[string]string) bool {
		if id == "7" {
			order = append(order, p["lifecyclestage"])
		}
		return false
	}}
	var updates []connector.Update
	for _, stage := range []string{"", "lead", "customer"} { // clear, then set: hubspot-api 6.1
		updates = append(updates, connector.Update{ID: "7", Properties: map[string]string{"lifecyclestage": stage}},
			connector.Update{ID: connector.ObjectID("8" + fmt.Sprint(len(stage))), Properties: map[string]string{"a": "b"}})
	}
	for i, r := range newClient(t, quick(wire)).Update(t.Context(), connector.TypeContact, updates) {
		if r.Err != nil {
			t.Errorf("result %d: %v", i, r.Err)
		}
	}
	if diff := cmp.Diff([]string{"", "lead", "customer"}, order); diff != "" || wire.calls != 3 {
		t.Errorf("%d calls, order (-want +got):\n%s", wire.calls, diff)
	}
}

func TestConflictsOfACreationAreFound(t *testing.T) {
	const already = `{"category":"VALIDATION_ERROR","message":"Cannot set PropertyValueCoordinates{propertyName=leadsync_key, value=%s} on 5. 6 already has that value."}`
	tests := []struct {
		name  string
		fault func([]string) (int, string)
		calls int
	}{
		{"409 that names nobody", refuse(409, `{"category":"CONFLICT","message":"Already there"}`), 40},
		{"400 that names the first key", func(bad []string) (int, string) { return 400, fmt.Sprintf(already, bad[0]) }, 4},
		{"409 that names the first key", func(bad []string) (int, string) { return 409, fmt.Sprintf(already, bad[0]) }, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wire := &batches{t: t, fault: tt.fault, bad: func(n string, _ map[string]string) bool {
				return n == "k-1" || n == "k-10" || n == "k-77"
			}}
			tasks := make([]connector.Task, 100)
			for i := range tasks {
				tasks[i] = task(fmt.Sprintf("k-%d", i), "1")
			}
			ids := map[connector.ObjectID]bool{}
			for i, r := range newClient(t, quick(wire)).CreateTasks(t.Context(), tasks) {
				conflict := i == 1 || i == 10 || i == 77
				if r.Key != tasks[i].Key || conflict != errors.Is(r.Err, connector.ErrConflict) || conflict == (r.Err == nil) || conflict == (r.ID != "") {
					t.Errorf("result %d: %+v", i, r)
				}
				ids[r.ID] = true
			}
			if wire.calls > tt.calls || len(wire.done) != 97 || len(ids) != 98 {
				t.Errorf("%d calls made %d tasks with %d ids", wire.calls, len(wire.done), len(ids)-1)
			}
		})
	}
}

func TestSameKeyTwiceIsSentInTwoBatches(t *testing.T) {
	wire := &batches{t: t, bad: func(string, map[string]string) bool { return false }}
	got := newClient(t, quick(wire)).CreateTasks(t.Context(), []connector.Task{task("k", "1"), task("k", "1")})
	if wire.calls != 2 || got[0].Err != nil {
		t.Errorf("%d calls, %+v", wire.calls, got)
	}
}

func TestNothingMoreIsSentAfterAFailureOfTheAccount(t *testing.T) {
	for _, tt := range []struct {
		code        int
		first, rest error
	}{
		{401, connector.ErrUnauthorized, connector.ErrUnauthorized},
		{403, connector.ErrForbidden, connector.ErrForbidden},
		{429, connector.ErrThrottled, connector.ErrThrottled},
		{502, connector.ErrAmbiguous, connector.ErrUnavailable},
	} {
		sent := 0
		c := newClient(t, quick(roundTrip(func(*http.Request) (*http.Response, error) {
			sent++
			return answerWith(tt.code, `{"policyName":"DAILY"}`), nil
		})))
		tasks := make([]connector.Task, 250)
		for i := range tasks {
			tasks[i] = task(fmt.Sprint("k-", i), "1")
		}
		got := c.CreateTasks(t.Context(), tasks)
		if sent != 1 || !errors.Is(got[99].Err, tt.first) || !errors.Is(got[100].Err, tt.rest) || !errors.Is(got[249].Err, tt.rest) {
			t.Errorf("%d: %d sent; %v; %v", tt.code, sent, got[99].Err, got[100].Err)
		}
		if e := detail(t, got[249].Err); tt.code == 429 && e.RetryAfter == 0 {
			t.Error("the wait is lost for inputs that were not sent")
		}
	}
}

func TestSilentBatchIsLookedUp(t *testing.T) {
	// batch/update that answers 207 with nothing in it, for records of which one is merged, one gone, one there.
	c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
		switch path := r.URL.Path; {
		case strings.HasSuffix(path, "/batch/update"):
			return answerWith(207, `{"results":[]}`), nil
		case strings.HasSuffix(path, "/batch/read"):
			return answerWith(207, `{"results":[{"id":"3"}],"errors":[{"category":"OBJECT_NOT_FOUND","context":{"ids":["1","2"]}}]}`), nil
		case strings.HasSuffix(path, "/1"):
			return answerWith(200, `{"id":"11"}`), nil
		default:
			return answerWith(404, ``), nil
		}
	})))
	p := map[string]string{"a": "b"}
	got := c.Update(t.Context(), connector.TypeContact, []connector.Update{{ID: "1", Properties: p}, {ID: "2", Properties: p}, {ID: "3", Properties: p}})
	if e := detail(t, got[0].Err); !errors.Is(e, connector.ErrNotFound) || !strings.Contains(e.Message, `"11"`) {
		t.Errorf("merged: %v", e)
	}
	if !errors.Is(got[1].Err, connector.ErrNotFound) || !errors.Is(got[2].Err, connector.ErrAmbiguous) {
		t.Errorf("gone: %v; there: %v", got[1].Err, got[2].Err)
	}
}

func TestReadChunks(t *testing.T) {
	var sizes []int
	c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
		in := bodyOf[wireInputs](t, r)
		sizes = append(sizes, len(in.Inputs))
		var results []string
		for _, i := range in.Inputs {
			results = append(results, `{"id":"`+i.ID+`"}`)
		}
		return answerWith(200, `{"results":[`+strings.Join(results, ",")+`]}`), nil
	})))
	var ids []connector.ObjectID
	for i := range 1000 {
		ids = append(ids, connector.ObjectID(fmt.Sprint(i+1)), connector.ObjectID(fmt.Sprint(i/2+1)))
	}
	got, err := c.Read(t.Context(), connector.TypeContact, ids, nil)
	if err != nil || len(got.Found) != 1000 || len(got.Missing) != 0 || len(sizes) != 10 || slices.Max(sizes) != 100 {
		t.Errorf("%d found in batches of %v, %v", len(got.Found), sizes, err)
	}
}

func TestLinkChunksAndErrors(t *testing.T) {
	var sizes []int
	answer := ""
	c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
		in := bodyOf[wireInputs](t, r).Inputs
		sizes = append(sizes, len(in))
		switch {
		case answer != "":
			return answerWith(207, answer), nil
		case strings.HasSuffix(r.URL.Path, "/default"):
			return answerWith(207, `{"results":[]}`), nil
		}
		var none []string
		for _, i := range in {
			none = append(none, noLinks(i.ID))
		}
		return answerWith(207, `{"results":[],"errors":[`+strings.Join(none, ",")+`]}`), nil
	})))
	ids := make([]connector.ObjectID, 2001)
	for i := range ids {
		ids[i] = connector.ObjectID(fmt.Sprint(i + 1))
	}
	if got, err := c.Links(t.Context(), connector.TypeCall, connector.TypeContact, ids); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	if diff := cmp.Diff([]int{1000, 1000, 1}, sizes); diff != "" {
		t.Errorf("inputs a call (-want +got):\n%s", diff)
	}
	for name, refused := range map[string]string{
		"an error that is not about absence": `{"results":[],"errors":[{"category":"INTERNAL_ERROR","message":"boom"}]}`,
		"pages that stand still":             `{"results":[{"from":{"id":"1"},"to":[],"paging":{"next":{"after":"x"}}}]}`,
	} {
		answer = refused
		if _, err := c.Links(t.Context(), connector.TypeCall, connector.TypeContact, ids[:1]); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	answer = ""
	if err := c.AssertLinks(t.Context(), []connector.Link{{FromType: "task", FromID: "1", ToType: "contact", ToID: "2"}}); !errors.Is(err, connector.ErrAmbiguous) {
		t.Errorf("a link that is not there: %v", err)
	}
}

func TestUnknownKindsAreRefused(t *testing.T) {
	c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent %s", r.URL)
		return answerWith(500, ""), nil
	})))
	_, list := c.List(t.Context(), "ticket", "", nil)
	_, read := c.Read(t.Context(), "ticket", []connector.ObjectID{"1"}, nil)
	_, links := c.Links(t.Context(), "contact", "ticket", []connector.ObjectID{"1"})
	_, keys := c.FindByKey(t.Context(), "ticket", refs("k"))
	update := c.Update(t.Context(), "ticket", []connector.Update{{ID: "1", Properties: map[string]string{"a": "b"}}})[0].Err
	for name, err := range map[string]error{"list": list, "read": read, "links": links, "keys": keys, "update": update} {
		if !errors.Is(err, connector.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFindByKeyNeverTakesIgnoranceForAbsence(t *testing.T) {
	for name, answer := range map[string]string{
		"failed entry":      `{"results":[],"errors":[{"category":"INTERNAL_ERROR","message":"boom"}]}`,
		"record without it": `{"results":[{"id":"5","properties":{}}]}`,
	} {
		c := newClient(t, quick(roundTrip(func(*http.Request) (*http.Response, error) { return answerWith(207, answer), nil })))
		if got, err := c.FindByKey(t.Context(), connector.TypeTask, refs("k")); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}
