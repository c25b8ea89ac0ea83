package recorder_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"leadsync/connector/recorder"
)

// TestRealAnswers records real answers of HubSpot once more and wants nobody in the result. They are not ours
// and not part of the repository: LEADSYNC_RECORDED names the folder that has them.
func TestRealAnswers(t *testing.T) {
	folder := os.Getenv("LEADSYNC_RECORDED")
	if folder == "" {
		t.Log("LEADSYNC_RECORDED is not set: no real recordings to redact")
		return
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*.yml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recordings in LEADSYNC_RECORDED: %v", err)
	}
	wire := &taped{t: t}
	rec, err := recorder.Record(recorder.Options{
		BaseURL: "https://api.hubapi.com", Transport: wire, Secret: bytes.Repeat([]byte{9}, 32),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		wire.play(path, rec)
	}
	recording, err := rec.Redact()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "made")
	if err := recording.Write(dir, recorder.Note{Version: recorder.NoteVersion, Replaced: recording.Replaced}); err != nil {
		t.Fatal(err)
	}
	mail := regexp.MustCompile(`[\w.+-]+@[\w-]+\.[\w.-]+`)
	for name, text := range files(t, dir) {
		for _, problem := range somebody(text) {
			t.Errorf("%s holds %s", name, problem)
		}
		for _, original := range mail.FindAllString(wire.seen.String(), -1) {
			if strings.Contains(text, original) {
				t.Errorf("%s holds an original address", name)
			}
		}
		for _, original := range regexp.MustCompile(`"(?:firstname|lastname)":\s*"([^"]{3,})"`).FindAllStringSubmatch(wire.seen.String(), -1) {
			if strings.Contains(text, `"`+original[1]+`"`) {
				t.Errorf("%s holds an original name", name)
			}
		}
		for _, original := range regexp.MustCompile(`"id":\s*"(\d{6,})"`).FindAllStringSubmatch(wire.seen.String(), -1) {
			if strings.Contains(text, original[1]) {
				t.Errorf("%s holds an original id", name)
			}
		}
	}
	if recording.Requests < 5 {
		t.Errorf("%d requests", recording.Requests)
	}
}

// taped answers with the recording's own answers.
type taped struct {
	t    *testing.T
	next *http.Response
	seen strings.Builder
}

func (w *taped) RoundTrip(*http.Request) (*http.Response, error) { return w.next, nil }

func (w *taped) play(path string, rec http.RoundTripper) {
	b, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	var tape struct {
		Interactions []struct {
			Request  struct{ Method, URI string }
			Response struct {
				Status  struct{ Code int }
				Headers http.Header
				Body    struct{ String yaml.Node }
			}
		} `yaml:"http_interactions"`
	}
	if err := yaml.Unmarshal(b, &tape); err != nil {
		w.t.Fatal(err)
	}
	for _, i := range tape.Interactions {
		body := i.Response.Body.String.Value
		if i.Response.Body.String.Tag == "!binary" {
			plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(body), ""))
			if err != nil {
				w.t.Fatal(err)
			}
			body = string(plain)
		}
		w.next = &http.Response{StatusCode: i.Response.Status.Code, Header: i.Response.Headers, Body: io.NopCloser(strings.NewReader(body))}
		req, err := http.NewRequestWithContext(w.t.Context(), strings.ToUpper(i.Request.Method), i.Request.URI, http.NoBody)
		if err != nil {
			w.t.Fatal(err)
		}
		resp, err := rec.RoundTrip(req)
		if err != nil {
			continue // writes are not recorded
		}
		w.seen.WriteString(body)
		resp.Body.Close()
	}
}
