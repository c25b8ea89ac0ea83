package simulator

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParseScript reads faults in words, one per line:
//
//	on the 3rd POST tasks/batch/create: apply, then reset
//	on the first 2 POST contacts/search: 429 secondly, retry after 2s
//	on every GET /crm/owners/{v}: 503
//	on 5% of every request: 500
//	on 20% of the first 10 PATCH contacts/{id}: answer after 3s
//	on 10% of object.propertyChange: lose
//	on the 2nd contact.creation: deliver twice
//
// After "on" comes how often, what it hits, a colon and what happens; "#" begins
// a comment. A path may leave out what comes before the type. name is for the
// errors, which say the line; all mistakes are reported at once.
func ParseScript(name, text string) ([]Fault, error) {
	var out []Fault
	var errs []error
	n := 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, "#")
		if line = strings.Join(strings.Fields(line), " "); line == "" {
			continue
		}
		f, err := parseFault(line)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: line %d: %w", name, n, err))
			continue
		}
		out = append(out, f)
	}
	return out, errors.Join(errs...)
}

// AddScript adds the faults of a script; nothing is added when it has a mistake.
func (f *Faults) AddScript(name, text string) ([]int, error) {
	list, err := ParseScript(name, text)
	if err != nil {
		return nil, err
	}
	var ids []int
	for _, x := range list {
		ids = append(ids, f.Add(x))
	}
	return ids, nil
}

func parseFault(line string) (Fault, error) {
	rest, ok := strings.CutPrefix(line, "on ")
	head, what, found := strings.Cut(rest, ": ")
	if !ok || !found {
		return Fault{}, fmt.Errorf("%q: write it as `on the 3rd POST tasks/batch/create: 500`: %w", line, ErrInvalid)
	}
	var f Fault
	hits, err := frequency(&f, head)
	if err != nil {
		return Fault{}, err
	}
	if err := outcome(&f, what); err != nil {
		return Fault{}, err
	}
	if f.Endpoint, err = target(f.Kind, hits); err != nil {
		return Fault{}, err
	}
	return f, f.Validate()
}

// howOften matches the words before the target: a share, then which ones.
var howOften = regexp.MustCompile(`^(?:(\d+(?:\.\d+)?)% of )?(?:every |the (\d+)(?:st|nd|rd|th) |(the first )(?:(\d+) )?)?(.+)$`)

// frequency reads how often the fault fires and returns what it hits.
func frequency(x *Fault, head string) (string, error) {
	m := howOften.FindStringSubmatch(head)
	if m == nil {
		return "", fmt.Errorf("%q: say what it hits: %w", head, ErrInvalid)
	}
	if m[1] != "" {
		share, err := strconv.ParseFloat(m[1], 64)
		if err != nil || share <= 0 || share > 100 {
			return "", fmt.Errorf("%s%%: give a share above 0 and up to 100: %w", m[1], ErrInvalid)
		}
		x.Probability = share / 100
	}
	var err error
	switch {
	case m[2] != "":
		x.Nth, err = positive(m[2])
	case m[4] != "":
		x.Count, err = positive(m[4])
	case m[3] != "":
		x.Count = 1
	}
	return m[5], err
}

func positive(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q: count from 1: %w", s, ErrInvalid)
	}
	return n, nil
}

// phrases are the outcomes in words; those that end in a space want a duration.
func phrases() map[string]FaultKind {
	out := map[string]FaultKind{
		"429 ten-secondly": FaultRateTen, "429 secondly": FaultRateSecond, "429 daily": FaultRateDaily,
		"html": FaultHTML, "html 200": FaultHTMLOK, "answer after ": FaultSlow, "wait, then apply after ": FaultLate, "reset": FaultReset,
		"apply, then reset": FaultAppliedReset, "apply, then break off": FaultAppliedHalf, "apply, then 500": FaultApplied500,
		"apply, then html": FaultAppliedHTML, "leave one out": FaultOmit, "empty 207": FaultEmpty, "apply, then empty 207": FaultAppliedEmpty,
		"numbers for strings": FaultNumbers, "token expired": FaultExpired, "revoke the token": FaultRevoked,
		"lose": FaultWebhookLost, "deliver twice": FaultWebhookDouble, "deliver out of order": FaultWebhookReorder, "deliver late by ": FaultWebhookDelay,
	}
	for _, k := range FaultKinds() {
		if _, err := strconv.Atoi(string(k)); err == nil {
			out[string(k)] = k
		}
	}
	return out
}

func outcome(x *Fault, what string) error {
	what, retry, asked := strings.Cut(what, ", retry after ")
	if asked {
		d, err := time.ParseDuration(retry)
		if err != nil || d < time.Second {
			return fmt.Errorf("retry after %q: write it as 2s or 10m: %w", retry, ErrInvalid)
		}
		x.RetryAfter = d
	}
	known := phrases()
	if k, ok := known[what]; ok && !strings.HasSuffix(what, " ") {
		x.Kind = k
		return nil
	}
	for phrase, k := range known {
		wait, ok := strings.CutPrefix(what, phrase)
		if !ok || !strings.HasSuffix(phrase, " ") {
			continue
		}
		d, err := time.ParseDuration(wait)
		if err != nil || d <= 0 {
			return fmt.Errorf("%s%q: write the time as 3s or 10m: %w", phrase, wait, ErrInvalid)
		}
		x.Kind, x.Delay = k, d
		return nil
	}
	return fmt.Errorf("%q: use one of: %s: %w", what, strings.Join(sortedKeys(known), "; "), ErrInvalid)
}

// target turns what a line names into the pattern that the fault matches by,
// and refuses what no request or event can be.
func target(kind FaultKind, s string) (string, error) {
	if strings.HasPrefix(string(kind), "webhook-") {
		if s == "event" {
			return "", nil
		}
		if !slices.ContainsFunc(eventNames(), func(name string) bool { return matches(s, name) }) {
			return "", fmt.Errorf("%q is no event: name one such as object.creation, contact.propertyChange, call.* or say event: %w", s, ErrInvalid)
		}
		return s, nil
	}
	if s == "request" {
		return "", nil
	}
	method, p, ok := strings.Cut(s, " ")
	if !ok {
		return "", fmt.Errorf("%q: name method and path, such as POST contacts/search, or say request: %w", s, ErrInvalid)
	}
	pattern := method + " " + fullPath(p)
	if _, err := path.Match(pattern, ""); err != nil || !slices.ContainsFunc(endpoints(), func(e string) bool { return matches(pattern, e) }) {
		return "", fmt.Errorf("%q is no request that this account answers: %w", pattern, ErrInvalid)
	}
	return pattern, nil
}

// fullPath completes "tasks/batch/create" and "associations/contacts/calls/batch/read".
func fullPath(p string) string {
	if strings.HasPrefix(p, "/") {
		return p
	}
	first, rest, _ := strings.Cut(p, "/")
	switch first {
	case "associations", "properties", "owners", "pipelines", "lists", "limits":
		return strings.TrimSuffix("/crm/"+first+"/{v}/"+rest, "/")
	}
	return "/crm/objects/{v}/" + p
}

// endpoints lists every template that a request can be counted by.
func endpoints() []string {
	var out []string
	for _, rt := range routes() {
		list := []string{rt.method + " " + rt.pattern}
		for _, v := range []string{"{type}", "{from}", "{to}", "{toType}"} {
			var next []string
			for _, e := range list {
				if !strings.Contains(e, v) {
					next = append(next, e)
					continue
				}
				for _, ot := range objectTypes() {
					next = append(next, strings.ReplaceAll(e, v, ot.name))
				}
			}
			list = next
		}
		out = append(out, list...)
	}
	return out
}

// eventNames are the subscription types that deliveries can carry.
func eventNames() []string {
	out := []string{eventPrivacy}
	for _, kind := range []string{eventCreation, eventDeletion, eventProperty, eventMerge, eventRestore, eventAssociation} {
		_, what, _ := strings.Cut(kind, ".")
		out = append(out, kind)
		for _, t := range objectTypes() {
			out = append(out, t.singular+"."+what)
		}
	}
	return out
}
