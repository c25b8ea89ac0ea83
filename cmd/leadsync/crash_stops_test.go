package main

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// returns is how soon after the database is back the service must have stored something: what the receiver
// is told, and what its worker does.
const returns = 5 * time.Second

// `serve` outlives its database: PostgreSQL is stopped at once, again and again, while the service works, and
// started again. Meanwhile the receiver answers 503, never 2xx, and everything it acknowledged before is in the
// database afterwards; every fourth time the service is killed as well. LEADSYNC_STOPS says how often (1 unless it says
// more). The server is the test's own, with fsync on.
func TestServe_killedDatabase(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	if c == nil {
		return // no PostgreSQL here; where it is required newCluster has failed
	}
	stops := numberFrom(t, "LEADSYNC_STOPS", 1)
	s := newSiege(t, siegeOptions{
		database: c.inSchema(impatient), contacts: numberFrom(t, "LEADSYNC_CRASH_CONTACTS", 60),
	})
	s.recover()
	for n := range stops {
		began := time.Now()
		text := s.stopDatabase(c, n)
		s.rest()
		report := s.audit()
		t.Logf("stop %d: %s; %s; %d deeds so far, %d tasks, %d deals, %d findings",
			n+1, text, time.Since(began).Round(time.Millisecond), s.deeds, report.Tasks, report.Deals, len(report.Findings))
		if t.Failed() {
			return
		}
	}
	s.serve.stop(t)
	s.serve.sound(t)
	t.Logf("deliveries acknowledged: %d, refused with 503: %d", len(s.acks.stored), s.acks.refused())
}

// impatient are settings that fit a lease of 2 seconds, which the tests have: a transaction that stands still ends
// before the lease does, and no statement takes longer.
const impatient = "idle_in_transaction_session_timeout=1500&statement_timeout=1500&lock_timeout=1000&connect_timeout=2"

// stopDatabase stops the database while the service works, starts it again, and wants the service to be there
// soon after. It says what was done.
func (s *siege) stopDatabase(c *cluster, n int) string {
	s.Helper()
	s.wait(s.serve)
	s.act()
	s.pass(s.rng.IntN(400))
	c.stop()
	s.acks.gone(true)
	text := "while it works"
	if n%4 == 3 {
		s.serve.kill()
		<-s.serve.dead
		text = "while it works, which is killed too"
	} else {
		s.refuses()
	}
	away := []int{300, 8000, 2000, 0, 4000}[n%5] // so long that waits between attempts grow
	s.pass(away)
	if n%4 != 3 {
		s.refuses()
	}
	s.acks.gone(false)
	c.start()
	began := time.Now()
	if n%4 == 3 {
		s.serve = s.town.serve(s.T)
	}
	first := s.comesBack(began, returns)
	s.unsure() // a page may have been read that could not be stored
	return fmt.Sprintf("%s, away %s, first commits after %s", text, time.Duration(away)*time.Millisecond, first.Round(time.Millisecond))
}

// refuses wants the service alive, and a delivery refused with 503.
func (s *siege) refuses() {
	s.Helper()
	eventually(s.T, 10*time.Second, func() string { return "nothing is refused with 503: " + s.serve.stderr.tail(2000) }, func() bool {
		if !s.serve.alive() {
			s.Fatalf("the service did not outlive its database: %v\n%s", s.serve.err, s.serve.stderr.tail(4000))
		}
		status := s.knock()
		if status >= 200 && status < 300 {
			s.Fatalf("answered %d without a database", status)
		}
		return status == http.StatusServiceUnavailable
	})
}

// comesBack waits until a delivery is acknowledged and the worker has stored something, at most so long after the
// beginning, and says how long after it the later of both was.
func (s *siege) comesBack(began time.Time, within time.Duration) time.Duration {
	s.Helper()
	before := s.position()
	acknowledged, worked := false, false
	eventually(s.T, within-time.Since(began), func() string {
		return fmt.Sprintf("delivery acknowledged: %t, worker has stored something: %t, %s after the database is back; service says\n%s\n%s",
			acknowledged, worked, time.Since(began).Round(time.Millisecond), s.readyz(), s.serve.stderr.tail(3000))
	}, func() bool {
		if !s.serve.alive() {
			s.Fatalf("the service ended by itself: %v\n%s", s.serve.err, s.serve.stderr.tail(4000))
		}
		if !acknowledged {
			status := s.knock()
			acknowledged = status >= 200 && status < 300
		}
		worked = worked || s.position() != before
		return acknowledged && worked
	})
	return time.Since(began)
}

// positionQuery gives the latest transaction that has written a feed's position, also if that did not move.
const positionQuery = `SELECT COALESCE(MAX(CAST(CAST(xmin AS TEXT) AS BIGINT)), 0) FROM feeds`

// position tells when the worker has stored something: it alone writes the positions of feeds.
func (s *siege) position() string {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), returns)
	defer cancel()
	var text string
	if err := s.db.QueryRowContext(ctx, positionQuery).Scan(&text); err != nil {
		return "" // the service is starting on an empty database
	}
	return text
}

// pass lets some milliseconds of real time pass.
func (s *siege) pass(milliseconds int) {
	timer := time.NewTimer(time.Duration(milliseconds) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.Context().Done():
	}
}
