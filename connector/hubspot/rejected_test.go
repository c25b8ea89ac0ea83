package hubspot_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"leadsync/connector"
)

// TestRejectedToken: after HubSpot has rejected the token nothing is sent any more in the same stretch of work, whatever
// it is; elsewhere and later everything is.
func TestRejectedToken(t *testing.T) {
	for name, tc := range map[string]struct {
		answers []int // to the first calls; 200 to all others
		renews  bool
		sent    int // of three calls
	}{
		"accepted":                         {nil, false, 3},
		"rejected at the first call":       {[]int{401}, false, 1},
		"rejected at the second call":      {[]int{200, 401}, false, 2},
		"refused for another reason":       {[]int{403, 400}, false, 3},
		"rejected, renewed":                {[]int{401}, true, 4},
		"rejected, renewed, rejected anew": {[]int{401, 401}, true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			sent := 0
			cfg := quick(roundTrip(func(*http.Request) (*http.Response, error) {
				sent++
				if sent <= len(tc.answers) && tc.answers[sent-1] != 200 {
					return answerWith(tc.answers[sent-1], `{"category":"INVALID_AUTHENTICATION","message":"no"}`), nil
				}
				return answerWith(200, `{"results":[]}`), nil
			}))
			if cfg.Attempts = 1; tc.renews {
				cfg.Renew = func(context.Context, string) (string, error) { return "another", nil }
			}
			c := newClient(t, cfg)
			work := connector.UntilRejected(t.Context())
			_, _ = c.Pipelines(work)
			_, _ = c.Pipelines(work)
			made := c.CreateTasks(work, []connector.Task{task("k", "1")})[0]
			if sent != tc.sent {
				t.Errorf("%d calls were sent, want %d", sent, tc.sent)
			}
			rejected := tc.sent < 3
			if errors.Is(made.Err, connector.ErrUnauthorized) != rejected || (connector.Rejected(work) != nil) != rejected {
				t.Errorf("the creation: %v; rejected: %v", made.Err, connector.Rejected(work))
			}
			before := sent
			if _, err := c.Pipelines(connector.UntilRejected(t.Context())); err != nil || sent != before+1 {
				t.Errorf("in the next work: %v, %d sent", err, sent-before)
			}
		})
	}
}
