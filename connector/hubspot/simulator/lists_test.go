package simulator_test

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector/hubspot/simulator"
)

const lists = "/crm/lists/2026-09"

func (r reply) strings(name string) []string {
	out := []string{}
	all, _ := r.body[name].([]any)
	for _, x := range all {
		out = append(out, x.(string))
	}
	slices.Sort(out)
	return out
}

func (w *world) list(body string) string {
	w.t.Helper()
	v, _ := at(w.ask(200, "POST", lists, body).body, "list.listId")
	return v.(string)
}

func quoted(ids ...string) string { return `["` + strings.Join(ids, `","`) + `"]` }

func TestListMembers(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.contact("email", "a@example.org"), w.contact("email", "b@example.org"), w.contact("email", "c@example.org")
	id := w.list(`{"name":"Hot leads","objectTypeId":"0-1","processingType":"MANUAL"}`)
	path := lists + "/" + id + "/memberships"
	got := w.ask(200, "PUT", path+"/add", quoted(a, b, "17"))
	if diff := cmp.Diff([][]string{{a, b}, {}, {"17"}}, [][]string{got.strings("recordsIdsAdded"), got.strings("recordIdsRemoved"), got.strings("recordIdsMissing")}); diff != "" {
		t.Errorf("added, removed, missing (-want +got):\n%s", diff)
	}
	if got = w.ask(200, "PUT", path+"/add", quoted(a)); len(got.strings("recordsIdsAdded"))+len(got.strings("recordIdsMissing")) != 0 {
		t.Errorf("one who was there already is named: %s", got.raw)
	}
	got = w.ask(200, "PUT", path+"/add-and-remove", `{"recordIdsToAdd":`+quoted(c)+`,"recordIdsToRemove":`+quoted(a)+`}`)
	if diff := cmp.Diff([][]string{{c}, {a}}, [][]string{got.strings("recordsIdsAdded"), got.strings("recordIdsRemoved")}); diff != "" {
		t.Errorf("added and removed (-want +got):\n%s", diff)
	}
	page := w.ask(200, "GET", path+"?limit=1", "")
	after, _ := at(page.body, "paging.next.after")
	rest := w.ask(200, "GET", path+"?limit=1&after="+after.(string), "")
	if x, y := page.list("results"), rest.list("results"); x[0]["recordId"] != b || y[0]["recordId"] != c || rest.body["paging"] != nil {
		t.Errorf("pages: %s then %s", page.raw, rest.raw)
	}
	if page.list("results")[0]["membershipTimestamp"] == "" || page.body["total"] != 2.0 {
		t.Errorf("page: %s", page.raw)
	}
	w.ask(200, "PUT", path+"/remove", quoted(b))
	members, err := w.ListMembers(id)
	if must(t, err); !slices.Equal(members, []string{c}) {
		t.Errorf("members = %v, want %v", members, c)
	}
	var said []string
	for _, e := range w.Journal() {
		if e.Op == simulator.OpJoin || e.Op == simulator.OpLeave {
			said = append(said, string(e.Op)+" "+e.ID+" "+e.New+e.Old)
		}
	}
	want := []string{"join " + a + " " + id, "join " + b + " " + id, "join " + c + " " + id, "leave " + a + " " + id, "leave " + b + " " + id}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
}

func TestListMembersFollowTheirRecords(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.contact("email", "a@example.org"), w.contact("email", "b@example.org"), w.contact("email", "c@example.org")
	id, err := w.CreateList(rep, simulator.List{Name: "People"})
	must(t, err)
	must(t, w.AddToList(rep, id, a, b, c))
	merged, err := w.Merge(rep, simulator.Contacts, a, b)
	must(t, err)
	must(t, w.Archive(rep, simulator.Contacts, c))
	got, _ := w.ListMembers(id)
	if diff := cmp.Diff([]string{merged}, got); diff != "" {
		t.Errorf("after merge and archive (-want +got):\n%s", diff)
	}
	must(t, w.Restore(rep, simulator.Contacts, c))
	must(t, w.PrivacyDelete(rep, simulator.Contacts, merged))
	if got, _ = w.ListMembers(id); !slices.Equal(got, []string{c}) {
		t.Errorf("after restore and erasure: %v, want %v", got, c)
	}
	must(t, w.RemoveFromList(rep, id, c))
	if got, _ = w.ListMembers(id); len(got) != 0 {
		t.Errorf("after removal: %v", got)
	}
}

const bigOnes = `{"filterBranchType":"OR","filterBranches":[{"filterBranchType":"AND","filterBranches":[],"filters":[` +
	`{"filterType":"PROPERTY","property":"jobtitle","operation":{"operationType":"MULTISTRING","operator":"IS_EQUAL_TO","values":["Buyer"]}},` +
	`{"filterType":"PROPERTY","property":"hs_lead_status","operation":{"operationType":"ALL_PROPERTY","operator":"IS_KNOWN"}}]}],"filters":[]}`

func TestListsWithFilters(t *testing.T) {
	w := newWorld(t)
	a := w.contact("jobtitle", "buyer", "hs_lead_status", "NEW")
	w.contact("jobtitle", "buyer")
	dynamic := w.list(`{"name":"Now","objectTypeId":"0-1","processingType":"DYNAMIC","filterBranch":` + bigOnes + `}`)
	snapshot := w.list(`{"name":"Then","objectTypeId":"0-1","processingType":"SNAPSHOT","filterBranch":` + bigOnes + `}`)
	b := w.contact("jobtitle", "Buyer", "hs_lead_status", "OPEN")
	w.ask(400, "PUT", lists+"/"+dynamic+"/memberships/add", quoted(a))
	w.ask(200, "PUT", lists+"/"+snapshot+"/memberships/add", "[]")
	for id, want := range map[string][]string{dynamic: {a, b}, snapshot: {a}} {
		if got, _ := w.ListMembers(id); !slices.Equal(got, want) {
			t.Errorf("list %s: %v, want %v", id, got, want)
		}
	}
	got := w.ask(200, "GET", lists+"/"+dynamic+"?includeFilters=true", "")
	if v, _ := at(got.body, "list.filterBranch.filterBranches.0.filters.0.property"); v != "jobtitle" {
		t.Errorf("filters: %s", got.raw)
	}
	if v, _ := at(w.ask(200, "GET", lists+"/"+dynamic, "").body, "list.size"); v != 2.0 {
		t.Errorf("size = %v", v)
	}
	if err := w.AddToList(rep, dynamic, a); !errors.Is(err, simulator.ErrInvalid) {
		t.Errorf("add to a dynamic list: %v", err)
	}
}

func TestListsAreFound(t *testing.T) {
	w := newWorld(t)
	hot := w.list(`{"name":"Hot leads","objectTypeId":"0-1","processingType":"MANUAL"}`)
	cold := w.list(`{"name":"Cold leads","objectTypeId":"0-1","processingType":"MANUAL"}`)
	w.list(`{"name":"Hot leads","objectTypeId":"0-3","processingType":"MANUAL"}`) // another type: no conflict
	for name, c := range map[string]struct {
		body string
		want []string
		more bool
	}{
		"by a part of the name": {`{"query":"COLD"}`, []string{cold}, false},
		"by id":                 {`{"listIds":["` + hot + `"]}`, []string{hot}, false},
		"by type, in pages":     {`{"objectTypeId":"0-1","count":1}`, []string{hot}, true},
		"the second page":       {`{"objectTypeId":"0-1","count":1,"offset":1}`, []string{cold}, false},
		"by kind":               {`{"processingTypes":["DYNAMIC"]}`, nil, false},
	} {
		got := w.ask(200, "POST", lists+"/search", c.body)
		var ids []string
		for _, l := range got.list("lists") {
			ids = append(ids, l["listId"].(string))
			if v, _ := at(l, "additionalProperties.hs_list_size"); v != "0" {
				t.Errorf("%s: %s", name, got.raw)
			}
		}
		if !slices.Equal(ids, c.want) || got.body["hasMore"] != c.more {
			t.Errorf("%s: %v, more %v; want %v, %v", name, ids, got.body["hasMore"], c.want, c.more)
		}
	}
	if v, _ := at(w.ask(200, "GET", lists+"/object-type-id/0-1/name/"+url.PathEscape("hot LEADS"), "").body, "list.listId"); v != hot {
		t.Errorf("by name: %v, want %s", v, hot)
	}
	if got := w.ask(200, "GET", lists+"?listIds="+hot+"&listIds=99&listIds="+cold, "").list("lists"); len(got) != 2 {
		t.Errorf("by ids: %v", got)
	}
	if v, _ := at(w.ask(200, "PUT", lists+"/"+hot+"/update-list-name?listName=Warm", "").body, "updatedList.name"); v != "Warm" {
		t.Errorf("renamed: %v", v)
	}
	w.ask(400, "PUT", lists+"/"+hot+"/update-list-name?listName="+url.QueryEscape("cold leads"), "")
	w.ask(400, "PUT", lists+"/"+hot+"/update-list-name", "")
	w.ask(204, "DELETE", lists+"/"+hot, "")
	w.ask(404, "GET", lists+"/"+hot, "")
}

func TestListsRefuse(t *testing.T) {
	w := newWorld(t)
	id := w.list(`{"name":"Hot leads","objectTypeId":"0-1","processingType":"MANUAL"}`)
	filters := func(operation string) string {
		return `{"name":"N","objectTypeId":"0-1","processingType":"DYNAMIC","filterBranch":{"filterBranchType":"OR","filterBranches":[` +
			`{"filterBranchType":"AND","filters":[` + operation + `]}]}}`
	}
	for _, c := range []struct {
		name, method, path, body string
		status                   int
	}{
		{"no name", "POST", "", `{"objectTypeId":"0-1","processingType":"MANUAL"}`, 400},
		{"name taken", "POST", "", `{"name":"hot leads","objectTypeId":"0-1","processingType":"MANUAL"}`, 400},
		{"long name", "POST", "", `{"name":"` + strings.Repeat("x", 201) + `","objectTypeId":"0-1","processingType":"MANUAL"}`, 400},
		{"no type", "POST", "", `{"name":"N","processingType":"MANUAL"}`, 400},
		{"type by name", "POST", "", `{"name":"N","objectTypeId":"contacts","processingType":"MANUAL"}`, 400},
		{"unknown kind", "POST", "", `{"name":"N","objectTypeId":"0-1","processingType":"STATIC"}`, 400},
		{"dynamic without filters", "POST", "", `{"name":"N","objectTypeId":"0-1","processingType":"DYNAMIC"}`, 400},
		{"manual with filters", "POST", "", `{"name":"N","objectTypeId":"0-1","processingType":"MANUAL","filterBranch":` + bigOnes + `}`, 400},
		{"unknown property", "POST", "", filters(`{"filterType":"PROPERTY","property":"nope","operation":{"operator":"IS_KNOWN"}}`), 400},
		{"unknown operator", "POST", "", filters(`{"filterType":"PROPERTY","property":"phone","operation":{"operator":"IS_NICE"}}`), 400},
		{"other filters", "POST", "", filters(`{"filterType":"IN_LIST","listId":"1"}`), 400},
		{"root is AND", "POST", "", `{"name":"N","objectTypeId":"0-1","processingType":"DYNAMIC","filterBranch":{"filterBranchType":"AND"}}`, 400},
		{"malformed", "POST", "", `{"name":`, 400},
		{"unknown list", "GET", "/99", "", 404},
		{"no number", "GET", "/abc", "", 400},
		{"unknown name", "GET", "/object-type-id/0-1/name/nope", "", 404},
		{"unknown type", "GET", "/object-type-id/9-9/name/nope", "", 400},
		{"add to an unknown list", "PUT", "/99/memberships/add", `["1"]`, 404},
		{"add an object", "PUT", "/" + id + "/memberships/add", `{"recordIds":["1"]}`, 400},
		{"add null", "PUT", "/" + id + "/memberships/add", `null`, 400},
		{"add numbers", "PUT", "/" + id + "/memberships/add", `[17]`, 400},
		{"add a name", "PUT", "/" + id + "/memberships/add", `["ada@example.com"]`, 400},
		{"change by an array", "PUT", "/" + id + "/memberships/add-and-remove", `["1"]`, 400},
		{"too many", "PUT", "/" + id + "/memberships/remove", `["1"` + strings.Repeat(`,"1"`, 100_000) + `]`, 400},
		{"page too large", "GET", "/" + id + "/memberships?limit=251", "", 400},
		{"page of nothing", "GET", "/" + id + "/memberships?limit=0", "", 400},
		{"after of another", "GET", "/" + id + "/memberships?after=x", "", 400},
		{"members of an unknown list", "GET", "/99/memberships", "", 404},
		{"search too much", "POST", "/search", `{"count":501}`, 400},
		{"search before the first", "POST", "/search", `{"offset":-1}`, 400},
		{"wrong method", "POST", "/" + id + "/memberships/add", `["1"]`, 405},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			got := w.ask(c.status, c.method, lists+c.path, c.body)
			if c.status != 405 && got.body["message"] == "" {
				t.Errorf("answer: %s", got.raw)
			}
		})
	}
	if all := w.Lists(); len(all) != 1 {
		t.Errorf("%d lists, want 1: a refused one was made", len(all))
	}
}

func TestListScopes(t *testing.T) {
	w := newWorld(t)
	id := w.list(`{"name":"Hot leads","objectTypeId":"0-1","processingType":"MANUAL"}`)
	for scope, calls := range map[string][][3]string{
		"crm.lists.read":  {{"GET", "/" + id, ""}, {"POST", "/search", "{}"}, {"GET", "/" + id + "/memberships", ""}, {"GET", "/object-type-id/0-1/name/x", ""}},
		"crm.lists.write": {{"POST", "", "{}"}, {"PUT", "/" + id + "/memberships/add", "[]"}, {"PUT", "/" + id + "/memberships/remove", "[]"}, {"DELETE", "/" + id, ""}},
	} {
		w.DenyScope(scope)
		for _, c := range calls {
			got := w.ask(403, c[0], lists+c[1], c[2])
			if v, _ := at(got.body, "errors.0.context.requiredGranularScopes.0"); v != scope {
				t.Errorf("%v: %s", c, got.raw)
			}
		}
		w.AllowScope(scope)
	}
}

func TestPeoplesListsRefuse(t *testing.T) {
	w := newWorld(t)
	id, err := w.CreateList(rep, simulator.List{Name: "Taken", Type: simulator.Deals, Where: []simulator.ListCondition{{Property: "amount", Operator: "GT", Value: "5"}}, Kind: simulator.Snapshot})
	must(t, err)
	for name, c := range map[string]struct {
		do   func() error
		want error
	}{
		"taken name":     {func() error { _, err := w.CreateList(rep, simulator.List{Name: "taken", Type: "deals"}); return err }, simulator.ErrConflict},
		"unknown type":   {func() error { _, err := w.CreateList(rep, simulator.List{Name: "x", Type: "birds"}); return err }, simulator.ErrInvalid},
		"no name":        {func() error { _, err := w.CreateList(rep, simulator.List{}); return err }, simulator.ErrInvalid},
		"unknown list":   {func() error { return w.AddToList(rep, "99", "1") }, simulator.ErrNotFound},
		"unknown record": {func() error { return w.AddToList(rep, id, "1") }, simulator.ErrNotFound},
		"unknown shown":  {func() error { _, err := w.ListMembers("99"); return err }, simulator.ErrNotFound},
	} {
		if err := c.do(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	want := []simulator.List{{ID: id, Name: "Taken", Type: "deals", Kind: simulator.Snapshot, Where: []simulator.ListCondition{{Property: "amount", Operator: "GT", Value: "5"}}}}
	if diff := cmp.Diff(want, w.Lists()); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
	if _, err := strconv.Atoi(id); err != nil {
		t.Errorf("id %q is no number", id)
	}
}
