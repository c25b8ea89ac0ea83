package config_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/cmd/leadsync/config"
	"leadsync/fixtures/hostile"
	"leadsync/workflows"
)

// Whatever the file holds: no panic, the same answer twice, and either a configuration that serve can use
// or problems with a remedy each.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile(examplePath)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte("portals: [{name: a, account: 1, token_env: A}]"))
	f.Add([]byte("a: &a [*a, <<: *a]\n? {b: c}\n: d"))
	f.Add([]byte("credentials_key_env: K\nportals: [{name: a, account: 1, base_url: \"http://10.0.0.1\", oauth: {client_id: x, client_secret_env: S, redirect_url: \"http://localhost:1/c\"}}]"))
	f.Add([]byte("schedules: {prune: \"TZ=UTC\"}\nlimits: {body_bytes: 999999999999MiB}"))
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		w.Run(t, func() {
			first, err := config.Parse("f.yaml", text)
			second, again := config.Parse("f.yaml", text)
			if diff := cmp.Diff(first, second); diff != "" {
				t.Fatalf("two answers:\n%s", diff)
			}
			if err == nil {
				usable(t, first)
				return
			}
			problems, ok := errors.AsType[*config.Problems](err)
			if !ok || len(*problems) == 0 || first != nil || again.Error() != err.Error() {
				t.Fatalf("error = %v, then %v", err, again)
			}
			for _, p := range *problems {
				if p.Problem == "" || p.Remedy == "" || strings.ContainsAny(p.Key, "\r\n") {
					t.Errorf("problem %+v", p)
				}
			}
		})
	})
}

func usable(t *testing.T, c *config.Config) {
	t.Helper()
	s := c.Schedules
	for _, spec := range []string{s.Contacts, s.Activities, s.Companies, s.Deals, s.Owners, s.Prune} {
		if _, err := config.ParseSchedule(spec); err != nil {
			t.Errorf("schedule: %v", err)
		}
	}
	if len(c.Portals) == 0 || (c.Database.File == "") == (c.Database.URL == "") || c.Model == "" {
		t.Errorf("incomplete: %+v", c)
	}
	for _, p := range c.Portals {
		if p.Name == "" || p.Account == "" || p.Token.IsZero() == p.OAuth.IsZero() || p.BaseURL == "" || len(p.Effects) != len(workflows.Classes()) {
			t.Errorf("incomplete portal: %+v", p)
		}
	}
}
