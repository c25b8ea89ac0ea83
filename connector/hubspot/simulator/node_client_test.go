//go:build nodeclient

package simulator_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
)

// nodeCall is one request of the client with its answer, as LEADSYNC_NODE_RECORD keeps it.
type nodeCall struct {
	Method, Path, ContentType, Body string
	Status                          int
	Answer                          json.RawMessage `json:",omitempty"`
}

// TestNodeClient runs HubSpot's official Node client against the simulator and
// against our verifier. NODE_PATH names the folder with the client; "make
// node-client" installs it into a temporary one. What the client sends is
// pinned in TestNodeClientRequests, which needs neither Node nor a network.
func TestNodeClient(t *testing.T) {
	const secret = "node-client-secret"
	now := newClock()
	a := simulator.New(simulator.Options{Now: now.now, Seed: 3, Webhook: simulator.WebhookTarget{Secret: secret}})
	a.Start(t.Context())
	t.Cleanup(a.Close)
	a.CreateOwner("Rita Example", "rep@example.com", true)
	var seen []nodeCall
	api := a.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		rec := httptest.NewRecorder()
		api.ServeHTTP(rec, r)
		seen = append(seen, nodeCall{r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), string(body), rec.Code, nil})
		if json.Valid(rec.Body.Bytes()) {
			seen[len(seen)-1].Answer = rec.Body.Bytes()
		}
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	}))
	t.Cleanup(server.Close)
	people := httptest.NewServer(a.Control())
	t.Cleanup(people.Close)
	verifier := &hubspot.Verifier{Secrets: []string{secret}, Now: time.Now}
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := verifier.Verify(r.Method, r.Header, body, r.URL.RawQuery); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(receiver.Close)
	verifier.TargetURL = receiver.URL + "/webhooks/hubspot"

	cmd := exec.CommandContext(t.Context(), "node", "testdata/node/client.js")
	cmd.Env = append(os.Environ(), "SIM_API="+server.URL, "SIM_TOKEN="+a.Token(), "SIM_CONTROL="+people.URL, "SIM_SECRET="+secret,
		"RECEIVER="+verifier.TargetURL)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if path := os.Getenv("LEADSYNC_NODE_RECORD"); path != "" {
		b, err := json.MarshalIndent(seen, "", " ")
		must(t, err)
		must(t, os.WriteFile(path, b, 0o600))
	}
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	if len(seen) < 60 {
		t.Errorf("the client made only %d requests", len(seen))
	}
}
