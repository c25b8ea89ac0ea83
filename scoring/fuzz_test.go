package scoring_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/fixtures"
	"leadsync/fixtures/hostile"
	"leadsync/scoring"
)

// tape gives numbers and texts from bytes, and zeros when they are used up.
type tape []byte

func (b *tape) next(n int) []byte {
	out := make([]byte, n)
	*b = (*b)[copy(out, *b):]
	return out
}

func (b *tape) byte() int      { return int(b.next(1)[0]) }
func (b *tape) int64() int64   { return int64(binary.LittleEndian.Uint64(b.next(8))) }
func (b *tape) text() string   { return string(b.next(b.byte() % 16)) }
func (b *tape) of(n int) int   { return b.byte() % n }
func (b *tape) done() bool     { return len(*b) == 0 }
func (b *tape) float() float64 { return math.Float64frombits(uint64(b.int64())) }

// when is a moment: mostly of the last two years, sometimes any.
func (b *tape) when() time.Time {
	if b.of(8) == 0 {
		return time.UnixMicro(b.int64())
	}
	minutes := int64(binary.LittleEndian.Uint32(b.next(4))) % (2 * 366 * 24 * 60)
	return start().Add(-time.Duration(minutes-24*60) * time.Minute)
}

func (b *tape) value(f scoring.Fact) scoring.Value {
	v := scoring.Value{Type: []scoring.FactType{f.Type, f.Type, f.Type, scoring.TypeText, "", "other"}[b.of(6)]}
	switch words := f.Words(); {
	case v.Type == scoring.TypeText && len(words) > 0 && b.of(2) == 0:
		v.Text = words[b.of(len(words))]
	case v.Type == scoring.TypeText:
		v.Text = b.text()
	case v.Type == scoring.TypeNumber && b.of(2) == 0:
		v.Number = b.float()
	case v.Type == scoring.TypeNumber:
		v.Number = float64(b.byte() * 100)
	case v.Type == scoring.TypeBool:
		v.Bool = b.of(2) == 0
	case v.Type == scoring.TypeTime:
		v.Time = b.when()
	}
	return v
}

func (b *tape) lead(m *scoring.Model) scoring.Lead {
	lead := scoring.Lead{Facts: map[string]scoring.Value{}}
	for _, f := range m.Facts() {
		if b.of(3) > 0 {
			lead.Facts[f.Name] = b.value(f)
		}
	}
	stages := m.Stages()
	lead.Stage = append(stages, scoring.Stage{})[b.of(len(stages)+1)].Name
	if b.of(4) == 0 {
		for range b.of(5) {
			lead.Order = append(lead.Order, stages[b.of(len(stages))].Name)
		}
	}
	if b.of(2) == 0 {
		lead.Pushed = map[string]int64{}
		for _, name := range m.ScoreNames() {
			lead.Pushed[name] = int64(b.byte()) - 100
		}
	}
	kinds := m.ActivityKinds()
	for !b.done() && len(lead.Activities) < 300 {
		a := scoring.Activity{ID: fmt.Sprint(b.byte()), Kind: "unknown", At: b.when(), Uncertain: b.of(4) == 0}
		if i := b.of(len(kinds) + 1); i < len(kinds) {
			a.Kind = kinds[i].Kind
			for _, name := range slices.Sorted(maps.Keys(kinds[i].Attributes)) {
				if b.of(3) > 0 {
					if a.Attributes == nil {
						a.Attributes = map[string]string{}
					}
					a.Attributes[name] = []string{"connected", "completed", "Whitepaper", "demo", "https://example.com/pricing", b.text()}[b.of(6)]
				}
			}
		}
		if a.Uncertain && b.of(2) == 0 {
			a.NotBefore, a.NotAfter = b.when(), b.when()
		}
		lead.Activities = append(lead.Activities, a)
	}
	return lead
}

// FuzzEvaluate evaluates any lead by any of the sample models: nothing panics, the lines sum to the score, neither
// order nor repetition matters, and the next change lies ahead.
func FuzzEvaluate(f *testing.F) {
	models := []*scoring.Model{fifty(f), sample(f, "b2b.yaml"), sample(f, "small.yaml")}
	for _, name := range []string{"reference.yaml", "reference_bounds.yaml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		models = append(models, parse(f, string(text)))
	}
	if entries, err := fixtures.Models().ReadDir("models/broken"); err != nil || len(entries) == 0 {
		f.Fatal(err)
	} else {
		for _, entry := range entries[:20] { // some bytes that are not random
			text, err := fixtures.Models().ReadFile("models/broken/" + entry.Name())
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(len(text)), text)
		}
	}
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, which uint8, bytes []byte) {
		w.Run(t, func() {
			m := models[int(which)%len(models)]
			b := tape(bytes)
			now := b.when()
			lead := b.lead(m)
			e := m.Evaluate(lead, now)
			for _, score := range e.Scores {
				sum := scoring.Points(0)
				for _, line := range score.Lines {
					sum += line.Result
				}
				if sum != score.Points {
					t.Errorf("the lines of %s sum to %s, not %s", score.Name, sum, score.Points)
				}
			}
			if !e.NextChange.IsZero() && !e.NextChange.After(e.At) {
				t.Errorf("at %s the next change is %s", e.At, e.NextChange)
			}
			other := lead
			other.Activities = append(slices.Clone(lead.Activities), lead.Activities...)
			slices.Reverse(other.Activities)
			if diff := cmp.Diff(e, m.Evaluate(other, now)); diff != "" {
				t.Errorf("activities twice, in another order:\n%s", diff)
			}
			if e.Text("de") == "" || e.Short("en", 200) == "" && !e.Unprofiled && e.Total() != 0 {
				t.Error("nothing is said")
			}
		})
	})
}
