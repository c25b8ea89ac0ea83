package simulator

import (
	"encoding/json"
	"strconv"
	"strings"
)

// branch is a node of a list's filters: an OR of ANDs of property filters is
// what the simulator understands, the shape that the account's pages make.
type branch struct {
	Kind     string       `json:"filterBranchType"`
	Branches []branch     `json:"filterBranches"`
	Filters  []listFilter `json:"filters"`
}

type listFilter struct {
	Kind      string `json:"filterType"`
	Property  string `json:"property"`
	Operation struct {
		Kind     string `json:"operationType"`
		Operator string `json:"operator"`
		Value    text   `json:"value"`
		Values   []text `json:"values"`
	} `json:"operation"`
}

// readBranch turns filters of a list into groups of search filters; why names what is not possible.
func readBranch(raw []byte) (groups [][]filter, why string) {
	var root branch
	if err := json.Unmarshal(raw, &root); err != nil {
		return nil, "filterBranch is not readable: " + err.Error()
	}
	if root.Kind != "OR" || len(root.Filters) > 0 {
		return nil, "The root of filterBranch must be an OR branch without filters of its own."
	}
	for _, b := range root.Branches {
		if b.Kind != "AND" || len(b.Branches) > 0 {
			return nil, "The branches of the root must be AND branches of property filters; others are not simulated."
		}
		group := []filter{}
		for _, f := range b.Filters {
			one, why := f.search()
			if why != "" {
				return nil, why
			}
			group = append(group, one)
		}
		groups = append(groups, group)
	}
	if len(groups) == 0 {
		return nil, "The root of filterBranch needs at least one branch."
	}
	return groups, ""
}

// search is the filter in the words of search.
func (f listFilter) search() (out filter, why string) {
	if f.Kind != "PROPERTY" {
		return out, "filterType " + strconv.Quote(f.Kind) + " is not simulated; PROPERTY is."
	}
	out = filter{Property: f.Property, Operator: searchOperator(f.Operation.Operator), Value: f.Operation.Value}
	for _, v := range f.Operation.Values {
		out.Values = append(out.Values, string(v))
	}
	if out.Operator == "" {
		return out, "operator " + strconv.Quote(f.Operation.Operator) + " is not possible."
	}
	if why := out.several(); why != "" {
		return out, why
	}
	if out.Operator != "IN" && out.Operator != "NOT_IN" {
		return out, ""
	}
	if len(out.Values) == 0 {
		out.Values = []string{string(out.Value)}
	}
	if f.Operation.Kind == "MULTISTRING" || f.Operation.Kind == "STRING" { // lists do not look at the case
		for i, v := range out.Values {
			out.Values[i] = strings.ToLower(v)
		}
	}
	return out, ""
}

// several brings operators of one value that were sent with a list of values,
// as MULTISTRING does, into those that search has for it.
func (out *filter) several() (why string) {
	if out.Value != "" || len(out.Values) == 0 {
		return ""
	}
	switch out.Operator {
	case "EQ":
		out.Operator = "IN"
	case "NEQ":
		out.Operator = "NOT_IN"
	case "CONTAINS_TOKEN":
		if len(out.Values) > 1 {
			return "operator CONTAINS is simulated with one value only."
		}
		out.Value = text(out.Values[0])
	}
	return ""
}

func searchOperator(operator string) string {
	switch operator {
	case "IS_EQUAL_TO":
		return "EQ"
	case "IS_NOT_EQUAL_TO":
		return "NEQ"
	case "IS_ANY_OF":
		return "IN"
	case "IS_NONE_OF":
		return "NOT_IN"
	case "IS_GREATER_THAN":
		return "GT"
	case "IS_GREATER_THAN_OR_EQUAL_TO":
		return "GTE"
	case "IS_LESS_THAN":
		return "LT"
	case "IS_LESS_THAN_OR_EQUAL_TO":
		return "LTE"
	case "IS_KNOWN":
		return "HAS_PROPERTY"
	case "IS_UNKNOWN":
		return "NOT_HAS_PROPERTY"
	case "CONTAINS":
		return "CONTAINS_TOKEN"
	}
	return ""
}
