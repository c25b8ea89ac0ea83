package hubspot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"leadsync/connector"
)

// The endpoints of OAuth (hubspot-api 1.3). They belong to the app, not to an account: no bearer token, no
// account's budget, and so they are not among Endpoints.
const (
	epToken      endpoint = "POST /oauth/{v}/token" //nolint:gosec // a path, no credential
	epIntrospect endpoint = "POST /oauth/{v}/token/introspect"
	epRevoke     endpoint = "POST /oauth/{v}/token/revoke"
)

const (
	tokenBody = 1 << 20 // of an answer; tokens can be 512 characters and more
	// earliest is how long before its end a token is refreshed at most; short-lived ones at half their life.
	earliest = 5 * time.Minute
)

// errorCode is what may be repeated of a refusal: everything else could quote what was sent.
var errorCode = regexp.MustCompile(`^[A-Za-z][A-Za-z_]{0,63}$`)

// tokenAttempts makes one attempt at an OAuth call and reads the whole answer within the timeout.
type tokenAttempts struct {
	next    http.RoundTripper
	now     func() time.Time
	logger  *slog.Logger
	timeout time.Duration
}

// RoundTrip implements http.RoundTripper.
func (a *tokenAttempts) RoundTrip(req *http.Request) (*http.Response, error) {
	x := exchangeOf(req.Context())
	x.attempt++
	begin := a.now()
	ctx, cancel := context.WithTimeout(req.Context(), a.timeout)
	defer cancel()
	resp, err := a.next.RoundTrip(req.Clone(ctx))
	status := 0
	if err == nil {
		status = resp.StatusCode
		var body []byte
		body, err = io.ReadAll(io.LimitReader(resp.Body, tokenBody))
		_ = resp.Body.Close() // read to the end or given up
		resp.Body, resp.Request = io.NopCloser(bytes.NewReader(body)), req
		if status >= 300 {
			err = nil // what was refused is known without its reasons
		}
	}
	a.logger.DebugContext(req.Context(), "hubspot call", slog.String("endpoint", string(x.request.endpoint)),
		slog.Int("status", status), slog.Duration("took", a.now().Sub(begin)))
	if err != nil {
		return nil, err // http.Client wraps it
	}
	return resp, nil
}

// grantOf reads a token answer (hubspot-api 2.2). Lifetimes count from the moment of asking.
func grantOf(op string, t *oauth2.Token, asked time.Time) (Grant, error) {
	g := Grant{AccessToken: t.AccessToken, RefreshToken: t.RefreshToken}
	if strings.ContainsFunc(g.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Grant{}, &connector.Error{Kind: connector.ErrUnavailable, Op: op, Message: "the access token cannot be sent in a header"}
	}
	if t.ExpiresIn > 0 {
		life := time.Duration(t.ExpiresIn) * time.Second
		g.ExpiresAt = asked.Add(life).UTC()
		g.RenewAt = g.ExpiresAt.Add(-min(earliest, life/2))
	}
	switch id := t.Extra("hub_id").(type) {
	case float64:
		g.Account = connector.PortalID(strconv.FormatFloat(id, 'f', -1, 64))
	case string:
		g.Account = connector.PortalID(id)
	}
	switch scopes := t.Extra("scopes").(type) {
	case []any:
		for _, s := range scopes {
			g.Scopes = append(g.Scopes, fmt.Sprint(s))
		}
	case string:
		g.Scopes = strings.Fields(scopes)
	}
	slices.Sort(g.Scopes)
	return g, nil
}

// oauthFault is the error body of the OAuth endpoints (hubspot-api 2.2).
type oauthFault struct {
	Error  text `json:"error"`
	Status text `json:"status"`
}

func (f oauthFault) is(words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool {
		return strings.EqualFold(w, string(f.Error)) || strings.EqualFold(w, string(f.Status))
	})
}

// code is what may be repeated of it.
func (f oauthFault) code() string {
	for _, t := range []text{f.Status, f.Error} {
		if errorCode.MatchString(string(t)) {
			return string(t)
		}
	}
	return "no reason given"
}

// failure turns an error of the OAuth library into a connector.Error. Nothing that was sent or received is
// quoted but codes.
func failure(op string, err error) *connector.Error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return lost(op, err)
	}
	return refusedCall(op, refused.Response, refused.Body)
}

func lost(op string, err error) *connector.Error {
	e := &connector.Error{Kind: connector.ErrUnavailable, Op: op, Message: "no answer"}
	switch {
	case errors.Is(err, context.Canceled):
		e.Err = context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		e.Err = context.DeadlineExceeded
	case surelyNotSent(err):
		e.Message = "not sent"
	case strings.HasPrefix(err.Error(), "oauth2: "):
		e.Message = "the answer is not the expected JSON"
	}
	return e
}

// refusedCall classifies an answer: the client's mistakes first, because they must never pass for a
// disconnected account (hubspot-api 2.2).
func refusedCall(op string, resp *http.Response, body []byte) *connector.Error {
	f, _ := decoded[oauthFault](body)
	e := &connector.Error{
		Kind: connector.ErrUnauthorized, Op: op, Status: resp.StatusCode,
		CorrelationID: resp.Header.Get("X-Hubspot-Correlation-Id"),
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		e.Kind, e.RetryAfter = connector.ErrThrottled, throttleWait(resp.Header, policyTenSeconds, 1)
	case resp.StatusCode >= 500, resp.StatusCode < 400, resp.StatusCode == http.StatusRequestTimeout:
		e.Kind = connector.ErrUnavailable
	case f.is("invalid_client", "unauthorized_client", "BAD_CLIENT_ID", "BAD_CLIENT_SECRET"):
		e.Message, e.Err = f.code(), ErrWrongClient
	case f.is("BAD_AUTH_CODE", "EXPIRED_AUTH_CODE", "MISSING_AUTH_CODE"):
		e.Message = f.code() + ": the code is used up or too old"
	case f.is("BAD_REDIRECT_URI", "MISMATCH_REDIRECT_URI_AUTH_CODE", "redirect_uri_mismatch"):
		e.Message = f.code() + ": the redirect address is not one of the app's"
	case f.is("invalid_grant", "BAD_REFRESH_TOKEN", "BAD_HUB", "access_denied"):
		e.Message, e.Err = f.code(), ErrDisconnected
	default:
		e.Message = f.code()
	}
	return e
}

// Introspection is what HubSpot says about a token.
type Introspection struct {
	Active  bool
	Account connector.PortalID
	Scopes  []string
}

// Introspect asks HubSpot about a token; hint is access_token or refresh_token. An unknown token is not an
// error but not active (hubspot-api 2.2).
func (o *OAuth) Introspect(ctx context.Context, token, hint string) (Introspection, error) {
	const op = "introspect token"
	body, err := o.post(ctx, op, epIntrospect, url.Values{"token": {token}, "token_type_hint": {hint}})
	if err != nil {
		return Introspection{}, err
	}
	var found struct {
		Active *bool        `json:"active"`
		HubID  text         `json:"hub_id"`
		Scopes lenientWords `json:"scopes"`
		Scope  lenientWords `json:"scope"`
	}
	if json.Unmarshal(body, &found) != nil || found.Active == nil {
		return Introspection{}, &connector.Error{Kind: connector.ErrUnavailable, Op: op, Message: "the answer is not the expected JSON"}
	}
	scopes := slices.Concat(found.Scopes, found.Scope)
	slices.Sort(scopes)
	return Introspection{Active: *found.Active, Account: connector.PortalID(found.HubID), Scopes: slices.Compact(scopes)}, nil
}

// lenientWords is a list of words, or one text of them.
type lenientWords []string

// UnmarshalJSON never fails on valid JSON.
func (w *lenientWords) UnmarshalJSON(b []byte) error {
	list, ok := decoded[[]string](b)
	if !ok {
		one, _ := decoded[string](b)
		list = strings.Fields(one)
	}
	*w = list
	return nil
}

// Revoke tells HubSpot to forget the stored grant's refresh token and with it the access tokens made of it. A
// token that HubSpot does not know is no error. What is stored stays: removing it is the
// keeper's concern, and until then nobody refreshes it.
func (o *OAuth) Revoke(ctx context.Context) error {
	const op = "revoke token"
	if o.cfg.Keeper == nil {
		return errNoKeeper(op)
	}
	kept, err := o.claimed(ctx, op)
	if err != nil {
		return err
	}
	_, err = o.post(ctx, op, epRevoke, url.Values{"token": {kept.Grant.RefreshToken}, "token_type_hint": {"refresh_token"}})
	if errors.Is(err, ErrDisconnected) || errors.Is(err, connector.ErrNotFound) {
		return nil
	}
	if err != nil && !kept.Disconnected {
		return errors.Join(err, o.cfg.Keeper.Release(ctx, kept.Version, false))
	}
	return err
}

// claimed gives the stored grant when no process can refresh it any more: a refresh under way would otherwise
// leave a newer refresh token alive. A refused grant cannot be claimed, and is not refreshed either.
func (o *OAuth) claimed(ctx context.Context, op string) (Kept, error) {
	for range looks {
		kept, err := o.cfg.Keeper.Load(ctx)
		if err != nil {
			return Kept{}, fmt.Errorf("%s: %w", op, err)
		}
		ok, err := o.cfg.Keeper.Claim(ctx, kept.Version, claimFor)
		if err != nil {
			return Kept{}, unkept(op, err)
		}
		if ok || kept.Disconnected {
			return kept, nil
		}
		if err := pause(ctx, lookAgain); err != nil {
			return Kept{}, lost(op, err)
		}
	}
	return Kept{}, &connector.Error{Kind: connector.ErrUnavailable, Op: op, Message: "another process claims the refresh and does not finish it"}
}

// post sends a form with the app's credentials and gives the body of a good answer.
func (o *OAuth) post(ctx context.Context, op string, ep endpoint, form url.Values) ([]byte, error) {
	secret, err := o.secret(op)
	if err != nil {
		return nil, err
	}
	form.Set("client_id", o.cfg.ClientID)
	form.Set("client_secret", secret)
	x := &exchange{request: request{op: op, endpoint: ep, effect: settles}}
	address := o.base + ep.path(o.cfg.Versions)
	req, err := http.NewRequestWithContext(context.WithValue(ctx, exchangeKey{}, x), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("%s: build request: %w", op, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := o.http.Do(req)
	if err != nil {
		return nil, lost(op, err)
	}
	defer resp.Body.Close() //nolint:errcheck // the body is in memory already
	body, err := io.ReadAll(io.LimitReader(resp.Body, tokenBody))
	if err != nil {
		return nil, lost(op, err)
	}
	if resp.StatusCode == http.StatusNotFound && ep == epRevoke {
		return nil, &connector.Error{Kind: connector.ErrNotFound, Op: op, Status: resp.StatusCode}
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, refusedCall(op, resp, body)
	}
	return body, nil
}
