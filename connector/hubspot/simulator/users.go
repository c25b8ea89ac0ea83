package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// userOut is a record of the object users, which knows the account's users by other ids than the owners' list.
type userOut struct {
	ID         string             `json:"id"`
	Properties map[string]*string `json:"properties"`
	CreatedAt  string             `json:"createdAt"`
	UpdatedAt  string             `json:"updatedAt"`
	Archived   bool               `json:"archived"`
}

// user is the owner's user with the properties that were asked for; one that it does not have is null.
func (o Owner) user(asked []string) userOut {
	id := "20" + o.UserID
	has := map[string]string{
		"hs_object_id": id, "hs_createdate": o.created, "hs_lastmodifieddate": o.created, "hs_internal_user_id": o.UserID,
		"hs_email": o.Email, "hs_given_name": o.FirstName, "hs_family_name": o.LastName, "hubspot_owner_id": o.ID,
		"hs_standard_time_zone": o.Zone, "hs_working_hours": o.Hours,
	}
	out := userOut{ID: id, Properties: map[string]*string{}, CreatedAt: o.created, UpdatedAt: o.created}
	for _, name := range slices.Concat([]string{"hs_object_id", "hs_createdate", "hs_lastmodifieddate"}, asked) {
		if value := has[name]; value != "" {
			out.Properties[name] = &value
		} else if name != "" {
			out.Properties[name] = nil
		}
	}
	return out
}

// userList pages through the users who have not left [uncertain: the public reference of the object users].
func (c *call) userList() answer {
	limit, ok := limitParam(c.r, 10, 100)
	if !ok {
		return c.invalid("limit must be between 1 and 100.")
	}
	q := c.r.URL.Query()
	after := parseID(q.Get("after"))
	asked := strings.Split(strings.Join(q["properties"], ","), ",")
	out := []userOut{}
	next := ""
	for _, o := range c.a.owners {
		if !o.Active || parseID("20"+o.UserID) < after || q.Get("archived") == "true" {
			continue
		}
		if len(out) == limit {
			next = "20" + o.UserID
			break
		}
		out = append(out, o.user(asked))
	}
	body := map[string]any{"results": out}
	if next != "" {
		body["paging"] = map[string]any{"next": map[string]string{"after": next}}
	}
	return c.json(http.StatusOK, body)
}

// ownerSet takes {"active"}, or {"zone", "hours"} of the owner's user.
func (c control) ownerSet() (any, error) {
	return c.did(func(o order) error {
		id := c.r.PathValue("id")
		switch {
		case o.Active != nil && o.Zone+o.Hours == "":
			return c.a.SetOwnerActive(id, *o.Active)
		case o.Active == nil && o.Zone+o.Hours != "":
			return c.a.SetOwnerHours(id, o.Zone, o.Hours)
		}
		return fmt.Errorf("owner %q: say active, or zone and hours: %w", id, ErrInvalid)
	})
}
