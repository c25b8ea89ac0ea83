package recorder_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leadsync/connector/recorder"
	"leadsync/fixtures/hostile"
)

// FuzzReplay plays any cassette and reads any note beside it: an error that names the file, or a player that answers
// what was recorded and counts what was not.
func FuzzReplay(f *testing.F) {
	f.Add([]byte(tape), []byte(`{"version":1,"account":"5","values":{"stages.mql":"x"},"replaced":[]}`), "GET", "/things", "")
	f.Add([]byte(tape), []byte(`{"version":9}`), "POST", "/things?a=1&b=2", `{"id":1}`)
	f.Add([]byte("version: 2\ninteractions: [{request: {url: \"://\", method: \"\"}, response: {code: -1}}]"), []byte("null"), "GET", "/%zz", "[[")
	f.Add([]byte("a: &a [*a]\n---\n--- x"), []byte("{"), "BAD METHOD", "/", "\x00")
	folder := f.TempDir()
	if shared, err := os.MkdirTemp("/dev/shm", "leadsync-fuzz"); err == nil { // no disk: a disk is slow now and then
		folder = shared
		f.Cleanup(func() { os.RemoveAll(shared) })
	}
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, cassette, note []byte, method, path, body string) {
		if os.WriteFile(filepath.Join(folder, "tape.yaml"), cassette, 0o600) != nil || os.WriteFile(filepath.Join(folder, "recording.json"), note, 0o600) != nil {
			t.Fatal("no place for the files")
		}
		w.Run(t, func() {
			if n, err := recorder.ReadNote(folder); err == nil && n.Version != recorder.NoteVersion {
				t.Errorf("note of version %d", n.Version)
			}
			p, err := recorder.ReplayWith(recorder.ReplayOptions{MaskTimes: true}, filepath.Join(folder, "tape"))
			if err != nil {
				if err.Error() == "" {
					t.Error("an error without words")
				}
				return
			}
			left := len(p.Unplayed())
			req, err := http.NewRequestWithContext(t.Context(), method, "https://api.example.test"+path, strings.NewReader(body))
			if err != nil {
				return
			}
			resp, err := p.RoundTrip(req)
			if err != nil {
				if len(p.Missing()) == 0 {
					t.Errorf("nothing is missing, and yet: %v", err)
				}
				return
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				t.Error(err)
			}
			resp.Body.Close()
			if len(p.Unplayed()) != left-1 {
				t.Errorf("%d interactions were left, now %d", left, len(p.Unplayed()))
			}
		})
	})
}
