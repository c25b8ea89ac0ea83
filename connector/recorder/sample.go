package recorder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// bodyLimit bounds what is kept of one answer.
const bodyLimit = 16 << 20

var errTooLarge = errors.New("answer is larger than 16 MiB")

// sampler ends listings and searches of records after so many: it cuts the page and takes the paging away, so
// that the client sees an account that ends there.
type sampler struct {
	next  http.RoundTripper
	limit int

	mu   sync.Mutex
	seen map[string]int
	cut  map[string]bool
}

// RoundTrip implements http.RoundTripper.
func (s *sampler) RoundTrip(req *http.Request) (*http.Response, error) {
	// go-vcr keeps of a request what the wire has read of it, and an answer may come before all is read.
	body, err := peek(req)
	if err != nil {
		return nil, err
	}
	key, typ := s.walk(req, body)
	resp, err := s.next.RoundTrip(req)
	if err != nil || s.limit <= 0 || key == "" || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	page, err := io.ReadAll(io.LimitReader(resp.Body, bodyLimit+1))
	if cerr := resp.Body.Close(); err != nil || cerr != nil {
		return nil, fmt.Errorf("read answer to sample it: %w", errors.Join(err, cerr))
	}
	if len(page) > bodyLimit {
		return nil, errTooLarge
	}
	page = s.shorten(key, typ, page)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(page)), int64(len(page))
	resp.Header.Del("Content-Length")
	return resp, nil
}

// walk names the walk that a request is a page of: the listing of a type or its search by change. A search
// from the beginning of time only counts.
func (s *sampler) walk(req *http.Request, body string) (key, typ string) {
	segments := strings.Split(strings.Trim(req.URL.Path, "/"), "/")
	at := len(segments) - 1
	switch {
	case req.Method == http.MethodGet && at >= 3 && segments[at-2] == "objects" && version.MatchString(segments[at-1]):
		return "list " + segments[at], objectType(segments[at])
	case req.Method == http.MethodPost && segments[at] == "search" && at >= 1:
		if strings.Contains(body, `"value":"-`) || strings.Contains(body, `"filterGroups":[]`) {
			return "", ""
		}
		return "search " + segments[at-1], objectType(segments[at-1])
	}
	return "", ""
}

// peek reads a request's body and leaves it as it was.
func peek(req *http.Request) (string, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return "", nil
	}
	b, err := io.ReadAll(req.Body)
	if err != nil {
		return "", fmt.Errorf("read request: %w", err)
	}
	req.Body = io.NopCloser(bytes.NewReader(b))
	return string(b), nil
}

// shorten cuts a page where the sample ends. A page that is no listing stays.
func (s *sampler) shorten(key, typ string, body []byte) []byte {
	v, err := value(body)
	page, ok := v.(map[string]any)
	if err != nil || !ok {
		return body
	}
	results, ok := page["results"].([]any)
	if !ok {
		return body
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	room := max(s.limit-s.seen[key], 0)
	s.seen[key] += len(results)
	_, more := page["paging"]
	if len(results) < room || len(results) == room && !more {
		return body
	}
	delete(page, "paging")
	page["results"] = results[:room]
	if _, counted := page["total"]; counted {
		page["total"] = room
	}
	s.cut[typ] = true
	out, err := json.Marshal(page)
	if err != nil {
		return body
	}
	return out
}
