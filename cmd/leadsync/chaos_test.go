package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// townLease is how long a dead worker keeps its portal in a town.
const townLease = 2 * time.Second

// `serve` works an account over a hostile network: between it and PostgreSQL, and between it and the CRM, a proxy drops,
// delays, slices, cuts, resets, half-closes, closes after what was asked for was done, and swallows answers, those to COMMIT
// among them. Storm and calm take turns. In every storm people go on working, in some the database is away for a while,
// in some the service is killed. In every calm somebody has the lease and has stored something within its time and 5 seconds, within 5
// seconds if it was the database that came back, and when everything is done the account is audited: nothing lost, nothing twice. LEADSYNC_CHAOS_FOR
// says how long (a duration; two storms unless it says more), LEADSYNC_CHAOS_SEED which troubles.
func TestChaos(t *testing.T) {
	t.Parallel()
	direct := postgresSchema(t)
	if direct == "" {
		return // no PostgreSQL, no network to be hostile
	}
	long, storms := time.Duration(0), 2
	if text := os.Getenv("LEADSYNC_CHAOS_FOR"); text != "" {
		var err error
		if long, err = time.ParseDuration(text); err != nil || long <= 0 {
			t.Fatalf("LEADSYNC_CHAOS_FOR=%q: write a duration such as 10m", text)
		}
	}
	seed := uint64(numberFrom(t, "LEADSYNC_CHAOS_SEED", 1))
	t.Logf("seed %d; LEADSYNC_CHAOS_SEED=%d draws the same troubles again", seed, seed)
	c := newChaos(t, direct, seed)
	began := time.Now()
	var slowest time.Duration
	n := 0
	for ; n < storms || time.Since(began) < long; n++ {
		text, first := c.storm(n)
		slowest = max(slowest, first)
		c.rest()
		report := c.audit()
		t.Logf("storm %d: %s; first commits after %s; %d deeds so far, %d tasks, %d deals, %d findings",
			n+1, text, first.Round(time.Millisecond), c.deeds, report.Tasks, report.Deals, len(report.Findings))
		if t.Failed() {
			return
		}
	}
	c.siege.serve.stop(t)
	c.siege.serve.sound(t)
	if c.deeds == 0 {
		t.Error("nobody did anything, so nothing was proven")
	}
	t.Logf("%d storms in %s, slowest first commits %s after the calm; deliveries acknowledged: %d, refused with 503: %d\ndatabase:\n%s\nCRM:\n%s",
		n, time.Since(began).Round(time.Second), slowest.Round(time.Millisecond), len(c.acks.stored), c.acks.refused(), c.rain, c.wind)
}

// chaos is a siege by a network.
type chaos struct {
	*siege
	rain, wind    *weather // towards the database, towards the CRM
	database, crm *proxy
}

func newChaos(t *testing.T, direct string, seed uint64) *chaos {
	t.Helper()
	c := &chaos{rain: newWeather(seed), wind: newWeather(seed + 1)}
	u, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	c.database = newProxy(t, u.Host, c.rain, 6, true)
	u.Host = c.database.address
	u.RawQuery += "&" + impatient
	c.siege = newSiege(t, siegeOptions{
		database: u.String(), direct: direct, contacts: numberFrom(t, "LEADSYNC_CRASH_CONTACTS", 60),
		between: func(own string) string {
			c.crm = newProxy(t, strings.TrimPrefix(own, "http://"), c.wind, 4, false)
			return "http://" + c.crm.address
		},
	})
	c.siege.serve = c.town.serve(t)
	return c
}

// storm lets the network rage while people work, and comes back when it is calm and the service is there again, with
// what happened and how long that took.
func (c *chaos) storm(n int) (text string, first time.Duration) {
	c.Helper()
	if n > 0 { // the first one comes in the middle of the first load
		c.wait(c.siege.serve)
	}
	c.rain.turn(false)
	c.wind.turn(false)
	if n > 0 {
		c.act()
	}
	long := 500 + c.rng.IntN(2500)
	text = fmt.Sprintf("%d ms", long)
	c.rages(long / 2)
	if n%3 == 1 {
		away := []int{200, 6000, 2000}[n/3%3]
		c.database.outage(true)
		c.pass(away)
		text += fmt.Sprintf(", database away for %d ms", away)
	}
	if n%5 == 4 {
		c.siege.serve.kill()
		<-c.siege.serve.dead
		c.siege.serve.sound(c.T)
		c.siege.serve = c.town.serve(c.T)
		text += ", killed"
	}
	c.rages(long / 2)
	c.rain.turn(true)
	c.wind.turn(true)
	c.database.outage(false)
	c.crm.hangUp() // otherwise the worker waits for the CRM, not for the database, which alone is timed here
	began := time.Now()
	c.revive()
	c.leased(began)
	within := returns
	if n%3 != 1 { // its connections were not cut: where an answer was swallowed it is still waited for
		within += townLease
	}
	first = c.comesBack(began, within)
	c.unsure() // a page may have been read that could not be stored
	return text, first
}

// rages lets the storm go on for some milliseconds. A service that was not killed must live through it; one that was just
// started may find no database, and is started again, as a container is.
func (c *chaos) rages(milliseconds int) {
	c.Helper()
	until := time.Now().Add(time.Duration(milliseconds) * time.Millisecond)
	for time.Now().Before(until) {
		c.pass(50)
		c.revive()
	}
}

func (c *chaos) revive() {
	c.Helper()
	p := c.siege.serve
	if p.alive() {
		return
	}
	p.sound(c.T)
	if strings.Contains(p.stderr.String(), `"msg":"serving"`) {
		c.Fatalf("the service did not live through the storm: %v\n%s", p.err, p.stderr.tail(4000))
	}
	c.siege.serve = c.town.serve(c.T)
}

// leased wants somebody to have the portal soon after the storm: at most a lease and 5 seconds later.
func (c *chaos) leased(began time.Time) {
	c.Helper()
	var text string
	eventually(c.T, townLease+returns-time.Since(began), func() string { return "the lease is stuck: " + text + "\n" + c.siege.serve.stderr.tail(3000) }, func() bool {
		c.revive()
		ctx, cancel := context.WithTimeout(c.Context(), returns)
		defer cancel()
		var held bool
		var worker string
		err := c.db.QueryRowContext(ctx, `SELECT worker, COALESCE(expires_at > EXTRACT(EPOCH FROM clock_timestamp()) * 1000000, false) FROM leases`).Scan(&worker, &held)
		text = fmt.Sprintf("held by %q: %t (%v)", worker, held, err)
		return err == nil && held
	})
}
