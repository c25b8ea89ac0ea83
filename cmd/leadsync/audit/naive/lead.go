package naive

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
)

// Lead is what is known of somebody at a moment, in the model's words.
type Lead struct {
	// Facts are the values as the CRM has them: string, float64, bool or time.Time. What is not in Facts is unknown.
	Facts      map[string]any
	Activities []Activity // in any order, also told several times
	// Stage and Status are where the lead stands in the CRM, empty if nowhere. Order is the account's order of
	// the stages, side tracks left out; that of the file if it is empty.
	Stage, Status string
	Order         []string
	// Pushed are the whole points that were last written, nil if none ever were; and what was written beside them.
	Pushed                  map[string]int64
	PushedReached           []string
	PushedGrade, PushedTier string
}

// Activity is one thing that the lead did.
type Activity struct {
	ID, Kind string
	At       time.Time
	// Uncertain says that At is not the CRM's own date; it happened between NotBefore and NotAfter.
	Uncertain           bool
	NotBefore, NotAfter time.Time
	Attributes          map[string]string
}

// Reading is a lead as the model sees it, whatever the time.
type Reading struct {
	model      *Model
	lead       Lead
	facts      map[string]any // worded where the model says so; what is unknown is not there
	activities []*Seen        // each once, latest first, those of one instant by their ID
	streams    map[streamKey][]*Seen
	answers    map[ast.Node]any // of conditions that time cannot change
}

// Seen is an activity as conditions see it.
type Seen struct {
	Activity

	Machine bool
}

// streamKey names the activities of one kind that meet one condition.
type streamKey struct {
	kind  string
	where ast.Node
}

// Read looks at a lead, once for all times.
func (m *Model) Read(lead Lead) *Reading {
	r := &Reading{model: m, lead: lead, facts: map[string]any{}, streams: map[streamKey][]*Seen{}, answers: map[ast.Node]any{}}
	for name, f := range m.facts {
		if v := m.worded(f, lead.Facts[name]); v != nil {
			r.facts[name] = v
		}
	}
	for _, a := range once(lead.Activities) {
		if k, declared := m.kinds[a.Kind]; declared && k.of == "" && len(k.anyOf) == 0 {
			r.activities = append(r.activities, &Seen{Activity: a})
		}
	}
	slices.SortFunc(r.activities, func(x, y *Seen) int {
		return cmp.Or(cmp.Compare(y.At.UnixMicro(), x.At.UnixMicro()), strings.Compare(x.ID, y.ID))
	})
	m.unmask(r.activities)
	return r
}

// worded is a fact as conditions see it, nil if it is unknown.
func (m *Model) worded(f fact, v any) any {
	switch v := v.(type) {
	case string:
		if f.typ != "text" {
			return nil
		}
		return m.word(f, v)
	case float64:
		if f.typ != "number" || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return v
	case bool:
		if f.typ == "bool" {
			return v
		}
	case time.Time:
		if f.typ == "time" {
			return v
		}
	}
	return nil
}

func (m *Model) word(f fact, text string) any {
	var word string
	var found bool
	switch {
	case f.vocabulary != "":
		word, found = m.words.Word(f.vocabulary, text)
	case len(f.options) > 0:
		word, found = optionOf(f.options, text)
	default:
		return text
	}
	switch {
	case oneSpace(text) == "":
		return nil // nothing is no answer
	case found:
		return word
	case f.otherwise != "":
		return f.otherwise
	}
	return nil
}

func optionOf(options []option, text string) (string, bool) {
	same := func(label string) bool { return fold(oneSpace(label)) == fold(oneSpace(text)) }
	for _, o := range options {
		if same(o.word) || slices.ContainsFunc(o.labels, same) {
			return o.word, true
		}
	}
	return "", false
}

// attributes are what is known of an activity under the name of a kind, with what the kinds make of it.
func (r *Reading) attributes(x *Seen, name string) map[string]string {
	k, out := r.model.kinds[name], map[string]string{}
	switch {
	case k.of != "":
		out = r.attributes(x, k.of)
	case len(k.anyOf) > 0:
		for _, part := range k.anyOf {
			if r.is(x, part) {
				maps.Copy(out, r.attributes(x, part))
			}
		}
	default:
		maps.Copy(out, x.Attributes)
	}
	for made, a := range k.made {
		delete(out, made)
		if word := wordIn(a.options, out[a.of]); word != "" {
			out[made] = word
		}
	}
	return out
}

// wordIn is the first word that has a pattern which is in the text, empty if none is.
func wordIn(options []option, text string) string {
	for _, o := range options {
		if slices.ContainsFunc(o.labels, func(pattern string) bool { return HasWord(text, pattern) }) {
			return o.word
		}
	}
	return ""
}

// once leaves one of the copies of each activity.
func once(all []Activity) []Activity {
	var out []Activity
	for _, a := range all {
		i := slices.IndexFunc(out, func(b Activity) bool { return b.ID == a.ID })
		switch {
		case i < 0:
			out = append(out, a)
		case rank(a, out[i]) < 0:
			out[i] = a
		}
	}
	return out
}

// rank orders differing copies: the first counts.
func rank(a, b Activity) int {
	certain := func(x Activity) int {
		if x.Uncertain {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(b.At.UnixMicro(), a.At.UnixMicro()),
		strings.Compare(a.Kind, b.Kind),
		cmp.Compare(certain(a), certain(b)),
		slices.Compare(pairs(a.Attributes), pairs(b.Attributes)),
		a.NotBefore.Compare(b.NotBefore),
		a.NotAfter.Compare(b.NotAfter),
	)
}

// pairs are names and values of attributes as a sorted list.
func pairs(attributes map[string]string) []string {
	var out []string
	for name, value := range attributes {
		out = append(out, name+"\x00"+value)
	}
	slices.Sort(out)
	return out
}

// unmask finds what machines did: activities of a kind that lie so close together as no person is.
func (m *Model) unmask(all []*Seen) {
	for name, k := range m.kinds {
		if k.times == 0 {
			continue
		}
		for _, x := range all {
			begin, _, _ := x.when() // of a span that may be a burst: where else it begins, it holds no more
			var burst []*Seen
			for _, y := range all {
				from, until, told := y.when()
				if y.Kind == name && told && from >= begin && until <= begin+k.within.Microseconds() {
					burst = append(burst, y)
				}
			}
			for _, y := range burst {
				y.Machine = y.Machine || int64(len(burst)) >= k.times
			}
		}
	}
}

// when is between which moments something happened, and whether that is told at all.
func (x *Seen) when() (from, until int64, told bool) {
	from, until = x.At.UnixMicro(), x.At.UnixMicro()
	if !x.Uncertain {
		return from, until, true
	}
	if !x.NotBefore.IsZero() {
		from = min(from, x.NotBefore.UnixMicro())
	}
	if !x.NotAfter.IsZero() {
		until = max(until, x.NotAfter.UnixMicro())
	}
	return from, until, !x.NotAfter.IsZero()
}

// Of are the activities of a kind that meet a condition, whatever their time, those of machines left out; latest
// first.
func (r *Reading) Of(name string, where ast.Node) []*Seen {
	key := streamKey{name, where}
	if found, asked := r.streams[key]; asked {
		return found
	}
	var out []*Seen
	for _, x := range r.activities {
		if !x.Machine && r.is(x, name) && r.meets(x, name, where) {
			out = append(out, x)
		}
	}
	r.streams[key] = out
	return out
}

// is reports whether an activity belongs to a kind.
func (r *Reading) is(x *Seen, name string) bool {
	k := r.model.kinds[name]
	switch {
	case k.of != "":
		return r.is(x, k.of) && r.meets(x, k.of, k.where)
	case len(k.anyOf) > 0:
		return slices.ContainsFunc(k.anyOf, func(part string) bool { return r.is(x, part) })
	}
	return x.Kind == name
}

// meets reports whether a condition is true of an activity, seen as one of a kind.
func (r *Reading) meets(x *Seen, kind string, where ast.Node) bool {
	if where == nil {
		return true
	}
	attributes := r.attributes(x, kind)
	return scope{reading: r, names: func(name string) any {
		if v, has := attributes[name]; has {
			return v
		}
		return nil
	}}.holds(where)
}
