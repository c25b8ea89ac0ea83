package recorder

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
	vcr "gopkg.in/dnaeon/go-vcr.v4/pkg/recorder"
)

// notInNames is what the name of a cassette does not hold.
var notInNames = regexp.MustCompile(`[^a-z0-9-]`)

var (
	// ErrWrites is the transport error of a request that would change the account.
	ErrWrites = errors.New("a recording only reads")
	// ErrLeak means that an original was found in what was about to be written; nothing was written.
	ErrLeak = errors.New("the recording still holds originals; nothing was written")
)

// Options say what is recorded and how it is replaced.
type Options struct {
	// BaseURL is the root of the API; in the cassettes it is https://api.hubapi.com.
	BaseURL string
	// Transport is the wire.
	Transport http.RoundTripper
	// Sample ends every listing and every search after so many records; 0 does not.
	Sample int
	// Shift is added to every time.
	Shift time.Duration
	// Keep names string properties whose values stay, as "contacts.jobtitle".
	Keep []string
	// Simulated says that the account is a simulated one, in which nobody lives: requests that change it pass, and
	// only credentials are left out.
	Simulated bool
	// Secret keys the replacements; 32 random bytes that nobody keeps.
	Secret []byte
}

// Recorder is a transport that keeps what passes, in memory, until Redact. It refuses to change anything.
type Recorder struct {
	options Options
	base    *url.URL
	sampler *sampler
	red     *redactor

	mu    sync.Mutex
	tapes map[string]*vcr.Recorder
	files memory
	all   []*cassette.Interaction
}

// Replaced is one line of the report: how often values of a kind were replaced in one place. It holds no values.
type Replaced struct {
	Kind  string `json:"kind"`
	Where string `json:"where"`
	Count int    `json:"count"`
}

// Record makes a recorder. It fails when the base URL is none or the secret is shorter than 16 bytes.
func Record(o Options) (*Recorder, error) {
	base, err := url.Parse(strings.TrimRight(o.BaseURL, "/"))
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("record: base URL %q is no address", o.BaseURL)
	}
	if len(o.Secret) < 16 || o.Transport == nil {
		return nil, errors.New("record: a transport and a secret of at least 16 bytes are needed")
	}
	return &Recorder{
		options: o, base: base, tapes: map[string]*vcr.Recorder{}, files: memory{}, red: newRedactor(o, base),
		sampler: &sampler{next: o.Transport, limit: o.Sample, seen: map[string]int{}, cut: map[string]bool{}},
	}, nil
}

// RoundTrip sends a request that reads and keeps it with its answer; it refuses all others with ErrWrites.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.Contains(req.URL.Path, "/oauth/") {
		return r.options.Transport.RoundTrip(req) //nolint:wrapcheck // credentials pass by and are kept nowhere
	}
	if !r.options.Simulated && !reads(req.Method, req.URL.Path) {
		return nil, fmt.Errorf("%w: %s %s was not sent", ErrWrites, req.Method, r.family(req.URL.Path))
	}
	tape, err := r.tape(r.family(req.URL.Path))
	if err != nil {
		return nil, err
	}
	resp, err := tape.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", req.Method, err)
	}
	return resp, nil
}

// reads reports whether a request changes nothing (hubspot-api 1.3): every GET, searches and batch reads.
func reads(method, path string) bool {
	path = strings.TrimSuffix(path, "/")
	return method == http.MethodGet || method == http.MethodPost && (strings.HasSuffix(path, "/search") || strings.HasSuffix(path, "/batch/read"))
}

// family is the cassette that a path goes into: equal requests are always in one file, in order.
func (r *Recorder) family(path string) string {
	var names []string
	for s := range strings.SplitSeq(strings.TrimPrefix(path, r.base.Path), "/") {
		if s != "" && s != "crm" && !version.MatchString(s) && !decimal(s) && !guidPattern.MatchString(s) {
			names = append(names, strings.ToLower(s))
		}
	}
	switch {
	case len(names) > 1 && names[0] == "objects":
		return objectType(names[1])
	case len(names) > 0 && names[0] == "associations":
		names = names[:min(len(names), 3)]
	default:
		names = names[:min(len(names), 2)]
	}
	return orWord(notInNames.ReplaceAllString(strings.Join(names, "-"), "-"), "root")
}

func (r *Recorder) tape(name string) (*vcr.Recorder, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.tapes[name]; t != nil {
		return t, nil
	}
	t, err := vcr.New(name, vcr.WithMode(vcr.ModeRecordOnly), vcr.WithFS(r.files), vcr.WithRealTransport(r.sampler),
		vcr.WithHook(r.keep, vcr.AfterCaptureHook))
	if err != nil {
		return nil, fmt.Errorf("record into %q: %w", name, err)
	}
	r.tapes[name] = t
	return t, nil
}

// keep remembers an interaction. It must not change it: the client gets the same one.
func (r *Recorder) keep(i *cassette.Interaction) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, i)
	return nil
}

// Recording is a redacted recording, not yet written.
type Recording struct {
	// Replaced says what was replaced.
	Replaced []Replaced
	// Truncated names the object types whose listings ended before their end.
	Truncated []string
	// Requests counts the interactions.
	Requests int

	files     memory
	originals *needles
	r         *redactor
}

// Redact ends the recording and replaces everything in it. The recorder cannot be used again.
func (r *Recorder) Redact() (*Recording, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	originals := collectNeedles(r.all, r.options)
	red := r.red
	red.study(r.all, originals)
	for _, i := range r.all {
		if r.options.Simulated {
			red.plain(i)
			continue
		}
		red.interaction(i)
	}
	if r.options.Simulated {
		originals = credentials(r.all)
	}
	for _, name := range slices.Sorted(maps.Keys(r.tapes)) {
		if err := r.tapes[name].Stop(); err != nil {
			return nil, fmt.Errorf("end recording of %q: %w", name, err)
		}
	}
	return &Recording{
		Replaced: red.report(), Truncated: slices.Sorted(maps.Keys(r.sampler.cut)), Requests: len(r.all),
		files: r.files, originals: originals, r: red,
	}, nil
}

// Value gives what a stage, pipeline or other id or GUID of the account has become; other words stay.
func (r *Recording) Value(s string) string {
	if guidPattern.MatchString(s) {
		return r.r.guid(place{}, s)
	}
	return orWord(r.r.idMap.made[s], s)
}

// Time gives what a time has become.
func (r *Recording) Time(t time.Time) time.Time { return t.Add(r.r.shift) }

// Write scans everything for originals and writes the folder, the note included, only if there is none: all
// files appear together or none. The folder must not exist.
func (r *Recording) Write(dir string, note Note) error {
	text, err := json.MarshalIndent(note, "", "  ")
	if err != nil {
		return fmt.Errorf("write note of recording: %w", err)
	}
	r.files[noteFile] = append(text, '\n')
	made := map[string]bool{}
	for _, to := range r.r.idMap.made {
		made[to] = true
	}
	var leaks []string
	for _, name := range slices.Sorted(maps.Keys(r.files)) {
		leaks = append(leaks, r.originals.leaks(name, r.files[name], made)...)
	}
	if len(leaks) > 0 {
		return fmt.Errorf("%w: %s", ErrLeak, strings.Join(leaks[:min(len(leaks), 10)], "; "))
	}
	return r.files.write(dir)
}

// memory is where go-vcr writes: nothing touches the disk before it was scanned.
type memory map[string][]byte

// ReadFile gives a file.
func (m memory) ReadFile(name string) ([]byte, error) {
	if b, ok := m[name]; ok {
		return b, nil
	}
	return nil, fmt.Errorf("read %q: %w", name, fs.ErrNotExist)
}

// WriteFile keeps a file.
func (m memory) WriteFile(name string, b []byte) error {
	m[name] = b
	return nil
}

// IsFileExists reports whether there is the file.
func (m memory) IsFileExists(name string) bool {
	_, ok := m[name]
	return ok
}

// write puts all files into a folder beside the target and renames it, so that half a recording is never seen.
func (m memory) write(dir string) (err error) {
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o750); err != nil {
		return fmt.Errorf("make folder for the recording: %w", err)
	}
	half, err := os.MkdirTemp(parent, ".recording-")
	if err != nil {
		return fmt.Errorf("make folder for the recording: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(half))
		}
	}()
	for name, b := range m {
		if err := os.WriteFile(filepath.Join(half, name), b, 0o600); err != nil {
			return fmt.Errorf("write recording: %w", err)
		}
	}
	if err := os.Rename(half, dir); err != nil {
		return fmt.Errorf("write recording: %w", err)
	}
	return nil
}
