package simulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector/hubspot/simulator"
)

const (
	appID     = "sim-client-0000"
	appSecret = "sim-client-secret-0000"
	backTo    = "http://localhost:8976/callback"
)

// send is a request that carries no token but the one given.
func (w *world) send(method, path, kind, body, token string) reply {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	r := reply{status: resp.StatusCode, header: resp.Header, raw: string(b)}
	_ = json.Unmarshal(b, &r.body) // pages are no JSON
	return r
}

// oauth posts a form with the app's credentials; pairs override them.
func (w *world) oauth(path string, pairs ...string) reply {
	w.t.Helper()
	form := url.Values{"client_id": {appID}, "client_secret": {appSecret}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return w.send("POST", path, "application/x-www-form-urlencoded", form.Encode(), "")
}

// authorize opens the link; pairs override its parameters, and an empty value removes one.
func (w *world) authorize(pairs ...string) (reply, url.Values) {
	w.t.Helper()
	q := url.Values{"client_id": {appID}, "redirect_uri": {backTo}, "scope": {"oauth crm.objects.contacts.read"}, "state": {"s p&c"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if q.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	r := w.send("GET", "/oauth/authorize?"+q.Encode(), "", "", "")
	back, err := url.Parse(r.header.Get("Location"))
	if err != nil {
		w.t.Fatal(err)
	}
	return r, back.Query()
}

// install goes all the way and gives access and refresh token.
func (w *world) install(scopes string) (access, refresh string) {
	w.t.Helper()
	_, q := w.authorize("scope", scopes)
	r := w.oauth("/oauth/2026-09/token", "grant_type", "authorization_code", "redirect_uri", backTo, "code", q.Get("code"))
	return w.tokens(r)
}

func (w *world) tokens(r reply) (access, refresh string) {
	w.t.Helper()
	access, _ = r.body["access_token"].(string)
	refresh, _ = r.body["refresh_token"].(string)
	if r.status != http.StatusOK || access == "" || refresh == "" {
		w.t.Fatalf("no tokens: %d %s", r.status, r.raw)
	}
	return access, refresh
}

func (w *world) refresh(token string) reply {
	w.t.Helper()
	return w.oauth("/oauth/2026-09/token", "grant_type", "refresh_token", "refresh_token", token)
}

func (w *world) wantStatus(r reply, status int, mark string) {
	w.t.Helper()
	if r.status != status || !strings.Contains(r.raw, mark) {
		w.t.Errorf("status %d, want %d with %q: %s", r.status, status, mark, r.raw)
	}
}

const details, contactList = "/account-info/2026-09/details", "/crm/objects/2026-09/contacts"

func TestOAuthAuthorize(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) {
		o.OAuth = simulator.OAuthApp{RedirectURLs: []string{backTo}, Scopes: []string{"oauth", "crm.objects.contacts.read"}}
	})
	r, q := w.authorize("optional_scope", "crm.lists.read")
	if r.status != http.StatusFound || !strings.HasPrefix(r.header.Get("Location"), backTo+"?") || q.Get("state") != "s p&c" || q.Get("code") == "" || q.Has("error") {
		t.Errorf("status %d, to %s", r.status, r.header.Get("Location"))
	}
	for name, change := range map[string][]string{
		"client":         {"client_id", "guessed"},
		"redirect":       {"redirect_uri", "http://localhost:1/elsewhere"},
		"no redirect":    {"redirect_uri", ""},
		"no scope":       {"scope", ""},
		"scope mismatch": {"scope", "oauth crm.objects.deals.read"},
		"response type":  {"response_type", "token"},
	} {
		if r, q := w.authorize(change...); r.status != http.StatusBadRequest || len(q) > 0 || !strings.Contains(r.raw, "Authorization failed") {
			t.Errorf("%s: status %d, to %q", name, r.status, r.header.Get("Location"))
		}
	}
	w.SetOAuth(simulator.OAuthApp{Refuse: true})
	if _, q := w.authorize(); q.Get("error") != "access_denied" || q.Get("state") != "s p&c" || q.Has("code") {
		t.Errorf("refused: %v", q)
	}
}

func TestOAuthTokens(t *testing.T) {
	w := newWorld(t)
	_, q := w.authorize()
	exchange := []string{"grant_type", "authorization_code", "redirect_uri", backTo, "code", q.Get("code")}
	for name, c := range map[string]struct {
		change []string
		mark   string
	}{
		"client id":     {[]string{"client_id", "guessed"}, `"status":"BAD_CLIENT_ID"`},
		"client secret": {[]string{"client_secret", "guessed"}, `"error":"invalid_client"`},
		"grant type":    {[]string{"grant_type", "password"}, `"error":"unsupported_grant_type"`},
		"no code":       {[]string{"code", ""}, `"status":"MISSING_AUTH_CODE"`},
		"code":          {[]string{"code", "guessed"}, `"status":"BAD_AUTH_CODE"`},
		"redirect":      {[]string{"redirect_uri", "http://localhost:1/"}, `"status":"MISMATCH_REDIRECT_URI_AUTH_CODE"`},
	} {
		t.Log(name)
		w.wantStatus(w.oauth("/oauth/2026-09/token", append(slices.Clone(exchange), c.change...)...), http.StatusBadRequest, c.mark)
	}
	w.wantStatus(w.send("POST", "/oauth/2026-09/token", "application/json", `{}`, ""), http.StatusUnsupportedMediaType, "415")
	w.wantStatus(w.oauth("/oauth/2025-01/token"), http.StatusNotFound, "404")

	r := w.oauth("/oauth/v1/token", exchange...)
	access, refresh := w.tokens(r)
	if r.body["expires_in"] != 1800.0 || r.body["hub_id"] != 48000001.0 || r.body["token_type"] != "bearer" || len(access) < 512 ||
		!cmp.Equal([]any{"crm.objects.contacts.read", "oauth"}, r.body["scopes"]) {
		t.Errorf("answer %s", r.raw)
	}
	w.wantStatus(w.oauth("/oauth/2026-09/token", exchange...), http.StatusBadRequest, `"status":"BAD_AUTH_CODE"`)
	w.wantStatus(w.refresh("guessed"), http.StatusBadRequest,
		`{"error":"invalid_grant","error_description":"refresh token is invalid, expired or revoked","status":"BAD_REFRESH_TOKEN","message":"`)
	if _, again := w.tokens(w.refresh(refresh)); again != refresh {
		t.Error("the refresh token rotated")
	}
	w.SetOAuth(simulator.OAuthApp{Rotate: true})
	_, rotated := w.tokens(w.refresh(refresh))
	if rotated == refresh {
		t.Error("the refresh token did not rotate")
	}
	w.wantStatus(w.refresh(refresh), http.StatusBadRequest, "BAD_REFRESH_TOKEN")
	w.tokens(w.refresh(rotated))

	_, q = w.authorize()
	w.wall.add(11 * time.Minute)
	w.wantStatus(w.oauth("/oauth/2026-09/token", "grant_type", "authorization_code", "redirect_uri", backTo, "code", q.Get("code")),
		http.StatusBadRequest, "EXPIRED_AUTH_CODE")
	app := w.oauth("/oauth/2026-09/token", "grant_type", "client_credentials", "scope", "developer.webhooks_journal.read")
	if app.status != http.StatusOK || app.body["refresh_token"] != nil || app.body["hub_id"] != nil {
		t.Errorf("token of the app: %d %s", app.status, app.raw)
	}
	w.wantStatus(w.send("GET", contactList, "", "", app.body["access_token"].(string)), http.StatusForbidden, "MISSING_SCOPES")
	w.wantStatus(w.oauth("/oauth/2026-09/token", "grant_type", "client_credentials"), http.StatusBadRequest, "invalid_scope")
}

func TestOAuthTokensBesideTheStaticOne(t *testing.T) {
	w := newWorld(t)
	access, refresh := w.install("oauth crm.objects.contacts.read")
	w.wantStatus(w.send("GET", details, "", "", access), http.StatusOK, "48000001")
	w.wantStatus(w.send("GET", contactList, "", "", access), http.StatusOK, "results")
	w.wantStatus(w.send("GET", contactList, "", "", "guessed"), http.StatusUnauthorized, "INVALID_AUTHENTICATION")
	w.wantStatus(w.send("GET", contactList, "", "", ""), http.StatusUnauthorized, "INVALID_AUTHENTICATION")
	// Granted is what may be done, and the refusal names what is missing.
	w.wantStatus(w.send("POST", contactList, "application/json", `{"properties":{}}`, access), http.StatusForbidden,
		`"requiredGranularScopes":["crm.objects.contacts.write"]`)
	w.wantStatus(w.send("GET", "/crm/objects/2026-09/deals", "", "", access), http.StatusForbidden, "crm.objects.deals.read")
	w.wantStatus(w.send("GET", "/crm/objects/2026-09/tasks", "", "", access), http.StatusOK, "results") // with the contacts' scope
	w.ask(http.StatusOK, "GET", "/crm/objects/2026-09/deals", "")                                       // the static token may

	w.wall.add(30*time.Minute + 5*time.Second)
	w.wantStatus(w.send("GET", contactList, "", "", access), http.StatusUnauthorized, `"category":"EXPIRED_AUTHENTICATION"`)
	w.wantStatus(w.send("GET", contactList, "", "", access), http.StatusUnauthorized, "expired 5 second(s) ago")
	w.ask(http.StatusOK, "GET", contactList, "")

	second, refresh := w.tokens(w.refresh(refresh))
	w.RevokeToken()
	w.ask(http.StatusUnauthorized, "GET", contactList, "")
	w.wantStatus(w.send("GET", contactList, "", "", second), http.StatusOK, "results")
	w.RestoreToken()
	w.RevokeAccess()
	w.wantStatus(w.send("GET", contactList, "", "", second), http.StatusUnauthorized, "INVALID_AUTHENTICATION")
	third, refresh := w.tokens(w.refresh(refresh))
	w.RevokeGrants()
	w.wantStatus(w.send("GET", contactList, "", "", third), http.StatusUnauthorized, "INVALID_AUTHENTICATION")
	w.wantStatus(w.refresh(refresh), http.StatusBadRequest, "BAD_REFRESH_TOKEN")
	w.ask(http.StatusOK, "GET", contactList, "")
}

func TestOAuthIntrospectAndRevoke(t *testing.T) {
	w := newWorld(t)
	const introspect, revoke = "/oauth/2026-09/token/introspect", "/oauth/2026-09/token/revoke"
	access, refresh := w.install("oauth")
	for token, use := range map[string]string{access: "access_token", refresh: "refresh_token"} {
		r := w.oauth(introspect, "token", token, "token_type_hint", use)
		if r.body["active"] != true || r.body["token_use"] != use || r.body["hub_id"] != 48000001.0 || !cmp.Equal([]any{"oauth"}, r.body["scopes"]) {
			t.Errorf("%s: %s", use, r.raw)
		}
	}
	if r := w.oauth(introspect, "token", "unknown"); r.status != http.StatusOK || r.raw != `{"active":false}` {
		t.Errorf("unknown: %d %s", r.status, r.raw)
	}
	w.wantStatus(w.oauth(introspect, "client_secret", "guessed", "token", access), http.StatusBadRequest, "BAD_CLIENT_SECRET")
	w.wantStatus(w.oauth(revoke, "client_secret", "guessed", "token", access), http.StatusBadRequest, "BAD_CLIENT_SECRET")

	w.wantStatus(w.oauth(revoke, "token", access), http.StatusOK, "")
	w.wantStatus(w.send("GET", details, "", "", access), http.StatusUnauthorized, "INVALID")
	second, refresh := w.tokens(w.refresh(refresh))
	w.wantStatus(w.oauth(revoke, "token", refresh, "token_type_hint", "refresh_token"), http.StatusOK, "")
	w.wantStatus(w.send("GET", details, "", "", second), http.StatusUnauthorized, "INVALID")
	w.wantStatus(w.oauth(introspect, "token", refresh), http.StatusOK, `"active":false`)
	w.wantStatus(w.oauth(revoke, "token", "unknown"), http.StatusOK, "")

	// The spelling of v1.
	access, refresh = w.install("oauth")
	w.wantStatus(w.send("GET", "/oauth/v1/access-tokens/"+access, "", "", ""), http.StatusOK, `"hub_id":48000001`)
	w.wantStatus(w.send("GET", "/oauth/v1/refresh-tokens/"+refresh, "", "", ""), http.StatusOK, `"token_type":"refresh"`)
	w.wantStatus(w.send("DELETE", "/oauth/v1/refresh-tokens/"+refresh, "", "", ""), http.StatusNoContent, "")
	w.wantStatus(w.send("GET", "/oauth/v1/refresh-tokens/"+refresh, "", "", ""), http.StatusNotFound, "not found")
	w.wantStatus(w.send("GET", "/oauth/v1/access-tokens/"+access, "", "", ""), http.StatusNotFound, "not found")
	want := simulator.OAuthCounts{Codes: 2, Exchanges: 2, Refreshes: 1, Revoked: 3, Refused: 2}
	if diff := cmp.Diff(want, w.OAuthCounts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestOAuthFaultsAndUninstall(t *testing.T) {
	w := newWorld(t)
	access, refresh := w.install("oauth")
	w.Faults().Add(simulator.Fault{Kind: simulator.Fault503, Endpoint: "POST /oauth/{v}/token", Count: 1})
	w.wantStatus(w.refresh(refresh), http.StatusServiceUnavailable, "")
	w.Faults().Clear()
	w.Faults().Add(simulator.Fault{Kind: simulator.FaultApplied500, Endpoint: "POST /oauth/{v}/token", Count: 1})
	w.SetOAuth(simulator.OAuthApp{Rotate: true})
	w.wantStatus(w.refresh(refresh), http.StatusInternalServerError, "")
	w.Faults().Clear()
	w.wantStatus(w.refresh(refresh), http.StatusBadRequest, "BAD_REFRESH_TOKEN") // it rotated, and the answer was lost
	w.wantStatus(w.send("DELETE", "/appinstalls/2026-09/external-install", "", "", access), http.StatusNoContent, "")
	w.wantStatus(w.send("GET", details, "", "", access), http.StatusUnauthorized, "INVALID")
}

// TestOAuthHasNoDailyHeaders: an app that many accounts install is not told of their days (hubspot-api 4).
func TestOAuthHasNoDailyHeaders(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.RateLimits = simulator.ProfessionalLimits() })
	access, _ := w.install("oauth crm.objects.contacts.read")
	for token, day := range map[string]bool{access: false, w.Token(): true} {
		h := w.send("GET", contactList, "", "", token).header
		if (h.Get("X-HubSpot-RateLimit-Daily") != "") != day || (h.Get("X-HubSpot-RateLimit-Daily-Remaining") != "") != day {
			t.Errorf("daily headers wanted %t: %v", day, h)
		}
		if h.Get("X-HubSpot-RateLimit-Max") != "190" {
			t.Errorf("limit of ten seconds: %v", h)
		}
	}
}

// TestOAuthAfterFaults: a token that was granted and whose answer was spoiled is granted all the same.
func TestOAuthAfterFaults(t *testing.T) {
	for kind, status := range map[simulator.FaultKind]int{
		simulator.FaultAppliedHTML: http.StatusBadGateway, simulator.FaultAppliedEmpty: http.StatusMultiStatus,
		simulator.FaultApplied500: http.StatusInternalServerError, simulator.FaultNumbers: http.StatusOK,
		simulator.FaultAppliedHalf: 0, simulator.FaultAppliedReset: 0, simulator.FaultLate: http.StatusOK,
	} {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t)
			_, refresh := w.install("oauth")
			w.Faults().Add(simulator.Fault{Kind: kind, Endpoint: "POST /oauth/{v}/token", Count: 1, Delay: 20 * time.Millisecond})
			body := url.Values{"grant_type": {"refresh_token"}, "client_id": {appID}, "client_secret": {appSecret}, "refresh_token": {refresh}}
			begin := time.Now()
			resp, err := w.client.PostForm(w.url+"/oauth/2026-09/token", body)
			var answer []byte
			if err == nil {
				answer, err = io.ReadAll(resp.Body)
				_ = resp.Body.Close()
			}
			if status == 0 {
				if err == nil {
					t.Errorf("a whole answer: %s", answer)
				}
			} else if err != nil || resp.StatusCode != status || strings.Contains(string(answer), "access_token") != (status == http.StatusOK) {
				t.Errorf("%v: %s", err, answer)
			}
			if kind == simulator.FaultLate && time.Since(begin) < 20*time.Millisecond {
				t.Error("it was not late")
			}
			if n := w.OAuthCounts().Refreshes; n != 1 {
				t.Errorf("%d refreshes", n)
			}
		})
	}
}

func TestOAuthControl(t *testing.T) {
	w := newWorld(t)
	control := httptest.NewServer(w.Control())
	t.Cleanup(control.Close)
	api := w.url
	set := func(body string) reply {
		t.Helper()
		w.url = control.URL
		defer func() { w.url = api }()
		return w.send("POST", "/control/oauth", "application/json", body, "")
	}
	w.wantStatus(set(`{"rotate": true, "lifetime": "1m", "scopes": ["oauth"]}`), http.StatusOK, `"lifetime":"1m0s","rotate":true`)
	access, refresh := w.install("oauth")
	w.wantStatus(set(`{"do": "expire"}`), http.StatusOK, `"exchanges":1`)
	w.wantStatus(w.send("GET", details, "", "", access), http.StatusUnauthorized, "EXPIRED_AUTHENTICATION")
	access, refresh = w.tokens(w.refresh(refresh))
	w.wantStatus(set(`{"do": "revoke-access"}`), http.StatusOK, `"refreshes":1`)
	w.wantStatus(w.send("GET", details, "", "", access), http.StatusUnauthorized, "INVALID_AUTHENTICATION")
	w.wantStatus(set(`{"do": "revoke"}`), http.StatusOK, `"revoked":1`)
	w.wantStatus(w.refresh(refresh), http.StatusBadRequest, "BAD_REFRESH_TOKEN")
	w.wantStatus(set(`{"refuse": true}`), http.StatusOK, `"refuse":true`)
	if _, q := w.authorize("scope", "oauth"); q.Get("error") != "access_denied" {
		t.Errorf("not refused: %v", q)
	}
	for _, bad := range []string{`{"do": "explode"}`, `{"lifetime": "0s"}`, `{"secret": "x"}`} {
		w.wantStatus(set(bad), http.StatusBadRequest, "error")
	}
	w.url = control.URL
	if r := w.send("GET", "/control/oauth", "", "", ""); r.status != http.StatusOK || strings.Contains(r.raw, appSecret) {
		t.Errorf("status %d: %s", r.status, r.raw)
	}
}
