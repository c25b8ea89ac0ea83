package recorder

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
)

// redactor replaces what tells about people and the account. It goes over everything twice: the first time it
// only learns which ids and names there are, the second time it replaces.
type redactor struct {
	invent *inventor
	defs   definitions
	keep   map[string]bool // "contacts.jobtitle"
	shift  time.Duration
	base   *url.URL // root of the recorded API

	headersKept []string
	mapIDs      func(*inventor, map[string]bool) *idMap

	learning bool
	ids      map[string]bool
	idMap    *idMap
	names    map[string]string // lower-case word of a name → its replacement
	counts   map[Replaced]int
}

// place is where a value stands, for rules and report.
type place struct {
	typ      string // object type, or family of the address
	property string
	family   string
	own      bool   // inside a definition that the account made
	option   string // value of the option of a definition
}

func newRedactor(o Options, base *url.URL) *redactor {
	r := &redactor{
		invent: newInventor(o.Secret), defs: definitions{}, keep: map[string]bool{}, shift: o.Shift, base: base,
		ids: map[string]bool{}, idMap: &idMap{}, names: map[string]string{}, counts: map[Replaced]int{}, learning: true,
		headersKept: []string{"retry-after", "content-type", "accept"}, mapIDs: newIDMap,
	}
	for _, k := range o.Keep {
		r.keep[k] = true
	}
	return r
}

// study learns from everything that was recorded, then fixes what becomes of ids and names.
func (r *redactor) study(all []*cassette.Interaction, originals *needles) {
	for _, i := range all {
		if at := r.placeOf(i.Request.URL); at.family == familyProperties {
			if body, err := value([]byte(i.Response.Body)); err == nil && i.Response.Code < 300 {
				r.defs.learn(at.typ, body)
			}
		}
	}
	r.invent.avoids = originals.word
	for _, i := range all {
		copied := *i
		r.interaction(&copied)
	}
	r.idMap = r.mapIDs(r.invent, r.ids)
	for word, made := range r.invent.made[kindName] {
		if len(word) >= 3 && !originals.common[word] {
			r.names[word] = made
		}
	}
	r.learning, r.counts = false, map[Replaced]int{}
}

// noted counts a replacement.
func (r *redactor) noted(at place, k kind, was, is string) string {
	if was != is {
		r.counts[Replaced{Kind: string(k), Where: orWord(strings.Trim(at.typ+"."+at.property, "."), "other")}]++
	}
	return is
}

func orWord(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// id replaces a decimal id.
func (r *redactor) id(at place, id string) string {
	if id == "0" || !decimal(id) {
		return id
	}
	if r.learning {
		r.ids[id] = true
		return id
	}
	return r.noted(at, kindID, id, orWord(r.idMap.made[id], id))
}

func (r *redactor) isID(s string) bool { return len(s) >= longID && r.ids[s] }

func (r *redactor) guid(at place, s string) string {
	if knownGUID(s) {
		return s
	}
	return r.noted(at, kindGUID, s, r.invent.guid(s))
}

// figure keeps a number unless it is an id that is known from elsewhere.
func (r *redactor) figure(at place, s string) string {
	if !r.learning && r.isID(s) {
		return r.id(at, s)
	}
	return s
}

// known is what a word of a free text becomes because it is a name or an id elsewhere.
func (r *redactor) known(word string) (string, bool) {
	if r.isID(word) && !r.learning {
		return r.idMap.made[word], true
	}
	made, ok := r.names[strings.ToLower(word)]
	if !ok {
		return "", false
	}
	return cased(made, word), true
}

// scrub replaces addresses, ids and GUIDs inside a string that is kept otherwise, and the words that are names.
func (r *redactor) scrub(at place, s string) string {
	out := r.invent.replaceMails(s, func(rest string) string {
		return mapWords(anyGUID.ReplaceAllStringFunc(rest, func(g string) string { return r.guid(at, g) }), func(word string) string {
			if made, ok := r.known(word); ok {
				return made
			}
			return word
		})
	})
	return r.noted(at, kindText, s, out)
}

// link replaces an address on the web: another host, an invented path, no query.
func (r *redactor) link(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return "https://www.example.com/"
	}
	if u.Host == r.base.Host || u.Host == canonicalHost {
		return r.address(s)
	}
	return u.Scheme + "://" + r.invent.domain(u.Hostname()) + r.invent.text(u.EscapedPath(), r.known)
}

func address(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a, err == nil && (strings.Count(s, ".") == 3 || strings.Count(s, ":") >= 2)
}

// interaction replaces everything in one request and its answer.
func (r *redactor) interaction(i *cassette.Interaction) {
	at := r.placeOf(i.Request.URL)
	req, resp := &i.Request, &i.Response
	req.Body = r.body(at, req.Body, req.Headers.Get("Content-Type"))
	req.URL = r.address(req.URL)
	req.Host, req.RemoteAddr, req.RequestURI, req.Form, req.Trailer = canonicalHost, "", "", nil, nil
	req.Headers = r.headers(req.Headers)
	req.ContentLength, req.TransferEncoding = int64(len(req.Body)), nil
	resp.Body = r.body(at, resp.Body, resp.Headers.Get("Content-Type"))
	resp.Headers = r.headers(resp.Headers)
	resp.Trailer, resp.TransferEncoding, resp.Duration = nil, nil, 0
	resp.Status = fmt.Sprintf("%d %s", resp.Code, http.StatusText(resp.Code))
	resp.ContentLength, resp.Uncompressed = int64(len(resp.Body)), false
}

// plain leaves an interaction with a simulated account as it is, but for credentials and what is not repeatable.
func (r *redactor) plain(i *cassette.Interaction) {
	req, resp := &i.Request, &i.Response
	if u, err := url.Parse(req.URL); err == nil {
		req.URL = canonicalBase + strings.TrimPrefix(u.EscapedPath(), r.base.EscapedPath())
		if u.RawQuery != "" {
			req.URL += "?" + u.RawQuery
		}
	}
	req.Host, req.RemoteAddr, req.RequestURI, req.Form = canonicalHost, "", "", nil
	req.Headers, resp.Headers = r.headers(req.Headers), r.headers(resp.Headers)
	resp.Duration = 0
}

// body replaces a JSON body value by value, a form field by field, and any other body as a whole.
func (r *redactor) body(at place, body, contentType string) string {
	if strings.TrimSpace(body) == "" {
		return ""
	}
	if strings.HasPrefix(contentType, "application/x-www-form-urlencoded") {
		return r.form(at, body)
	}
	v, err := value([]byte(body))
	if err != nil || !wholeJSON(body) {
		return r.noted(at, kindPage, body, r.page(body, contentType))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r.walk(at, "", v)); err != nil {
		return r.noted(at, kindPage, body, "{}")
	}
	return strings.TrimRight(b.String(), "\n")
}

func wholeJSON(body string) bool { return json.Valid([]byte(body)) }

// page is a page of the same kind and length that says nothing.
func (r *redactor) page(body, contentType string) string {
	text := strings.Repeat("This page was replaced. ", len(body)/24+1)[:max(len(body)-26, 0)]
	if strings.Contains(contentType, "html") || strings.HasPrefix(strings.TrimSpace(body), "<") {
		return "<html><body>" + strings.TrimSpace(text) + "</body></html>"
	}
	return "replaced " + strings.TrimSpace(text)
}

func (r *redactor) form(at place, body string) string {
	fields, err := url.ParseQuery(body)
	if err != nil {
		return r.noted(at, kindPage, body, "replaced=")
	}
	for name, values := range fields {
		for i, v := range values {
			if slices.Contains([]string{"grant_type", "token_type_hint", "scope"}, name) {
				continue
			}
			values[i] = r.noted(place{typ: "form", property: name}, kindSecret, v, "redacted")
		}
	}
	return fields.Encode()
}

// headers keeps what a client reads; credentials and everything unknown are dropped.
func (r *redactor) headers(all http.Header) http.Header {
	out := http.Header{}
	for name, values := range all {
		lower := strings.ToLower(name)
		for _, v := range values {
			switch {
			case strings.HasPrefix(lower, "x-hubspot-ratelimit-"), slices.Contains(r.headersKept, lower):
				out.Add(name, v)
			case lower == "x-hubspot-correlation-id", lower == "x-request-id":
				out.Add(name, r.value(place{typ: "header", property: lower}, v))
			case lower == "date", lower == "x-simulator-world-time":
				out.Add(name, r.date(v))
			default:
				r.noted(place{typ: "header", property: lower}, kindHeader, v, "")
			}
		}
	}
	return out
}

func (r *redactor) date(v string) string {
	if t, err := time.Parse(http.TimeFormat, v); err == nil {
		return t.Add(r.shift).Format(http.TimeFormat)
	}
	return r.shifted(v)
}

// report lists the replacements, most general first.
func (r *redactor) report() []Replaced {
	list := make([]Replaced, 0, len(r.counts))
	for _, k := range slices.SortedFunc(maps.Keys(r.counts), func(a, b Replaced) int {
		return strings.Compare(a.Kind+"\x00"+a.Where, b.Kind+"\x00"+b.Where)
	}) {
		k.Count = r.counts[k]
		k.Where = mapWords(k.Where, func(w string) string { // a property's name may hold the id of a stage
			if made, ok := r.known(w); ok && decimal(w) {
				return made
			}
			return w
		})
		list = append(list, k)
	}
	return list
}
