package hubspot

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadsync/connector"
)

// WorkTimes gives the owners back with the time zones and working hours that HubSpot's users have (the object users,
// its properties hs_standard_time_zone and hs_working_hours) [uncertain: not in hubspot-api; the public reference of
// the object users describes both]. It needs the scope crm.objects.users.read; a refusal is ErrForbidden. An owner is
// the user that names its id, else the only one with its e-mail address. What is not understood is left empty.
func (c *Client) WorkTimes(ctx context.Context, owners []connector.Owner) ([]connector.Owner, error) {
	users, err := c.users(ctx)
	if err != nil {
		return nil, err
	}
	byOwner, byEmail := map[string][]user{}, map[string][]user{}
	for _, u := range users {
		if id := u.Properties["hubspot_owner_id"]; id != "" {
			byOwner[string(id)] = append(byOwner[string(id)], u)
		} else if email := strings.ToLower(strings.TrimSpace(string(u.Properties["hs_email"]))); email != "" {
			byEmail[email] = append(byEmail[email], u)
		}
	}
	timed := slices.Clone(owners)
	for i, o := range timed {
		found := byOwner[o.ID]
		if len(found) == 0 {
			found = byEmail[strings.ToLower(o.Email)]
		}
		if len(found) == 1 {
			timed[i].Zone, timed[i].Hours = found[0].zone(), found[0].hours()
		}
	}
	return timed, nil
}

type user struct {
	Properties map[string]text `json:"properties"`
	Archived   bool            `json:"archived"`
}

func (c *Client) users(ctx context.Context) ([]user, error) {
	const page = 100
	var users []user
	after := ""
	for range mostPages {
		query := url.Values{
			"limit": {strconv.Itoa(page)}, "archived": {"false"},
			"properties": {"hs_email,hs_standard_time_zone,hs_working_hours,hubspot_owner_id"},
		}
		if after != "" {
			query.Set("after", after)
		}
		var out struct {
			Results []user `json:"results"`
			Paging  paging `json:"paging"`
		}
		if _, err := c.do(ctx, request{op: "list users", endpoint: epList, args: []string{"users"}, query: query}, &out); err != nil {
			return nil, err
		}
		for _, u := range out.Results {
			if !u.Archived {
				users = append(users, u)
			}
		}
		next := string(out.Paging.Next.After)
		if next == "" || next == after {
			return users, nil
		}
		after = next
	}
	return nil, endless("list users")
}

// zone is the user's time zone by its IANA name, empty if it is none.
func (u user) zone() string {
	name := strings.TrimSpace(string(u.Properties["hs_standard_time_zone"]))
	if _, err := time.LoadLocation(name); err != nil || name == "Local" {
		return ""
	}
	return name
}

// shift is a stretch of work as HubSpot writes it, in minutes since midnight.
type shift struct {
	Days  string `json:"days"`
	Start *int   `json:"startMinute"`
	End   *int   `json:"endMinute"`
}

// hours are the user's working hours as connector.Owner has them. If any of it is not understood, none is: half a week
// would be wrong, the usual hours are only a guess.
func (u user) hours() string {
	var shifts []shift
	if json.Unmarshal([]byte(u.Properties["hs_working_hours"]), &shifts) != nil {
		return ""
	}
	var week [7][]shift
	for _, s := range shifts {
		days := daysOf(s.Days)
		if len(days) == 0 || !s.possible() {
			return ""
		}
		for _, day := range days {
			week[day] = append(week[day], s)
		}
	}
	var parts []string
	for i := range week {
		day := (i + 1) % len(week) // from Monday
		text, ok := oneDay(week[day])
		if !ok {
			return ""
		}
		if text != "" {
			parts = append(parts, strings.ToLower(time.Weekday(day).String()[:3])+" "+text)
		}
	}
	return strings.Join(parts, "; ")
}

func (s shift) possible() bool {
	const day = 24 * 60
	return s.Start != nil && s.End != nil && *s.Start >= 0 && *s.Start < *s.End && *s.End <= day
}

// oneDay writes the stretches of a day; false if they overlap.
func oneDay(shifts []shift) (string, bool) {
	slices.SortStableFunc(shifts, func(a, b shift) int { return *a.Start - *b.Start })
	var texts []string
	for i, s := range shifts {
		if i > 0 && *s.Start < *shifts[i-1].End {
			return "", false
		}
		texts = append(texts, wall(*s.Start)+"-"+wall(*s.End))
	}
	return strings.Join(texts, ", "), true
}

func wall(minute int) string {
	const hour = 60
	return fmt.Sprintf("%02d:%02d", minute/hour, minute%hour)
}

// daysOf are the weekdays that HubSpot means; none if it is something else.
func daysOf(name string) []time.Weekday {
	weekdays := []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	weekend := []time.Weekday{time.Saturday, time.Sunday}
	switch name {
	case "EVERY_DAY":
		return slices.Concat(weekdays, weekend)
	case "MONDAY_TO_FRIDAY":
		return weekdays
	case "SATURDAY_SUNDAY":
		return weekend
	}
	return slices.DeleteFunc(slices.Concat(weekdays, weekend), func(d time.Weekday) bool { return strings.ToUpper(d.String()) != name })
}
