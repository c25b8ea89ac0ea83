package hubspot_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
)

// TestOAuthVersions: the version of the family oauth holds for every call to the token endpoints.
func TestOAuthVersions(t *testing.T) {
	for version, set := range map[string]map[string]string{"2026-09": nil, "2026-03": {"oauth": "2026-03", "lists": "2027-03-beta"}} {
		t.Run(version, func(t *testing.T) {
			o := newOffice(t, simulator.OAuthApp{})
			var paths []string
			s := o.source(func(c *hubspot.OAuthConfig) {
				c.Versions = set
				c.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
					paths = append(paths, r.URL.Path)
					return o.wire.RoundTrip(r)
				})
			})
			g, err := s.Exchange(t.Context(), o.agree(s, "oauth").Get("code"))
			if err != nil {
				t.Fatal(err)
			}
			o.keeper.put(g)
			o.pass(29 * time.Minute)
			o.must(s.Token(t.Context()))
			if _, err := s.Introspect(t.Context(), g.AccessToken, "access_token"); err != nil {
				t.Error(err)
			}
			if err := s.Revoke(t.Context()); err != nil {
				t.Error(err)
			}
			at := "/oauth/" + version + "/token"
			if diff := cmp.Diff([]string{at, at, at + "/introspect", at + "/revoke"}, paths); diff != "" {
				t.Errorf("paths (-want +got):\n%s", diff)
			}
		})
	}
	for name, versions := range map[string]map[string]string{"no version": {"oauth": "latest"}, "no family": {"auth": "2026-09"}} {
		_, err := hubspot.NewOAuth(hubspot.OAuthConfig{
			ClientID: "x", ClientSecret: func() (string, error) { return "", nil }, Now: time.Now, Jitter: func() float64 { return 0 }, Versions: versions,
		})
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
