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
	facts   []slot
	streams [][]occurrence
	acts    []dated
	seen    map[string]struct{}
	memory  []truths // truth of each condition that time does not change; never if not asked yet

	now  int64 // the moment asked for, microseconds
	step int64 // the step of the moment
	a, b int64 // the span of steps looked at

	attributes map[string]string // of the activity that a where condition looks at
	scores     []bounds          // of the span looked at
}

type slot struct {
	Value
	text textValue
}

// dated is an activity with its time in microseconds, for sorting.
type dated struct {
	at  int64
	act int
}

// occurrence is an activity in a stream. It counts from step start on; its age is zero until step birth.
type occurrence struct {
	start, birth int64
	act          int
}

// prepare fills a frame with the lead as seen at now.
func (m *Model) prepare(lead *Lead, now time.Time) *frame {
	f, ok := m.frames.Get().(*frame)
	if !ok {
		f = &frame{
			model: m, facts: make([]slot, len(m.facts)), streams: make([][]occurrence, len(m.streams)),
			seen: map[string]struct{}{}, memory: make([]truths, m.conditions), scores: make([]bounds, len(m.scores)),
		}
	}
	f.now = now.UnixMicro()
	f.step = floorDiv(f.now, m.grid)
	f.a, f.b = f.step, f.step
	clear(f.memory)
	for i := range m.facts {
		f.facts[i] = slot{Value: usable(lead.Facts[m.facts[i].Name], m.facts[i].Type)}
		f.facts[i].text.raw = f.facts[i].Text
	}
	f.arrange(lead.Activities)
	f.distribute(lead.Activities)
	return f
}

// release gives the frame back, without anything of the lead in it.
func (f *frame) release() {
	clear(f.facts)
	clear(f.seen)
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
	return cmp.Or(a.NotBefore.Compare(b.NotBefore), a.NotAfter.Compare(b.NotAfter))
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
	for _, d := range f.acts {
		activity := &activities[d.act]
		kind, ok := f.model.kindIndex[activity.Kind]
		if !ok {
			continue
		}
		seen := occurrence{birth: ceilDiv(d.at, f.model.grid), act: d.act}
		seen.start = seen.birth
		if d.at <= f.now {
			seen.start = min(seen.birth, f.step)
		}
		f.attributes = activity.Attributes
		for _, s := range f.model.byKind[kind] {
			where := f.model.streams[s].where
			if where == nil || where.root.at(f) == mayTrue {
				f.streams[s] = append(f.streams[s], seen)
			}
		}
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
func (f *frame) count(s int, window int64) span {
	lo, hi := 0, 0
	for _, o := range f.streams[s] {
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
