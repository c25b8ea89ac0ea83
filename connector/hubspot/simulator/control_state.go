package simulator

import (
	"fmt"
	"time"
)

// advance moves the world clock: {"by": "48h"} or {"to": RFC 3339}.
func (c control) advance() (any, error) {
	var in struct {
		By span      `json:"by"`
		To time.Time `json:"to"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if c.a.opts.Advance == nil {
		return nil, fmt.Errorf("advance the clock: this account runs on a clock that cannot be moved: %w", ErrInvalid)
	}
	to := in.To
	if to.IsZero() {
		to = c.a.Now().Add(time.Duration(in.By))
	}
	if !to.After(c.a.Now()) {
		return nil, fmt.Errorf("advance the clock to %s: give a time after %s as to, or by above 0: %w", to, c.a.Now(), ErrInvalid)
	}
	if err := c.a.opts.Advance(to); err != nil {
		return nil, fmt.Errorf("advance the clock: %w", err)
	}
	c.a.Wake()
	return c.world()
}

func (c control) world() (any, error) {
	return map[string]any{"now": c.a.Now().UTC().Format(time.RFC3339Nano), "portalId": c.a.PortalID()}, nil
}

// token makes the API's token {"state": "revoked"} or "valid".
func (c control) token() (any, error) {
	var in struct {
		State string `json:"state"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	switch in.State {
	case "revoked":
		c.a.RevokeToken()
	case "valid":
		c.a.RestoreToken()
	default:
		return nil, fmt.Errorf("state %q: use revoked or valid: %w", in.State, ErrInvalid)
	}
	return map[string]string{"state": in.State}, nil
}

func (c control) addFault() (any, error) {
	in := struct {
		Fault
		Delay      span `json:"delay"`
		RetryAfter span `json:"retryAfter"`
	}{}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	in.Fault.Delay, in.Fault.RetryAfter = time.Duration(in.Delay), time.Duration(in.RetryAfter)
	if err := in.Fault.Validate(); err != nil {
		return nil, err
	}
	return map[string]int{"id": c.a.faults.Add(in.Fault)}, nil
}

func (c control) faults() (any, error) { return c.a.faults.List(), nil }

func (c control) clearFaults() (any, error) {
	c.a.faults.Clear()
	return []Fault{}, nil
}

// webhook sets the target: {"url": ..., "secret": ..., "classic": false}; an
// empty url switches events off. Without "subscriptions" it is
// DefaultSubscriptions, with "all" AllSubscriptions; "calculated" is
// WebhookTarget.Calculated.
func (c control) webhook() (any, error) {
	var in struct {
		URL     string `json:"url"`
		Secret  string `json:"secret"`
		Classic bool   `json:"classic"`

		All           bool           `json:"all"`
		Subscriptions []Subscription `json:"subscriptions"`
		Calculated    float64        `json:"calculated"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if in.Calculated < 0 || in.Calculated > 1 {
		return nil, fmt.Errorf("calculated %v: give a chance from 0 to 1: %w", in.Calculated, ErrInvalid)
	}
	if in.All {
		in.Subscriptions = AllSubscriptions()
	}
	c.a.SetWebhook(WebhookTarget{URL: in.URL, Secret: in.Secret, Classic: in.Classic, Subscriptions: in.Subscriptions, Calculated: in.Calculated})
	return map[string]string{"url": in.URL}, nil
}

func (c control) journal() (any, error) {
	since, err := parseSince(c.r)
	if err != nil {
		return nil, err
	}
	out := c.a.JournalSince(since)
	if out == nil {
		out = []Entry{}
	}
	return out, nil
}

func (c control) calls() (any, error) {
	return map[string]any{"endpoints": c.a.Calls(), "buckets": c.a.CallsByBucket()}, nil
}

func (c control) pending() (any, error) {
	w := c.a.Pending()
	return struct {
		Waiting
		Total int `json:"total"`
	}{w, w.Total()}, nil
}

func (c control) objects() (any, error) {
	if _, err := c.a.typeOf(c.r.PathValue("type")); err != nil {
		return nil, err
	}
	out := c.a.Objects(c.r.PathValue("type"))
	if out == nil {
		out = []Object{}
	}
	return out, nil
}

// object shows a record with its links to every type.
func (c control) object() (any, error) {
	typ, err := c.a.typeOf(c.r.PathValue("type"))
	if err != nil {
		return nil, err
	}
	o, ok := c.a.Object(typ, c.r.PathValue("id"))
	if !ok {
		return nil, fmt.Errorf("show %s %q: %w; list them with GET /control/objects/%s", typ, c.r.PathValue("id"), ErrNotFound, typ)
	}
	links := []Link{}
	for _, t := range objectTypes() {
		links = append(links, c.a.Associations(typ, o.ID, t.name)...)
	}
	return struct {
		Object
		Links []Link `json:"links"`
	}{o, links}, nil
}

func (a *Account) typeOf(name string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.table(name)
	if err != nil {
		return "", fmt.Errorf("%w; use contacts, companies, deals, calls, meetings, tasks, emails, notes or communications", err)
	}
	return t.name, nil
}
