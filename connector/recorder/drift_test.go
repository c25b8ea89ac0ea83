package recorder_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"leadsync/connector/hubspot"
	"leadsync/connector/recorder"
)

func fixtures(t *testing.T, pattern ...string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(append([]string{"..", "..", "fixtures", "hubspot"}, pattern...)...))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cassettes at %v: %v", pattern, err)
	}
	return paths
}

func TestDriftKnowsEveryEndpoint(t *testing.T) {
	for _, e := range hubspot.Endpoints() {
		if !slices.Contains(recorder.Shaped(), e) {
			t.Errorf("the drift check does not know what the client reads from %s", e)
		}
	}
	for _, e := range recorder.Shaped() {
		if !slices.Contains(hubspot.Endpoints(), e) {
			t.Errorf("the drift check knows %s, which the client does not send", e)
		}
	}
}

func TestFixturesDoNotDrift(t *testing.T) {
	paths := append(fixtures(t, "documentation", "*.yaml"), fixtures(t, "synthetic", "*", "*.yaml")...)
	found, err := recorder.FindDrift(paths, []string{"contacts", "companies", "calls", "meetings", "deals"})
	if err != nil {
		t.Fatal(err)
	}
	// What is shown there is the drift itself.
	meant := func(d recorder.Drift) bool {
		return d.Expected == "JSON" && strings.HasPrefix(d.Request, "GET /account-info/")
	}
	for _, d := range found {
		if !meant(d) {
			t.Errorf("%+v", d)
		}
	}
}

func TestDrift(t *testing.T) {
	edits := []struct {
		name, file, was, is string
		path, expected      string
	}{
		{"renamed field", "list.yaml", `"results": [`, `"items": [`, "results", "array"},
		{"renamed field of a record", "list.yaml", `"updatedAt":`, `"modifiedAt":`, "results[0].updatedAt", "string"},
		{"boolean became a string", "owners.yaml", `"archived": false`, `"archived": "false"`, "results[0].archived", "boolean"},
		{"number became a string", "search.yaml", `"total": 2`, `"total": "2"`, "total", "number"},
		{"value became an object", "list.yaml", `"email": "ada@example.com"`, `"email": {"value": "x"}`, "results[0].properties.email", "string or number or boolean or null"},
		{"paging is gone", "list.yaml", `"paging":`, `"pages":`, "paging.next.after", `"102", which was asked for next`},
		{"new category", "errors.yaml", `"MISSING_SCOPES"`, `"MISSING_SEAT"`, "category", "a known category"},
		{"no JSON any more", "account.yaml", `{`, `<`, "", "JSON"},
		{"a list of another kind of number", "lists.yaml", `"processingType": "MANUAL"`, `"processingType": 3`, "lists[0].processingType", "string"},
		{"a list search that does not end", "lists.yaml", `"hasMore": true`, `"more": true`, "hasMore", "boolean"},
		{"a workflow that is on in words", "automations.yaml", `"isEnabled": true`, `"isEnabled": "ENABLED"`, "results[0].isEnabled", "boolean"},
		{"enrolment of another shape", "automations.yaml", `"enrollmentCriteria": {`, `"enrollmentCriteria": [], "before": {`, "results[0].enrollmentCriteria", "object"},
		{"a form archived at a time", "forms.yaml", `"archived": true`, `"archived": "2026-11-01"`, "results[0].archived", "boolean"},
		{"a submission without its time", "forms.yaml", `"submittedAt": 1793440800000`, `"createdAt": 1793440800000`, "results[0].submittedAt", "number"},
		{"an occurrence with a list of properties", "occurrences.yaml", `"properties": {"hs_url"`, `"properties": [], "before": {"hs_url"`, "results[0].properties", "object"},
		{"an outcome deleted at a time", "dispositions.yaml", `"deleted": true`, `"deleted": 1793440800000`, "[1].deleted", "boolean"},
		{"new category inside a batch", "associations.yaml", `"OBJECT_NOT_FOUND"`, `"OBJECT_HIDDEN"`, "errors[0].category", "a known category"},
	}
	for _, e := range edits {
		t.Run(e.name, func(t *testing.T) {
			text, err := os.ReadFile(fixtures(t, "documentation", e.file)[0])
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), e.was) {
				t.Fatalf("%s does not hold %s", e.file, e.was)
			}
			path := filepath.Join(t.TempDir(), e.file)
			if err := os.WriteFile(path, []byte(strings.Replace(string(text), e.was, e.is, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			found, err := recorder.FindDrift([]string{path}, nil)
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(found, func(d recorder.Drift) bool { return d.Path == e.path && strings.Contains(d.Expected, e.expected) })
			if at < 0 || found[at].File != e.file || found[at].Request == "" || found[at].Found == "" {
				t.Errorf("found %+v, want %s at %q", found, e.expected, e.path)
			}
		})
	}
}
