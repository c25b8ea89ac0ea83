package scoring

import (
	"github.com/expr-lang/expr/ast"
)

// DoNotProfile is the condition under which a lead must not be profiled, as it stands in the file; empty if the
// model has none.
func (m *Model) DoNotProfile() string {
	if m.unprofiled == nil {
		return ""
	}
	return m.unprofiled.source
}

// unprofiled notes that the lead must not be profiled, if so.
func (f *frame) unprofiled(e *Evaluation) bool {
	c := f.model.unprofiled
	if c == nil || f.truth(c) != mayTrue {
		return false
	}
	e.Unprofiled = true
	e.StageReason = Reason{ReasonUnprofiled, map[string]string{"condition": c.source}}
	return true
}

func (p *modelParser) doNotProfile(f field) {
	p.model.unprofiled = p.standing(f)
}

// standing compiles a condition over facts alone: time and activities do not change its truth.
func (p *modelParser) standing(f field) *condition {
	return p.condition(f, scope{model: p.model, standing: true})
}

// refuseMoving reports every function of time or activities in a condition that must not see them.
func (c *compiler) refuseMoving(tree ast.Node) {
	ast.Walk(&tree, movingFinder{c})
}

type movingFinder struct{ c *compiler }

// Visit is called by ast.Walk with every node.
func (v movingFinder) Visit(node *ast.Node) {
	if call, ok := (*node).(*ast.CallNode); ok && callType(call) == TypeNumber {
		name, _ := called(call)
		v.c.fail(call, "compare facts only, so that time alone never changes the answer", "%s sees activities or time, which this condition must not", name)
	}
}
