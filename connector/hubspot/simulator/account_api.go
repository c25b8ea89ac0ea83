package simulator

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

type ownerOut struct {
	ID             string `json:"id"`
	Email          string `json:"email"`
	Type           string `json:"type"`
	FirstName      string `json:"firstName"`
	LastName       string `json:"lastName"`
	UserID         *int64 `json:"userId"`
	UserIDInactive int64  `json:"userIdIncludingInactive"`
	CreatedAt      string `json:"createdAt"`
	UpdatedAt      string `json:"updatedAt"`
	Archived       bool   `json:"archived"`
}

func (o Owner) out() ownerOut {
	n := parseID(o.UserID)
	out := ownerOut{
		ID: o.ID, Email: o.Email, Type: "PERSON", FirstName: o.FirstName, LastName: o.LastName,
		UserIDInactive: n, CreatedAt: o.created, UpdatedAt: o.created, Archived: !o.Active,
	}
	if o.Active {
		out.UserID = &n
	}
	return out
}

// ownerList pages through active or archived owners (hubspot-api 10).
func (c *call) ownerList() answer {
	limit, ok := limitParam(c.r, 100, 500)
	if !ok {
		return c.invalid("limit must be between 1 and 500.")
	}
	q := c.r.URL.Query()
	after := parseID(q.Get("after"))
	out := []ownerOut{}
	next := ""
	for _, o := range c.a.owners {
		if o.Active == (q.Get("archived") == "true") || parseID(o.ID) < after || (q.Get("email") != "" && !strings.EqualFold(o.Email, q.Get("email"))) {
			continue
		}
		if len(out) == limit {
			next = o.ID
			break
		}
		out = append(out, o.out())
	}
	body := map[string]any{"results": out}
	if next != "" {
		body["paging"] = map[string]any{"next": map[string]string{"after": next}}
	}
	return c.json(http.StatusOK, body)
}

// ownerOne reads one owner by id or, with idProperty=userId, by user.
func (c *call) ownerOne() answer {
	q := c.r.URL.Query()
	for _, o := range c.a.owners {
		id := o.ID
		if q.Get("idProperty") == "userId" {
			id = o.UserID
		}
		if id == c.r.PathValue("id") && o.Active != (q.Get("archived") == "true") {
			return c.json(http.StatusOK, o.out())
		}
	}
	return c.notFound("resource not found")
}

type pipelineOut struct {
	Label        string     `json:"label"`
	DisplayOrder int        `json:"displayOrder"`
	ID           string     `json:"id"`
	Stages       []stageOut `json:"stages"`
	Archived     bool       `json:"archived"`
	CreatedAt    string     `json:"createdAt"`
	UpdatedAt    string     `json:"updatedAt"`
}

type stageOut struct {
	Label            string            `json:"label"`
	DisplayOrder     int               `json:"displayOrder"`
	Metadata         map[string]string `json:"metadata"`
	ID               string            `json:"id"`
	Archived         bool              `json:"archived"`
	WritePermissions string            `json:"writePermissions"`
	CreatedAt        string            `json:"createdAt"`
	UpdatedAt        string            `json:"updatedAt"`
}

// pipelinesMade is when the account's pipelines were made and changed last.
const pipelinesMade = "2024-01-15T09:00:00.000Z"

func (p Pipeline) out() pipelineOut {
	o := pipelineOut{Label: p.Label, DisplayOrder: p.DisplayOrder, ID: p.ID, Stages: []stageOut{}, CreatedAt: pipelinesMade, UpdatedAt: pipelinesMade}
	for _, s := range p.Stages {
		o.Stages = append(o.Stages, stageOut{
			Label: s.Label, DisplayOrder: s.DisplayOrder, Metadata: s.Metadata, ID: s.ID, WritePermissions: s.WritePermissions,
			CreatedAt: pipelinesMade, UpdatedAt: pipelinesMade,
		})
	}
	return o
}

func (c *call) pipelineList() answer {
	out := []pipelineOut{}
	for _, p := range c.a.pipes[c.t.name] {
		out = append(out, p.out())
	}
	return c.json(http.StatusOK, map[string]any{"results": out})
}

func (c *call) pipelineOne() answer {
	for _, p := range c.a.pipes[c.t.name] {
		if p.ID == c.r.PathValue("id") {
			return c.json(http.StatusOK, p.out())
		}
	}
	return c.notFound("resource not found")
}

func (c *call) stageList() answer {
	for _, p := range c.a.pipes[c.t.name] {
		if p.ID == c.r.PathValue("id") {
			return c.json(http.StatusOK, map[string]any{"results": p.out().Stages})
		}
	}
	return c.notFound("resource not found")
}

// accountDetails shows whose account this is (hubspot-api 10).
func (c *call) accountDetails() answer {
	_, offset := c.m.wall.In(c.a.limits.zone).Zone()
	sign, abs := "+", offset
	if offset < 0 {
		sign, abs = "-", -offset
	}
	return c.json(http.StatusOK, struct {
		PortalID    int64    `json:"portalId"`
		Type        string   `json:"accountType"`
		Zone        string   `json:"timeZone"`
		Currency    string   `json:"companyCurrency"`
		Additional  []string `json:"additionalCurrencies"`
		Offset      string   `json:"utcOffset"`
		OffsetMilli int      `json:"utcOffsetMilliseconds"`
		Domain      string   `json:"uiDomain"`
		Hosting     string   `json:"dataHostingLocation"`
	}{
		c.a.opts.PortalID, "STANDARD", c.a.opts.TimeZone, "EUR",
		[]string{},
		sign + time.Unix(int64(abs), 0).UTC().Format("15:04"), offset * 1000, "app.hubspot.com", "eu1",
	})
}

// accountUsage shows the daily budget and when it starts anew.
func (c *call) accountUsage() answer {
	type usage struct {
		Name        string `json:"name"`
		Limit       int    `json:"usageLimit"`
		Current     int    `json:"currentUsage"`
		CollectedAt string `json:"collectedAt"`
		Status      string `json:"fetchStatus"`
		ResetsAt    string `json:"resetsAt"`
	}
	return c.json(http.StatusOK, map[string]any{"results": []usage{{
		"private-apps-api-calls-daily", c.a.limits.daily, c.a.limits.used,
		isoMillis(c.m.wall.UnixMilli()), "SUCCESS", isoMillis(c.a.limits.resetsAt(c.m.wall).UnixMilli()),
	}}})
}

// dispositions are the call outcomes, by the old API (hubspot-api 9.1).
func (c *call) dispositions() answer {
	type outcome struct {
		ID      string `json:"id"`
		Label   string `json:"label"`
		Deleted bool   `json:"deleted"`
	}
	return c.json(http.StatusOK, []outcome{
		{CallBusy, "Busy", false},
		{CallConnected, "Connected", false},
		{CallLeftMessage, "Left live message", false},
		{CallLeftVoicemail, "Left voicemail", false},
		{CallNoAnswer, "No answer", false},
		{CallWrongNumber, "Wrong number", false},
	})
}

// Requests is the number of API requests so far.
func (a *Account) Requests() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests
}

// String names the account in logs.
func (a *Account) String() string {
	return "simulated HubSpot account " + strconv.FormatInt(a.opts.PortalID, 10)
}
