package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
)

const (
	testKey      = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	otherKey     = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
	clientSecret = "sim-client-secret-0000"
)

// installed is a folder with an installation whose portal uses OAuth, and the simulated account it is for.
type installed struct {
	*simulator.Account
	t        *testing.T
	dir, api string
	mu       sync.Mutex
	tokens   []string // every code and token that went over the wire
	said     []*process
}

func installOAuth(t *testing.T, app simulator.OAuthApp) *installed {
	t.Helper()
	in := &installed{t: t, dir: t.TempDir()}
	in.Account = simulator.New(simulator.Options{PortalID: simulatedPortal, AppID: simulatedApp, Token: simulatedToken, Seed: 1, OAuth: app})
	if err := addProperties(in.Account); err != nil {
		t.Fatal(err)
	}
	if err := in.AddProperty(simulator.Contacts, simulator.Property{Name: "no_profiling", Label: "No profiling", Type: "bool"}); err != nil {
		t.Fatal(err)
	}
	h := in.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/oauth/") {
			h.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		var body map[string]any
		_ = json.Unmarshal(rec.Body.Bytes(), &body)
		in.mu.Lock()
		for _, name := range []string{"access_token", "refresh_token"} {
			if s, ok := body[name].(string); ok {
				in.tokens = append(in.tokens, s)
			}
		}
		in.mu.Unlock()
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	}))
	t.Cleanup(server.Close)
	in.api = server.URL
	text := installationFor(server.URL, quietAddress(t), "", "shadow")
	text = strings.Replace(text, "    token_file: token\n",
		fmt.Sprintf("    oauth: {client_id: sim-client-0000, client_secret_file: app-secret, redirect_url: \"http://%s/back\"}\n", quietAddress(t)), 1)
	text = strings.Replace(text, "model: model.yaml\n", "model: model.yaml\ncredentials_key_env: KEY\nprevious_credentials_key_env: OLD_KEY\n", 1)
	text = strings.Replace(text, "    clock: simulator\n", "    allow_private_address: true\n", 1)
	if err := writeFiles(in.dir, text, demoModel()); err != nil {
		t.Fatal(err)
	}
	in.write("app-secret", clientSecret+"\n")
	t.Cleanup(in.quiet)
	return in
}

func (in *installed) write(name, text string) {
	in.t.Helper()
	if err := os.WriteFile(filepath.Join(in.dir, name), []byte(text), 0o600); err != nil {
		in.t.Fatal(err)
	}
}

// change replaces something in the configuration.
func (in *installed) change(before, after string) {
	in.t.Helper()
	path := filepath.Join(in.dir, "leadsync.yaml")
	text, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(text, []byte(before)) {
		in.t.Fatalf("the configuration has no %q (%v)", before, err)
	}
	in.write("leadsync.yaml", strings.Replace(string(text), before, after, 1))
}

// start runs leadsync with keys in its environment; the previous key is the same unless another is given.
func (in *installed) start(key, old string, args ...string) *process {
	in.t.Helper()
	p := launch(in.t, in.dir, []string{"KEY=" + key, "OLD_KEY=" + old}, args...)
	in.said = append(in.said, p)
	return p
}

// run is start, waited for; it gives the exit code and what was said.
func (in *installed) run(args ...string) (int, string) {
	in.t.Helper()
	return ended(in.t, in.start(testKey, testKey, args...))
}

func ended(t *testing.T, p *process) (int, string) {
	t.Helper()
	select {
	case <-p.dead:
	case <-time.After(30 * time.Second):
		t.Fatalf("leadsync does not end:\n%s", p.stderr.tail(4000))
	}
	return p.cmd.ProcessState.ExitCode(), p.stderr.String()
}

var linkLine = regexp.MustCompile(`(?m)^  (http\S+/oauth/authorize\?\S+)$`)

// link waits for the link that connect prints.
func (in *installed) link(p *process) *url.URL {
	in.t.Helper()
	var found []string
	eventually(in.t, 20*time.Second, func() string { return p.stderr.tail(2000) }, func() bool {
		found = linkLine.FindStringSubmatch(p.stderr.String())
		return found != nil || !p.alive()
	})
	if found == nil {
		in.t.Fatalf("no link:\n%s", p.stderr.tail(4000))
	}
	u, err := url.Parse(found[1])
	if err != nil {
		in.t.Fatal(err)
	}
	return u
}

// browse opens an address as a browser does, redirects included.
func (in *installed) browse(address string) (int, string) {
	in.t.Helper()
	resp, err := (&http.Client{Timeout: 20 * time.Second}).Get(address)
	if err != nil {
		in.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		in.t.Fatal(err)
	}
	in.mu.Lock()
	if code := resp.Request.URL.Query().Get("code"); strings.HasPrefix(code, "code-") {
		in.tokens = append(in.tokens, code)
	}
	in.mu.Unlock()
	return resp.StatusCode, string(body)
}

// stored is all bytes of the database and what SQLite keeps beside it.
func (in *installed) stored() []byte {
	in.t.Helper()
	files, err := filepath.Glob(filepath.Join(in.dir, "leadsync.db*"))
	if err != nil {
		in.t.Fatal(err)
	}
	var all []byte
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil && !os.IsNotExist(err) {
			in.t.Fatal(err)
		}
		all = append(all, text...)
	}
	return all
}

// quiet fails the test if a secret shows anywhere: in what was printed or logged, or in clear in the database.
func (in *installed) quiet() {
	in.mu.Lock()
	defer in.mu.Unlock()
	secrets := append([]string{clientSecret, testKey, otherKey}, in.tokens...)
	stored := in.stored()
	for _, secret := range secrets {
		if bytes.Contains(stored, []byte(secret)) {
			in.t.Errorf("the database holds %.12s… in clear", secret)
		}
		for _, p := range in.said {
			if strings.Contains(p.stderr.String(), secret) {
				in.t.Errorf("leadsync said %.12s…:\n%s", secret, p.stderr.tail(3000))
			}
		}
	}
}

// connect walks all the way.
func (in *installed) connect() string {
	in.t.Helper()
	p := in.start(testKey, testKey, "connect")
	status, page := in.browse(in.link(p).String())
	code, said := ended(in.t, p)
	if status != http.StatusOK || !strings.Contains(page, "Connected") || code != exitOK {
		in.t.Fatalf("exit %d, page %d %s\n%s", code, status, page, said)
	}
	return said
}

func wantSaid(t *testing.T, said string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(said, w) {
			t.Errorf("%q is not said:\n%s", w, said)
		}
	}
}

func TestConnectByOAuthThenServeThenDisconnect(t *testing.T) {
	in := installOAuth(t, simulator.OAuthApp{Rotate: true})
	if code, said := in.run("check"); code != exitOK || !strings.Contains(said, "the account was not asked: no grant is stored; run `leadsync connect --portal demo`") {
		t.Errorf("check before connecting: exit %d\n%s", code, said)
	}
	if got := in.stored(); len(got) != 0 {
		t.Error("check made a database")
	}
	wantSaid(t, in.connect(), "portal demo is connected to account 48000001 by OAuth", "ok        can read contacts", "leadsync preview")
	if code, said := in.run("check"); code != exitOK || !strings.Contains(said, "ok        can read contacts") {
		t.Errorf("check after connecting: exit %d\n%s", code, said)
	}

	serve := in.start(testKey, testKey, "serve")
	ready := "http://" + in.listen() + "/readyz"
	in.await(serve, ready, `"state": "working"`)
	in.RevokeAccess() // a 401 in the middle of the work
	in.await(serve, ready, `"state": "working"`)

	code, said := in.run("connect", "--disconnect")
	if code != exitOK {
		t.Fatalf("disconnect: exit %d\n%s", code, said)
	}
	wantSaid(t, said, "disconnected from account 48000001; what was stored is deleted")
	in.await(serve, ready, `"state": "disconnected"`)
	in.await(serve, ready, "run `leadsync connect --portal demo`")
	if code, said := in.run("health"); code != exitOK || !strings.Contains(said, "portal demo: disconnected") {
		t.Errorf("health: exit %d\n%s", code, said)
	}
	in.connect()
	in.await(serve, ready, `"state": "working"`) // without a restart
	serve.stop(t)
	if code, said := in.run("connect", "--disconnect"); code != exitOK {
		t.Errorf("exit %d: %s", code, said)
	}
	if code, said := in.run("connect", "--disconnect"); code != exitError || !strings.Contains(said, "nothing to revoke") {
		t.Errorf("disconnected twice: exit %d: %s", code, said)
	}
}

func (in *installed) listen() string {
	in.t.Helper()
	text, err := os.ReadFile(filepath.Join(in.dir, "leadsync.yaml"))
	if err != nil {
		in.t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^listen: (\S+)$`).FindStringSubmatch(string(text))[1]
}

func (in *installed) await(p *process, address, text string) {
	in.t.Helper()
	last := ""
	eventually(in.t, 40*time.Second, func() string { return address + " does not show " + text + " but " + last + "\n" + p.stderr.tail(2000) }, func() bool {
		resp, err := (&http.Client{Timeout: 2 * time.Second}).Get(address)
		if err != nil {
			last = err.Error()
			return !p.alive()
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		last = string(body)
		return strings.Contains(strings.ReplaceAll(last, `\u003e`, ">"), text)
	})
	if !p.alive() {
		in.t.Fatalf("serve has ended:\n%s", p.stderr.tail(4000))
	}
}

func TestConnectRefusals(t *testing.T) {
	t.Run("the administrator says no", func(t *testing.T) {
		in := installOAuth(t, simulator.OAuthApp{Refuse: true})
		p := in.start(testKey, testKey, "connect")
		status, page := in.browse(in.link(p).String())
		code, said := ended(t, p)
		if status != http.StatusBadRequest || !strings.Contains(page, "did not agree") || code != exitError {
			t.Errorf("exit %d, page %d %s", code, status, page)
		}
		wantSaid(t, said, "access_denied", "nothing was stored")
		in.nothing()
	})
	t.Run("a wrong state, then the right one, then once more", func(t *testing.T) {
		in := installOAuth(t, simulator.OAuthApp{})
		p := in.start(testKey, testKey, "connect", "--json")
		link := in.link(p)
		back := link.Query().Get("redirect_uri")
		for _, query := range []string{"", "?code=x", "?code=x&state=forged", "?error=access_denied&state="} {
			if status, page := in.browse(back + query); status != http.StatusBadRequest || !strings.Contains(page, "does not belong to the link") {
				t.Errorf("%s: page %d %s", query, status, page)
			}
		}
		if status, _ := in.browse(strings.TrimSuffix(back, "/back") + "/elsewhere?state=" + link.Query().Get("state")); status != http.StatusNotFound {
			t.Errorf("another path: %d", status)
		}
		if in.OAuthCounts().Exchanges != 0 {
			t.Error("a forged answer was followed")
		}
		in.browse(link.String())
		code, said := ended(t, p)
		if code != exitOK {
			t.Errorf("exit %d", code)
		}
		wantSaid(t, said, "wrong state", `"kind": "oauth"`, `"granted": [`)
	})
	t.Run("an error that is no refusal, with markup in it", func(t *testing.T) {
		in := installOAuth(t, simulator.OAuthApp{})
		p := in.start(testKey, testKey, "connect")
		q := in.link(p).Query()
		_, page := in.browse(q.Get("redirect_uri") + "?state=" + q.Get("state") + "&error=%3Cscript%3E%1b[2J")
		if strings.Contains(page, "<script>") || !strings.Contains(page, "&lt;script&gt;") {
			t.Errorf("page %s", page)
		}
		code, said := ended(t, p)
		if code != exitError || strings.Contains(said, "\x1b") {
			t.Errorf("exit %d: %q", code, said)
		}
		in.nothing()
	})
	t.Run("a code that HubSpot does not know", func(t *testing.T) {
		in := installOAuth(t, simulator.OAuthApp{})
		p := in.start(testKey, testKey, "connect")
		q := in.link(p).Query()
		in.browse(q.Get("redirect_uri") + "?state=" + q.Get("state") + "&code=guessed")
		code, said := ended(t, p)
		if code != exitError {
			t.Errorf("exit %d", code)
		}
		wantSaid(t, said, "BAD_AUTH_CODE", "nothing was stored")
		in.nothing()
	})
	t.Run("another account", func(t *testing.T) {
		in := installOAuth(t, simulator.OAuthApp{})
		in.change(`account: "48000001"`, `account: "48000002"`)
		p := in.start(testKey, testKey, "connect")
		status, page := in.browse(in.link(p).String())
		code, said := ended(t, p)
		if status != http.StatusBadRequest || code != exitError || !strings.Contains(page, "48000001") {
			t.Errorf("exit %d, page %d %s", code, status, page)
		}
		wantSaid(t, said, "the configuration says account 48000002, the token is for account 48000001", "nothing was stored")
		in.nothing()
	})
	t.Run("a wrong client secret", func(t *testing.T) {
		in := installOAuth(t, simulator.OAuthApp{})
		in.write("app-secret", "guessed")
		p := in.start(testKey, testKey, "connect")
		in.browse(in.link(p).String())
		code, said := ended(t, p)
		if code != exitError {
			t.Errorf("exit %d", code)
		}
		wantSaid(t, said, "BAD_CLIENT_SECRET", "client id or client secret is wrong")
		in.nothing()
	})
	t.Run("nobody answers", func(t *testing.T) {
		in := installOAuth(t, simulator.OAuthApp{})
		code, said := in.run("connect", "--timeout", "50ms")
		if code != exitError {
			t.Errorf("exit %d", code)
		}
		wantSaid(t, said, "no answer within 50ms", "nothing was stored")
		in.nothing()
	})
	t.Run("scopes that are missing", func(t *testing.T) {
		in := installOAuth(t, simulator.OAuthApp{})
		in.change("oauth: {", "oauth: {scopes: [oauth, crm.objects.contacts.read, crm.schemas.contacts.read], ")
		p := in.start(testKey, testKey, "connect")
		in.browse(in.link(p).String())
		code, said := ended(t, p)
		if code != exitFound {
			t.Errorf("exit %d", code)
		}
		wantSaid(t, said, "MISSING   scope for deals: crm.objects.deals.read", "ok        can read contacts")
	})
	t.Run("usage", func(t *testing.T) {
		in := installOAuth(t, simulator.OAuthApp{})
		for _, args := range [][]string{{"--timeout", "0s"}, {"--forget"}, {"surplus"}, {"--portal", "nobody"}} {
			if code, said := in.run(append([]string{"connect"}, args...)...); code != exitUsage {
				t.Errorf("%v: exit %d\n%s", args, code, said)
			}
		}
	})
}

// nothing fails the test if the database holds a credential.
func (in *installed) nothing() {
	in.t.Helper()
	if code, said := in.run("connect", "--disconnect", "--forget"); code != exitError || !strings.Contains(said, "nothing to delete") {
		in.t.Errorf("something was stored: exit %d\n%s", code, said)
	}
}

func TestCredentialsKey(t *testing.T) {
	in := installOAuth(t, simulator.OAuthApp{})
	for _, key := range []string{"", "hunter2"} {
		code, said := ended(t, in.start(key, testKey, "connect"))
		if code != exitError || strings.Contains(said, "hunter2") {
			t.Errorf("key %q: exit %d\n%s", key, code, said)
		}
		wantSaid(t, said, "openssl rand -base64 32")
	}
	in.connect()
	// Another key is said clearly; the previous one is accepted; what is refreshed then has the new key.
	code, said := ended(t, in.start(otherKey, otherKey, "check"))
	wantSaid(t, said, "encrypted with another key")
	if code != exitOK {
		t.Errorf("exit %d", code)
	}
	if code, said := ended(t, in.start(otherKey, testKey, "check")); code != exitOK || !strings.Contains(said, "ok        can read contacts") {
		t.Errorf("with the previous key: exit %d\n%s", code, said)
	}
	in.RevokeAccess()
	if code, said := ended(t, in.start(otherKey, testKey, "check")); code != exitOK || !strings.Contains(said, "ok        can read contacts") {
		t.Errorf("refreshing with the previous key: exit %d\n%s", code, said)
	}
	if code, said := ended(t, in.start(otherKey, otherKey, "check")); code != exitOK || !strings.Contains(said, "ok        can read contacts") {
		t.Errorf("the new key alone, after a refresh: exit %d\n%s", code, said)
	}
	if n := in.OAuthCounts().Refreshes; n != 1 {
		t.Errorf("%d refreshes", n)
	}
}

// Two processes that find the token expired at the same time refresh it once, and the one that starts after a
// crash finds what the one before has stored.
func TestProcessesRefreshOnce(t *testing.T) {
	in := installOAuth(t, simulator.OAuthApp{Rotate: true})
	in.connect()
	in.ExpireAccess()
	in.Faults().Add(simulator.Fault{Kind: simulator.FaultSlow, Endpoint: "POST /oauth/{v}/token", Delay: 300 * time.Millisecond})
	var all []*process
	for range 3 {
		all = append(all, in.start(testKey, testKey, "check"))
	}
	for _, p := range all {
		if code, said := ended(t, p); code != exitOK || !strings.Contains(said, "ok        can read contacts") {
			t.Errorf("exit %d\n%s", code, said)
		}
	}
	if n := in.OAuthCounts().Refreshes; n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
	// The rotated token outlives a process that is killed as soon as it has it.
	in.ExpireAccess()
	const account = "GET /account-info/{v}/details"
	before := in.Calls()[account]
	p := in.start(testKey, testKey, "serve")
	// The first call is rejected; the second is the first use of the new token.
	eventually(t, 20*time.Second, func() string { return p.stderr.tail(2000) }, func() bool { return in.Calls()[account] >= before+2 })
	p.kill()
	<-p.dead
	in.ExpireAccess()
	if code, said := in.run("check"); code != exitOK || !strings.Contains(said, "ok        can read contacts") {
		t.Errorf("after the crash: exit %d\n%s", code, said)
	}
}

// The two commands as a person tries them, in two processes.
func TestConnectAgainstSimulate(t *testing.T) {
	dir, api := t.TempDir(), quietAddress(t)
	sim := launch(t, dir, nil, "simulate", "--listen", api, "--serve-on", quietAddress(t), "--install", dir, "--contacts", "3", "--webhooks=false")
	eventually(t, 20*time.Second, func() string { return sim.stderr.tail(2000) }, func() bool {
		return strings.Contains(sim.stderr.String(), "simulated account") || !sim.alive()
	})
	in := &installed{t: t, dir: dir, api: "http://" + api}
	in.write("app-secret", clientSecret)
	in.change("    token_file: token\n", fmt.Sprintf("    oauth: {client_id: sim-client-0000, client_secret_file: app-secret, redirect_url: \"http://%s\"}\n", quietAddress(t)))
	in.change("model: model.yaml\n", "model: model.yaml\ncredentials_key_env: KEY\n")
	t.Cleanup(in.quiet)

	in.control(`{"refuse": true}`)
	p := in.start(testKey, "", "connect")
	in.browse(in.link(p).String())
	code, said := ended(t, p)
	if code != exitError {
		t.Errorf("refused: exit %d", code)
	}
	wantSaid(t, said, "the administrator did not agree (access_denied)")

	in.control(`{"refuse": false, "rotate": true}`)
	p = in.start(testKey, "", "connect")
	in.browse(in.link(p).String())
	code, said = ended(t, p)
	if code != exitOK {
		t.Errorf("exit %d", code)
	}
	wantSaid(t, said, "portal demo is connected to account 48000001 by OAuth")

	in.control(`{"do": "revoke"}`)
	code, said = in.run("check")
	wantSaid(t, said, "the account is disconnected")
	if code != exitFound {
		t.Errorf("check of a revoked grant: exit %d", code)
	}
	sim.stop(t)
}

func (in *installed) control(body string) {
	in.t.Helper()
	resp, err := (&http.Client{Timeout: 5 * time.Second}).Post(in.api+"/control/oauth", "application/json", strings.NewReader(body))
	if err != nil {
		in.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		in.t.Fatalf("control: status %d", resp.StatusCode)
	}
}
