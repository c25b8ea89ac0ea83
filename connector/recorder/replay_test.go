package recorder_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector/recorder"
)

const tape = `---
version: 2
interactions:
  - id: 0
    request: {method: POST, url: "https://api.example.test/things?b=2&a=1", body: '{"id": 9007199254740993, "tags": ["x"]}'}
    response: {code: 200, body: first, headers: {X-Mark: [one]}}
  - id: 1
    request: {method: POST, url: "https://api.example.test/things?b=2&a=1", body: '{"tags":["x"],"id":9007199254740993}'}
    response: {code: 503, body: second}
  - id: 2
    request: {method: POST, url: "https://api.example.test/things?b=2&a=1", body: '{"id": 1}'}
    response: {code: 200, body: other}
  - id: 3
    request: {method: GET, url: "https://api.example.test/things"}
    response: {code: 404, body: <html></html>}
`

func load(t *testing.T) *recorder.Player {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tape.yaml")
	if err := os.WriteFile(path, []byte(tape), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := recorder.Replay(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ask(t *testing.T, p *recorder.Player, method, address, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body == "" {
		req.Body = nil
	}
	resp, err := p.RoundTrip(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestReplay(t *testing.T) {
	const things = "https://api.example.test/things"
	p := load(t)
	steps := []struct {
		name, method, address, body string
		status                      int
		answer                      string // part of the body, or of the transport error with status 0
	}{
		{"query in another order", "POST", things + "?a=1&b=2", `{"id":9007199254740993,"tags":["x"]}`, 200, "first"},
		{"the same again gets the second take", "POST", things + "?a=1&b=2", `{"tags":["x"],"id":9007199254740993}`, 503, "second"},
		{"a third time fails", "POST", things + "?a=1&b=2", `{"id":9007199254740993,"tags":["x"]}`, 0, "recorded 2 times, asked once more"},
		{"neighbouring large number is another body", "POST", things + "?a=1&b=2", `{"id":9007199254740992,"tags":["x"]}`, 0, "no responder found"},
		{"other body has its own track", "POST", things + "?a=1&b=2", `{"id":1}`, 200, "other"},
		{"missing parameter", "POST", things + "?a=1", `{"id":1}`, 0, "no responder found"},
		{"body where none was recorded", "GET", things, `{}`, 0, "no responder found"},
		{"no body", "GET", things, "", 404, "<html></html>"},
		{"another address", "GET", things + "/1", "", 0, "no responder found"},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			status, answer := ask(t, p, s.method, s.address, s.body)
			if status != s.status || !strings.Contains(answer, s.answer) {
				t.Errorf("got %d %q, want %d with %q", status, answer, s.status, s.answer)
			}
		})
	}
	if left := p.Unplayed(); len(left) != 0 {
		t.Errorf("unplayed: %v", left)
	}
}

func TestUnplayed(t *testing.T) {
	p := load(t)
	ask(t, p, "GET", "https://api.example.test/things", "")
	want := []string{
		"POST https://api.example.test/things?b=2&a=1",
		"POST https://api.example.test/things?b=2&a=1",
		"POST https://api.example.test/things?b=2&a=1",
	}
	if diff := cmp.Diff(want, p.Unplayed()); diff != "" {
		t.Errorf("unplayed (-want +got):\n%s", diff)
	}
}

func TestReplayRefusesWhatIsNoCassette(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.yaml")
	if err := os.WriteFile(path, []byte("version: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, filepath.Join(t.TempDir(), "absent.yaml")} {
		if _, err := recorder.Replay(p); err == nil || !strings.Contains(err.Error(), "load cassette") {
			t.Errorf("Replay(%q) = %v, want an error that names the cassette", filepath.Base(p), err)
		}
	}
}
