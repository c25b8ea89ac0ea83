package recorder

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
)

// Drift is one place where a recorded answer is not what the client expects.
type Drift struct {
	File        string `json:"file"`
	Interaction int    `json:"interaction"` // its id in the file
	Request     string `json:"request"`     // method and path
	Path        string `json:"path"`        // in the JSON of the answer
	Expected    string `json:"expected"`
	Found       string `json:"found"`
}

// FindDrift compares every answer in the cassettes with what the client reads: fields that are gone or have
// another type, listings that do not page, categories of errors without a rule, bodies that are no JSON.
// truncated names the object types whose listings a sample ended. Fields that are new are no drift.
func FindDrift(paths []string, truncated []string) ([]Drift, error) {
	var found []Drift
	all := shapes()
	templates := Shaped()
	for _, file := range paths {
		c, err := loadCassette(file)
		if err != nil {
			return nil, err
		}
		f := finder{file: filepath.Base(file), truncated: truncated, afters: map[string]bool{}}
		for _, i := range c.Interactions {
			u, err := url.Parse(i.Request.URL)
			if err != nil {
				return nil, fmt.Errorf("read interaction %d of %q: %w", i.ID, file, err)
			}
			f.at = Drift{File: f.file, Interaction: i.ID, Request: i.Request.Method + " " + u.Path}
			endpoint := EndpointOf(i.Request.Method, u.Path, templates)
			if endpoint == "" {
				f.tell("", "an endpoint of the client", "another")
				continue
			}
			f.answer(i, all[endpoint])
			f.paging(i, u, endpoint)
		}
		found = append(found, f.found...)
	}
	return found, nil
}

// accountMoving is HubSpot's status for an account that is being moved (hubspot-api 4).
const accountMoving = 477

type finder struct {
	file      string
	truncated []string
	at        Drift
	found     []Drift
	afters    map[string]bool // positions that answers gave, by path
}

func (f *finder) tell(path, expected, found string) {
	d := f.at
	d.Path, d.Expected, d.Found = path, expected, found
	if !slices.Contains(f.found, d) {
		f.found = append(f.found, d)
	}
}

// answer checks one body. A refusal may be HTML or empty; a success may be empty only where nothing is read.
func (f *finder) answer(i *cassette.Interaction, expected []shape) {
	if f.oauth(i) {
		return
	}
	v, err := value([]byte(i.Response.Body))
	switch {
	case i.Response.Code >= 300:
		if err == nil {
			f.refusal(i.Response.Code, v)
		}
		return
	case err != nil:
		if len(expected) > 0 {
			f.tell("", "JSON", "no JSON")
		}
		return
	}
	if found := typeOf(v); found != "array" && found != "object" {
		f.tell("", "object", found)
		return
	}
	for _, s := range expected {
		f.check(s, "", strings.Split(s.path, "."), v)
	}
	if o, ok := v.(map[string]any); ok {
		f.categories("errors", o["errors"])
	}
}

// refusal checks the body of an error. Where the status alone decides, its category may be any.
func (f *finder) refusal(status int, v any) {
	for _, s := range errorShapes() {
		f.check(s, "", strings.Split(s.path, "."), v)
	}
	if status < 500 && status != http.StatusLocked && status != accountMoving {
		f.categories("", v)
	}
}

func (f *finder) oauth(i *cassette.Interaction) bool {
	return strings.Contains(i.Request.URL, "/oauth/")
}

// check follows a path into a value. A member that is not there is drift if it is the required last one.
func (f *finder) check(s shape, at string, path []string, v any) {
	if len(path) == 0 {
		if found := typeOf(v); !slices.Contains(s.types, found) {
			f.tell(at, strings.Join(s.types, " or "), found)
		}
		return
	}
	name, list := strings.CutSuffix(path[0], "[]")
	if name == "" || name == "*" {
		f.descend(s, at, path, descent{value: v, all: name == "*", list: list})
		return
	}
	o, ok := v.(map[string]any)
	if !ok {
		return // told where its own type is checked
	}
	next, ok := o[name]
	if !ok && s.required && len(path) == 1 && !list {
		f.tell(joined(at, name), strings.Join(s.types, " or "), "nothing")
	}
	if ok {
		f.descend(s, joined(at, name), path, descent{value: next, list: list})
	}
}

type descent struct {
	value     any
	all, list bool
}

// descend goes into every member, every item, or the value itself.
func (f *finder) descend(s shape, at string, path []string, d descent) {
	values := map[string]any{at: d.value}
	if d.all {
		values = map[string]any{}
		o, _ := d.value.(map[string]any)
		for name, item := range o {
			values[joined(at, name)] = item
		}
	}
	for _, where := range slices.Sorted(maps.Keys(values)) {
		item := values[where]
		if !d.list {
			if item != nil || len(path) == 1 {
				f.check(s, where, path[1:], item)
			}
			continue
		}
		list, _ := item.([]any)
		for n, one := range list {
			f.check(s, fmt.Sprintf("%s[%d]", where, n), path[1:], one)
		}
	}
}

func joined(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

func typeOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case json.Number:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "array"
	}
	return "object"
}

// categories looks for categories of errors that the client has no rule for.
func (f *finder) categories(at string, v any) {
	switch v := v.(type) {
	case []any:
		for n, item := range v {
			f.categories(fmt.Sprintf("%s[%d]", at, n), item)
		}
	case map[string]any:
		for _, key := range []string{"category", "errorType"} {
			if s, ok := v[key].(string); ok && !slices.Contains(knownCategories(), s) {
				f.tell(joined(at, key), "a known category", fmt.Sprintf("%q", s))
			}
		}
		f.categories(joined(at, "errors"), v["errors"])
	}
}

// paging checks that a listing that goes on says so: the next page was asked for, so an answer must have given
// its position, and a full page without a position is the end only if the sample ended there.
func (f *finder) paging(i *cassette.Interaction, u *url.URL, endpoint string) {
	if i.Response.Code != http.StatusOK || i.Request.Method != http.MethodGet || !strings.Contains(pageShapes(endpoint), "paging") {
		return
	}
	v, err := value([]byte(i.Response.Body))
	page, ok := v.(map[string]any)
	results, listing := page["results"].([]any)
	if err != nil || !ok || !listing {
		return
	}
	if asked := u.Query().Get("after"); asked != "" && !f.afters[u.Path+" "+asked] {
		f.tell("paging.next.after", fmt.Sprintf("%q, which was asked for next", asked), "no answer before gives it")
	}
	after := nextAfter(page)
	f.afters[u.Path+" "+after] = true
	full := u.Query().Get("limit") == strconv.Itoa(len(results))
	if after == "" && full && !slices.Contains(f.truncated, objectType(path.Base(u.Path))) {
		f.tell("paging.next.after", "string or number after a full page", "nothing")
	}
}

func pageShapes(endpoint string) string {
	var paths []string
	for _, s := range shapes()[endpoint] {
		paths = append(paths, s.path)
	}
	return strings.Join(paths, " ")
}

func nextAfter(page map[string]any) string {
	paging, _ := page["paging"].(map[string]any)
	next, _ := paging["next"].(map[string]any)
	switch after := next["after"].(type) {
	case string:
		return after
	case json.Number:
		return after.String()
	}
	return ""
}
