package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// ConditionalRule is a conditional property rule that an admin made: a record
// whose property When has one of the values In must have all of Require
// (hubspot-api 1.2). Moving a deal to a stage that asks for an amount is one.
type ConditionalRule struct {
	Type    string   `json:"type"`
	When    string   `json:"when"`
	In      []string `json:"in"`
	Require []string `json:"require"`
}

// AddConditionalRule adds a rule; it holds for writes by the API from 2026-09
// on. It fails with ErrInvalid for names that the type does not have.
func (a *Account) AddConditionalRule(rule ConditionalRule) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.table(rule.Type)
	if err != nil {
		return fmt.Errorf("add conditional rule: %w", err)
	}
	if len(rule.In) == 0 || len(rule.Require) == 0 {
		return fmt.Errorf("add conditional rule on %q: name the values that it is about and what it requires: %w", rule.When, ErrInvalid)
	}
	for _, name := range append([]string{rule.When}, rule.Require...) {
		if t.props[name] == nil {
			return fmt.Errorf("add conditional rule: %s have no property %q: %w", t.name, name, ErrInvalid)
		}
	}
	rule.Type = t.name
	a.rules = append(a.rules, rule)
	return nil
}

// enforced says whether a version of the API enforces what admins require.
func enforced(version string) bool { return strings.HasPrefix(version, "20") && version >= "2026-09" }

// checkRequired enforces the admins' rules of 2026-09 (hubspot-api 1.2): the
// form's required properties on creates, conditional ones on every write that
// touches one of the two.
func (c *call) checkRequired(p *plan, r *record, props map[string]string) {
	if !enforced(c.r.PathValue("v")) {
		return
	}
	e := apiError{Message: "Required properties are missing.", Category: "VALIDATION_ERROR"}
	missing := func(name, code, why string) {
		e.Errors = append(e.Errors, errorDetail{Message: why, Code: code, Context: map[string][]string{"propertyName": {name}}})
	}
	if r == nil {
		for _, name := range c.a.required[c.t.name] {
			if props[name] == "" {
				missing(name, "MISSING_REQUIRED_PROPERTY", "Property \""+name+"\" is required.")
			}
		}
	}
	for _, rule := range c.a.rules {
		if rule.Type != c.t.name || !rule.touched(props) || !slices.Contains(rule.In, c.future(r, props, rule.When)) {
			continue
		}
		for _, name := range rule.Require {
			if c.future(r, props, name) == "" {
				missing(name, "MISSING_CONDITIONAL_REQUIRED_PROPERTY", "Property \""+name+"\" is required when \""+rule.When+"\" has this value.")
			}
		}
	}
	if len(e.Errors) > 0 {
		p.refuse(http.StatusBadRequest, e)
	}
}

func (rule ConditionalRule) touched(props map[string]string) bool {
	for name := range props {
		if name == rule.When || slices.Contains(rule.Require, name) {
			return true
		}
	}
	return false
}

// future is the value that a property will have after the write.
func (c *call) future(r *record, props map[string]string, name string) string {
	if v, given := props[name]; given || r == nil {
		return v
	}
	return r.text(name)
}
