package hubspot

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"leadsync/connector"
)

// daily is what is known about the account's calls of the day, which all its integrations share.
type daily struct {
	left float64 // the share that is not reserved for others
	now  func() time.Time

	mu       sync.Mutex
	known    bool
	max, rem int
	at       time.Time // when max and rem were stated
	refused  time.Time // when HubSpot said that the day is used up; zero: it did not
	resetsAt time.Time // as the usage endpoint said last
}

// learn takes in the daily headers, and a refusal. They are absent with OAuth (hubspot-api 4).
func (d *daily) learn(resp *http.Response, policy string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	limit := headerNumber(resp.Header, "X-Hubspot-Ratelimit-Daily")
	rem := headerNumber(resp.Header, "X-Hubspot-Ratelimit-Daily-Remaining")
	if limit > 0 && rem >= 0 {
		d.known, d.max, d.rem, d.at = true, limit, rem, d.now()
		if rem > 0 {
			d.refused = time.Time{}
		}
	}
	if resp.StatusCode == http.StatusTooManyRequests && policy == policyDaily {
		d.refused = d.now()
	}
}

// used takes in an answer of the usage endpoint: the moment of the reset, and whether there is room again.
func (d *daily) used(u connector.Usage) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if u.ResetsAt.After(d.resetsAt) {
		d.resetsAt = u.ResetsAt
	}
	if u.Fresh && u.Limit > 0 && u.Used < u.Limit {
		d.refused = time.Time{}
	}
}

// reset is when the day in which an instant lies ends: as the usage endpoint said, else at the next midnight of
// the zone (hubspot-api 4).
func (d *daily) reset(since time.Time, zone *time.Location) time.Time {
	midnight := nextMidnight(since, zone)
	if d.resetsAt.After(since) && d.resetsAt.Sub(since) <= 25*time.Hour {
		return d.resetsAt
	}
	return midnight
}

func nextMidnight(t time.Time, zone *time.Location) time.Time {
	if zone == nil {
		zone = time.UTC
	}
	t = t.In(zone)
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, zone)
}

// closed says until when nothing may be sent today and why; the zero time if it may.
func (d *daily) closed(zone *time.Location) (time.Time, string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	if !d.refused.IsZero() {
		if until := d.reset(d.refused, zone); now.Before(until) {
			return until, "the account's calls of the day are used up"
		}
	}
	if d.known && float64(d.rem) <= math.Round(float64(d.max)*(1-d.left)) {
		if until := d.reset(d.at, zone); now.Before(until) {
			return until, fmt.Sprintf("%d of %d calls of the day are left, which is the reserve for the account's other integrations", d.rem, d.max)
		}
	}
	return time.Time{}, ""
}

// overDaily refuses a call that the day has no room for, without sending it. What tells about the account and
// its limits passes always: it is how the end of the shortage is learned.
func (c *Client) overDaily(r request) error {
	if r.endpoint.family() == "account-info" {
		return nil
	}
	until, why := c.limits.daily.closed(c.zone.Load())
	if until.IsZero() {
		return nil
	}
	return &connector.Error{
		Kind: connector.ErrThrottled, Op: r.op, Policy: policyDaily, RetryAfter: until.Sub(c.now()),
		Message: why + c.untilWords(until),
	}
}

// untilReset is the time to the reset of the daily limit.
func (c *Client) untilReset() (time.Duration, string) {
	d := c.limits.daily
	d.mu.Lock()
	until := d.reset(c.now(), c.zone.Load())
	d.mu.Unlock()
	return until.Sub(c.now()), c.untilWords(until)
}

// untilWords says until when, in the account's own zone where it is known.
func (c *Client) untilWords(until time.Time) string {
	zone := c.zone.Load()
	if zone == nil {
		zone = time.UTC
	}
	return "; nothing is sent until " + until.In(zone).Format(time.RFC3339)
}

// Limits gives what HubSpot's answers said last about each bucket, general first. Search answers never state a
// limit (hubspot-api 4), and the daily numbers are the account's, equal in each.
func (c *Client) Limits() []connector.CallLimit {
	d := c.limits.daily
	d.mu.Lock()
	day, rem := -1, -1
	if d.known {
		day, rem = d.max, d.rem
	}
	d.mu.Unlock()
	var out []connector.CallLimit
	for _, bucket := range []string{BucketGeneral, BucketSearch, BucketAssociations} {
		l := c.limits.of(bucket).state()
		l.Bucket, l.Daily, l.DailyRemaining = bucket, day, rem
		out = append(out, l)
	}
	return out
}

// Usage tells how much of the account's daily limits is used. It works with private apps and service keys only;
// with OAuth HubSpot refuses it, and has no daily limit either (hubspot-api 4 and 10).
func (c *Client) Usage(ctx context.Context) ([]connector.Usage, error) {
	var out struct {
		Results []struct {
			Name        text `json:"name"`
			Limit       text `json:"usageLimit"`
			Used        text `json:"currentUsage"`
			CollectedAt text `json:"collectedAt"`
			FetchStatus text `json:"fetchStatus"`
			ResetsAt    text `json:"resetsAt"`
		} `json:"results"`
	}
	if _, err := c.do(ctx, request{op: "read usage", endpoint: epUsage}, &out); err != nil {
		return nil, err
	}
	var all []connector.Usage
	for _, r := range out.Results {
		u := connector.Usage{
			Name: string(r.Name), Limit: count(r.Limit), Used: count(r.Used), Status: string(r.FetchStatus),
			Fresh: r.FetchStatus == "SUCCESS", CollectedAt: instant(string(r.CollectedAt)), ResetsAt: instant(string(r.ResetsAt)),
		}
		c.limits.daily.used(u)
		all = append(all, u)
	}
	return all, nil
}

// count reads a whole number that may come as a string or with a fraction; 0 if it is none.
func count(t text) int {
	f, err := strconv.ParseFloat(string(t), 64)
	if err != nil || f < 0 || f > math.MaxInt32 {
		return 0
	}
	return int(f)
}

// instant reads a time that may be ISO 8601 or milliseconds since the epoch; zero if it is neither.
func instant(s string) time.Time {
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil && ms > 0 {
		return time.UnixMilli(ms).UTC()
	}
	return wireTime(s)
}
