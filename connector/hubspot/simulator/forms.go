package simulator

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	submissionsMost = 50
	formsMost       = 500
)

// Form is a form of the account; ID is the GUID that the submissions go by.
type Form struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Fields   []string `json:"fields"` // contact properties; empty is the e-mail address
	Archived bool     `json:"archived"`
}

// formBook holds the forms in order of creation, and what was submitted.
type formBook struct {
	all []*formRecord
}

type formRecord struct {
	Form
	created string
	sent    []submission // oldest first
}

type submission struct {
	r    *record
	at   string // ISO 8601, ms
	id   string
	page string
}

// guid makes a stable id of a name, in the shape of HubSpot's.
func guid(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	h := hex.EncodeToString(sum[:16])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

func (b *formBook) named(name string) *formRecord {
	for _, f := range b.all {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func (b *formBook) byID(id string) *formRecord {
	for _, f := range b.all {
		if f.ID == id {
			return f
		}
	}
	return nil
}

// AddForm adds a form and returns its GUID. A form that SubmitForm names comes
// into being by itself; a taken name is ErrConflict, unknown fields ErrInvalid.
func (a *Account) AddForm(f Form) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f.Name == "" {
		return "", fmt.Errorf("add form: a form needs a name: %w", ErrInvalid)
	}
	if a.forms.named(f.Name) != nil {
		return "", fmt.Errorf("add form %q: name: %w", f.Name, ErrConflict)
	}
	for _, name := range f.Fields {
		if a.tables[Contacts].props[name] == nil {
			return "", fmt.Errorf("add form %q: field %q: %w", f.Name, name, ErrInvalid)
		}
	}
	return a.addForm(f).ID, nil
}

func (a *Account) addForm(f Form) *formRecord {
	if len(f.Fields) == 0 {
		f.Fields = []string{"email"}
	}
	f.ID = orString(f.ID, guid("form", strconv.FormatInt(a.opts.PortalID, 10), f.Name))
	fr := &formRecord{Form: f, created: isoMillis(a.opts.Now().UnixMilli())}
	a.forms.all = append(a.forms.all, fr)
	return fr
}

// Forms lists the forms in order of creation.
func (a *Account) Forms() []Form {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := []Form{}
	for _, f := range a.forms.all {
		out = append(out, f.Form)
	}
	return out
}

// submitted keeps a submission for the API and as an event. The caller holds the lock.
func (a *Account) submitted(r *record, formName, when string) {
	f := a.forms.named(formName)
	if f == nil {
		f = a.addForm(Form{Name: formName})
	}
	f.sent = append(f.sent, submission{
		r: r, at: when, id: guid("submission", f.ID, strconv.Itoa(len(f.sent))), page: "https://www.example.com/forms/" + f.ID,
	})
	a.occur(r, EventFormSubmitted, when, 1, map[string]string{"hs_form_id": f.ID})
}

type formOut struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	FormType  string `json:"formType"`
	CreatedAt string `json:"createdAt"`
	UpdatedAt string `json:"updatedAt"`
	Archived  bool   `json:"archived"`
	Groups    []any  `json:"fieldGroups"`
}

func (f *formRecord) out(t *table) formOut {
	type field struct {
		TypeID   string `json:"objectTypeId"`
		Name     string `json:"name"`
		Label    string `json:"label"`
		Required bool   `json:"required"`
		Hidden   bool   `json:"hidden"`
		Type     string `json:"fieldType"`
	}
	groups := []any{}
	for _, name := range f.Fields {
		kind := "single_line_text"
		if name == "email" {
			kind = "email"
		}
		groups = append(groups, map[string]any{
			"groupType": "default_group", "richTextType": "text",
			"fields": []field{{t.typeID, name, t.props[name].Label, name == "email", false, kind}},
		})
	}
	return formOut{ID: f.ID, Name: f.Name, FormType: "hubspot", CreatedAt: f.created, UpdatedAt: f.created, Archived: f.Archived, Groups: groups}
}

// formList pages through the forms (hubspot-api 9.4).
func (c *call) formList() answer {
	limit, ok := limitParam(c.r, 20, formsMost)
	if !ok {
		return c.invalid(fmt.Sprintf("limit must be between 1 and %d.", formsMost))
	}
	archived := c.r.URL.Query().Get("archived") == "true"
	var all []*formRecord
	for _, f := range c.a.forms.all {
		if f.Archived == archived {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(x, y *formRecord) int { return cmp.Compare(x.ID, y.ID) })
	from := 0
	if after := c.r.URL.Query().Get("after"); after != "" {
		from, _ = slices.BinarySearchFunc(all, after, func(f *formRecord, id string) int { return cmp.Compare(f.ID, id) })
	}
	to := min(from+limit, len(all))
	out := []formOut{}
	for _, f := range all[from:to] {
		out = append(out, f.out(c.a.tables[Contacts]))
	}
	body := map[string]any{"results": out}
	if to < len(all) {
		body["paging"] = map[string]any{"next": map[string]string{"after": all[to].ID}}
	}
	return c.json(http.StatusOK, body)
}

func (c *call) formOne() answer {
	f := c.a.forms.byID(c.r.PathValue("id"))
	if f == nil || f.Archived != (c.r.URL.Query().Get("archived") == "true") {
		return c.notFound("resource not found")
	}
	return c.json(http.StatusOK, f.out(c.a.tables[Contacts]))
}

// submissionList pages through what was submitted, newest first (hubspot-api
// 9.4). Its times are numbers; submissions of people who were erased are gone.
func (c *call) submissionList() answer {
	f := c.a.forms.byID(c.r.PathValue("id"))
	if f == nil {
		return c.notFound("resource not found")
	}
	limit, ok := limitParam(c.r, 20, submissionsMost)
	if !ok {
		return c.invalid(fmt.Sprintf("limit must be between 1 and %d.", submissionsMost))
	}
	type value struct {
		Name   string `json:"name"`
		Value  string `json:"value"`
		TypeID string `json:"objectTypeId"`
	}
	type one struct {
		ID     string  `json:"conversionId"`
		At     int64   `json:"submittedAt"`
		Values []value `json:"values"`
		Page   string  `json:"pageUrl"`
	}
	all := slices.Clone(f.sent)
	all = slices.DeleteFunc(all, func(s submission) bool { return s.r.latest().purged })
	slices.SortStableFunc(all, func(x, y submission) int { return cmp.Compare(y.at, x.at) })
	from := 0
	if after := c.r.URL.Query().Get("after"); after != "" {
		from = slices.IndexFunc(all, func(s submission) bool { return s.id == after })
		if from < 0 {
			return c.invalid("after must be a value that paging.next.after gave, not " + after + ".")
		}
	}
	to := min(from+limit, len(all))
	out := []one{}
	for _, s := range all[from:to] {
		at, _ := parseTime(s.at)
		o := one{ID: s.id, At: at.UnixMilli(), Page: s.page, Values: []value{}}
		for _, name := range f.Fields {
			if v := s.r.latest().text(name); v != "" {
				o.Values = append(o.Values, value{name, v, s.r.t.typeID})
			}
		}
		out = append(out, o)
	}
	body := map[string]any{"results": out}
	if to < len(all) {
		body["paging"] = map[string]any{"next": map[string]string{"after": all[to].id, "link": "after=" + all[to].id + "&limit=" + strconv.Itoa(limit)}}
	}
	return c.json(http.StatusOK, body)
}
