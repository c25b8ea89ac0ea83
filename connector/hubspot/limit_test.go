package hubspot_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"leadsync/connector"
	"leadsync/connector/hubspot"
)

// counted is a wire that remembers when it was called.
type counted struct {
	mu     sync.Mutex
	when   []time.Time
	answer func(n int) *http.Response
}

func (c *counted) RoundTrip(*http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.when = append(c.when, time.Now())
	return c.answer(len(c.when)), nil
}

// busiest is the largest number of calls in any half-open window.
func (c *counted) busiest(window time.Duration) int {
	most, first := 0, 0
	for i, w := range c.when {
		for w.Sub(c.when[first]) >= window {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

func plain(int) *http.Response {
	return answerWith(200, nothing)
}

// nothing is an answer without results, and says so as associations do.
const nothing = `{"results":[],"total":0,"errors":[{"category":"OBJECT_NOT_FOUND"}]}`

func limited(most, ms string) func(int) *http.Response {
	return func(int) *http.Response {
		resp := answerWith(200, nothing)
		resp.Header.Set("X-HubSpot-RateLimit-Max", most)
		resp.Header.Set("X-HubSpot-RateLimit-Interval-Milliseconds", ms)
		return resp
	}
}

func TestLimits(t *testing.T) {
	list := func(t *testing.T, c *hubspot.Client) error {
		_, err := c.List(t.Context(), connector.TypeContact, "", nil)
		return err
	}
	search := func(t *testing.T, c *hubspot.Client) error {
		_, err := c.Changed(t.Context(), connector.ChangedQuery{Type: connector.TypeContact, Since: time.Unix(1, 0)})
		return err
	}
	links := func(t *testing.T, c *hubspot.Client) error {
		_, err := c.Links(t.Context(), connector.TypeContact, connector.TypeCall, []connector.ObjectID{"1"})
		return err
	}
	tests := []struct {
		name    string
		answer  func(int) *http.Response
		general float64
		call    func(*testing.T, *hubspot.Client) error
		calls   int
		window  time.Duration
		least   int // in the busiest window: the budget is used
		most    int // and never exceeded
	}{
		{"general by default", plain, 0, list, 300, 10 * time.Second, 95, 99},
		{"general learns a larger limit", limited("190", "10000"), 0, list, 600, 10 * time.Second, 180, 189},
		{"general learns a smaller limit", limited("50", "10000"), 0, list, 200, 10 * time.Second, 45, 53}, // 9 went out before
		{"configured is a ceiling", limited("190", "10000"), 5, list, 200, 10 * time.Second, 50, 55},
		{"nonsense in the headers", limited("-1", "x"), 0, list, 300, 10 * time.Second, 95, 99},
		{"search", limited("190", "10000"), 0, search, 60, time.Second, 4, 5},
		{"associations by default", plain, 0, links, 400, 10 * time.Second, 140, 149},
		{"associations counted as general", limited("100", "10000"), 0, links, 400, 10 * time.Second, 95, 105},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := &counted{answer: tt.answer}
				cfg := quick(wire)
				cfg.GeneralPerSecond, cfg.SearchPerSecond = tt.general, 0
				c := newClient(t, cfg)
				for range tt.calls {
					if err := tt.call(t, c); err != nil {
						t.Fatal(err)
					}
				}
				if n := wire.busiest(tt.window); n < tt.least || n > tt.most {
					t.Errorf("%d calls in the busiest %v, want %d to %d", n, tt.window, tt.least, tt.most)
				}
			})
		})
	}
}

func TestRetriesPayTheLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &counted{answer: func(int) *http.Response { return answerWith(500, "") }}
		cfg := quick(wire)
		cfg.GeneralPerSecond, cfg.Attempts, cfg.RetryWait = 0.1, 3, time.Millisecond
		var observed calls
		cfg.Observe = observed.observe
		begin := time.Now()
		_, _ = newClient(t, cfg).Account(t.Context())
		if took := time.Since(begin); took < 19*time.Second || len(wire.when) != 3 {
			t.Errorf("%d attempts within %v pay nothing", len(wire.when), took)
		}
		if list := observed.list(); len(list) != 3 || list[2].Wait < 9*time.Second || list[2].Took > time.Second {
			t.Errorf("observed %+v", list)
		}
	})
}

func TestRefusalHalvesTheRateAndItComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &counted{answer: func(n int) *http.Response {
			if n == 10 || n == 11 { // the second within the same window does not halve again
				return answerWith(429, `{"policyName":"TEN_SECONDLY_ROLLING"}`)
			}
			return answerWith(200, `{"results":[]}`)
		}}
		cfg := quick(wire)
		cfg.GeneralPerSecond = 0
		c := newClient(t, cfg)
		for range 400 {
			_, _ = c.List(t.Context(), connector.TypeContact, "", nil)
		}
		span := func(from, to int) float64 { return float64(to-from) / wire.when[to].Sub(wire.when[from]).Seconds() }
		if slow := span(14, 34); slow < 4 || slow > 5.5 {
			t.Errorf("%.1f calls a second after the refusal, want half of 9", slow)
		}
		if back := span(370, 399); back < 8.5 || back > 9.5 {
			t.Errorf("%.1f calls a second after 360 good answers, want 9", back)
		}
	})
}

func TestDailyRefusalDoesNotSlowDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // what tells about the account is sent on such a day too
		wire := &counted{answer: func(int) *http.Response { return answerWith(429, `{"policyName":"DAILY"}`) }}
		cfg := quick(wire)
		cfg.GeneralPerSecond = 0
		c := newClient(t, cfg)
		for range 100 {
			_, _ = c.Account(t.Context())
		}
		if took := wire.when[99].Sub(wire.when[0]); took > 12*time.Second {
			t.Errorf("100 calls took %v", took)
		}
	})
}
