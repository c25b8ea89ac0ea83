package hubspot

import (
	"encoding/json"
	"slices"
	"strings"
)

// findings are the properties found in a part of a workflow, and what of it could not be understood. The rule
// everywhere: a shape that is not recognised is named, never skipped.
type findings struct {
	properties []string
	unread     []string
}

func (f *findings) names() []string {
	if len(f.properties) == 0 {
		return nil
	}
	slices.Sort(f.properties)
	return slices.Compact(f.properties)
}

func (f *findings) miss(what string) { f.unread = append(f.unread, what) }

// branch is any node of the tree of filters: list branches, events and associations have the same two lists.
type branch struct {
	Type     string            `json:"filterBranchType"`
	EventID  string            `json:"eventTypeId"`
	Branches []json.RawMessage `json:"filterBranches"`
	Filters  []json.RawMessage `json:"filters"`
}

// propertyChanged is the event of a property's change: its filters name the property in hs_name.
const propertyChanged = "4-655002"

// quietEvents are events of which none follows from a property that we write: creation, forms, mails, pages,
// meetings, calls, advertisements. Their filters are about the event, not about the record.
func quietEvents() []string {
	return []string{
		"4-1463224", "4-1639801", "4-1639797", "4-1639799", "4-666440", "4-666288", "4-665538", "4-665536", "4-667638",
		"4-5470331", "4-666289", "4-96000", "4-1720599", "4-1724222", "4-1733817", "4-1741072", "4-1553675", "4-1555804",
		"4-1555805", "4-68559", "4-69072",
	}
}

// enrolment reads enrollmentCriteria. A missing one is only understood with an anchor, which enrols by a date
// property and is read elsewhere in the reference than here: it stays unread.
func (f *findings) enrolment(raw json.RawMessage, anchored bool) {
	if anchored {
		f.miss("enrolment by a date")
	}
	criteria, ok := decoded[struct {
		Type        string            `json:"type"`
		List        json.RawMessage   `json:"listFilterBranch"`
		Again       []json.RawMessage `json:"reEnrollmentTriggersFilterBranches"`
		Events      []json.RawMessage `json:"eventFilterBranches"`
		Memberships []json.RawMessage `json:"listMembershipFilterBranches"`
		Refinement  json.RawMessage   `json:"refinementCriteria"`
	}](raw)
	if !ok {
		f.miss("enrolment")
		return
	}
	switch criteria.Type {
	case "MANUAL":
		return
	case "LIST_BASED":
		if isNothing(criteria.List) {
			f.miss("enrolment LIST_BASED without filters")
		}
	case "EVENT_BASED":
		if len(criteria.Events)+len(criteria.Memberships) == 0 {
			f.miss("enrolment EVENT_BASED without events")
		}
	default:
		f.miss("enrolment " + orString(criteria.Type, "without a type"))
	}
	parts := append([]json.RawMessage{criteria.List, criteria.Refinement}, criteria.Again...)
	for _, part := range append(append(parts, criteria.Events...), criteria.Memberships...) {
		if !isNothing(part) {
			f.branch(part)
		}
	}
}

func isNothing(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

func (f *findings) branch(raw json.RawMessage) {
	b, ok := decoded[branch](raw)
	if !ok {
		f.miss("a branch of filters")
		return
	}
	switch b.Type {
	case "OR", "AND", "NOT_ALL", "NOT_ANY", "RESTRICTED", "ASSOCIATION", "PROPERTY_ASSOCIATION":
	case "UNIFIED_EVENTS":
		f.event(b)
		return
	default:
		f.miss("branch " + orString(b.Type, "without a type"))
	}
	for _, filter := range b.Filters {
		f.filter(filter)
	}
	for _, below := range b.Branches {
		f.branch(below)
	}
}

// event reads the branch of one event.
func (f *findings) event(b branch) {
	if slices.Contains(quietEvents(), b.EventID) {
		return
	}
	if b.EventID != propertyChanged {
		f.miss("event " + orString(b.EventID, "without a type"))
		return
	}
	before := len(f.properties)
	for _, raw := range b.Filters {
		f.changedFilter(raw)
	}
	for _, below := range b.Branches {
		f.branch(below)
	}
	if len(f.properties) == before {
		f.miss("change of a property that is not named")
	}
}

// wireFilter is one condition.
type wireFilter struct {
	Type      string `json:"filterType"`
	Property  text   `json:"property"`
	ListID    text   `json:"listId"`
	Operation struct {
		Value  text            `json:"value"`
		Values lenient[[]text] `json:"values"`
	} `json:"operation"`
}

// changedFilter reads one filter of the change event: hs_name names the property, hs_value its new value; some
// definitions name the property itself.
func (f *findings) changedFilter(raw json.RawMessage) {
	filter, ok := decoded[wireFilter](raw)
	switch {
	case !ok || filter.Type != "PROPERTY":
		f.miss("a filter of a property change")
	case filter.Property == "hs_name":
		values := filter.Operation.Values.value
		if filter.Operation.Value != "" {
			values = append(values, filter.Operation.Value)
		}
		for _, name := range values {
			f.properties = append(f.properties, string(name))
		}
	case strings.HasPrefix(string(filter.Property), "hs_value"), filter.Property == "":
	default:
		f.properties = append(f.properties, string(filter.Property))
	}
}

// filter reads one condition of a list. Those about lists stay unread: a list may be computed from what we
// write.
func (f *findings) filter(raw json.RawMessage) {
	filter, ok := decoded[wireFilter](raw)
	if !ok {
		f.miss("a filter")
		return
	}
	switch filter.Type {
	case "PROPERTY":
		if filter.Property == "" {
			f.miss("filter PROPERTY without a name")
			return
		}
		f.properties = append(f.properties, string(filter.Property))
	case "IN_LIST", "LIST_MEMBERSHIP":
		f.miss("list " + orString(string(filter.ListID), "without an id"))
	case "FORM_SUBMISSION", "FORM_SUBMISSION_ON_PAGE", "PAGE_VIEW", "EMAIL_EVENT", "EMAIL_SUBSCRIPTION",
		"COMMUNICATION_SUBSCRIPTION", "CTA", "ADS_TIME", "ADS_SEARCH", "ADS_PROPERTY", "WEBINAR", "PRIVACY",
		"SURVEY_MONKEY", "SURVEY_MONKEY_VALUE", "CAMPAIGN_INFLUENCED", "CONSTANT":
	default:
		f.miss("filter " + orString(filter.Type, "without a type"))
	}
}

// quietActions set no property of a record that we know: delays, mails, notices, lists, sequences, subscriptions,
// association labels, creations, and the deletion of the record.
func quietActions() []string {
	return []string{
		"0-1", "0-35", "0-29", "0-3", "0-4", "0-8", "0-9", "0-13", "0-15", "0-23", "0-14", "0-18224765", "0-63809083",
		"0-63863438", "0-46510720", "0-4702372", "0-63189541", "0-61139476", "0-61139484", "0-73444249",
		"0-43347357", "0-44475148", "0-25085031", "0-40900952", "0-199186210", "0-169425243", "0-30",
	}
}

// actions reads the list of actions.
func (f *findings) actions(raw json.RawMessage) {
	actions, ok := decoded[[]json.RawMessage](raw)
	if !ok {
		f.miss("its actions")
		return
	}
	for _, one := range actions {
		f.action(one)
	}
}

func (f *findings) action(raw json.RawMessage) {
	a, ok := decoded[struct {
		Kind   string          `json:"type"`
		TypeID string          `json:"actionTypeId"`
		Fields json.RawMessage `json:"fields"`
	}](raw)
	if !ok {
		f.miss("an action")
		return
	}
	switch {
	case a.Kind == "LIST_BRANCH", a.Kind == "STATIC_BRANCH", a.Kind == "AB_TEST_BRANCH":
	case a.Kind != "" && a.Kind != "SINGLE_CONNECTION":
		f.miss("action " + a.Kind) // CUSTOM_CODE and WEBHOOK can do anything
	case a.TypeID == "0-5", a.TypeID == "0-25", a.TypeID == "0-11":
		f.setting(a.TypeID, a.Fields)
	case a.TypeID == "0-31":
		f.properties = append(f.properties, "hs_marketable_status")
	case slices.Contains(quietActions(), a.TypeID):
	default:
		f.miss("action " + orString(a.TypeID, "without a type"))
	}
}

// setting reads which property an action sets: set (0-5), copy (0-25), rotate the owner (0-11).
func (f *findings) setting(typeID string, raw json.RawMessage) {
	fields, ok := decoded[map[string]json.RawMessage](raw)
	if !ok {
		f.miss("action " + typeID)
		return
	}
	for _, key := range []string{"property_name", "target_property", "targetProperty"} {
		if name, ok := decoded[string](fields[key]); ok && name != "" {
			f.properties = append(f.properties, name)
			return
		}
	}
	f.miss("action " + typeID + " without the property it sets")
}
