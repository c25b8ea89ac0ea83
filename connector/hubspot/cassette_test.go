package hubspot_test

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"

	"leadsync/connector/hubspot"
)

func documentationCassettes(t *testing.T) []*cassette.Cassette {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "fixtures", "hubspot", "*", "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cassettes: %v", err)
	}
	var all []*cassette.Cassette
	for _, p := range paths {
		c, err := cassette.Load(strings.TrimSuffix(p, ".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func TestEveryEndpointHasACassette(t *testing.T) {
	covered := map[string]bool{}
	placeholder := regexp.MustCompile(`\\\{[a-z]+\\\}`)
	for _, c := range documentationCassettes(t) {
		for _, i := range c.Interactions {
			u, err := url.Parse(i.Request.URL)
			if err != nil {
				t.Fatal(err)
			}
			matched := ""
			for _, e := range hubspot.Endpoints() {
				form := strings.Replace(regexp.QuoteMeta(e), `\{v\}`, "("+regexp.QuoteMeta(hubspot.APIVersion)+"|v4)", 1)
				if regexp.MustCompile("^" + placeholder.ReplaceAllString(form, `[^/]+`) + "$").MatchString(i.Request.Method + " " + u.Path) {
					// "/{name}" also fits "/groups"; the literal template wins
					if matched == "" || !strings.HasSuffix(e, "}") {
						matched = e
					}
				}
			}
			if matched == "" {
				t.Errorf("%s: %s %s is no endpoint of the client", c.Name, i.Request.Method, u.Path)
			}
			covered[matched] = true
		}
	}
	for _, e := range hubspot.Endpoints() {
		if !covered[e] {
			t.Errorf("no cassette shows %s", e)
		}
	}
}

func TestCassettesHoldNobody(t *testing.T) {
	mail := regexp.MustCompile(`[\w.+-]+@([\w.-]+)`)
	secret := regexp.MustCompile(`(?i)pat-[a-z]{2}\d|bearer |authorization|hapikey`)
	paths, err := filepath.Glob(filepath.Join("..", "..", "fixtures", "hubspot", "*", "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cassettes: %v", err)
	}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mail.FindAllStringSubmatch(string(b), -1) {
			if d := m[1]; !slices.Contains([]string{"example.com", "example.org", "example.net"}, d) {
				t.Errorf("%s holds an address at %s", p, d)
			}
		}
		if s := secret.FindString(string(b)); s != "" {
			t.Errorf("%s holds %q", p, s)
		}
	}
}
