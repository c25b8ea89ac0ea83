package simulator

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
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
	bare     bool // without rate headers, as refusals of scopes are
}

// Handler serves the CRM API as HubSpot's (hubspot-api 1.3), versions 2026-09
// and 2026-03. Faults that break the connection abort the handler as net/http
// provides for; Transport turns that into an error for in-process use.
func (a *Account) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes() {
		mux.HandleFunc(rt.method+" "+rt.pattern, func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, rt) })
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

// handle runs one request under the lock: count, authenticate, admit, fault, apply.
func (a *Account) handle(c *call, rt route) (answer, [][2]string) {
	a.mu.Lock()
	defer a.mu.Unlock()
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
		return c.throttled(policy), a.limits.headers(rt.bucket)
	}
	if f, ok := a.faults.request(endpoint); ok {
		c.fault = f
	}
	ans, hit := c.faultBefore()
	if !hit {
		ans = rt.do(c)
	}
	if c.fault.Kind == FaultApplied500 {
		ans = c.serverError(http.StatusInternalServerError)
	}
	return ans, a.limits.headers(rt.bucket)
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
	if a.revoked || c.r.Header.Get("Authorization") != "Bearer "+a.opts.Token {
		ans := c.fail(http.StatusUnauthorized, apiError{
			Message: "The access token is missing, expired or revoked. Send a valid one as a bearer token.", Category: "INVALID_AUTHENTICATION",
		})
		ans.bare = true
		return ans, true
	}
	for _, v := range []string{"type", "from", "to"} {
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
	if scope := rt.scopeFor(c.t); a.missing[scope] != nil {
		return c.missingScope(scope), true
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
	w.WriteHeader(ans.status)
	_, _ = w.Write(ans.body) // a caller that went away is its own concern
}

// decode reads the JSON body; the answer says what is wrong with it.
func (c *call) decode(into any) (answer, bool) {
	dec := json.NewDecoder(bytes.NewReader(c.body))
	if err := dec.Decode(into); err != nil {
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
