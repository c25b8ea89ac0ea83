package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/cmd/leadsync/config"
	"leadsync/scoring/calendar"
	"leadsync/workflows"
)

const examplePath = "../../../fixtures/config/leadsync.yaml"

// example is what the commented example says beyond the defaults.
func example() config.Config {
	c := config.Default()
	folder := filepath.Dir(examplePath)
	c.Database.File = filepath.Join(folder, "leadsync.db")
	c.Database.Password.Key = "database_password"
	c.CredentialsKey.Key, c.PreviousCredentialsKey.Key = "credentials_key", "previous_credentials_key"
	c.Model = filepath.Join(folder, "model.yaml")
	p := config.DefaultPortal()
	p.Name, p.Account, p.Acknowledged = "acme", "12345678", "0c3f5e9a7b21"
	p.Versions = map[string]string{"lists": "2026-03"}
	p.Token = config.SecretSource{Key: "portals[0].token", Env: "ACME_HUBSPOT_TOKEN"}
	p.Webhooks = config.Webhooks{
		Enabled:      true,
		TargetURL:    "https://leadsync.example.com/webhooks/hubspot",
		AppID:        "555",
		ClientSecret: config.SecretSource{Key: "portals[0].webhooks.client_secret", Env: "ACME_CLIENT_SECRET"},
		PreviousClientSecret: config.SecretSource{
			Key: "portals[0].webhooks.previous_client_secret", Env: "ACME_PREVIOUS_CLIENT_SECRET",
		},
	}
	p.TimeZone = "Europe/Berlin"
	p.Calendar = config.Calendar{
		Country: "DE", Region: "BY", DueAt: 9 * time.Hour, TasksPerDay: 30,
		Closed: []time.Time{date(2026, 12, 24), date(0, 12, 31)}, Open: []time.Time{date(0, 6, 4)},
		Hours: week("mon-thu 09:00-12:30, 13:30-17:00", "fri 09:00-14:00"),
		People: map[string]config.Person{
			"anna": {
				Owner: "77", Zone: "Europe/Vienna", Country: "AT", Hours: week("mon-wed 08:00-12:00"), Deputy: "ben",
				Absent: []config.Absence{
					{From: date(2026, 12, 21), To: date(2027, 1, 6)},
					{From: date(2027, 2, 8), To: date(2027, 2, 12), Deputy: "carla"},
				},
			},
			"ben":   {Owner: "ben@example.com", Team: "north", TasksPerDay: new(12)},
			"carla": {Owner: "78", Country: "DE", Region: "SN"},
		},
	}
	p.FallbackOwner = "77"
	p.Facts = map[string]string{"budget": "contact.budget_2026"}
	p.Off = []string{"email_open"}
	p.Pipelines["sales"] = config.Pipeline{ID: "default", Stage: "appointmentscheduled", Stages: map[string]string{"first_talk": "qualifiedtobuy"}}
	p.Queues["calls"] = "4711"
	p.Properties.Responsible, p.Properties.Missing, p.Properties.Rank = "leadsync_responsible", "leadsync_missing", "leadsync_priority"
	p.DealProperties = map[string]string{"deal_source": "leadsync"}
	c.Portals = []config.Portal{p}
	return c
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// week is hours by weekday, each text one or more days and their hours.
func week(texts ...string) calendar.Week {
	w := calendar.Week{}
	for _, text := range texts {
		names, hours, _ := strings.Cut(text, " ")
		days, _ := calendar.ReadWeekdays(names)
		for _, d := range days {
			w[d], _ = calendar.ReadIntervals(hours)
		}
	}
	return w
}

func TestExampleLoads(t *testing.T) {
	got, err := config.Load(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	want := example()
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("the example says something else (-want +got):\n%s", diff)
	}
}

// The example claims to have every key there is. What is known in a mapping is told to whoever writes an unknown key there.
func TestExampleHasEveryKey(t *testing.T) {
	raw, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	text, places, lacks := string(raw), 0, map[string]bool{}
	lines := strings.SplitAfter(text, "\n")
	asked := func(line int, changed string) {
		t.Helper()
		all := slices.Clone(lines)
		all[line] = changed
		_, err := config.Parse(examplePath, []byte(strings.Join(all, "")))
		if err == nil {
			return // names of the operator's own
		}
		_, known, ok := strings.Cut(err.Error(), "known here: ")
		if !ok {
			return
		}
		known, _, _ = strings.Cut(known, "\n")
		places++
		for key := range strings.SplitSeq(strings.TrimSpace(known), ", ") {
			// Of a secret's two keys one is shown, with the other beside it.
			stem := strings.TrimSuffix(strings.TrimSuffix(key, "_file"), "_env")
			if !lacks[stem] && !regexp.MustCompile(`(?m)(^|[\s{])`+regexp.QuoteMeta(stem)+`(_env|_file)?\b[ (:]`).MatchString(text) {
				t.Errorf("line %d: the example has no key %s", line+1, key)
				lacks[stem] = true
			}
		}
	}
	beside := regexp.MustCompile(`^( *)(- )?[a-z_]+:`)
	for i, line := range lines {
		if at := beside.FindStringSubmatch(line); at != nil {
			asked(i, strings.Repeat(" ", len(at[1])+len(at[2]))+"xxxxxxxxxxxx: 1\n"+line)
			if at[2] != "" {
				asked(i, at[1]+"- xxxxxxxxxxxx: 1\n  "+at[1]+strings.TrimPrefix(line, at[1]+at[2]))
			}
		}
		if before, after, ok := strings.Cut(line, "{"); ok && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			asked(i, before+"{xxxxxxxxxxxx: 1, "+after)
		}
	}
	if places < 40 {
		t.Errorf("asked in %d places only", places)
	}
}

// The example claims to show every default; so without its lines nothing may change.
func TestMinimalIsAllDefaults(t *testing.T) {
	got := parse(t, "portals: [{name: a, account: 1, token_file: secrets/token}]\n")
	want := config.Default()
	want.Database.File, want.Model = "etc/leadsync.db", "etc/model.yaml"
	want.Database.Password.Key = "database_password"
	want.CredentialsKey.Key, want.PreviousCredentialsKey.Key = "credentials_key", "previous_credentials_key"
	p := config.DefaultPortal()
	p.Name, p.Account = "a", "1"
	p.Token = config.SecretSource{Key: "portals[0].token", File: "etc/secrets/token"}
	p.Webhooks.ClientSecret.Key = "portals[0].webhooks.client_secret"
	p.Webhooks.PreviousClientSecret.Key = "portals[0].webhooks.previous_client_secret"
	want.Portals = []config.Portal{p}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("etc/leadsync.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func portal(t *testing.T, lines ...string) config.Portal {
	t.Helper()
	text := "portals:\n  - name: a\n    account: 1\n    token_env: A\n"
	return parse(t, text+"    "+strings.Join(lines, "\n    ")+"\n").Portals[0]
}

func TestEveryValueArrives(t *testing.T) {
	got := parse(t, `
database: postgres://leadsync@db.example.com/leadsync?sslmode=require
database_password_file: /run/secrets/db
listen: ":0"
model: /etc/m.yaml
schedules: {contacts: "@every 2m", activities: "@every 3m", companies: "@every 4m", deals: "@every 5m", owners: "@hourly", catch_up_overlap: 1h, form_submissions: "@every 6m", repair: "@weekly", prune: "TZ=UTC 0 5 * * 1"}
limits: {tasks_per_hour: 1, deals_per_hour: 2, stage_moves_per_hour: 3, stage_moves_percent: 6, list_changes_per_hour: 4, company_moves_per_hour: 5, owner_changes_per_hour: 6, deletions_per_hour: 9, new_contacts_per_hour: 8, reserve_percent: 30, general_per_second: 0.5, search_per_second: 2, repair_calls_per_minute: 7, body_bytes: 64 kB, connections: 17, connections_per_address: 16, database_connections: 12, batch_window: 0s, lease: 1m}
retention: {deliveries: 4d, outbox: 31d, decisions: 91d, removed: 92d, submissions: 2d, visits: 401d, measurements: 33d}
log: {level: debug, format: json}
credentials_key_env: KEY
previous_credentials_key_file: /run/secrets/old
portals: [{name: a, account: "2", token_env: T}]
`)
	want := config.Config{
		Database: config.Database{
			URL:      "postgres://leadsync@db.example.com/leadsync?sslmode=require",
			Password: config.SecretSource{Key: "database_password", File: "/run/secrets/db"},
		},
		Listen: ":0", Model: "/etc/m.yaml",
		Schedules: config.Schedules{
			Contacts: "@every 2m", Activities: "@every 3m", Companies: "@every 4m", Deals: "@every 5m",
			Owners: "@hourly", Submissions: "@every 6m", CatchUpOverlap: time.Hour, Repair: "@weekly", Prune: "TZ=UTC 0 5 * * 1",
		},
		Limits: config.Limits{
			TasksPerHour: 1, DealsPerHour: 2, StageMovesPerHour: 3, StageMovesPercent: 6, ListChangesPerHour: 4, CompanyMovesPerHour: 5, OwnerChangesPerHour: 6, DeletionsPerHour: 9, NewContactsPerHour: 8, ReservePercent: 30, GeneralPerSecond: 0.5, SearchPerSecond: 2, RepairCallsPerMinute: 7,
			BodyBytes: 64000, Connections: 17, ConnectionsPerAddress: 16, DatabaseConnections: 12, BatchWindow: 0, Lease: time.Minute,
		},
		Retention: workflows.Retention{
			Deliveries: 4 * 24 * time.Hour, Outbox: 31 * 24 * time.Hour, Decisions: 91 * 24 * time.Hour, Removed: 92 * 24 * time.Hour,
			Submissions: 2 * 24 * time.Hour, Visits: 401 * 24 * time.Hour, Measurements: 33 * 24 * time.Hour,
		},
		Log: config.Log{Level: "debug", Format: "json"},

		CredentialsKey:         config.SecretSource{Key: "credentials_key", Env: "KEY"},
		PreviousCredentialsKey: config.SecretSource{Key: "previous_credentials_key", File: "/run/secrets/old"},
		Portals:                got.Portals,
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	perHour := map[workflows.Class]int{workflows.ClassTask: 1, workflows.ClassDeal: 2, workflows.ClassStage: 3, workflows.ClassList: 4, workflows.ClassCompany: 5, workflows.ClassOwner: 6, workflows.ClassDelete: 9}
	if diff := cmp.Diff(perHour, got.Limits.PerHour()); diff != "" {
		t.Errorf("limits per hour (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[workflows.Class]int{workflows.ClassStage: 6}, got.Limits.Shares()); diff != "" {
		t.Errorf("shares (-want +got):\n%s", diff)
	}
}

func TestEveryPortalValueArrives(t *testing.T) {
	got := portal(t,
		"base_url: http://127.0.0.1:9000/", "clock: simulator", "language: de",
		"effects: {score: on, stage: off, deal: on}",
		"calendar: {country: DE, region: DE-NW, due_at: \"14:30\", closed: [2026-05-15]}",
		"properties: {score: s, fit: f, engagement: e, grade: g, tier: t, reasons: r, last_reason: l, scored_at: a, key: k}")
	want := config.DefaultPortal()
	want.Name, want.Account, want.Token = got.Name, got.Account, got.Token
	want.Webhooks = got.Webhooks
	want.BaseURL, want.Clock, want.Language = "http://127.0.0.1:9000", config.ClockSimulator, "de"
	want.Effects[workflows.ClassScore] = workflows.ModeOn
	want.Effects[workflows.ClassStage] = workflows.ModeOff
	want.Effects[workflows.ClassDeal] = workflows.ModeOn
	want.Calendar = config.Calendar{
		Country: "DE", Region: "NW", DueAt: 14*time.Hour + 30*time.Minute,
		Closed: []time.Time{time.Date(2026, 5, 15, 0, 0, 0, 0, time.UTC)},
	}
	want.Properties = config.Properties{Score: "s", Fit: "f", Engagement: "e", Grade: "g", Tier: "t", Reasons: "r", LastReason: "l", ScoredAt: "a", Key: "k"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("portal (-want +got):\n%s", diff)
	}
}

// An account's own options of stages, lead statuses, call outcomes and pipelines go before those that are preset, beside them,
// or take them away (S93).
func TestMapsCompleteTheirDefaults(t *testing.T) {
	got := portal(t,
		"stages: {mql: 153180554, evangelist: \"\", sal: \"153180555\"}",
		"statuses: {recycled: RECYCLED}",
		"dispositions: {voicemail: [], connected: [own-1, a4c4c377-d246-4b32-a13b-75a56a4cd0ff]}",
		"pipelines: {partners: {id: 7, stage: \"71\"}, machines: {id: 9, stage: \"91\", stages: {first_talk: 92}}}")
	want := config.DefaultPortal()
	want.Stages["mql"], want.Stages["sal"] = "153180554", "153180555"
	delete(want.Stages, "evangelist")
	want.Statuses["recycled"] = "RECYCLED"
	delete(want.Dispositions, "voicemail")
	want.Dispositions["connected"] = []string{"own-1", "a4c4c377-d246-4b32-a13b-75a56a4cd0ff"}
	delete(want.Dispositions, "live_message") // its only id was given to connected
	want.Pipelines["partners"] = config.Pipeline{ID: "7", Stage: "71"}
	want.Pipelines["machines"] = config.Pipeline{ID: "9", Stage: "91", Stages: map[string]string{"first_talk": "92"}}
	for name, pair := range map[string][2]any{
		"stages":       {want.Stages, got.Stages},
		"statuses":     {want.Statuses, got.Statuses},
		"dispositions": {want.Dispositions, got.Dispositions},
		"pipelines":    {want.Pipelines, got.Pipelines},
	} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestLoopbackMayBeUnencrypted(t *testing.T) {
	for _, host := range []string{"localhost:9000", "LOCALHOST", "127.0.0.1:9000", "127.8.8.8", "[::1]:9000"} {
		if got := portal(t, "base_url: http://"+host, "clock: simulator").BaseURL; got != "http://"+host {
			t.Errorf("base URL = %s, want %s", got, host)
		}
	}
}

func TestWebhookSecretsMayComeFromFiles(t *testing.T) {
	got := portal(t, "webhooks: {enabled: true, target_url: \"https://leadsync.example.com/\", client_secret_file: s, app_id: 5}").Webhooks
	want := config.Webhooks{
		Enabled: true, TargetURL: "https://leadsync.example.com", AppID: "5",
		ClientSecret:         config.SecretSource{Key: "portals[0].webhooks.client_secret", File: "etc/s"},
		PreviousClientSecret: config.SecretSource{Key: "portals[0].webhooks.previous_client_secret"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("webhooks (-want +got):\n%s", diff)
	}
}

// Two portals must not share a map: completing one would change the other.
func TestPortalsAreIndependent(t *testing.T) {
	c := parse(t, `portals:
  - {name: a, account: 1, token_env: A, stages: {sal: x}, effects: {task: on}}
  - {name: b, account: 2, token_env: B}
`)
	b, ok := c.Portal("b")
	if _, leaked := b.Stages["sal"]; !ok || leaked || b.Effects[workflows.ClassTask] != workflows.ModeShadow {
		t.Errorf("portal b = %v, %+v", ok, b)
	}
	if _, ok := c.Portal("c"); ok {
		t.Error("found a portal that is not there")
	}
}

func TestLoadTellsAMissingFile(t *testing.T) {
	_, err := config.Load(filepath.Join(t.TempDir(), "absent.yaml"))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "--config") {
		t.Errorf("error = %v", err)
	}
}

func TestOAuthInsteadOfAToken(t *testing.T) {
	text := "credentials_key_file: key\nportals:\n  - name: a\n    account: 1\n    oauth:\n      client_id: x\n      client_secret_file: app-secret\n" +
		"      redirect_url: http://localhost:8976/back/\n"
	got := parse(t, text)
	want := config.OAuth{
		ClientID: "x", ClientSecret: config.SecretSource{Key: "portals[0].oauth.client_secret", File: "etc/app-secret"},
		RedirectURL: "http://localhost:8976/back/", Scopes: config.DefaultScopes(), OptionalScopes: config.DefaultOptionalScopes(),
	}
	if diff := cmp.Diff(want, got.Portals[0].OAuth); diff != "" {
		t.Errorf("oauth (-want +got):\n%s", diff)
	}
	if got.CredentialsKey.File != "etc/key" || !got.Portals[0].Token.IsZero() || got.Portals[0].OAuth.IsZero() {
		t.Errorf("key %+v, token %+v", got.CredentialsKey, got.Portals[0].Token)
	}
	got = parse(t, text+"      authorize_url: https://app.example.com/oauth/authorize\n      scopes: [oauth, crm.lists.read]\n      optional_scopes: []\n")
	want.AuthorizeURL = "https://app.example.com/oauth/authorize"
	want.Scopes, want.OptionalScopes = []string{"oauth", "crm.lists.read"}, []string{}
	if diff := cmp.Diff(want, got.Portals[0].OAuth); diff != "" {
		t.Errorf("oauth with everything (-want +got):\n%s", diff)
	}
}

// What the example shows in comments is the same installation with OAuth, and shows its defaults.
func TestExampleWithOAuth(t *testing.T) {
	text, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	inside := false
	for line := range strings.Lines(string(text)) {
		begins := strings.HasPrefix(line, "    # oauth:") || strings.HasPrefix(line, "# credentials_key_env:")
		inside = begins || inside && strings.HasPrefix(line, "    #   ")
		switch {
		case inside:
			line = strings.Replace(line, "# ", "", 1)
		case strings.HasPrefix(line, "    token_env:"):
			continue
		}
		lines = append(lines, line)
	}
	got, err := config.Parse(examplePath, []byte(strings.Join(lines, "")))
	if err != nil {
		t.Fatal(err)
	}
	want := config.OAuth{
		ClientID: "0a1b2c3d-0000-0000-0000-000000000000", ClientSecret: config.SecretSource{Key: "portals[0].oauth.client_secret", Env: "ACME_APP_SECRET"},
		RedirectURL: "http://localhost:8976/callback", AuthorizeURL: "https://app.hubspot.com/oauth/authorize",
		Scopes: config.DefaultScopes(), OptionalScopes: config.DefaultOptionalScopes(),
	}
	if diff := cmp.Diff(want, got.Portals[0].OAuth); diff != "" {
		t.Errorf("oauth (-want +got):\n%s", diff)
	}
	if got.CredentialsKey.Env != "LEADSYNC_CREDENTIALS_KEY" {
		t.Errorf("key %+v", got.CredentialsKey)
	}
}
