package simulator

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const flowsMost = 100

// Workflow is an automation that an admin built. Records enrol once: when all
// conditions of When hold, or when a property of OnChange changes; one of the
// two is given. An enabled workflow then sets the properties of Sets.
type Workflow struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Type     string            `json:"type"` // empty is contacts
	Enabled  bool              `json:"enabled"`
	When     []ListCondition   `json:"when,omitempty"`
	OnChange []string          `json:"onChange,omitempty"`
	Sets     map[string]string `json:"sets,omitempty"`

	t        *table
	match    func(*record) bool
	enrolled map[*record]bool
	revision int
	created  string
	updated  string
}

// AddWorkflow adds a workflow and returns its id. Records that meet the
// conditions already are not enrolled, as HubSpot's default is. Unknown
// properties, operators and values are ErrInvalid.
func (a *Account) AddWorkflow(actor Actor, w Workflow) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.table(orString(w.Type, Contacts))
	if err != nil {
		return "", fmt.Errorf("add workflow %q: %w", w.Name, err)
	}
	if why := a.wrongWorkflow(t, w); why != "" {
		return "", fmt.Errorf("add workflow %q: %s: %w", w.Name, why, ErrInvalid)
	}
	m := a.begin(actor)
	w.ID = strconv.Itoa(585_051_000 + 7*(len(a.flows)+1))
	w.Type, w.t, w.revision, w.enrolled = t.name, t, 1, map[*record]bool{}
	w.created, w.updated = isoMillis(m.at.UnixMilli()), isoMillis(m.at.UnixMilli())
	if len(w.When) > 0 {
		w.match, _ = t.matcher([][]filter{filters(w.When)})
		for _, r := range t.ids {
			if r.live() && w.match(r) {
				w.enrolled[r] = true
			}
		}
	}
	a.flows = append(a.flows, &w)
	a.note(m, Entry{Op: OpFlow, Type: t.name, ID: w.ID, New: strconv.FormatBool(w.Enabled)})
	return w.ID, nil
}

func filters(conditions []ListCondition) []filter {
	var out []filter
	for _, w := range conditions {
		out = append(out, filter{Property: w.Property, Operator: w.Operator, Value: text(w.Value), Values: w.Values})
	}
	return out
}

func (a *Account) wrongWorkflow(t *table, w Workflow) string {
	if w.Name == "" || (len(w.When) > 0) == (len(w.OnChange) > 0) {
		return "a workflow needs a name, and either conditions or properties whose change enrols"
	}
	for _, name := range w.OnChange {
		if t.props[name] == nil {
			return "there is no property " + name
		}
	}
	for _, c := range w.When {
		if listOperator(c.Operator) == "" {
			return "operator " + c.Operator + " is not one of a workflow's conditions"
		}
	}
	if _, why := t.matcher([][]filter{filters(w.When)}); why != "" {
		return why
	}
	if _, problems, _ := a.check(t, w.Sets, false); len(problems) > 0 {
		return problems[0].Message
	}
	return ""
}

// SetWorkflowEnabled switches a workflow on or off.
func (a *Account) SetWorkflowEnabled(actor Actor, id string, enabled bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.flows, func(w *Workflow) bool { return w.ID == id })
	if i < 0 {
		return fmt.Errorf("switch workflow %q: %w", id, ErrNotFound)
	}
	w := a.flows[i]
	if w.Enabled == enabled {
		return nil
	}
	m := a.begin(actor)
	w.Enabled, w.updated = enabled, isoMillis(m.at.UnixMilli())
	w.revision++
	a.note(m, Entry{Op: OpFlow, Type: w.t.name, ID: id, Old: strconv.FormatBool(!enabled), New: strconv.FormatBool(enabled)})
	return nil
}

// Workflows lists the workflows in order of creation.
func (a *Account) Workflows() []Workflow {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := []Workflow{}
	for _, w := range a.flows {
		out = append(out, Workflow{ID: w.ID, Name: w.Name, Type: w.Type, Enabled: w.Enabled, When: w.When, OnChange: w.OnChange, Sets: w.Sets})
	}
	return out
}

// Enrolled is how many records a workflow has enrolled.
func (a *Account) Enrolled(id string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, w := range a.flows {
		if w.ID == id {
			return len(w.enrolled)
		}
	}
	return 0
}

// runFlows enrols a record that has just changed. What a workflow sets can
// enrol the record in others; it ends because each enrols a record once.
func (a *Account) runFlows(m mutation, r *record) {
	for _, w := range a.flows {
		if !w.Enabled || w.t != r.t || w.enrolled[r] || !r.live() || !w.triggered(a, m, r) {
			continue
		}
		w.enrolled[r] = true
		changes, _, _ := a.check(w.t, w.Sets, true)
		by := m
		by.actor, by.call = Actor{Kind: System, ID: flowActor + w.ID}, ""
		if a.apply(by, r, guardStage(by.actor, r, changes)) {
			a.after(by, r)
		}
	}
}

func (w *Workflow) triggered(a *Account, m mutation, r *record) bool {
	if w.match != nil {
		return w.match(r)
	}
	for _, e := range slices.Backward(a.journal) {
		if !e.At.Equal(m.at) || e.Request != m.request {
			return false
		}
		if e.Op == OpSet && e.Type == r.t.name && e.ID == r.idString() && slices.Contains(w.OnChange, e.Property) {
			return true
		}
	}
	return false
}

// listOperator is an operator of search in the words of lists and workflows.
func listOperator(operator string) string {
	for _, name := range []string{
		"IS_EQUAL_TO", "IS_NOT_EQUAL_TO", "IS_ANY_OF", "IS_NONE_OF", "IS_GREATER_THAN", "IS_GREATER_THAN_OR_EQUAL_TO",
		"IS_LESS_THAN", "IS_LESS_THAN_OR_EQUAL_TO", "IS_KNOWN", "IS_UNKNOWN", "CONTAINS",
	} {
		if searchOperator(name) == operator {
			return name
		}
	}
	return ""
}

type flowOut struct {
	ID           string `json:"id"`
	IsEnabled    bool   `json:"isEnabled"`
	FlowType     string `json:"flowType"`
	RevisionID   string `json:"revisionId"`
	Name         string `json:"name"`
	CreatedAt    string `json:"createdAt"`
	UpdatedAt    string `json:"updatedAt"`
	Type         string `json:"type"`
	ObjectTypeID string `json:"objectTypeId"`
}

func (w *Workflow) out() flowOut {
	kind := "PLATFORM_FLOW"
	if w.t.name == Contacts {
		kind = "CONTACT_FLOW"
	}
	return flowOut{
		ID: w.ID, IsEnabled: w.Enabled, FlowType: "WORKFLOW", RevisionID: strconv.Itoa(w.revision), Name: w.Name,
		CreatedAt: w.created, UpdatedAt: w.updated, Type: kind, ObjectTypeID: w.t.typeID,
	}
}

// flowAction is one step: setting a property is type 0-5.
type flowAction struct {
	Type       string         `json:"type"`
	ID         string         `json:"actionId"`
	Version    int            `json:"actionTypeVersion"`
	TypeID     string         `json:"actionTypeId"`
	Connection map[string]any `json:"connection,omitempty"`
	Fields     map[string]any `json:"fields"`
}

func (w *Workflow) actions() []flowAction {
	out := []flowAction{}
	for i, name := range sortedKeys(w.Sets) {
		act := flowAction{Type: "SINGLE_CONNECTION", ID: strconv.Itoa(i + 1), TypeID: "0-5", Fields: map[string]any{
			"property_name": name, "value": map[string]string{"type": "STATIC_VALUE", "staticValue": w.Sets[name]},
		}}
		if i+1 < len(w.Sets) {
			act.Connection = map[string]any{"edgeType": "STANDARD", "nextActionId": strconv.Itoa(i + 2)}
		}
		out = append(out, act)
	}
	return out
}

// flowFilter is a filter as lists and workflows write it.
func flowFilter(t *table, c ListCondition) map[string]any {
	op := map[string]any{"operator": listOperator(c.Operator), "includeObjectsWithNoValueSet": false, "operationType": operationType(t.props[c.Property])}
	switch {
	case strings.HasSuffix(c.Operator, "HAS_PROPERTY"):
		op["operationType"] = "ALL_PROPERTY"
	case len(c.Values) > 0:
		op["values"] = c.Values
	case op["operationType"] == "MULTISTRING":
		op["values"] = []string{c.Value}
	default:
		op["value"] = c.Value
	}
	return map[string]any{"property": c.Property, "operation": op, "filterType": "PROPERTY"}
}

func operationType(p *Property) string {
	switch p.Type {
	case "enumeration":
		return "ENUMERATION"
	case "number":
		return "NUMBER"
	case "bool":
		return "BOOL"
	case "date", "datetime":
		return "TIME_POINT"
	}
	return "MULTISTRING"
}

func (w *Workflow) criteria() map[string]any {
	if len(w.OnChange) == 0 {
		all := []any{}
		for _, c := range w.When {
			all = append(all, flowFilter(w.t, c))
		}
		inner := map[string]any{"filterBranches": []any{}, "filters": all, "filterBranchType": "AND", "filterBranchOperator": "AND"}
		return map[string]any{
			"shouldReEnroll": false, "type": "LIST_BASED", "unEnrollObjectsNotMeetingCriteria": false, "reEnrollmentTriggersFilterBranches": []any{},
			"listFilterBranch": map[string]any{"filterBranches": []any{inner}, "filters": []any{}, "filterBranchType": "OR", "filterBranchOperator": "OR"},
		}
	}
	events := []any{}
	for _, name := range w.OnChange { // event 4-655002 is "property value changed"; hs_name says which
		events = append(events, map[string]any{
			"filterBranches": []any{}, "eventTypeId": "4-655002", "operator": "HAS_COMPLETED", "filterBranchType": "UNIFIED_EVENTS", "filterBranchOperator": "AND",
			"filters": []any{map[string]any{"property": "hs_name", "filterType": "PROPERTY", "operation": map[string]any{
				"operator": "IS_EQUAL_TO", "includeObjectsWithNoValueSet": false, "value": name, "operationType": "STRING",
			}}},
		})
	}
	return map[string]any{"shouldReEnroll": false, "type": "EVENT_BASED", "eventFilterBranches": events, "listMembershipFilterBranches": []any{}}
}

// flowList pages through the workflows; what enrols and what is done is in the details only.
func (c *call) flowList() answer {
	limit, ok := limitParam(c.r, flowsMost, flowsMost)
	if !ok {
		return c.invalid(fmt.Sprintf("limit must be between 1 and %d.", flowsMost))
	}
	from, _ := slices.BinarySearchFunc(c.a.flows, c.r.URL.Query().Get("after"), func(w *Workflow, id string) int { return cmp.Compare(w.ID, id) })
	to := min(from+limit, len(c.a.flows))
	out := []flowOut{}
	for _, w := range c.a.flows[from:to] {
		out = append(out, w.out())
	}
	body := map[string]any{"results": out}
	if to < len(c.a.flows) {
		body["paging"] = map[string]any{"next": map[string]string{"after": c.a.flows[to].ID}}
	}
	return c.json(http.StatusOK, body)
}

func (c *call) flowOne() answer {
	for _, w := range c.a.flows {
		if w.ID != c.r.PathValue("id") {
			continue
		}
		acts := w.actions()
		start := ""
		if len(acts) > 0 {
			start = "1"
		}
		return c.json(http.StatusOK, struct {
			flowOut
			Start    string         `json:"startActionId,omitempty"`
			Next     string         `json:"nextAvailableActionId"`
			Actions  []flowAction   `json:"actions"`
			Criteria map[string]any `json:"enrollmentCriteria"`
			Windows  []any          `json:"timeWindows"`
			Blocked  []any          `json:"blockedDates"`
			Custom   map[string]any `json:"customProperties"`
			Suppress []any          `json:"suppressionListIds"`
		}{w.out(), start, strconv.Itoa(len(acts) + 1), acts, w.criteria(), []any{}, []any{}, map[string]any{}, []any{}})
	}
	return c.notFound("resource not found")
}
