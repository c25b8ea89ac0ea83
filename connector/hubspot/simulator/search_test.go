package simulator_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
)

func changedSince(prop string, at time.Time) string {
	return fmt.Sprintf(`{"filterGroups":[{"filters":[{"propertyName":%q,"operator":"GTE","value":"%d"}]}],
		"sorts":[{"propertyName":%q,"direction":"ASCENDING"}],"properties":["hs_object_id"],"limit":200,"after":"0"}`, prop, at.UnixMilli(), prop)
}

func TestSearchByModifiedTime(t *testing.T) {
	w := newWorld(t)
	start := w.now.now()
	var want []string
	for i := range 6 {
		want = append(want, w.contact("firstname", strconv.Itoa(i)))
		w.now.add(time.Second)
	}
	must(t, w.Set(rep, "contacts", want[1], map[string]string{"firstname": "late"})) // moves to the end
	order := []string{want[0], want[2], want[3], want[4], want[5], want[1]}
	r := w.ask(200, "POST", contacts+"/search", changedSince("lastmodifieddate", start))
	if !slices.Equal(r.ids(), order) || r.body["total"] != 6.0 || r.body["paging"] != nil {
		t.Errorf("all: %v of %v", r.ids(), r.body["total"])
	}
	r = w.ask(200, "POST", contacts+"/search", changedSince("lastmodifieddate", start.Add(4*time.Second)))
	if !slices.Equal(r.ids(), order[3:]) {
		t.Errorf("later ones: %v", r.ids())
	}
	r = w.ask(200, "POST", contacts+"/search", changedSince("hs_lastmodifieddate", start))
	if len(r.ids()) != 0 || r.body["total"] != 0.0 {
		t.Errorf("the wrong name must find nothing: %s", r.raw)
	}
	must(t, w.Archive(rep, "contacts", want[0]))
	if r = w.ask(200, "POST", contacts+"/search", changedSince("lastmodifieddate", start)); slices.Contains(r.ids(), want[0]) {
		t.Error("search shows an archived record")
	}
	tie := start.Add(time.Hour)
	for _, id := range want[2:5] {
		must(t, w.SetModified("contacts", id, tie))
	}
	r = w.ask(200, "POST", contacts+"/search", fmt.Sprintf(`{"filterGroups":[{"filters":[{"propertyName":"lastmodifieddate","operator":"EQ","value":"%d"},
		{"propertyName":"hs_object_id","operator":"GT","value":"%s"}]}],"sorts":[{"propertyName":"hs_object_id","direction":"DESCENDING"}]}`, tie.UnixMilli(), want[2]))
	if !slices.Equal(r.ids(), []string{want[4], want[3]}) {
		t.Errorf("within a tie: %v", r.ids())
	}
}

func TestSearchLag(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.SearchLag = 10 * time.Second })
	id := w.contact("firstname", "Ada")
	find := func(name string) []string {
		t.Helper()
		return w.ask(200, "POST", contacts+"/search", `{"filterGroups":[{"filters":[{"propertyName":"firstname","operator":"EQ","value":"`+name+`"}]}],"properties":["firstname"]}`).ids()
	}
	if len(find("Ada")) != 0 || w.Pending().Unindexed == 0 {
		t.Error("visible before the lag is over")
	}
	w.now.add(time.Hour) // the world's clock does not matter
	if len(find("Ada")) != 0 {
		t.Error("the lag follows the world clock")
	}
	w.wall.add(11 * time.Second)
	if !slices.Equal(find("Ada"), []string{id}) || w.Pending().Total() != 0 {
		t.Error("not visible after the lag")
	}
	must(t, w.Set(rep, "contacts", id, map[string]string{"firstname": "Eva"}))
	if len(find("Ada")) != 1 || len(find("Eva")) != 0 {
		t.Error("search should still see the former state")
	}
	w.wall.add(11 * time.Second)
	if len(find("Ada")) != 0 || len(find("Eva")) != 1 {
		t.Error("search should see the new state")
	}
}

func TestSearchOperators(t *testing.T) {
	w := newWorld(t)
	a := w.contact("firstname", "Ada", "followercount", "9", "hs_lead_status", "NEW", "email", "ada@mail.example.org")
	b := w.contact("firstname", "Bo", "followercount", "10", "hs_lead_status", "CONNECTED")
	c := w.contact("hs_buying_role", "CHAMPION")
	for filter, want := range map[string][]string{
		`"firstname","operator":"EQ","value":"ada"`:                           {a},
		`"firstname","operator":"NEQ","value":"Ada"`:                          {b, c},
		`"followercount","operator":"GT","value":"9"`:                         {b},
		`"followercount","operator":"GTE","value":"9"`:                        {a, b},
		`"followercount","operator":"LT","value":"10"`:                        {a},
		`"followercount","operator":"LTE","value":"10"`:                       {a, b},
		`"followercount","operator":"BETWEEN","value":"9.5","highValue":"11"`: {b},
		`"hs_lead_status","operator":"IN","values":["NEW","OPEN"]`:            {a},
		`"hs_lead_status","operator":"IN","values":["new"]`:                   nil,
		`"hs_lead_status","operator":"NOT_IN","values":["NEW"]`:               {b, c},
		`"firstname","operator":"IN","values":["bo"]`:                         {b},
		`"firstname","operator":"IN","values":["Bo"]`:                         nil,
		`"firstname","operator":"HAS_PROPERTY"`:                               {a, b},
		`"firstname","operator":"NOT_HAS_PROPERTY"`:                           {c},
		`"email","operator":"CONTAINS_TOKEN","value":"mail.example.org"`:      {a},
		`"email","operator":"CONTAINS_TOKEN","value":"*example*"`:             {a},
		`"email","operator":"CONTAINS_TOKEN","value":"exam"`:                  nil,
		`"email","operator":"NOT_CONTAINS_TOKEN","value":"ada"`:               {b, c},
		`"createdate","operator":"LTE","value":"2026-11-02T09:00:00Z"`:        {a, b, c},
		`"hs_object_id","operator":"GT","value":"` + a + `"`:                  {b, c},
	} {
		r := w.ask(200, "POST", contacts+"/search", `{"filterGroups":[{"filters":[{"propertyName":`+filter+`}]}]}`)
		if !slices.Equal(r.ids(), want) {
			t.Errorf("%s: got %v, want %v", filter, r.ids(), want)
		}
	}
	r := w.ask(200, "POST", contacts+"/search", `{"filterGroups":[{"filters":[{"propertyName":"firstname","operator":"EQ","value":"Ada"}]},
		{"filters":[{"propertyName":"hs_buying_role","operator":"EQ","value":"CHAMPION"}]}],"sorts":["-createdate"]}`)
	if !slices.Equal(sorted(r.ids()), []string{a, c}) {
		t.Errorf("groups are alternatives: %v", r.ids())
	}
	call, err := w.LogCall(rep, a, simulator.Call{})
	must(t, err)
	r = w.ask(200, "POST", "/crm/objects/2026-09/calls/search", `{"filterGroups":[{"filters":[{"propertyName":"associations.contact","operator":"EQ","value":"`+a+`"}]}]}`)
	if !slices.Equal(r.ids(), []string{call}) {
		t.Errorf("by association: %s", r.raw)
	}
}

func TestSearchBounds(t *testing.T) {
	w := newWorld(t)
	one := `{"propertyName":"firstname","operator":"EQ","value":"x"}`
	group := func(n int) string { return `{"filters":[` + strings.Repeat(one+",", n-1) + one + `]}` }
	for name, body := range map[string]string{
		"page":      `{"limit":201}`,
		"reach":     `{"limit":200,"after":"9801"}`,
		"after":     `{"after":"x"}`,
		"groups":    `{"filterGroups":[` + strings.Repeat(group(1)+",", 5) + group(1) + `]}`,
		"filters":   `{"filterGroups":[` + group(7) + `]}`,
		"all":       `{"filterGroups":[` + group(6) + "," + group(6) + "," + group(6) + "," + group(1) + `]}`,
		"sorts":     `{"sorts":["firstname","lastname"]}`,
		"body":      `{"properties":["` + strings.Repeat("x", 3000) + `"]}`,
		"property":  `{"filterGroups":[{"filters":[{"propertyName":"nope","operator":"EQ","value":"x"}]}]}`,
		"operator":  `{"filterGroups":[{"filters":[{"propertyName":"firstname","operator":"LIKE","value":"x"}]}]}`,
		"bad value": `{"filterGroups":[{"filters":[{"propertyName":"createdate","operator":"GT","value":"soon"}]}]}`,
	} {
		if r := w.do("POST", contacts+"/search", body); r.status != 400 || r.body["category"] != "VALIDATION_ERROR" {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
	}
	w.ask(200, "POST", contacts+"/search", `{"limit":200,"after":"9800"}`)
	w.ask(200, "POST", contacts+"/search", `{"filterGroups":[`+group(6)+","+group(6)+","+group(6)+`]}`)
}

func TestSearchPagesAndItsCap(t *testing.T) {
	w := newWorld(t)
	must(t, w.Load(func(add func(string, map[string]string, ...simulator.Link) string) {
		for range 10_050 {
			add("contacts", map[string]string{"lastmodifieddate": "2026-11-01T00:00:00Z", "createdate": "2026-10-01T00:00:00Z"})
		}
	}))
	body := `{"filterGroups":[{"filters":[{"propertyName":"lastmodifieddate","operator":"GTE","value":"0"}]}],"sorts":[{"propertyName":"lastmodifieddate","direction":"ASCENDING"}],"limit":200,"after":"%s"}`
	seen := map[string]bool{}
	after := "0"
	for {
		r := w.do("POST", contacts+"/search", fmt.Sprintf(body, after))
		if r.status == 400 {
			break
		}
		for _, id := range r.ids() {
			seen[id] = true
		}
		after = r.body["paging"].(map[string]any)["next"].(map[string]any)["after"].(string)
	}
	if len(seen) != 10_000 || after != "10000" {
		t.Errorf("reached %d records, stopped at %s", len(seen), after)
	}
}

func TestSearchAfterManyChanges(t *testing.T) {
	w := newWorld(t)
	x, y, still := w.contact(), w.contact(), w.contact()
	start := w.now.now()
	for i := range 3000 { // more stale entries than the index keeps
		w.now.add(time.Second)
		must(t, w.Set(rep, "contacts", x, map[string]string{"firstname": strconv.Itoa(i)}))
	}
	must(t, w.SetModified("contacts", y, start.Add(time.Minute)))
	must(t, w.SetModified("contacts", y, start.Add(time.Hour)))
	must(t, w.SetModified("contacts", y, start.Add(time.Minute)))
	for sort, want := range map[string][]string{"ASCENDING": {still, y, x}, "DESCENDING": {x, y, still}} {
		r := w.ask(200, "POST", contacts+"/search", `{"sorts":[{"propertyName":"lastmodifieddate","direction":"`+sort+`"}]}`)
		if !slices.Equal(r.ids(), want) || r.body["total"] != 3.0 {
			t.Errorf("%s: %v of %v", sort, r.ids(), r.body["total"])
		}
	}
	r := w.ask(200, "POST", contacts+"/search", fmt.Sprintf(`{"filterGroups":[{"filters":[{"propertyName":"lastmodifieddate","operator":"BETWEEN","value":"%d","highValue":"%d"}]}]}`,
		start.UnixMilli()+1, start.Add(40*time.Minute).UnixMilli()))
	if !slices.Equal(r.ids(), []string{y}) {
		t.Errorf("between: %v", r.ids())
	}
}

func TestSearchMoreOperators(t *testing.T) {
	w := newWorld(t)
	a := w.contact("firstname", "Ada", "phone", "+49 30 1", "hs_buying_role", "CHAMPION;DECISION_MAKER", "closedate", "2026-11-05T00:00:00Z")
	b := w.contact("firstname", "Bo", "closedate", "2026-11-06T00:00:00Z")
	c := w.contact("hs_buying_role", "BLOCKER")
	for filter, want := range map[string][]string{
		`"hs_buying_role","operator":"IN","values":["CHAMPION","BLOCKER"]`:                             {a, c}, // one of several values
		`"hs_buying_role","operator":"IN","values":["champion"]`:                                       nil,
		`"hs_buying_role","operator":"NOT_IN","values":["DECISION_MAKER"]`:                             {b, c},
		`"closedate","operator":"IN","values":["1793836800000"]`:                                       {a}, // ms mean the same as ISO
		`"closedate","operator":"NOT_IN","values":["2026-11-05T00:00:00Z"]`:                            {b, c},
		`"closedate","operator":"BETWEEN","value":"1793836800000","highValue":"2026-11-05"`:            {a},
		`"firstname","operator":"NOT_IN","values":["ada"]`:                                             {b, c},
		`"associations.company","operator":"EQ","value":"1"`:                                           nil,
		`"phone","operator":"CONTAINS_TOKEN","value":"+49*"`:                                           {a},
		`"firstname","operator":"NEQ","value":"bo"},{"propertyName":"phone","operator":"HAS_PROPERTY"`: {a},
	} {
		r := w.ask(200, "POST", contacts+"/search", `{"filterGroups":[{"filters":[{"propertyName":`+filter+`}]}]}`)
		if !slices.Equal(r.ids(), want) {
			t.Errorf("%s: got %v, want %v", filter, r.ids(), want)
		}
	}
	for name, filter := range map[string]string{
		"no values":              `"firstname","operator":"IN","values":[]`,
		"empty value of IN":      `"firstname","operator":"IN","values":[""]`,
		"no date in IN":          `"closedate","operator":"IN","values":["soon"]`,
		"no high value":          `"closedate","operator":"BETWEEN","value":"1793836800000"`,
		"no number":              `"followercount","operator":"GT","value":"many"`,
		"no value":               `"firstname","operator":"EQ"`,
		"no token":               `"firstname","operator":"CONTAINS_TOKEN"`,
		"no operator":            `"firstname","value":"x"`,
		"operator in lower case": `"firstname","operator":"eq","value":"x"`,
		"type by association":    `"associations.bird","operator":"EQ","value":"1"`,
		"range by association":   `"associations.company","operator":"GT","value":"1"`,
	} {
		if r := w.do("POST", contacts+"/search", `{"filterGroups":[{"filters":[{"propertyName":`+filter+`}]}]}`); r.status != 400 {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
	}
	w.ask(400, "POST", contacts+"/search", `{"sorts":[{"propertyName":"firstname","direction":"UP"}]}`)
}

func TestSearchByLinks(t *testing.T) {
	w := newWorld(t)
	a, b := w.contact("firstname", "Ada"), w.contact("firstname", "Bo")
	x, err := w.LogCall(rep, a, simulator.Call{})
	must(t, err)
	y, err := w.LogCall(rep, b, simulator.Call{})
	must(t, err)
	const calls = "/crm/objects/2026-09/calls/search"
	by := func(more string) string {
		return `{"filterGroups":[{"filters":[{"propertyName":"associations.contact",` + more + `}]}]}`
	}
	for more, want := range map[string][]string{
		`"operator":"EQ","value":"` + a + `"`:                {x},
		`"operator":"IN","values":["` + a + `","` + b + `"]`: {x, y},
		`"operator":"EQ","value":"1"`:                        nil,
		`"operator":"EQ","value":"` + b + `"},{"propertyName":"hs_object_id","operator":"EQ","value":"` + x + `"`: nil,
	} {
		if got := w.ask(200, "POST", calls, by(more)); !slices.Equal(sorted(got.ids()), want) {
			t.Errorf("%s: %v, want %v", more, got.ids(), want)
		}
	}
}

func TestSearchByQuery(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.SearchLag = 30 * time.Second })
	a := w.contact("firstname", "Ada", "lastname", "Byron", "email", "ada@example.com", "company", "Example Works")
	b := w.contact("firstname", "Adam", "lastname", "Zoë", "email", "adam@example.org")
	search := func(body string) []string { return sorted(w.ask(200, "POST", contacts+"/search", body).ids()) }
	if got := search(`{"query":"ada"}`); len(got) != 0 {
		t.Errorf("query sees what the index does not: %v", got)
	}
	w.wall.add(time.Minute)
	for query, want := range map[string][]string{
		"ada": {a, b}, "ADA byr": {a}, "byr ada": {a}, "adam": {b}, "zoë": {b}, "example": {a, b}, "works": {a}, "yron": nil, "ada nobody": nil, "ada@example.com": {a},
	} {
		if got := search(`{"query":"` + query + `"}`); !slices.Equal(got, want) {
			t.Errorf("query %q: %v, want %v", query, got, want)
		}
	}
	if got := search(`{"query":"ada","filterGroups":[{"filters":[{"propertyName":"lastname","operator":"EQ","value":"Byron"}]}]}`); !slices.Equal(got, []string{a}) {
		t.Errorf("query and filters both hold: %v", got)
	}
	must(t, w.Set(rep, "contacts", b, map[string]string{"lastname": "Renamed"}))
	if before, after := search(`{"query":"zoë"}`), search(`{"query":"renamed"}`); !slices.Equal(before, []string{b}) || len(after) != 0 {
		t.Errorf("query looks past the index: %v, %v", before, after)
	}
	_, err := w.Create(rep, simulator.Tasks, map[string]string{"hs_timestamp": "2026-11-04T09:00:00Z", "hs_task_subject": "Call Ada"})
	must(t, err)
	w.wall.add(time.Minute)
	if got := w.ask(200, "POST", tasks+"/search", `{"query":"call"}`).ids(); len(got) != 1 {
		t.Errorf("tasks by subject: %v", got)
	}
}
