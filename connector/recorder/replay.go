// Package recorder plays recorded HTTP back. A cassette is a go-vcr v4 file; it is replayed through a
// httpmock transport, so that a test sees exactly the bytes and headers that the file holds and fails when
// the code under test asks for something else.
package recorder

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/jarcoal/httpmock"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
)

// Player is a transport that answers from cassettes and nothing else. A request that no interaction matches
// fails with a transport error, as does one that was recorded n times and is sent once more.
type Player struct {
	*httpmock.MockTransport

	mu       sync.Mutex
	unplayed []string
	missing  []string
	options  ReplayOptions
}

// ReplayOptions say how a cassette is matched.
type ReplayOptions struct {
	// MaskTimes matches searches whatever times they filter by: a walk over what changed asks for another time
	// whenever it is made. Searches that differ in nothing else are played in order.
	MaskTimes bool
	// Missing is told of every request that was not recorded, or not as often, as method and address; nil:
	// nobody is told.
	Missing func(request string)
}

// Replay loads the cassettes (paths with or without .yaml) into one player. Interactions with equal method,
// address and body are played in order of the files. The query matches in any order of its parameters, a
// JSON body by value, an empty body only an empty one.
func Replay(paths ...string) (*Player, error) { return ReplayWith(ReplayOptions{}, paths...) }

// ReplayWith is Replay with options.
func ReplayWith(o ReplayOptions, paths ...string) (*Player, error) {
	p := &Player{MockTransport: httpmock.NewMockTransport(), options: o}
	p.RegisterNoResponder(p.unknown)
	var order []string
	tracks := make(map[string][]*cassette.Interaction)
	for _, path := range paths {
		c, err := loadCassette(path)
		if err != nil {
			return nil, err
		}
		for _, i := range c.Interactions {
			key := i.Request.Method + " " + i.Request.URL + " " + p.canonical([]byte(i.Request.Body))
			if tracks[key] == nil {
				order = append(order, key)
			}
			tracks[key] = append(tracks[key], i)
		}
	}
	for n, key := range order {
		if err := p.register(fmt.Sprintf("interaction %d", n+1), tracks[key]); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// loadCassette reads a cassette, with or without .yaml.
func loadCassette(path string) (*cassette.Cassette, error) {
	c, err := cassette.Load(strings.TrimSuffix(path, ".yaml"))
	if err != nil {
		return nil, fmt.Errorf("load cassette %q: %w", path, err)
	}
	if i := slices.Index(c.Interactions, nil); i >= 0 {
		return nil, fmt.Errorf("load cassette %q: interaction %d is empty; record it again", path, i+1)
	}
	return c, nil
}

// unknown answers what no interaction matches.
func (p *Player) unknown(req *http.Request) (*http.Response, error) {
	p.miss(req)
	return nil, fmt.Errorf("replay %s %s: not recorded (no responder found)", req.Method, req.URL.Path)
}

func (p *Player) miss(req *http.Request) {
	text := req.Method + " " + req.URL.String()
	p.mu.Lock()
	p.missing = append(p.missing, text)
	p.mu.Unlock()
	if p.options.Missing != nil {
		p.options.Missing(text)
	}
}

// Missing lists the requests that were not recorded, or not as often, as method and address, in the order in
// which they were made.
func (p *Player) Missing() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.missing)
}

// Unplayed lists the interactions that nobody asked for, as method and address, sorted. A test that expects
// a whole scenario checks that it is empty.
func (p *Player) Unplayed() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(slices.Values(p.unplayed))
}

func (p *Player) register(name string, track []*cassette.Interaction) error {
	first := track[0].Request
	address, err := url.Parse(first.URL)
	if err != nil {
		return fmt.Errorf("parse address of %s: %w", name, err)
	}
	query := address.Query()
	address.RawQuery = ""
	for range track {
		p.unplayed = append(p.unplayed, first.Method+" "+first.URL)
	}
	played := 0
	next := func() (*cassette.Interaction, bool) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if played == len(track) {
			return nil, false
		}
		played++
		at := slices.Index(p.unplayed, first.Method+" "+first.URL)
		p.unplayed = slices.Delete(p.unplayed, at, at+1)
		return track[played-1], true
	}
	respond := func(req *http.Request) (*http.Response, error) {
		i, ok := next()
		if !ok {
			p.miss(req)
			return nil, fmt.Errorf("replay %s %s: recorded %d times, asked once more", first.Method, address.Path, len(track))
		}
		r := i.Response
		header := r.Headers.Clone()
		if header == nil {
			header = http.Header{}
		}
		header.Del("Content-Length") // redacted bodies have another length
		return &http.Response{
			Status: fmt.Sprintf("%d %s", r.Code, http.StatusText(r.Code)), StatusCode: r.Code,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, ContentLength: -1,
			Body: io.NopCloser(strings.NewReader(r.Body)),
		}, nil
	}
	p.RegisterMatcherResponderWithQuery(first.Method, address.String(), query,
		httpmock.NewMatcher(name, p.bodyIs([]byte(first.Body))), respond)
	return nil
}

// bodyIs matches a body by its JSON value, and by its bytes when it is no JSON.
func (p *Player) bodyIs(want []byte) httpmock.MatcherFunc {
	return func(req *http.Request) bool {
		var got []byte
		if req.Body != nil {
			var err error
			if got, err = io.ReadAll(req.Body); err != nil {
				return false
			}
		}
		wantValue, wantErr := value(want)
		gotValue, gotErr := value(got)
		if wantErr != nil || gotErr != nil {
			return bytes.Equal(bytes.TrimSpace(got), bytes.TrimSpace(want))
		}
		return reflect.DeepEqual(p.masked(gotValue), p.masked(wantValue))
	}
}

// value decodes JSON with numbers as written, so that large ids stay exact.
func value(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("decode body: %w", err)
	}
	return v, nil
}

// canonical is one text for all spellings of a JSON value.
func (p *Player) canonical(b []byte) string {
	v, err := value(b)
	if err != nil {
		return string(bytes.TrimSpace(b))
	}
	out, err := json.Marshal(p.masked(v))
	if err != nil {
		return string(b)
	}
	return string(out)
}

// masked is a body with the times of its filters made equal, if the options say so.
func (p *Player) masked(v any) any {
	if !p.options.MaskTimes {
		return v
	}
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = p.masked(item)
		}
		return out
	case map[string]any:
		_, filter := v["operator"]
		out := make(map[string]any, len(v))
		for name, item := range v {
			if s, ok := item.(string); ok && filter && (milliEpoch.MatchString(s) || isoTime.MatchString(s)) {
				item = "a time"
			}
			out[name] = p.masked(item)
		}
		return out
	}
	return v
}
