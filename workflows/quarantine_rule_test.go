package workflows_test

import (
	"context"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// breakCondition makes the evaluation of a condition of a parsed model panic, as a mistake in the package scoring would.
func breakCondition(t *testing.T, m *scoring.Model, source string) {
	t.Helper()
	found, seen := 0, map[unsafe.Pointer]bool{}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() { //nolint:exhaustive // the others hold no conditions
		case reflect.Pointer:
			if v.IsNil() || seen[v.UnsafePointer()] {
				return
			}
			seen[v.UnsafePointer()] = true
			if c := v.Elem(); c.Type().Name() == "condition" && c.FieldByName("source").String() == source {
				root := c.FieldByName("root")
				reflect.NewAt(root.Type(), unsafe.Pointer(root.UnsafeAddr())).Elem().SetZero()
				found++
				return
			}
			walk(v.Elem())
		case reflect.Struct:
			for _, f := range v.Fields() {
				walk(f)
			}
		case reflect.Slice, reflect.Array:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Map:
			for _, key := range v.MapKeys() {
				walk(v.MapIndex(key))
			}
		}
	}
	walk(reflect.ValueOf(m))
	if found == 0 {
		t.Fatalf("no condition %q", source)
	}
}

// A panic of the model names what of it has to be changed: the rule of a score, the stage, the follow-up.
func TestQuarantine_namesTheRule(t *testing.T) {
	for name, tc := range map[string]struct{ condition, rule string }{
		"a rule of a score": {"budget >= 10000", "budget"},
		"a stage":           {"known(email)", "stage lead"},
		"a follow-up":       {"budget >= 1", "first contact"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			w := newWorker(b)
			text, err := os.ReadFile("testdata/model.yaml")
			b.must(err)
			m, err := scoring.Parse("model.yaml", []byte(strings.Replace(string(text), "    on_status: new\n", "    on_status: new\n    while: budget >= 1\n", 1)))
			b.must(err)
			w.Puller.Model, w.Reconciler.Model, w.Reconciler.Quarantine = m, m, b.store
			breakCondition(t, m, tc.condition)
			b.crm.props["1"] = reach("sql")
			b.hint("1")
			for range 3 {
				_, err := w.Step(t.Context(), b.fence)
				b.must(err)
				b.clock = b.clock.Add(time.Minute)
			}
			list, err := b.store.Quarantined(t.Context(), portalID, "", 10)
			b.must(err)
			if len(list) != 1 || list[0].Kind != workflows.FailedEvaluation || list[0].Rule != tc.rule || list[0].Times != 1 ||
				!strings.Contains(list[0].Reason, "nil pointer") {
				t.Errorf("quarantine %+v, want rule %q", list, tc.rule)
			}
		})
	}
}

// unreadable is an account of which one contact cannot be read, nor what is read with it.
type unreadable struct {
	*crm
	id connector.ObjectID
}

func (u *unreadable) Read(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID, props []string) (connector.ReadResult, error) {
	if slices.Contains(ids, u.id) {
		return connector.ReadResult{}, fault(connector.ErrUnavailable)
	}
	return u.crm.Read(ctx, t, ids, props)
}

// A contact that alone cannot be read waits in quarantine, after eight attempts, and its neighbours are decided at once.
func TestQuarantine_unreadable(t *testing.T) {
	b := newBench(t)
	w := newWorker(b)
	w.Reconciler.Quarantine = b.store
	w.Reconciler.CRM = &unreadable{crm: b.crm, id: "7"}
	for _, id := range []string{"1", "2", "7", "8"} {
		b.crm.props[connector.ObjectID(id)] = reach("sql")
		b.hint(connector.ObjectID(id))
	}
	for n := range 20 {
		_, err := w.Step(t.Context(), b.fence)
		b.must(err)
		b.clock = b.clock.Add(5 * time.Minute)
		if n > 2 && (b.crm.props["1"]["lifecyclestage"] == "" || b.crm.props["8"]["lifecyclestage"] == "") {
			t.Fatal("the neighbours wait")
		}
	}
	list, err := b.store.Quarantined(t.Context(), portalID, "", 10)
	b.must(err)
	if len(list) != 1 || list[0].ID != "7" || list[0].Kind != workflows.FailedRead || list[0].Times != 1 {
		t.Errorf("quarantine %+v, want contact 7, which cannot be read", list)
	}
	if due := b.due(); len(due) != 0 {
		t.Errorf("due: %+v", due)
	}
}
