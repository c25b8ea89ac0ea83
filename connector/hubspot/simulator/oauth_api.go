package simulator

import (
	"html"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const bucketNone = "none" // no account's budget: OAuth belongs to the app

// oauthRoutes adds the endpoints of OAuth, which take no bearer token, in the
// dated spelling and in that of v1 (hubspot-api 1.1, 2.2).
func (a *Account) oauthRoutes(mux *http.ServeMux) {
	for _, rt := range []route{
		{"GET", "/oauth/authorize", bucketNone, "", (*call).oauthAuthorize},
		{"POST", "/oauth/{v}/token", bucketNone, "", (*call).oauthToken},
		{"POST", "/oauth/{v}/token/introspect", bucketNone, "", (*call).oauthIntrospect},
		{"POST", "/oauth/{v}/token/revoke", bucketNone, "", (*call).oauthRevoke},
		{"GET", "/oauth/v1/access-tokens/{token}", bucketNone, "", (*call).oauthAccessV1},
		{"GET", "/oauth/v1/refresh-tokens/{token}", bucketNone, "", (*call).oauthRefreshV1},
		{"DELETE", "/oauth/v1/refresh-tokens/{token}", bucketNone, "", (*call).oauthForgetV1},
	} {
		mux.HandleFunc(rt.method+" "+rt.pattern, func(w http.ResponseWriter, r *http.Request) { a.serveOAuth(w, r, rt) })
	}
}

func (a *Account) serveOAuth(w http.ResponseWriter, r *http.Request, rt route) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler) // the caller went away
	}
	c := &call{a: a, r: r, body: body}
	ans := a.handleOAuth(c, rt)
	if c.fault.Kind == FaultSlow {
		wait(r, c.fault.Delay)
	}
	if ans.later {
		ans = a.applyLate(c, rt)
		ans.bare = true
	}
	if c.fault.Kind == FaultReset || c.fault.Kind == FaultAppliedReset {
		panic(http.ErrAbortHandler)
	}
	a.write(w, c, ans, nil)
}

// handleOAuth runs one request under the lock: count, fault, apply.
func (a *Account) handleOAuth(c *call, rt route) answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests++
	endpoint := rt.method + " " + rt.pattern
	a.calls[endpoint]++
	c.m = a.begin(a.apiActor())
	c.correlation = a.correlationID()
	if v := c.r.PathValue("v"); v != "" && !slices.Contains([]string{"2026-09", "2026-03", "v1"}, v) {
		return c.noPage()
	}
	ans := c.underFaults(rt, endpoint)
	ans.bare = true
	return ans
}

// oauthPage is what a person sees in the browser.
func (c *call) oauthPage(text string) answer {
	return answer{status: http.StatusBadRequest, html: true, body: page("400 Bad Request", "400", html.EscapeString(text))}
}

// oauthAuthorize plays an administrator who answers at once.
func (c *call) oauthAuthorize() answer {
	s, q := c.a.oauth, c.r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	switch {
	case q.Get("client_id") != s.app.ClientID:
		return c.oauthPage("Authorization failed because the client ID is not known.")
	case err != nil || back.Host == "" || s.app.RedirectURLs != nil && !slices.Contains(s.app.RedirectURLs, back.String()):
		return c.oauthPage("Authorization failed because the redirect URL does not match one of the app's.")
	case q.Get("response_type") != "" && q.Get("response_type") != "code":
		return c.oauthPage("Authorization failed because the response type is not code.")
	}
	asked, optional := strings.Fields(q.Get("scope")), strings.Fields(q.Get("optional_scope"))
	granted, missing := s.grantable(asked)
	if len(asked) == 0 || len(missing) > 0 {
		return c.oauthPage("Authorization failed because there is a scope mismatch: " + strings.Join(missing, " "))
	}
	more, _ := s.grantable(optional)
	answers := back.Query()
	if q.Has("state") {
		answers.Set("state", q.Get("state"))
	}
	if s.app.Refuse {
		s.counts.Refused++
		answers.Set("error", "access_denied")
		answers.Set("error_description", "The user denied access to the app.")
	} else {
		code := s.secret("code-", 36)
		scopes := slices.Concat(granted, more)
		slices.Sort(scopes)
		s.codes[code] = &authCode{redirect: q.Get("redirect_uri"), scopes: slices.Compact(scopes), expires: c.m.wall.Add(codeLife)}
		s.counts.Codes++
		answers.Set("code", code)
	}
	back.RawQuery = answers.Encode()
	return answer{status: http.StatusFound, location: back.String()}
}

// grantable splits scopes into those that the account can grant and the others.
func (s *oauthState) grantable(asked []string) (granted, missing []string) {
	for _, scope := range asked {
		if s.app.Scopes == nil || slices.Contains(s.app.Scopes, scope) {
			granted = append(granted, scope)
		} else {
			missing = append(missing, scope)
		}
	}
	return granted, missing
}

// oauthError is the error body of the token endpoint, which has another shape
// than the API's (hubspot-api 2.2).
func (c *call) oauthError(code, status, description string) answer {
	c.a.oauth.counts.Refused++
	return c.json(http.StatusBadRequest, struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Status      string `json:"status"`
		Message     string `json:"message"`
		Correlation string `json:"correlationId"`
	}{code, description, status, description, c.correlation})
}

// form reads the body and checks the app's credentials.
func (c *call) form() (url.Values, answer, bool) {
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		page := page("415 Unsupported Media Type", "415", "Unsupported Media Type")
		return nil, answer{status: http.StatusUnsupportedMediaType, html: true, body: page}, false
	}
	form, err := url.ParseQuery(string(c.body))
	app := c.a.oauth.app
	switch {
	case err != nil:
		return nil, c.oauthError("invalid_request", "BAD_REQUEST", "the form cannot be read"), false
	case form.Get("client_id") != app.ClientID:
		return nil, c.oauthError("invalid_client", "BAD_CLIENT_ID", "missing or unknown client id"), false
	case form.Get("client_secret") != app.ClientSecret:
		return nil, c.oauthError("invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret"), false
	}
	return form, answer{}, true
}

func (c *call) oauthToken() answer {
	form, ans, ok := c.form()
	if !ok {
		return ans
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		return c.oauthExchange(form)
	case "refresh_token":
		return c.oauthRefresh(form.Get("refresh_token"))
	case "client_credentials":
		scopes := strings.Fields(form.Get("scope"))
		if len(scopes) == 0 {
			return c.oauthError("invalid_scope", "BAD_SCOPE", "missing scope")
		}
		name, t := c.a.oauth.issue(nil, scopes, c.m.wall)
		return c.oauthAnswer(name, t, "")
	}
	return c.oauthError("unsupported_grant_type", "BAD_GRANT_TYPE", "missing or unknown grant type")
}

func (c *call) oauthExchange(form url.Values) answer {
	s := c.a.oauth
	code := s.codes[form.Get("code")]
	switch {
	case form.Get("code") == "":
		return c.oauthError("invalid_request", "MISSING_AUTH_CODE", "missing authorization code")
	case code == nil || code.used:
		return c.oauthError("invalid_grant", "BAD_AUTH_CODE", "authorization code is unknown or used up")
	case !c.m.wall.Before(code.expires):
		return c.oauthError("invalid_grant", "EXPIRED_AUTH_CODE", "authorization code has expired")
	case form.Get("redirect_uri") != code.redirect:
		return c.oauthError("invalid_grant", "MISMATCH_REDIRECT_URI_AUTH_CODE", "redirect uri does not match that of the authorization code")
	}
	code.used = true
	g := &oauthGrant{refresh: s.secret("na1-", 40), scopes: code.scopes}
	s.grants[g.refresh] = g
	s.counts.Exchanges++
	name, t := s.issue(g, g.scopes, c.m.wall)
	return c.oauthAnswer(name, t, g.refresh)
}

func (c *call) oauthRefresh(refresh string) answer {
	s := c.a.oauth
	g := s.grants[refresh]
	if g == nil {
		return c.oauthError("invalid_grant", "BAD_REFRESH_TOKEN", "refresh token is invalid, expired or revoked")
	}
	s.counts.Refreshes++
	if s.app.Rotate {
		delete(s.grants, g.refresh)
		g.refresh = s.secret("na1-", 40)
		s.grants[g.refresh] = g
	}
	name, t := s.issue(g, g.scopes, c.m.wall)
	return c.oauthAnswer(name, t, g.refresh)
}

func (c *call) oauthAnswer(name string, t *accessToken, refresh string) answer {
	body := map[string]any{
		"token_type": "bearer", "access_token": name, "expires_in": c.secondsLeft(t), "scopes": t.scopes, "token_use": "access_token",
	}
	if t.grant != nil {
		body["refresh_token"], body["hub_id"], body["user_id"] = refresh, c.a.opts.PortalID, oauthUserID
	}
	ans := c.json(http.StatusOK, body)
	return ans
}

func (c *call) secondsLeft(t *accessToken) int64 {
	return max(0, int64(t.expires.Sub(c.m.wall).Seconds()))
}

// oauthIntrospect knows access and refresh tokens; whatever else is simply not active.
func (c *call) oauthIntrospect() answer {
	form, ans, ok := c.form()
	if !ok {
		return ans
	}
	s, name := c.a.oauth, form.Get("token")
	body := map[string]any{"active": true, "hub_id": c.a.opts.PortalID, "user_id": oauthUserID, "client_id": s.app.ClientID, "app_id": c.a.opts.AppID}
	t, g := s.access[name], s.grants[name]
	switch {
	case t != nil && !t.revoked && c.m.wall.Before(t.expires):
		body["token_use"], body["token_type"], body["scopes"], body["expires_in"] = "access_token", "bearer", t.scopes, c.secondsLeft(t)
	case g != nil:
		body["token_use"], body["scopes"] = "refresh_token", g.scopes
	default:
		return c.json(http.StatusOK, map[string]bool{"active": false})
	}
	return c.json(http.StatusOK, body)
}

// oauthRevoke ends an access token alone, or a refresh token with all that came of it.
func (c *call) oauthRevoke() answer {
	form, ans, ok := c.form()
	if !ok {
		return ans
	}
	s, name := c.a.oauth, form.Get("token")
	if t := s.access[name]; t != nil {
		t.revoked = true
		s.counts.Revoked++
	}
	if g := s.grants[name]; g != nil {
		s.end(g)
	}
	return c.json(http.StatusOK, struct{}{})
}

func (c *call) oauthAccessV1() answer {
	name := c.r.PathValue("token")
	t := c.a.oauth.access[name]
	if t == nil || t.revoked || t.grant == nil || !c.m.wall.Before(t.expires) {
		return c.notFound("access token not found")
	}
	return c.json(http.StatusOK, map[string]any{
		"token": name, "token_type": "access", "hub_id": c.a.opts.PortalID, "user_id": oauthUserID, "app_id": c.a.opts.AppID,
		"scopes": t.scopes, "expires_in": c.secondsLeft(t),
	})
}

func (c *call) oauthRefreshV1() answer {
	g := c.a.oauth.grants[c.r.PathValue("token")]
	if g == nil {
		return c.notFound("refresh token not found")
	}
	return c.json(http.StatusOK, map[string]any{
		"token": g.refresh, "token_type": "refresh", "hub_id": c.a.opts.PortalID, "user_id": oauthUserID,
		"client_id": c.a.oauth.app.ClientID, "scopes": g.scopes,
	})
}

func (c *call) oauthForgetV1() answer {
	if g := c.a.oauth.grants[c.r.PathValue("token")]; g != nil {
		c.a.oauth.end(g)
	}
	return answer{status: http.StatusNoContent}
}
