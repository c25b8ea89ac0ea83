package scoring

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// frame is one lead made ready for evaluation: facts by index, activities sorted into streams. It is scratch
// space, used by one goroutine at a time and returned to the model's pool.
type frame struct {
	model   *Model
	rules   *ruleset // those that decide for this lead
	variant string   // whose they are; empty for the top of the file
	facts   []slot
	streams [][]occurrence
	acts    []dated
	robots  []bool // by place in acts: a machine did it
	of      []bool // by kind: the activity looked at is of it
	// machines is for each stream how many activities that have begun are not in it because a machine did them.
	machines []int
	// thinned is for each thinning of the model how many that have begun it leaves out.
	thinned []int
	seen    map[string]struct{}
	memory  []truths // truth of each condition that time does not change; never if not asked yet

	now  int64 // the moment asked for, microseconds
	step int64 // the step of the moment
	a, b int64 // the span of steps looked at

	spans, spent int64 // work of the look ahead: spans, and activities and parts of conditions looked at in them

	stays       []stay  // scratch of findMachines
	ends        []int64 // scratch of findMachines
	least, most []int64 // scratch of daysWith

	attributes map[string]string // of the activity that a where condition looks at
	texts      []textValue       // by attribute: what it was last
	found      []foundWord       // by made attribute: where it was found last
	scores     []bounds          // of the span looked at
	reasons    factList          // what makes the condition false that is told just now
}

type slot struct {
	Value
	text textValue

	unworded bool   // the value is the CRM's text, of which nobody has asked the word yet: use frame.fact
	original string // the CRM's text of a fact that has been worded
}

// dated is an activity with its time in microseconds, for sorting.
type dated struct {
	at  int64
	act int
}

// occurrence is an activity in a stream. It counts from step start on; its age is zero until step birth.
type occurrence struct {
	start, birth int64
	at           int64 // microseconds
	day          int64 // calendar day, see dayOf; 0 if no stream of the kind asks for days
	act          int
}

// prepare fills a frame with the facts of the lead as seen at now, and chooses the rules for it. Its activities come
// with settle, which a lead that must not be profiled does not need.
func (m *Model) prepare(lead *Lead, now time.Time) *frame {
	f, ok := m.frames.Get().(*frame)
	if !ok {
		f = &frame{
			model: m, facts: make([]slot, len(m.facts)), streams: make([][]occurrence, len(m.streams)),
			machines: make([]int, len(m.streams)), of: make([]bool, len(m.kinds)),
			seen: map[string]struct{}{}, memory: make([]truths, m.conditions), scores: make([]bounds, len(m.scores)),
		}
	}
	f.now = now.UnixMicro()
	f.step = floorDiv(f.now, m.grid)
	f.a, f.b = f.step, f.step
	f.spans, f.spent = 0, 0
	clear(f.memory)
	for i := range m.facts {
		f.facts[i] = slot{Value: usable(lead.Facts[m.facts[i].Name], m.facts[i].Type)}
		f.facts[i].text.raw = f.facts[i].Text
		f.facts[i].unworded = m.facts[i].wording != nil && f.facts[i].Known()
	}
	f.locate(lead)
	f.choose()
	return f
}

// settle sorts the activities into the streams of the rules that decide.
func (f *frame) settle(activities []Activity) {
	f.arrange(activities)
	f.findMachines(activities)
	f.distribute(activities)
	f.thin()
}

// release gives the frame back, without anything of the lead in it.
func (f *frame) release() {
	clear(f.facts)
	clear(f.seen)
	clear(f.texts)
	clear(f.found)
	f.attributes = nil
	f.model.frames.Put(f)
}

// usable is the value if it has the declared type and, as a number, is one; otherwise it is unknown.
func usable(v Value, want FactType) Value {
	if v.Type != want || want == TypeNumber && (math.IsNaN(v.Number) || math.IsInf(v.Number, 0)) {
		return Value{}
	}
	return v
}

// arrange sorts the activities latest first, then by ID, and keeps one of each ID.
func (f *frame) arrange(activities []Activity) {
	f.acts = f.acts[:0]
	for i := range activities {
		f.acts = append(f.acts, dated{at: activities[i].At.UnixMicro(), act: i})
	}
	slices.SortFunc(f.acts, func(a, b dated) int {
		if a.at != b.at {
			return cmp.Compare(b.at, a.at)
		}
		return compareActivities(&activities[a.act], &activities[b.act])
	})
	f.acts = slices.DeleteFunc(f.acts, func(d dated) bool {
		id := activities[d.act].ID
		if _, repeated := f.seen[id]; repeated {
			return true
		}
		f.seen[id] = struct{}{}
		return false
	})
}

// compareActivities orders activities of one moment, so that of two versions of one activity always the same
// one counts, whatever order they come in.
func compareActivities(a, b *Activity) int {
	if a.ID != b.ID {
		return strings.Compare(a.ID, b.ID)
	}
	if a.Kind != b.Kind {
		return strings.Compare(a.Kind, b.Kind)
	}
	if a.Uncertain != b.Uncertain {
		if b.Uncertain {
			return -1
		}
		return 1
	}
	if !maps.Equal(a.Attributes, b.Attributes) {
		return slices.Compare(pairs(a.Attributes), pairs(b.Attributes))
	}
	return cmp.Or(a.NotBefore.Compare(b.NotBefore), a.NotAfter.Compare(b.NotAfter), b.At.Compare(a.At))
}

func pairs(attributes map[string]string) []string {
	list := make([]string, 0, len(attributes))
	for name, value := range attributes {
		list = append(list, name+"\x00"+value)
	}
	slices.Sort(list)
	return list
}

// distribute puts each activity into the streams whose condition it meets: the one pass over activities.
func (f *frame) distribute(activities []Activity) {
	for i := range f.streams {
		f.streams[i] = f.streams[i][:0]
	}
	clear(f.machines)
	for i, d := range f.acts {
		activity := &activities[d.act]
		kind, ok := f.model.kindIndex[activity.Kind]
		if !ok || len(f.rules.flows[kind].steps) == 0 {
			continue
		}
		seen := occurrence{birth: ceilDiv(d.at, f.model.grid), at: d.at, act: d.act}
		seen.start = seen.birth
		if d.at <= f.now {
			seen.start = min(seen.birth, f.step)
		}
		if f.rules.flows[kind].daily {
			seen.day = f.model.dayOf(d.at)
		}
		f.attributes = activity.Attributes
		f.enter(kind, seen, f.robots[i])
	}
}

// enter puts an activity of a kind with a source into the streams of all kinds that it is of.
func (f *frame) enter(kind int, seen occurrence, machine bool) {
	for _, step := range f.rules.flows[kind].steps {
		f.of[step.kind] = step.kind == kind || f.isOf(&f.model.kinds[step.kind])
		if !f.of[step.kind] {
			continue
		}
		for _, s := range step.streams {
			where := f.model.streams[s].where
			switch {
			case where != nil && where.root.at(f) != mayTrue:
			case !machine:
				f.streams[s] = append(f.streams[s], seen)
			case seen.at <= f.now:
				f.machines[s]++
			}
		}
	}
	for _, step := range f.rules.flows[kind].steps {
		f.of[step.kind] = false
	}
}

// truth is the truth of a condition over the frame's span.
func (f *frame) truth(c *condition) truths {
	if c.moves {
		return c.root.at(f)
	}
	if f.memory[c.id] == never {
		f.memory[c.id] = c.root.at(f)
	}
	return f.memory[c.id]
}

// age is how old something born at a step is at another, never negative.
func age(step, birth int64) int64 { return max(0, step-birth) }

// days is the whole days since a time over the span.
func (f *frame) days(t time.Time) span {
	at := t.UnixMicro()
	birth := ceilDiv(at, f.model.grid)
	if at <= f.now {
		return span{lo: float64(age(f.a, birth) / f.model.perDay), hi: float64(age(f.b, birth) / f.model.perDay), known: true}
	}
	return span{lo: float64(floorDiv(f.a-birth, f.model.perDay)), hi: float64(floorDiv(f.b-birth, f.model.perDay)), known: true}
}

// sinceLast is the whole days since the last activity of a stream over the span.
func (f *frame) sinceLast(s int) span {
	f.spent += int64(len(f.streams[s]))
	result := span{unknown: true}
	begins := false                  // one begins inside the span
	for _, o := range f.streams[s] { // latest first
		if o.start > f.b {
			continue
		}
		result.known = true
		result.hi = max(result.hi, float64(age(f.b, o.birth)/f.model.perDay))
		if o.start > f.a {
			begins = true
			continue
		}
		result.unknown = false
		if !begins {
			result.lo = float64(age(f.a, o.birth) / f.model.perDay)
		}
		return result
	}
	return result
}

// count is how many activities of a stream are younger than the window over the span.
func (f *frame) count(s int, window int64) span { return f.countOf(f.streams[s], window) }

func (f *frame) countOf(occurrences []occurrence, window int64) span {
	f.spent += int64(len(occurrences))
	lo, hi := 0, 0
	for _, o := range occurrences {
		if o.start <= f.b && (window == 0 || age(f.a, o.birth) < window) {
			hi++
		}
		if o.start <= f.a && (window == 0 || age(f.b, o.birth) < window) {
			lo++
		}
	}
	return span{lo: float64(lo), hi: float64(hi), known: true}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func ceilDiv(a, b int64) int64 { return -floorDiv(-a, b) }
