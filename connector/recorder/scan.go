package recorder

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
)

// needles are the originals of a recording as sequences of words, kept in memory only. They are collected by
// rules of their own, so that a mistake in the rules that replace shows as a leak.
type needles struct {
	common map[string]bool // words of definitions, member names and HubSpot's constants; alone they prove nothing
	single map[string]string
	longer map[string][]sequence // by first word
	phones map[string]bool       // digits only
	kept   map[string]bool
}

type sequence struct {
	words []string
	kind  string
}

// window is how many words of a text in a row count as a leak of it.
const window = 4

// personal are the properties whose single words matter; those of other texts only several in a row.
var personal = regexp.MustCompile(`(?i)^(first|last|full|middle)_?name$|full_name|^name$|company|mail|phone|mobile|fax|address|street|domain|website|linkedin|twitter|facebook|birth`)

// plausiblePhone finds what may be a telephone number: it is looked up by its digits.
var plausiblePhone = regexp.MustCompile(`\+?\d[\d ()/.-]{6,}\d`)

func newNeedles() *needles {
	return &needles{
		common: map[string]bool{}, single: map[string]string{}, longer: map[string][]sequence{}, phones: map[string]bool{}, kept: map[string]bool{},
	}
}

// credentials are all that may not be written about a simulated account.
func credentials(all []*cassette.Interaction) *needles {
	n := newNeedles()
	for _, i := range all {
		n.secret(i)
	}
	return n
}

func collectNeedles(all []*cassette.Interaction, o Options) *needles {
	n := newNeedles()
	for _, k := range o.Keep {
		_, name, _ := strings.Cut(k, ".")
		n.kept[name] = true
	}
	options := map[string]bool{}
	for _, i := range all {
		if body, err := value([]byte(i.Response.Body)); err == nil {
			n.vocabulary(body, options)
		}
		if u, err := url.Parse(i.Request.URL); err == nil {
			n.commonWords(u.Path)
		}
	}
	for _, i := range all {
		n.secret(i)
		for _, text := range []string{i.Request.Body, i.Response.Body, i.Request.URL} {
			for _, m := range mailPattern.FindAllString(text, -1) {
				n.add("mail address", m)
			}
			if v, err := value([]byte(text)); err == nil {
				n.collect("", v, options)
			}
		}
	}
	return n
}

// secret takes the token; nothing that looks like part of it may be written.
func (n *needles) secret(i *cassette.Interaction) {
	for name, values := range i.Request.Headers {
		if name == "Authorization" || name == "Cookie" {
			for _, v := range values {
				n.add("token", strings.TrimPrefix(v, "Bearer "))
			}
		}
	}
	for _, v := range i.Response.Headers["Set-Cookie"] {
		n.add("cookie", v)
	}
}

// vocabulary takes the words that the account's description consists of, and the options of enumerations.
func (n *needles) vocabulary(v any, options map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			n.vocabulary(item, options)
		}
	case map[string]any:
		n.definition(v, options)
		for key, item := range v {
			if !decimal(key) {
				n.commonWords(key)
			}
			n.vocabulary(item, options)
		}
	}
}

// definition takes the words of a property's definition: all of HubSpot's own ones, of others the internal names.
func (n *needles) definition(o map[string]any, options map[string]bool) {
	if _, typed := o["fieldType"].(string); !typed {
		return
	}
	byHubSpot, _ := o["hubspotDefined"].(bool)
	for key, item := range o {
		if s, ok := item.(string); ok && (byHubSpot || key == "name" || key == "groupName") {
			n.commonWords(s)
		}
	}
	if list, ok := o["options"].([]any); ok {
		n.options(list, options, byHubSpot)
	}
}

func (n *needles) options(list []any, options map[string]bool, byHubSpot bool) {
	for _, item := range list {
		o, _ := item.(map[string]any)
		value, _ := o["value"].(string)
		options[value] = true
		if label, ok := o["label"].(string); ok && byHubSpot {
			n.commonWords(label)
		}
	}
}

func (n *needles) commonWords(s string) {
	for _, w := range words(s) {
		if !decimal(w) || len(w) < longID {
			n.common[w] = true
		}
	}
}

// collect goes through a body: ids, people and every text that is a property's value.
func (n *needles) collect(key string, v any, options map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			n.collect(key, item, options)
		}
	case map[string]any:
		for name, item := range v {
			if key == "properties" {
				n.property(name, item, options)
				continue
			}
			if decimal(name) {
				n.identifier(name)
			}
			n.collect(name, item, options)
		}
	case string:
		n.member(key, v)
	case json.Number:
		n.member(key, v.String())
	}
}

// member takes a value by the name under which it stands.
func (n *needles) member(key, s string) {
	lower := strings.ToLower(key)
	switch {
	case strings.HasSuffix(lower, "typeid"):
	case strings.HasSuffix(lower, "id"), key == "after":
		n.identifier(s)
	case key == "firstName" || key == "lastName":
		n.add("name", s)
	}
}

func (n *needles) identifier(s string) {
	if decimal(s) && len(s) >= longID || guidPattern.MatchString(s) && !knownGUID(s) {
		n.add("id", s)
	}
}

func (n *needles) property(name string, v any, options map[string]bool) {
	s, ok := v.(string)
	if !ok || n.kept[name] || harmless(name) || isoTime.MatchString(s) || options[s] || plainWord(s) {
		return
	}
	n.phone(name, s)
	if number.MatchString(s) {
		if strings.HasSuffix(name, "_id") || strings.HasSuffix(name, "companyid") {
			n.identifier(s)
		}
		return
	}
	n.text(name, s)
}

func (n *needles) phone(name, s string) {
	if digits := onlyDigits(s); strings.Contains(name, "phone") && len(digits) >= 7 {
		n.phones[digits] = true
	}
}

// text takes a value: whole if it is a name or short, else every few words in a row.
func (n *needles) text(name, s string) {
	kind := "property " + name
	list := words(s)
	if personal.MatchString(name) {
		n.add(kind, s)
	}
	if len(list) >= 2 && len(list) <= window {
		n.add(kind, s)
	}
	for i := 0; i+window < len(list)+1 && i < 400; i++ {
		n.sequence(kind, list[i:i+window])
	}
}

func (n *needles) add(kind, s string) {
	list := words(s)
	if len(list) > window && kind != "mail address" && kind != "id" && kind != "token" {
		list = list[:window]
	}
	n.sequence(kind, list)
}

func (n *needles) sequence(kind string, list []string) {
	telling := slices.ContainsFunc(list, func(w string) bool { return !n.common[w] && (len(w) > 2 || len(list) > 1) })
	switch {
	case len(list) == 0 || !telling:
	case len(list) == 1:
		if len(list[0]) >= 3 && (!decimal(list[0]) || len(list[0]) >= longID) {
			n.single[list[0]] = kind
		}
	default:
		s := sequence{kind: kind, words: list}
		if !slices.ContainsFunc(n.longer[list[0]], func(o sequence) bool { return slices.Equal(o.words, list) }) {
			n.longer[list[0]] = append(n.longer[list[0]], s)
		}
	}
}

// word reports whether something invented looks like an original; domains count by their first label.
func (n *needles) word(s string) bool {
	for _, w := range words(s) {
		if _, ok := n.single[strings.ToLower(w)]; ok {
			return true
		}
	}
	return false
}

// words are the runs of letters and digits of a text, lower case.
func words(s string) []string {
	var list []string
	eachWord(s, func(part string, word bool) {
		if word {
			list = append(list, strings.ToLower(part))
		}
	})
	return list
}

// leaks looks for originals in a file that is about to be written: in its bytes, in every value of it, and in
// every value of the JSON and the addresses inside. It says what kind was found where, never the value.
// replacements are ids and numbers that were put in and happen to be originals too.
func (n *needles) leaks(file string, content []byte, replacements map[string]bool) []string {
	var found []string
	tell := func(where, kind string) {
		text := fmt.Sprintf("%s: %s holds an original (%s)", file, where, kind)
		if !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	check := func(where, s string) {
		if kind := n.find(s, replacements); kind != "" {
			tell(where, kind)
		}
	}
	check("the file", string(content))
	var doc any
	if err := yaml.Unmarshal(content, &doc); err != nil {
		tell("the file cannot be read again", "unreadable")
		return found
	}
	scalars("", doc, check)
	return found
}

// scalars tells every string of a document, the decoded forms of JSON and addresses included.
func scalars(where string, v any, tell func(where, s string)) {
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			tell(where, key)
			scalars(where+"."+key, item, tell)
		}
	case []any:
		for _, item := range v {
			scalars(where, item, tell)
		}
	case json.Number:
		tell(where, v.String())
	case string:
		tell(where, v)
		if plain, err := url.QueryUnescape(v); err == nil && plain != v {
			tell(where, plain)
		}
		if inner, err := value([]byte(v)); err == nil && strings.ContainsAny(v, "{[") {
			scalars(where, inner, tell)
		}
	}
}

// find names the kind of the first original in a text.
func (n *needles) find(s string, replacements map[string]bool) string {
	list := words(s)
	for i, w := range list {
		if kind, ok := n.single[w]; ok && !replacements[w] {
			return kind
		}
		for _, candidate := range n.longer[w] {
			if len(list)-i >= len(candidate.words) && slices.Equal(list[i:i+len(candidate.words)], candidate.words) {
				return candidate.kind
			}
		}
	}
	for _, p := range plausiblePhone.FindAllString(s, -1) {
		if n.phones[onlyDigits(p)] {
			return "phone"
		}
	}
	return ""
}
