package modeltest

import (
	"slices"
	"strconv"
	"strings"

	"leadsync/scoring"
)

// expectVerdict reads which variant decides, which invariants are broken, or whether nothing is computed at all.
func (r *reader) expectVerdict(c child, e expectation) expectation {
	switch c.name {
	case "variant":
		e.about = aboutVariant
		e.name = *r.nameOrNone(c.field, r.model.Variants())
	case "unprofiled":
		e.about = aboutUnprofiled
		e.name = r.choice(c.field, []string{"true", "false"})
	default:
		e.about = aboutViolations
		e.name = r.violations(c.field)
	}
	return e
}

// violations reads all invariants that shall be broken, or none.
func (r *reader) violations(f field) string {
	if f.isText() && f.node.Value == "none" {
		return ""
	}
	var list []string
	for _, item := range r.some(f) {
		list = append(list, r.choice(item, r.model.Invariants()))
	}
	if len(list) == 0 {
		r.fail(f, "name invariants, or write none", "violations is an empty list")
	}
	return joined(list)
}

// joined are names in an order that does not depend on the story.
func joined(names []string) string {
	return strings.Join(slices.Sorted(slices.Values(names)), ", ")
}

// lookVerdict compares what the evaluation says of the lead as a whole.
func (p *player) lookVerdict(e expectation) (string, []string, bool) {
	if e.about == aboutVariant {
		return orNone(p.evaluation.Variant), nil, p.evaluation.Variant == e.name
	}
	if e.about == aboutUnprofiled {
		found := strconv.FormatBool(p.evaluation.Unprofiled)
		return found, []string{scoring.RenderReason(p.file.language, p.evaluation.StageReason)}, found == e.name
	}
	var names, because []string
	for _, check := range p.evaluation.Violations {
		names = append(names, check.Name)
		because = append(because, scoring.RenderCheck(p.file.language, check.In(p.file.zone)))
	}
	found := joined(names)
	return orNone(found), because, found == e.name
}
