package simulator

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const maxBody = 8 << 20

// call is one API request while it is served.
type call struct {
	a           *Account
	r           *http.Request
	t           *table // of {type}, where the route has one
	body        []byte
	m           mutation
	correlation string
	fault       Fault // what else goes wrong; zero when nothing does
}

// answer is what goes back.
type answer struct {
	status   int
	body     []byte
	html     bool
	location string
	retry    time.Duration
	allow    string // of a 405: the methods that there are
	bare     bool   // without rate headers, as refusals of scopes are
	cut      int    // the connection breaks after so many bytes of the body; 0 is never
	later    bool   // the request has not been applied yet
}

// Handler serves the CRM API as HubSpot's (hubspot-api 1.3), versions 2026-09
// and 2026-03, and the older spellings that the official clients use. Faults that break the connection abort the handler as net/http
// provides for; Transport turns that into an error for in-process use.
func (a *Account) Handler() http.Handler {
	mux := http.NewServeMux()
	a.oauthRoutes(mux)
	for pattern, of := range byPattern(routes()) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, of.choose(r.Method)) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.serve(w, r, route{method: r.Method, pattern: "unknown", bucket: bucketGeneral, do: func(c *call) answer { return c.noPage() }})
	})
	return mux
}

// Transport serves requests without a network, for tests in a bubble of virtual time.
func (a *Account) Transport() http.RoundTripper { return inProcess{a.Handler()} }

func (a *Account) serve(w http.ResponseWriter, r *http.Request, rt route) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler) // the caller went away
	}
	c := &call{a: a, r: r, body: body}
	ans, headers := a.handle(c, rt)
	if c.fault.Kind == FaultSlow {
		wait(r, c.fault.Delay)
	}
	if ans.later {
		ans = a.applyLate(c, rt)
	}
	if c.fault.Kind == FaultReset || c.fault.Kind == FaultAppliedReset {
		panic(http.ErrAbortHandler)
	}
	a.write(w, c, ans, headers)
}

func wait(r *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
	}
}

// applyLate applies a request after its delay, whether or not somebody still waits for the answer.
func (a *Account) applyLate(c *call, rt route) answer {
	<-time.NewTimer(c.fault.Delay).C
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.begin(c.m.actor)
	c.m.at, c.m.wall = m.at, m.wall
	return rt.do(c)
}

// handle runs one request under the lock: count, authenticate, admit, fault, apply.
func (a *Account) handle(c *call, rt route) (answer, [][2]string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.actRivals()
	a.requests++
	endpoint := rt.endpoint(c.r)
	a.calls[endpoint]++
	a.buckets[rt.bucket]++
	c.m = a.begin(a.apiActor())
	c.m.call, c.m.request = endpoint, a.requests
	c.correlation = a.correlationID()
	if ans, refused := a.refuse(c, rt); refused {
		return ans, nil
	}
	if policy := a.limits.admit(rt.bucket, c.m.wall); policy != "" {
		return c.throttled(policy), a.limits.headers(rt.bucket, a.byOAuth(c))
	}
	return c.underFaults(rt, endpoint), a.limits.headers(rt.bucket, a.byOAuth(c))
}

func (a *Account) correlationID() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], a.opts.Seed^0x6c6561646673696d)
	binary.BigEndian.PutUint64(b[8:], uint64(a.requests)*0x9e3779b97f4a7c15) //nolint:gosec // a counter
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// refuse checks the version, the token, the scope and the type.
func (a *Account) refuse(c *call, rt route) (answer, bool) {
	if v := c.r.PathValue("v"); v != "" && v != "2026-09" && v != "2026-03" {
		return c.noPage(), true
	}
	if ans, refused := a.authenticate(c); refused {
		return ans, true
	}
	for _, v := range []string{"type", "from", "to", "toType"} {
		name := c.r.PathValue(v)
		if name == "" {
			continue
		}
		t, err := a.table(name)
		if err != nil {
			return c.fail(http.StatusBadRequest, apiError{Message: "Unable to infer object type from: " + name, Category: "VALIDATION_ERROR"}), true
		}
		if v == "type" {
			c.t = t
		}
	}
	for _, scope := range rt.scopesFor(c) {
		if a.lacks(c, scope) {
			return c.missingScope(scope), true
		}
	}
	return answer{}, false
}

func (a *Account) write(w http.ResponseWriter, c *call, ans answer, headers [][2]string) {
	h := w.Header()
	h.Set("Date", a.opts.Wall().UTC().Format(http.TimeFormat))
	h.Set("X-Simulator-World-Time", c.m.at.Format(time.RFC3339Nano))
	h.Set("Cf-Cache-Status", "DYNAMIC")
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload")
	h.Set("Vary", "origin, Accept-Encoding")
	h.Set("Access-Control-Allow-Credentials", "false")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Server", "cloudflare")
	h.Set("X-Hubspot-Correlation-Id", c.correlation)
	if !ans.bare {
		for _, kv := range headers {
			h.Set(kv[0], kv[1])
		}
	}
	if ans.allow != "" {
		h.Set("Allow", ans.allow)
	}
	if ans.location != "" {
		h.Set("Location", ans.location)
	}
	if ans.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(ans.retry.Seconds())))
	}
	if ans.html {
		h.Set("Content-Type", "text/html;charset=iso-8859-1")
		h.Set("Cache-Control", "must-revalidate,no-cache,no-store")
		if ans.status == http.StatusNotFound {
			h.Set("X-Hubspot-Notfound", "true")
		}
	} else if len(ans.body) > 0 {
		h.Set("Content-Type", "application/json;charset=utf-8")
	}
	if ans.cut > 0 {
		breakOff(w, ans)
	}
	w.WriteHeader(ans.status)
	_, _ = w.Write(ans.body) // a caller that went away is its own concern
}

// breakOff sends the first part of an answer and ends the connection.
func breakOff(w http.ResponseWriter, ans answer) {
	w.Header().Set("Content-Length", strconv.Itoa(len(ans.body)))
	w.WriteHeader(ans.status)
	_, _ = w.Write(ans.body[:ans.cut]) // a caller that went away is its own concern
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	panic(http.ErrAbortHandler)
}

// decode reads the JSON body; the answer says what is wrong with it.
func (c *call) decode(into any) (answer, bool) {
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return answer{status: http.StatusUnsupportedMediaType, html: true, body: page("415 Unsupported Media Type", "415", "Unsupported Media Type")}, false
	}
	dec := json.NewDecoder(bytes.NewReader(c.body))
	err := dec.Decode(into)
	if err == nil && dec.More() {
		err = fmt.Errorf("something follows the JSON value: %w", ErrInvalid)
	}
	if err != nil {
		return c.fail(http.StatusBadRequest, apiError{Message: "Invalid input JSON: " + err.Error(), Category: "VALIDATION_ERROR"}), false
	}
	return answer{}, true
}

func (c *call) json(status int, v any) answer {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return c.serverError(http.StatusInternalServerError)
	}
	return answer{status: status, body: bytes.TrimSuffix(b.Bytes(), []byte("\n"))}
}
