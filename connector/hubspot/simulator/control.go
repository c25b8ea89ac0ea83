package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// control is one request to the control API, which lets another process play
// the people of the account.
type control struct {
	a *Account
	r *http.Request
}

type order struct {
	Actor      Actor             `json:"actor"`
	Type       string            `json:"type"`
	ID         string            `json:"id"`
	Contact    string            `json:"contact"`
	Properties map[string]string `json:"properties"`
	Links      []Link            `json:"links"`

	At          time.Time `json:"at"`
	Disposition string    `json:"disposition"`
	Direction   string    `json:"direction"`
	Duration    span      `json:"duration"`
	Outcome     string    `json:"outcome"`
	Title       string    `json:"title"`
	Form        string    `json:"form"`
	Kind        string    `json:"kind"`
	Pages       int       `json:"pages"`
	Stage       string    `json:"stage"`
	Name        string    `json:"name"`
	Email       string    `json:"email"`
	Status      string    `json:"status"`
	Subject     string    `json:"subject"`
	Text        string    `json:"text"`
	Channel     string    `json:"channel"`
	Reason      string    `json:"reason"`
	Active      *bool     `json:"active"`
	Zone        string    `json:"zone"`
	Hours       string    `json:"hours"`
}

// span is a duration as "48h" in JSON.
type span time.Duration

// UnmarshalText reads a duration.
func (s *span) UnmarshalText(b []byte) error {
	d, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("read duration %q: write it as 90s, 15m or 48h: %w", b, err)
	}
	*s = span(d)
	return nil
}

// Control serves the control API: what people do, faults, the clock, and the
// journal. It has no authentication; listen on loopback only. Mistakes answer
// 400 with {"error": what is wrong and what to do}.
func (a *Account) Control() http.Handler {
	mux := http.NewServeMux()
	for pattern, do := range controls() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			v, err := do(control{a: a, r: r})
			respond(w, v, err)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		respond(w, nil, fmt.Errorf("no control at %s %s: see the list in the simulator's package: %w", r.Method, r.URL.Path, ErrNotFound))
	})
	return mux
}

// controls are what can be asked for: deeds of people, then of the machinery.
func controls() map[string]func(control) (any, error) {
	out := deeds()
	maps.Copy(out, settings())
	maps.Copy(out, map[string]func(control) (any, error){
		"POST /control/advance":            control.advance,
		"POST /control/token":              control.token,
		"POST /control/faults":             control.addFault,
		"GET /control/faults":              control.faults,
		"DELETE /control/faults":           control.clearFaults,
		"POST /control/script":             control.script,
		"POST /control/webhook":            control.webhook,
		"GET /control/webhook":             control.webhookReport,
		"GET /control/lost":                control.lost,
		"GET /control/journal":             control.journal,
		"GET /control/calls":               control.calls,
		"GET /control/pending":             control.pending,
		"GET /control/world":               control.world,
		"GET /control/objects/{type}":      control.objects,
		"GET /control/objects/{type}/{id}": control.object,
	})
	return out
}

// settings are how the account is set up: lists, workflows, what it refuses.
func settings() map[string]func(control) (any, error) {
	return map[string]func(control) (any, error){
		"POST /control/lists":             control.addList,
		"GET /control/lists":              control.lists,
		"GET /control/lists/{id}":         control.members,
		"POST /control/lists/{id}/add":    control.joinList,
		"POST /control/lists/{id}/remove": control.leaveList,
		"POST /control/workflows":         control.addWorkflow,
		"GET /control/workflows":          control.workflows,
		"POST /control/workflows/{id}":    control.switchWorkflow,
		"POST /control/unique":            control.unique,
		"POST /control/oauth":             control.setOAuth,
		"GET /control/oauth":              control.showOAuth,
		"POST /control/automation":        control.setAutomation,
		"GET /control/automation":         control.showAutomation,
		"POST /control/rivals":            control.setRivals,
		"GET /control/rivals":             control.showRivals,
		"POST /control/rules":             control.addRule,
	}
}

func deeds() map[string]func(control) (any, error) {
	return map[string]func(control) (any, error){
		"POST /control/contacts":        control.contacts,
		"POST /control/companies":       control.companies,
		"POST /control/objects/{type}":  control.create,
		"POST /control/owners":          control.owners,
		"POST /control/owners/{id}":     control.ownerSet,
		"POST /control/calls":           control.logCall,
		"POST /control/meetings":        control.logMeeting,
		"POST /control/emails":          control.logEmail,
		"POST /control/notes":           control.note,
		"POST /control/messages":        control.message,
		"POST /control/set":             control.set,
		"POST /control/forms":           control.form,
		"POST /control/marketing":       control.marketing,
		"POST /control/deals":           control.deal,
		"POST /control/deals/{id}/win":  control.winDeal,
		"POST /control/deals/{id}/lose": control.loseDeal,
		"POST /control/deals/{id}/move": control.moveDeal,
		"POST /control/tasks/{id}/done": control.taskDone,

		"POST /control/tasks/{id}/edit":   control.taskEdit,
		"POST /control/tasks/{id}/delete": control.taskDelete,

		"POST /control/archive":        control.archive,
		"POST /control/restore":        control.restore,
		"POST /control/merge":          control.merge,
		"POST /control/associate":      control.associate,
		"POST /control/disassociate":   control.disassociate,
		"POST /control/privacy-delete": control.privacy,
	}
}

func respond(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		status := http.StatusBadRequest
		if errors.Is(err, ErrNotFound) {
			status = http.StatusNotFound
		}
		w.WriteHeader(status)
		v = map[string]string{"error": err.Error()}
	}
	_ = json.NewEncoder(w).Encode(v) // a caller that went away is its own concern
}

// read decodes the body strictly; an absent actor is user 1.
func (c control) read(into any) error {
	dec := json.NewDecoder(io.LimitReader(c.r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("read JSON body: %w; send one object with the fields of this control", err)
	}
	return nil
}

func (c control) order() (order, error) {
	o := order{Actor: Actor{Kind: User, ID: "1"}}
	if err := c.read(&o); err != nil {
		return o, err
	}
	switch o.Actor.Kind {
	case User, System, Integration, Import:
		return o, nil
	case API:
	}
	return o, fmt.Errorf("actor kind %q: use user, integration, import or system: %w", o.Actor.Kind, ErrInvalid)
}

// made runs an order that gives an id.
func (c control) made(do func(order) (string, error)) (any, error) {
	o, err := c.order()
	if err != nil {
		return nil, err
	}
	id, err := do(o)
	return map[string]string{"id": id}, err
}

// did runs an order that gives nothing.
func (c control) did(do func(order) error) (any, error) {
	return c.made(func(o order) (string, error) { return o.ID, do(o) })
}

func (c control) contacts() (any, error) {
	return c.made(func(o order) (string, error) { return c.a.Create(o.Actor, Contacts, o.Properties, o.Links...) })
}

func (c control) companies() (any, error) {
	return c.made(func(o order) (string, error) { return c.a.Create(o.Actor, Companies, o.Properties, o.Links...) })
}

func (c control) create() (any, error) {
	return c.made(func(o order) (string, error) {
		return c.a.Create(o.Actor, c.r.PathValue("type"), o.Properties, o.Links...)
	})
}

func (c control) owners() (any, error) {
	return c.made(func(o order) (string, error) { return c.a.CreateOwner(o.Name, o.Email, true), nil })
}

func (c control) logCall() (any, error) {
	return c.made(func(o order) (string, error) {
		return c.a.LogCall(o.Actor, o.Contact, Call{
			At: o.At, Disposition: orString(o.Disposition, CallNoAnswer), Direction: o.Direction, Duration: time.Duration(o.Duration), Title: o.Title,
		})
	})
}

func (c control) logMeeting() (any, error) {
	return c.made(func(o order) (string, error) {
		return c.a.LogMeeting(o.Actor, o.Contact, Meeting{At: o.At, Outcome: o.Outcome, Duration: time.Duration(o.Duration), Title: o.Title})
	})
}

func (c control) set() (any, error) {
	return c.did(func(o order) error { return c.a.Set(o.Actor, orString(o.Type, Contacts), o.ID, o.Properties) })
}

func (c control) form() (any, error) {
	return c.did(func(o order) error { return c.a.SubmitForm(o.Contact, orString(o.Form, "Contact us"), o.At) })
}

func (c control) deal() (any, error) {
	return c.made(func(o order) (string, error) { return c.a.CreateDeal(o.Actor, o.Contact, o.Properties) })
}

func (c control) winDeal() (any, error) {
	return c.did(func(o order) error { return c.a.WinDeal(o.Actor, c.r.PathValue("id")) })
}

func (c control) moveDeal() (any, error) {
	return c.did(func(o order) error { return c.a.MoveDeal(o.Actor, c.r.PathValue("id"), o.Stage) })
}

func (c control) taskDone() (any, error) {
	return c.did(func(o order) error { return c.a.CompleteTask(o.Actor, c.r.PathValue("id")) })
}

// taskEdit takes {"properties"}: subject, due time, owner, priority, or whatever else a salesperson changes.
func (c control) taskEdit() (any, error) {
	return c.did(func(o order) error {
		if len(o.Properties) == 0 {
			return fmt.Errorf("properties: name at least one, such as {\"hs_task_subject\": \"Call in the afternoon\"}: %w", ErrInvalid)
		}
		return c.a.EditTask(o.Actor, c.r.PathValue("id"), o.Properties)
	})
}

func (c control) taskDelete() (any, error) {
	return c.did(func(o order) error { return c.a.DeleteTask(o.Actor, c.r.PathValue("id")) })
}

func (c control) archive() (any, error) {
	return c.did(func(o order) error { return c.a.Archive(o.Actor, orString(o.Type, Contacts), o.ID) })
}

func (c control) privacy() (any, error) {
	return c.did(func(o order) error { return c.a.PrivacyDelete(o.Actor, orString(o.Type, Contacts), o.ID) })
}

// merge joins "contact" into "id".
func (c control) merge() (any, error) {
	return c.made(func(o order) (string, error) { return c.a.Merge(o.Actor, orString(o.Type, Contacts), o.ID, o.Contact) })
}

func parseSince(r *http.Request) (int, error) {
	s := r.URL.Query().Get("since")
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("since %q: give the seq of the last entry that you have: %w", s, ErrInvalid)
	}
	return n, nil
}
