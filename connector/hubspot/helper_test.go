package hubspot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/recorder"
)

const token = "pat-test-0000-secret"

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answerWith is a JSON answer.
func answerWith(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// bodyOf decodes a request.
func bodyOf[T any](tb testing.TB, r *http.Request) T {
	tb.Helper()
	var v T
	b, err := io.ReadAll(r.Body)
	if err != nil {
		tb.Error(err)
	}
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&v); err != nil {
		tb.Errorf("decode request %s: %v", b, err)
	}
	return v
}

// calls collects what Observe was told.
type calls struct {
	mu  sync.Mutex
	all []hubspot.Call
}

func (c *calls) observe(call hubspot.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, call)
}

func (c *calls) list() []hubspot.Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]hubspot.Call(nil), c.all...)
}

// quick is a configuration that is not slowed down by limiters.
func quick(transport http.RoundTripper) hubspot.Config {
	return hubspot.Config{
		Token:     func(context.Context) (string, error) { return token, nil },
		Transport: transport, Now: time.Now, Jitter: func() float64 { return 0.5 },
		GeneralPerSecond: 1e6, SearchPerSecond: 1e6, Attempts: 1,
	}
}

func newClient(tb testing.TB, cfg hubspot.Config) *hubspot.Client {
	tb.Helper()
	c, err := hubspot.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// documented plays the named cassettes of the documentation folder.
func documented(tb testing.TB, names ...string) (*hubspot.Client, *recorder.Player) {
	tb.Helper()
	paths := make([]string, len(names))
	for i, n := range names {
		paths[i] = filepath.Join("..", "..", "fixtures", "hubspot", "documentation", n+".yaml")
	}
	p, err := recorder.Replay(paths...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if left := p.Unplayed(); len(left) > 0 && !tb.Failed() {
			tb.Errorf("interactions that nobody asked for: %v", left)
		}
	})
	c := newContract(tb, p)
	tb.Cleanup(func() { c.verify(tb) }) // what is written by hand keeps to the descriptions too
	return newClient(tb, quick(c)), p
}

// detail is the error as connector.Error; it fails the test if it is none.
func detail(tb testing.TB, err error) *connector.Error {
	tb.Helper()
	var e *connector.Error
	if !errors.As(err, &e) {
		tb.Fatalf("error %v is no connector.Error", err)
	}
	return e
}

func at(tb testing.TB, s string) time.Time {
	tb.Helper()
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// refs names things by their keys alone: with unique properties the contact does not matter.
func refs(keys ...string) []connector.KeyRef {
	out := make([]connector.KeyRef, len(keys))
	for i, key := range keys {
		out[i] = connector.KeyRef{Key: key}
	}
	return out
}

// closes asks for the tasks under the keys to be put away, whatever they look like.
func closes(keys ...string) []connector.Close {
	out := make([]connector.Close, len(keys))
	for i, key := range keys {
		out[i] = connector.Close{Key: key}
	}
	return out
}
