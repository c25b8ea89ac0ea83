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
}

// Replay loads the cassettes (paths with or without .yaml) into one player. Interactions with equal method,
// address and body are played in order of the files. The query matches in any order of its parameters, a
// JSON body by value, an empty body only an empty one.
func Replay(paths ...string) (*Player, error) {
	p := &Player{MockTransport: httpmock.NewMockTransport()}
	var order []string
	tracks := make(map[string][]*cassette.Interaction)
	for _, path := range paths {
		c, err := cassette.Load(strings.TrimSuffix(path, ".yaml"))
		if err != nil {
			return nil, fmt.Errorf("load cassette %q: %w", path, err)
		}
		for _, i := range c.Interactions {
			key := i.Request.Method + " " + i.Request.URL + " " + canonical([]byte(i.Request.Body))
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
	respond := func(*http.Request) (*http.Response, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if played == len(track) {
			return nil, fmt.Errorf("replay %s %s: recorded %d times, asked once more", first.Method, address.Path, len(track))
		}
		r := track[played].Response
		played++
		at := slices.Index(p.unplayed, first.Method+" "+first.URL)
		p.unplayed = slices.Delete(p.unplayed, at, at+1)
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
		httpmock.NewMatcher(name, bodyIs([]byte(first.Body))), respond)
	return nil
}

// bodyIs matches a body by its JSON value, and by its bytes when it is no JSON.
func bodyIs(want []byte) httpmock.MatcherFunc {
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
		return reflect.DeepEqual(gotValue, wantValue)
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
func canonical(b []byte) string {
	v, err := value(b)
	if err != nil {
		return string(bytes.TrimSpace(b))
	}
	out, err := json.Marshal(v)
	if err != nil {
		return string(b)
	}
	return string(out)
}
