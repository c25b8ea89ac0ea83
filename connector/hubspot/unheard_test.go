package hubspot_test

import (
	"errors"
	"net/http"
	"syscall"
	"testing"

	"leadsync/connector"
)

// TestUnheard: what changes something and got no answer, or one that leaves it open, is noted, also where the call was made
// again and answered.
func TestUnheard(t *testing.T) {
	lost := errors.New("connection reset")
	for name, tc := range map[string]struct {
		status int
		err    error
		noted  bool
	}{
		"answered":           {200, nil, false},
		"no answer":          {0, lost, true},
		"not connected":      {0, syscall.ECONNREFUSED, false},
		"a gateway gives up": {504, nil, true},
		"a server error":     {500, nil, true},
		"refused":            {400, nil, false},
		"too many":           {429, nil, false},
		"no such method":     {501, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			for what, call := range map[string]bool{"read": false, "update": true} {
				sent := 0
				c := newClient(t, quick(roundTrip(func(*http.Request) (*http.Response, error) {
					if sent++; sent > 1 || tc.status == 200 {
						return answerWith(200, `{"status":"COMPLETE","results":[]}`), nil
					}
					if tc.err != nil {
						return nil, tc.err
					}
					return answerWith(tc.status, `{"category":"X","message":"no"}`), nil
				})))
				work := connector.Hearing(t.Context())
				if call {
					c.Update(work, connector.TypeContact, []connector.Update{{ID: "1", Properties: map[string]string{"jobtitle": "a"}}})
				} else {
					_, _ = c.Pipelines(work)
				}
				if got, want := connector.Unheard(work), call && tc.noted; got != want {
					t.Errorf("%s: noted %v, want %v (%d attempts)", what, got, want, sent)
				}
			}
		})
	}
}
