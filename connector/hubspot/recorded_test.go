package hubspot_test

import (
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"leadsync/connector"
	"leadsync/connector/hubspot"
)

// tape is the part of the recordings' format that a replay needs.
type tape struct {
	Interactions []struct {
		Request struct {
			Method string
			URI    string
		}
		Response struct {
			Status  struct{ Code int }
			Headers map[string][]string
			Body    struct{ String yaml.Node }
		}
	} `yaml:"http_interactions"`
}

// recordedWire answers with real answers of HubSpot, by method and path; recorded paths are of API v3.
type recordedWire struct {
	t       *testing.T
	answers map[string][]*http.Response
}

func loadRecorded(t *testing.T, path string) *recordedWire {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var recorded tape
	if err := yaml.Unmarshal(b, &recorded); err != nil {
		t.Fatal(err)
	}
	w := &recordedWire{t: t, answers: map[string][]*http.Response{}}
	for _, i := range recorded.Interactions {
		path, _, _ := strings.Cut(strings.TrimPrefix(i.Request.URI, hubspot.DefaultBaseURL), "?")
		path = strings.NewReplacer("/crm/v3/objects/", "/crm/objects/"+hubspot.APIVersion+"/",
			"/crm/v3/properties/", "/crm/properties/"+hubspot.APIVersion+"/").Replace(path)
		resp := answerWith(i.Response.Status.Code, plainText(t, i.Response.Body.String))
		for name, values := range i.Response.Headers {
			resp.Header[http.CanonicalHeaderKey(name)] = values
		}
		key := strings.ToUpper(i.Request.Method) + " " + path
		w.answers[key] = append(w.answers[key], resp)
	}
	return w
}

// plainText is a body; the recorder wrote those with unusual characters as base64 under a tag of its own.
func plainText(t *testing.T, n yaml.Node) string {
	t.Helper()
	if n.Tag != "!binary" {
		return n.Value
	}
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Value), ""))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (w *recordedWire) RoundTrip(r *http.Request) (*http.Response, error) {
	key := r.Method + " " + r.URL.Path
	if len(w.answers[key]) == 0 {
		return answerWith(404, ""), nil
	}
	resp := w.answers[key][0]
	w.answers[key] = w.answers[key][1:]
	return resp, nil
}

// rename lets a recording answer a call that the client makes in another way.
func (w *recordedWire) rename(from, to string) {
	w.answers[to] = append(w.answers[to], w.answers[from]...)
	delete(w.answers, from)
}

// recordedChecks says what the client makes of each recording.
func recordedChecks() map[string]func(t *testing.T, w *recordedWire, c *hubspot.Client) {
	const objects = "/crm/objects/" + hubspot.APIVersion
	readOne := func(id connector.ObjectID) func(*testing.T, *recordedWire, *hubspot.Client) {
		return func(t *testing.T, w *recordedWire, c *hubspot.Client) {
			t.Helper()
			// batch/read leaves the id out, so the client reads it alone
			w.answers["POST "+objects+"/contacts/batch/read"] = []*http.Response{answerWith(200, `{"results":[]}`)}
			got, err := c.Read(t.Context(), connector.TypeContact, []connector.ObjectID{id}, []string{"lastname"})
			o := got.Found[id]
			if err != nil || o.ID != id || o.UpdatedAt.IsZero() || o.Properties["lastname"] == "" || len(o.Properties) != 1 {
				t.Errorf("read %+v, %v", got, err)
			}
		}
	}
	return map[string]func(t *testing.T, w *recordedWire, c *hubspot.Client){
		"contacts-find_by_id": readOne("73279037630"),
		"contacts-patch_last_name": func(t *testing.T, w *recordedWire, c *hubspot.Client) {
			readOne("73133404393")(t, w, c)
		},
		"contacts-find_by_id_no_scope": func(t *testing.T, w *recordedWire, c *hubspot.Client) {
			w.rename("GET "+objects+"/contacts/1", "GET "+objects+"/contacts")
			_, err := c.List(t.Context(), connector.TypeContact, "", nil)
			if !errors.Is(err, connector.ErrForbidden) || !strings.Contains(err.Error(), "crm.objects.contacts.read") {
				t.Errorf("list without scope: %v", err)
			}
		},
		"contacts-find_missing_user_by_email": func(t *testing.T, w *recordedWire, c *hubspot.Client) {
			for _, from := range slices.Collect(maps.Keys(w.answers)) {
				w.rename(from, "GET "+objects+"/contacts")
			}
			_, err := c.List(t.Context(), connector.TypeContact, "", nil)
			if e := detail(t, err); !errors.Is(err, connector.ErrNotFound) || e.CorrelationID == "" || strings.Contains(err.Error(), "html") {
				t.Errorf("HTML 404: %v", err)
			}
		},
		"contacts-list_first_with_props": func(t *testing.T, _ *recordedWire, c *hubspot.Client) {
			page, err := c.List(t.Context(), connector.TypeContact, "", []string{"email", "firstname"})
			if err != nil || len(page.Objects) != 1 || page.Next == "" || page.Objects[0].CreatedAt.IsZero() {
				t.Errorf("page %+v, %v", page, err)
			}
		},
		"contacts-properties": func(t *testing.T, _ *recordedWire, c *hubspot.Client) {
			all, err := c.Properties(t.Context(), connector.TypeContact)
			at := slices.IndexFunc(all, func(p connector.Property) bool { return p.Name == "lifecyclestage" })
			if err != nil || len(all) < 100 || at < 0 {
				t.Fatalf("%d properties, %v", len(all), err)
			}
			if o := all[at].Options; len(o) < 8 || o[0].Value != "subscriber" || o[1].Value != "lead" {
				t.Errorf("stages %+v", o)
			}
			if !slices.ContainsFunc(all, func(p connector.Property) bool { return p.ReadOnly && p.Name == "hs_object_id" }) {
				t.Error("hs_object_id is not read-only")
			}
		},
		"contacts-search": func(t *testing.T, _ *recordedWire, c *hubspot.Client) {
			page, err := c.Changed(t.Context(), connector.ChangedQuery{Type: connector.TypeContact, Since: time.UnixMilli(0)})
			if err != nil || page.Total != 10 || len(page.Objects) != 5 || page.Next == "" {
				t.Errorf("page %+v, %v", page, err)
			}
		},
		"lifecycle-contacts-batches-search": func(t *testing.T, w *recordedWire, c *hubspot.Client) {
			// The answer to a creation without trace ids and keys: nothing in it may be taken for ours.
			w.rename("POST "+objects+"/contacts/batch/create", "POST "+objects+"/tasks/batch/create")
			if r := c.CreateTasks(t.Context(), []connector.Task{task("k", "1")})[0]; !errors.Is(r.Err, connector.ErrAmbiguous) {
				t.Errorf("result %+v", r)
			}
		},
		"lifecycle-contacts-batches-search_archive": func(t *testing.T, w *recordedWire, c *hubspot.Client) {
			w.rename("POST "+objects+"/contacts/batch/archive", "POST "+objects+"/tasks/batch/archive")
			w.answers["POST "+objects+"/tasks/batch/read"] = []*http.Response{
				answerWith(200, `{"results":[{"id":"5","properties":{"leadsync_key":"k"}}]}`),
			}
			if r := c.CloseTasks(t.Context(), closes("k"))[0]; r.Outcome != connector.CloseArchived {
				t.Errorf("result %+v", r)
			}
		},
		"lifecycle-contacts-find": func(t *testing.T, w *recordedWire, c *hubspot.Client) {
			w.rename("POST "+objects+"/contacts", "GET "+objects+"/contacts/73279037630")
			readOne("73279037630")(t, w, c)
		},
	}
}

// TestRecorded feeds real answers of HubSpot to the client. The recordings are not ours and not part of the
// repository: LEADSYNC_RECORDED names the folder that has them.
func TestRecorded(t *testing.T) {
	folder := os.Getenv("LEADSYNC_RECORDED")
	var paths []string
	if folder == "" {
		t.Log("LEADSYNC_RECORDED is not set: no real recordings to decode")
	} else {
		var err error
		if paths, err = filepath.Glob(filepath.Join(folder, "*.yml")); err != nil || len(paths) == 0 {
			t.Fatalf("no recordings in LEADSYNC_RECORDED: %v", err)
		}
	}
	checks := recordedChecks()
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".yml")
		t.Run(name, func(t *testing.T) {
			check, ok := checks[name]
			if !ok {
				t.Fatal("no check for this recording")
			}
			w := loadRecorded(t, path)
			check(t, w, newClient(t, quick(w)))
		})
	}
}
