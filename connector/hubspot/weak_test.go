package hubspot_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/connector/hubspot"
)

// Every defence of the client holds with the zero value, and does not once it is switched off.
func TestWeak(t *testing.T) {
	call := func(weak hubspot.Weak, attempts int, answer func(n int, r *http.Request) (*http.Response, error)) (*hubspot.Client, *int) {
		n := 0
		cfg := quick(roundTrip(func(r *http.Request) (*http.Response, error) {
			n++
			return answer(n, r)
		}))
		cfg.Weak, cfg.Attempts, cfg.RetryWait = weak, attempts, 1
		return newClient(t, cfg), &n
	}
	one := []connector.Task{{Key: "k", Kind: connector.TaskCall, Subject: "Call", Contact: "1", DueAt: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}}
	written := connector.PrintOf(one[0])
	for _, tc := range []struct {
		name  string
		weak  hubspot.Weak
		holds func(t *testing.T, weak hubspot.Weak) bool
	}{
		{"repeats", hubspot.Weak{Repeats: true}, func(t *testing.T, weak hubspot.Weak) bool {
			c, n := call(weak, 3, func(int, *http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })
			r := c.CreateTasks(t.Context(), one)
			return *n == 1 && errors.Is(r[0].Err, connector.ErrAmbiguous)
		}},
		{"uncompared", hubspot.Weak{Uncompared: true}, func(t *testing.T, weak hubspot.Weak) bool {
			c, _ := call(weak, 1, func(int, *http.Request) (*http.Response, error) {
				return answerWith(http.StatusMultiStatus, `{"results":[]}`), nil
			})
			return errors.Is(c.CreateTasks(t.Context(), one)[0].Err, connector.ErrAmbiguous) &&
				c.Update(t.Context(), connector.TypeContact, []connector.Update{{ID: "1", Properties: map[string]string{"a": "b"}}})[0].Err != nil
		}},
		{"silent absent", hubspot.Weak{SilentAbsent: true}, func(t *testing.T, weak hubspot.Weak) bool {
			c, _ := call(weak, 1, func(_ int, r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodGet {
					return answerWith(http.StatusOK, `{"id":"1","properties":{}}`), nil
				}
				return answerWith(http.StatusMultiStatus, `{"results":[]}`), nil
			})
			got, err := c.Read(t.Context(), connector.TypeContact, []connector.ObjectID{"1"}, nil)
			_, ferr := c.FindByKey(t.Context(), connector.TypeTask, []connector.KeyRef{{Key: "k", Contact: "1"}})
			_, lerr := c.Links(t.Context(), connector.TypeContact, connector.TypeTask, []connector.ObjectID{"1"})
			return err == nil && len(got.Found) == 1 && ferr != nil && lerr != nil
		}},
		{"overwrites", hubspot.Weak{Overwrites: true}, func(t *testing.T, weak hubspot.Weak) bool {
			c, _ := call(weak, 1, func(_ int, r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/archive") {
					return answerWith(http.StatusNoContent, ``), nil
				}
				return answerWith(http.StatusOK, `{"results":[{"id":"9","properties":{"leadsync_key":"k","hs_task_subject":"Mine","hs_task_status":"NOT_STARTED"}}]}`), nil
			})
			r := c.CloseTasks(t.Context(), []connector.Close{{Key: "k", Contact: "1", Was: written}})[0]
			return r.Err == nil && r.Outcome == connector.CloseEdited
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if !tc.holds(t, hubspot.Weak{}) {
				t.Error("with the defence it breaks")
			}
			if tc.holds(t, tc.weak) {
				t.Error("without the defence it holds all the same")
			}
		})
	}
}
