package simulator

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// compile turns filter groups into one test; why names what is wrong. Groups
// are alternatives, the filters of a group all hold.
func (c *call) compile(in searchIn) (match func(*record) bool, why string) {
	if len(in.Sorts) == 1 && c.t.props[in.Sorts[0].Property] == nil && !isModifiedName(in.Sorts[0].Property) {
		return nil, "There is no property " + in.Sorts[0].Property + " to sort by."
	}
	var groups [][]func(*record) bool
	for _, g := range in.FilterGroups {
		var tests []func(*record) bool
		for _, f := range g.Filters {
			test, why := c.compileFilter(f)
			if why != "" {
				return nil, why
			}
			tests = append(tests, test)
		}
		groups = append(groups, tests)
	}
	words := c.compileQuery(in.Query)
	if len(groups) == 0 {
		return words, ""
	}
	return func(r *record) bool {
		return words(r) && slices.ContainsFunc(groups, func(tests []func(*record) bool) bool {
			return !slices.ContainsFunc(tests, func(t func(*record) bool) bool { return !t(r) })
		})
	}, ""
}

func (c *call) compileFilter(f filter) (test func(*record) bool, why string) {
	if to, ok := strings.CutPrefix(f.Property, "associations."); ok {
		return c.compileLink(f, canonicalType(to))
	}
	wrongDate := isModifiedName(f.Property) && f.Property != c.t.modName
	p := c.t.props[f.Property]
	if wrongDate { // the other type's name finds nothing and says nothing (hubspot-api 5.4)
		return func(*record) bool { return false }, ""
	}
	if p == nil || p.Archived {
		return nil, "There is no property " + f.Property + " to filter by."
	}
	if test, ok := c.compileStamp(p, f); ok {
		return test, ""
	}
	value := func(r *record) (string, bool) { return r.value(r.indexed, p.key) }
	test, known := compileOperator(p, f, value)
	if !known {
		return nil, fmt.Sprintf("Operator %q is not possible on property %s with these values.", f.Operator, f.Property)
	}
	return test, ""
}

// compileStamp compares ids and modified times as the numbers that they are
// kept as: a poll tests every record of its stretch.
func (c *call) compileStamp(p *Property, f filter) (test func(*record) bool, ok bool) {
	var get func(*record) int64
	var parse func(string) (int64, bool)
	switch p.key {
	case c.t.keyModified:
		get = func(r *record) int64 { return r.indexed.modified }
		parse = func(s string) (int64, bool) { at, ok := parseTime(s); return at.UnixMilli(), ok }
	case c.t.keyID:
		get = func(r *record) int64 { return r.id }
		parse = func(s string) (int64, bool) { n, err := strconv.ParseInt(s, 10, 64); return n, err == nil }
	default:
		return nil, false
	}
	want, ok := parse(string(f.Value))
	if !ok {
		return nil, false
	}
	hold := holds(f.Operator)
	return func(r *record) bool { return hold(cmp.Compare(get(r), want)) }, hold != nil
}

func isModifiedName(name string) bool {
	return name == "lastmodifieddate" || name == "hs_lastmodifieddate"
}

func (c *call) compileLink(f filter, to string) (test func(*record) bool, why string) {
	if c.a.tables[to] == nil || (f.Operator != "EQ" && f.Operator != "IN") {
		return nil, "associations." + to + " can be filtered by EQ and IN."
	}
	ids := f.Values
	if f.Operator == "EQ" {
		ids = []string{string(f.Value)}
	}
	return func(r *record) bool {
		return slices.ContainsFunc(r.links, func(l link) bool {
			return l.to.t.name == to && l.to.live() && slices.Contains(ids, l.to.idString())
		})
	}, ""
}

// holds says what an operator asks of the order of value and wanted value.
func holds(operator string) func(order int) bool {
	switch operator {
	case "EQ":
		return func(o int) bool { return o == 0 }
	case "LT":
		return func(o int) bool { return o < 0 }
	case "LTE":
		return func(o int) bool { return o <= 0 }
	case "GT":
		return func(o int) bool { return o > 0 }
	case "GTE":
		return func(o int) bool { return o >= 0 }
	}
	return nil
}

func compileOperator(p *Property, f filter, value func(*record) (string, bool)) (test func(*record) bool, known bool) {
	want, ok := storedForm(p, string(f.Value))
	if hold := holds(f.Operator); hold != nil {
		return func(r *record) bool {
			v, set := value(r)
			return set && hold(compareValues(p, v, want))
		}, ok
	}
	switch f.Operator {
	case "NEQ":
		return func(r *record) bool { v, set := value(r); return !set || compareValues(p, v, want) != 0 }, ok
	case "BETWEEN":
		high, highOK := storedForm(p, string(f.HighValue))
		return func(r *record) bool {
			v, set := value(r)
			return set && compareValues(p, v, want) >= 0 && compareValues(p, v, high) <= 0
		}, ok && highOK
	}
	return compileSetOperator(p, f, value)
}

func compileSetOperator(p *Property, f filter, value func(*record) (string, bool)) (test func(*record) bool, known bool) {
	values, valid := storedForms(p, f.Values)
	in := func(r *record) bool {
		v, set := value(r)
		switch {
		case !set:
			return false
		case p.Type == "string": // asked values must be lower case (hubspot-api 5.4)
			return slices.Contains(values, strings.ToLower(v))
		case p.FieldType == "checkbox": // several values in one, case-sensitive
			return slices.ContainsFunc(strings.Split(v, ";"), func(one string) bool { return slices.Contains(values, one) })
		}
		return slices.ContainsFunc(values, func(w string) bool { return compareValues(p, v, w) == 0 })
	}
	token := func(r *record) bool {
		v, set := value(r)
		return set && containsToken(v, string(f.Value))
	}
	not := func(t func(*record) bool) func(*record) bool { return func(r *record) bool { return !t(r) } }
	has := func(r *record) bool { _, set := value(r); return set }
	switch f.Operator {
	case "IN":
		return in, valid
	case "NOT_IN":
		return not(in), valid
	case "HAS_PROPERTY":
		return has, true
	case "NOT_HAS_PROPERTY":
		return not(has), true
	case "CONTAINS_TOKEN":
		return token, f.Value != ""
	case "NOT_CONTAINS_TOKEN":
		return not(token), f.Value != ""
	}
	return nil, false
}

// storedForms brings the values of IN and NOT_IN into the stored form; at least one is needed.
func storedForms(p *Property, values []string) ([]string, bool) {
	out := make([]string, 0, len(values))
	for _, v := range values {
		one, ok := storedForm(p, v)
		if !ok {
			return nil, false
		}
		out = append(out, one)
	}
	return out, len(out) > 0
}

// storedForm brings a filter value into the stored form.
func storedForm(p *Property, s string) (string, bool) {
	switch p.Type {
	case "datetime":
		at, ok := parseTime(s)
		return isoMillis(at.UnixMilli()), ok
	case "date":
		at, ok := parseTime(s)
		return at.Format("2006-01-02"), ok
	case "number":
		_, err := strconv.ParseFloat(s, 64)
		return s, err == nil
	}
	return s, s != ""
}

func compareValues(p *Property, x, y string) int {
	if p.Type == "number" {
		if len(x) == len(y) && len(x) < 18 && digits(x) && digits(y) {
			return cmp.Compare(x, y)
		}
		fx, errX := strconv.ParseFloat(x, 64)
		fy, errY := strconv.ParseFloat(y, 64)
		if errX == nil && errY == nil {
			return cmp.Compare(fx, fy)
		}
	}
	if p.Type == "string" {
		return cmp.Compare(strings.ToLower(x), strings.ToLower(y))
	}
	return cmp.Compare(x, y)
}

func digits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// containsToken matches whole words, with * at either end for any part.
func containsToken(value, pattern string) bool {
	value, pattern = strings.ToLower(value), strings.ToLower(pattern)
	bare := strings.Trim(pattern, "*")
	split := func(r rune) bool { return strings.ContainsRune(" @,;:/\\()\"'", r) }
	for _, word := range append(strings.FieldsFunc(value, split), value) {
		switch {
		case strings.HasPrefix(pattern, "*") && strings.HasSuffix(pattern, "*") && strings.Contains(word, bare),
			strings.HasPrefix(pattern, "*") && strings.HasSuffix(word, bare),
			strings.HasSuffix(pattern, "*") && strings.HasPrefix(word, bare), word == bare:
			return true
		}
	}
	return false
}
