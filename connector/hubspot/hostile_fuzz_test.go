package hubspot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/fixtures/hostile"
)

// decodedOnce is hubspot-api 3.5 read again: of the escapes in the address these are decoded, once.
func decodedOnce(uri string) string {
	escapes := map[string]string{
		"%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'", "%28": "(", "%29": ")", "%2A": "*", "%2C": ",", "%3B": ";",
	}
	var b strings.Builder
	for i := 0; i < len(uri); i++ {
		if i+3 <= len(uri) && escapes[uri[i:i+3]] != "" {
			b.WriteString(escapes[uri[i:i+3]])
			i += 2
			continue
		}
		b.WriteByte(uri[i])
	}
	return b.String()
}

// FuzzVerify verifies any request with any headers: only the one signature that was computed here is ever
// accepted, and that one always, with either of two secrets.
func FuzzVerify(f *testing.F) {
	f.Add("POST", "", body1, "1790000001000", signLS1, "")
	f.Add("POST", queryLS3, "[]", "1790000003000", "iRtm0GogVhxWG6zcI24nDAgBPTmso+2bmHlb2Yy1wis=", "")
	f.Add("post", "a=%3a&b=%3A", "", "1790000003000", "=", "X-HubSpot-Signature: abc\nX-HubSpot-Signature-Version: v1")
	f.Add("PO\u017fT", "%%%", "\x00\xff", "1790000003000\n", strings.Repeat("A", 44), "X-HubSpot-Signature-v3: x")
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, method, query, body, stamp, signature, more string) {
		w.Run(t, func() {
			v := hubspot.Verifier{Secrets: []string{hostile.Canary, "", secretLS}, TargetURL: targetLS, Now: func() time.Time { return time.UnixMilli(1790000002000) }}
			uri := targetLS
			if query != "" {
				uri += "?" + query
			}
			rightly := map[string]bool{}
			for _, secret := range []string{hostile.Canary, secretLS} {
				rightly[sign(secret, method, decodedOnce(uri), body, stamp)] = true
			}
			h := headerOf(more)
			h.Add("X-Hubspot-Signature-V3", signature)
			h.Add("X-Hubspot-Request-Timestamp", stamp)
			check := func(want bool) {
				t.Helper()
				err := v.Verify(method, h, []byte(body), query)
				if (err == nil) != want {
					t.Errorf("accepted %v, want %v: %v", err == nil, want, err)
				}
				if err != nil && !errors.Is(err, hubspot.ErrSignatureMissing) && !errors.Is(err, hubspot.ErrSignatureWrong) && !errors.Is(err, hubspot.ErrTimestamp) {
					t.Errorf("error %v", err)
				}
				if err != nil {
					hostile.Quiet(t, "refusal", err.Error())
				}
			}
			single := len(h.Values("X-Hubspot-Signature-V3")) == 1 && len(h.Values("X-Hubspot-Request-Timestamp")) == 1
			ms, ok := milliseconds(stamp)
			timely := ok && ms >= 1790000002000-300_000 && ms <= 1790000002000+300_000
			check(single && timely && rightly[signature])
			for right := range rightly {
				h.Set("X-Hubspot-Signature-V3", right)
				check(len(h.Values("X-Hubspot-Request-Timestamp")) == 1 && timely)
			}
		})
	})
}

// milliseconds reads thirteen digits.
func milliseconds(s string) (n int64, ok bool) {
	if len(s) != 13 {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, true
}

// FuzzOAuthAnswer lets the token endpoints answer anything: errors of a known class without secrets, one form per
// call to the known addresses, and no token that cannot stand in a header.
func FuzzOAuthAnswer(f *testing.F) {
	for which := range uint8(5) {
		f.Add(which, uint16(0), "", []byte(`{"access_token":"a","refresh_token":"r","expires_in":1800,"hub_id":48000001,"scopes":["oauth"],"token_type":"bearer"}`))
		f.Add(which, uint16(200), "", []byte(`{"status":"BAD_REFRESH_TOKEN","message":"`+hostile.Canary+`","error":"invalid_grant"}`))
		f.Add(which, uint16(0), "", []byte("{\"access_token\":\"a\\nb\",\"expires_in\":1e300,\"active\":true,\"scope\":\"a b\"}"))
		f.Add(which, uint16(229), "Retry-After: 2147483647", []byte("<html>"))
		f.Add(which, uint16(0), "Content-Type: application/x-www-form-urlencoded", []byte("access_token=a&refresh_token=b&expires_in=-9999999999"))
	}
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, which uint8, status uint16, header string, body []byte) {
		w.Run(t, func() {
			synctest.Test(t, func(t *testing.T) {
				crm := &hostileCRM{t: t, parts: bytes.Split(body, []byte{0}), status: 200 + int(status)%400, header: headerOf(header), patience: 20}
				kept := &shelf{now: time.Now, fail: map[string]error{}}
				kept.put(hubspot.Grant{AccessToken: hostile.Canary, RefreshToken: hostile.Canary + "-r", RenewAt: time.Now().Add(-time.Hour), ExpiresAt: time.Now().Add(-time.Minute)})
				o, err := hubspot.NewOAuth(hubspot.OAuthConfig{
					RedirectURL: redirect, ClientID: oauthClient, ClientSecret: func() (string, error) { return oauthSecret, nil },
					Keeper: kept, Transport: crm, Now: time.Now, Jitter: func() float64 { return 0.5 },
				})
				if err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				switch which % 5 {
				case 0:
					var g hubspot.Grant
					if g, err = o.Exchange(t.Context(), hostile.Canary); err == nil && (g.RefreshToken == "" || g.AccessToken == "") {
						t.Errorf("a grant without tokens")
					}
				case 1:
					var got string
					if got, err = o.Token(t.Context()); err == nil && (got == "" || strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r > '~' })) {
						t.Errorf("token %q", got)
					}
				case 2:
					_, err = o.Renew(t.Context(), hostile.Canary)
				case 3:
					_, err = o.Introspect(t.Context(), hostile.Canary, "access_token")
				case 4:
					err = o.Revoke(t.Context())
				}
				sayable(t, "oauth", err)
				if waited := time.Since(begin); waited > 10*time.Minute {
					t.Errorf("waited %s", waited)
				}
			})
		})
	})
}

// FuzzGrant reads any stored grant: an error that quotes nothing, or a grant that is stored and read again as it was.
func FuzzGrant(f *testing.F) {
	whole, err := hubspot.Grant{AccessToken: "a", RefreshToken: "r", RenewAt: time.Unix(1790000000, 0).UTC(), Account: "48000001", Scopes: []string{"oauth"}}.Plain()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(`{"access_token":"` + hostile.Canary + `","renew_at":"` + hostile.Canary + `"}`))
	f.Add([]byte(`{"access_token":"` + hostile.Canary))
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		w.Run(t, func() {
			g, err := hubspot.ParseGrant(text)
			if err != nil {
				hostile.Quiet(t, "error", err.Error())
				return
			}
			again, err := g.Plain()
			if err != nil {
				return // a time that JSON cannot hold
			}
			second, err := hubspot.ParseGrant(again)
			if err != nil || !second.RenewAt.Equal(g.RenewAt) || second.AccessToken != g.AccessToken && validText(g.AccessToken) {
				t.Errorf("read again: %v", err)
			}
		})
	})
}

func validText(s string) bool { return strings.ToValidUTF8(s, "") == s }

// FuzzCursor goes on from any stored position: an error of a known class, or requests to the known addresses that
// keep to the limits of a search (hubspot-api 5.4).
func FuzzCursor(f *testing.F) {
	for _, seed := range []string{
		"", "100", `{"at":1790000000000}`, `{"at":1790000000000,"done":["1","2","3","4","5"]}`, `{"at":1790000000000,"tied":true,"last_id":"7"}`,
		`{"at":-1,"done":["` + strings.Repeat("9", 4000) + `"]}`, `{"at":9223372036854775807,"last_id":"../x"}`, "null", "[]", `{"at":"x"}`, "a/../b?c=d&e\r\nX: y",
	} {
		for which := range uint8(4) {
			f.Add(which, seed, []byte(`{"results":[{"id":"1","properties":{"lastmodifieddate":"2026-11-02T09:00:00Z"}}],"paging":{"next":{"after":"2"}},"total":9}`))
		}
	}
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, which uint8, cursor string, body []byte) {
		w.Run(t, func() {
			crm := &hostileCRM{t: t, parts: [][]byte{body}, status: 200, header: http.Header{}, patience: 3}
			c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
				if r.Body != nil {
					var search struct {
						Groups []struct{ Filters []any } `json:"filterGroups"`
						Limit  int                       `json:"limit"`
					}
					sent := bodyText(t, r)
					if json.Unmarshal([]byte(sent), &search) != nil || len([]rune(sent)) > 3000 || search.Limit > 200 || len(search.Groups) > 5 {
						t.Errorf("search of %d characters: %.300s", len(sent), sent)
					}
					total := 0
					for _, g := range search.Groups {
						total += len(g.Filters)
						if len(g.Filters) > 6 {
							t.Errorf("%d filters in a group: %s", len(g.Filters), sent)
						}
					}
					if total > 18 {
						t.Errorf("%d filters", total)
					}
				}
				return crm.RoundTrip(r)
			})))
			ctx, at := context.WithoutCancel(t.Context()), time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
			var err error
			switch which % 4 {
			case 0:
				_, err = c.Changed(ctx, connector.ChangedQuery{Type: connector.TypeContact, Since: at, Cursor: connector.Cursor(cursor), Properties: []string{"email"}})
			case 1:
				_, err = c.List(ctx, connector.TypeContact, connector.Cursor(cursor), []string{"email"})
			case 2:
				_, err = c.Submissions(ctx, "00000000-0000-0000-0000-000000000001", connector.Cursor(cursor))
			case 3:
				_, err = c.Occurrences(ctx, "1", "e_visited_page", at, connector.Cursor(cursor))
			}
			sayable(t, "position", err)
		})
	})
}

// bodyText reads the body of a request and puts it back.
func bodyText(t *testing.T, r *http.Request) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := b.ReadFrom(r.Body); err != nil {
		t.Error(err)
	}
	r.Body = io.NopCloser(strings.NewReader(b.String()))
	return b.String()
}

// TestEndlessListings: a CRM that always names a next page is left after a bounded number of them.
func TestEndlessListings(t *testing.T) {
	all := operations()
	for _, name := range []string{"owners", "users", "forms", "lists", "automations"} {
		t.Run(name, func(t *testing.T) {
			n := 0
			crm := roundTrip(func(*http.Request) (*http.Response, error) {
				n++
				return answerWith(200, `{"results":[],"lists":[],"hasMore":true,"offset":`+json.Number(jsonInt(n)).String()+`,"paging":{"next":{"after":"`+jsonInt(n)+`"}}}`), nil
			})
			errs := all[name](t.Context(), newClient(t, quick(crm)))
			if n > 2100 || len(errs) != 1 || errs[0] == nil && name != "lists" {
				t.Errorf("%d calls, %v", n, errs)
			}
		})
	}
}

func jsonInt(n int) string { b, _ := json.Marshal(n); return string(b) }

// TestDeepAnswers: an answer nested a hundred thousand deep, or entry within entry, is refused before anything recursive
// looks at it.
func TestDeepAnswers(t *testing.T) {
	for name, body := range map[string]string{
		"errors in errors": strings.Repeat(`{"errors":[`, 5000) + strings.Repeat("]}", 5000),
		"brackets":         strings.Repeat("[", 100_000),
	} {
		for _, status := range []int{200, 207, 400} {
			crm := roundTrip(func(*http.Request) (*http.Response, error) { return answerWith(status, body), nil })
			_, err := newClient(t, quick(crm)).Read(t.Context(), connector.TypeContact, []connector.ObjectID{"1"}, []string{"email"})
			if err == nil {
				t.Errorf("%s, %d: accepted", name, status)
				continue
			}
			detail(t, err)
		}
	}
}
