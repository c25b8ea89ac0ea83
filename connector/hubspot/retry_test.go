package hubspot_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"

	"leadsync/connector"
	"leadsync/connector/hubspot"
)

// mocked is a client over httpmock that answers every address with respond.
func mocked(tb testing.TB, attempts int, respond httpmock.Responder) (*hubspot.Client, *httpmock.MockTransport) {
	tb.Helper()
	m := httpmock.NewMockTransport()
	m.RegisterNoResponder(respond)
	cfg := quick(m)
	cfg.Attempts = attempts
	return newClient(tb, cfg), m
}

func status(code int, headers ...string) httpmock.Responder {
	return func(*http.Request) (*http.Response, error) {
		resp := answerWith(code, `{"message":"no","policyName":"`+http.Header{"P": headers}.Get("P")+`"}`)
		for i := 1; i+1 < len(headers); i += 2 {
			resp.Header.Set(headers[i], headers[i+1])
		}
		return resp, nil
	}
}

func broken(err error) httpmock.Responder {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// truncated is a successful answer whose body breaks off.
func truncated(*http.Request) (*http.Response, error) {
	resp := answerWith(200, "")
	resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"results":[`), errReader{}))
	return resp, nil
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestRetryTable says for every failure how often each kind of call is tried and what it means in the end.
func TestRetryTable(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	reset := &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	type outcome struct {
		tries int
		kind  error
	}
	const all = 3
	tests := []struct {
		name                 string
		respond              httpmock.Responder
		read, update, create outcome
	}{
		{"500", status(500), outcome{all, connector.ErrUnavailable}, outcome{all, connector.ErrUnavailable}, outcome{1, connector.ErrAmbiguous}},
		{"503", status(503), outcome{all, connector.ErrUnavailable}, outcome{all, connector.ErrUnavailable}, outcome{1, connector.ErrAmbiguous}},
		{"503 with a long wait", status(503, "", "Retry-After", "60"), outcome{1, connector.ErrUnavailable}, outcome{1, connector.ErrUnavailable}, outcome{1, connector.ErrAmbiguous}},
		{"524", status(524), outcome{all, connector.ErrUnavailable}, outcome{all, connector.ErrUnavailable}, outcome{1, connector.ErrAmbiguous}},
		{"501", status(501), outcome{1, connector.ErrUnavailable}, outcome{1, connector.ErrUnavailable}, outcome{1, connector.ErrAmbiguous}},
		{"429 secondly", status(429, "SECONDLY"), outcome{all, connector.ErrThrottled}, outcome{all, connector.ErrThrottled}, outcome{all, connector.ErrThrottled}},
		{"429 with a short wait", status(429, "TEN_SECONDLY_ROLLING", "Retry-After", "2"), outcome{all, connector.ErrThrottled}, outcome{all, connector.ErrThrottled}, outcome{all, connector.ErrThrottled}},
		{"429 ten secondly", status(429, "TEN_SECONDLY_ROLLING"), outcome{1, connector.ErrThrottled}, outcome{1, connector.ErrThrottled}, outcome{1, connector.ErrThrottled}},
		{"429 daily", status(429, "DAILY"), outcome{1, connector.ErrThrottled}, outcome{1, connector.ErrThrottled}, outcome{1, connector.ErrThrottled}},
		{"429 daily with a short wait", status(429, "DAILY", "Retry-After", "2"), outcome{1, connector.ErrThrottled}, outcome{1, connector.ErrThrottled}, outcome{1, connector.ErrThrottled}},
		{"423", status(423), outcome{all, connector.ErrThrottled}, outcome{all, connector.ErrThrottled}, outcome{1, connector.ErrAmbiguous}},
		{"477", status(477, "", "Retry-After", "3600"), outcome{1, connector.ErrThrottled}, outcome{1, connector.ErrThrottled}, outcome{1, connector.ErrThrottled}},
		{"401", status(401), outcome{1, connector.ErrUnauthorized}, outcome{1, connector.ErrUnauthorized}, outcome{1, connector.ErrUnauthorized}},
		{"403", status(403), outcome{1, connector.ErrForbidden}, outcome{1, connector.ErrForbidden}, outcome{1, connector.ErrForbidden}},
		{"404", status(404), outcome{1, connector.ErrNotFound}, outcome{1, connector.ErrUnavailable}, outcome{1, connector.ErrUnavailable}}, // a batch's address: nothing about its records
		{"400", status(400), outcome{1, connector.ErrInvalid}, outcome{1, connector.ErrInvalid}, outcome{1, connector.ErrInvalid}},
		{"414", status(414), outcome{1, connector.ErrInvalid}, outcome{1, connector.ErrInvalid}, outcome{1, connector.ErrInvalid}},
		{"422", status(422), outcome{1, connector.ErrInvalid}, outcome{1, connector.ErrInvalid}, outcome{1, connector.ErrInvalid}},
		{"409", status(409), outcome{1, connector.ErrConflict}, outcome{1, connector.ErrConflict}, outcome{1, connector.ErrConflict}},
		{"redirect", status(302, "", "Location", "https://elsewhere.example.net/"), outcome{1, connector.ErrInvalid}, outcome{1, connector.ErrInvalid}, outcome{1, connector.ErrInvalid}},
		{"connection refused", broken(refused), outcome{all, connector.ErrUnavailable}, outcome{all, connector.ErrUnavailable}, outcome{all, connector.ErrUnavailable}},
		{"name not found", broken(&net.DNSError{Err: "no such host", Name: "x"}), outcome{all, connector.ErrUnavailable}, outcome{all, connector.ErrUnavailable}, outcome{all, connector.ErrUnavailable}},
		{"connection reset", broken(reset), outcome{all, connector.ErrUnavailable}, outcome{all, connector.ErrAmbiguous}, outcome{1, connector.ErrAmbiguous}},
		{"body breaks off", truncated, outcome{all, connector.ErrUnavailable}, outcome{all, connector.ErrAmbiguous}, outcome{1, connector.ErrAmbiguous}},
		{"success that is no JSON", httpmock.NewStringResponder(200, "<html>"), outcome{1, connector.ErrUnavailable}, outcome{1, connector.ErrAmbiguous}, outcome{1, connector.ErrAmbiguous}},
		{"success without a body", httpmock.NewStringResponder(200, ""), outcome{1, connector.ErrUnavailable}, outcome{1, connector.ErrAmbiguous}, outcome{1, connector.ErrAmbiguous}},
		{"endless body", httpmock.NewBytesResponder(200, bytes.Repeat([]byte(" "), 4<<20+1)), outcome{1, connector.ErrInvalid}, outcome{1, connector.ErrAmbiguous}, outcome{1, connector.ErrAmbiguous}},
	}
	for _, tt := range tests {
		do := map[string]func(context.Context, *hubspot.Client) error{
			"read": func(ctx context.Context, c *hubspot.Client) error {
				_, err := c.Read(ctx, connector.TypeContact, []connector.ObjectID{"1"}, nil)
				return err
			},
			"update": func(ctx context.Context, c *hubspot.Client) error {
				return c.Update(ctx, connector.TypeContact, []connector.Update{{ID: "1", Properties: map[string]string{"a": "b"}}})[0].Err
			},
			"create": func(ctx context.Context, c *hubspot.Client) error {
				return c.CreateTasks(ctx, []connector.Task{task("k", "1")})[0].Err
			},
		}
		for name, want := range map[string]outcome{"read": tt.read, "update": tt.update, "create": tt.create} {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c, m := mocked(t, all, tt.respond)
					err := do[name](t.Context(), c)
					if !errors.Is(err, want.kind) || m.GetTotalCallCount() != want.tries {
						t.Errorf("%d tries and %v, want %d and %v", m.GetTotalCallCount(), err, want.tries, want.kind)
					}
					if strings.Contains(err.Error(), "https://") || strings.Contains(err.Error(), token) {
						t.Errorf("error %q shows an address or the token", err)
					}
				})
			})
		}
	}
}

func TestCreateAfterRefusedConnectionIsMadeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		c, _ := mocked(t, 3, func(*http.Request) (*http.Response, error) {
			if tries++; tries < 3 {
				return nil, syscall.ECONNREFUSED
			}
			return answerWith(201, `{"results":[{"id":"9","properties":{"leadsync_key":"k"}}]}`), nil // no trace id: by key
		})
		if r := c.CreateTasks(t.Context(), []connector.Task{task("k", "1")})[0]; r.Err != nil || r.ID != "9" || tries != 3 {
			t.Errorf("%+v after %d tries", r, tries)
		}
	})
}

func TestWaits(t *testing.T) {
	tests := []struct {
		name    string
		respond httpmock.Responder
		took    []time.Duration // least and most, for two waits with jitter 0.5
	}{
		{"exponential", status(500), []time.Duration{2250 * time.Millisecond, 2250 * time.Millisecond}}, // 0.75·1 s + 0.75·2 s
		{"one second, then two", status(429, "SECONDLY"), []time.Duration{3 * time.Second, 3500 * time.Millisecond}},
		{"by the word of the server", status(503, "", "Retry-After", "4"), []time.Duration{8 * time.Second, 8500 * time.Millisecond}},
		{"locked", status(423), []time.Duration{4 * time.Second, 4500 * time.Millisecond}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := mocked(t, 3, tt.respond)
				begin := time.Now()
				_, _ = c.Account(t.Context())
				if took := time.Since(begin); took < tt.took[0] || took > tt.took[1] {
					t.Errorf("took %v, want %v", took, tt.took)
				}
			})
		})
	}
}

func TestTimeoutBoundsTheAttemptNotTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := quick(roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		cfg.Attempts, cfg.Timeout = 2, 7*time.Second
		begin := time.Now()
		_, err := newClient(t, cfg).Account(t.Context())
		if took := time.Since(begin); !errors.Is(err, connector.ErrUnavailable) || took < 14*time.Second || took > 16*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestCallerGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		cfg := quick(roundTrip(func(r *http.Request) (*http.Response, error) {
			sent++
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		c := newClient(t, cfg)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		tasks := make([]connector.Task, 101)
		for i := range tasks {
			tasks[i] = task("k-"+strings.Repeat("x", i), "1")
		}
		got := c.CreateTasks(ctx, tasks)
		if !errors.Is(got[0].Err, connector.ErrAmbiguous) || !errors.Is(got[0].Err, context.DeadlineExceeded) {
			t.Errorf("sent and given up: %v", got[0].Err)
		}
		if !errors.Is(got[100].Err, connector.ErrUnavailable) || sent != 1 {
			t.Errorf("never sent: %v, %d sent", got[100].Err, sent)
		}
	})
}

func TestTokenIsReadPerCallAndNeverShown(t *testing.T) {
	var log bytes.Buffer
	secret, tokenErr := "first-secret", error(nil)
	var seen []string
	cfg := quick(roundTrip(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r.Header.Get("Authorization"))
		return answerWith(401, `{"message":"The token first-secret of ada@example.com is bad"}`), nil
	}))
	cfg.Token = func(context.Context) (string, error) { return secret, tokenErr }
	cfg.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var observed calls
	cfg.Observe = observed.observe
	c := newClient(t, cfg)
	_, err := c.List(t.Context(), connector.TypeContact, "cursor-77", []string{"email"})
	secret = "second-secret"
	_, _ = c.List(t.Context(), connector.TypeContact, "cursor-77", []string{"email"})
	tokenErr = errors.New("open /run/second-secret: denied")
	_, noToken := c.Account(t.Context())
	if len(seen) != 2 || seen[0] != "Bearer first-secret" || seen[1] != "Bearer second-secret" {
		t.Errorf("authorizations %q", seen)
	}
	if !errors.Is(err, connector.ErrUnauthorized) || !errors.Is(noToken, connector.ErrUnauthorized) {
		t.Errorf("errors %v and %v", err, noToken)
	}
	if list := observed.list(); len(list) != 2 || list[0].Endpoint != "GET /crm/objects/{v}/{type}" || list[0].Status != 401 || list[0].Bucket != hubspot.BucketGeneral {
		t.Errorf("observed %+v", list)
	}
	for _, s := range []string{log.String(), noToken.Error()} {
		for _, hidden := range []string{"second-secret", "cursor-77", "email", "Bearer"} {
			if strings.Contains(s, hidden) {
				t.Errorf("%q shows %q", s, hidden)
			}
		}
	}
	if strings.Contains(err.Error(), "ada@") {
		t.Errorf("error %q shows an address", err)
	}
	if !strings.Contains(log.String(), "GET /crm/objects/{v}/{type}") {
		t.Errorf("log %q does not name the endpoint", log.String())
	}
}

func TestDailyLimitEndsAtTheAccountsMidnight(t *testing.T) {
	m := httpmock.NewMockTransport()
	m.RegisterResponder("GET", "=~account-info", httpmock.NewStringResponder(200, `{"portalId":33,"timeZone":"America/New_York"}`))
	m.RegisterNoResponder(status(429, "DAILY"))
	cfg := quick(m)
	cfg.Now = func() time.Time { return at(t, "2026-11-21T22:00:00Z") }
	c := newClient(t, cfg)
	_, before := c.Owners(t.Context())
	if _, err := c.Account(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, after := c.Owners(t.Context())
	if b, a := detail(t, before), detail(t, after); b.RetryAfter != 2*time.Hour || a.RetryAfter != 7*time.Hour {
		t.Errorf("waits %v with the zone unknown and %v in New York", b.RetryAfter, a.RetryAfter)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*hubspot.Config){
		"no token": func(c *hubspot.Config) { c.Token = nil }, "no clock": func(c *hubspot.Config) { c.Now = nil },
		"no jitter": func(c *hubspot.Config) { c.Jitter = nil }, "negative rate": func(c *hubspot.Config) { c.SearchPerSecond = -1 },
		"no address": func(c *hubspot.Config) { c.BaseURL = "hubapi" }, "ftp": func(c *hubspot.Config) { c.BaseURL = "ftp://h/" },
		"query": func(c *hubspot.Config) { c.BaseURL = "https://h/?a=1" },
	} {
		cfg := quick(nil)
		spoil(&cfg)
		if _, err := hubspot.New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
