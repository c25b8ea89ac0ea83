package simulator

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// batchError is one entry of errors in a 207 (hubspot-api 11.2).
type batchError struct {
	Status   string              `json:"status"`
	Category string              `json:"category"`
	Message  string              `json:"message"`
	Context  map[string][]string `json:"context,omitempty"`
	Errors   []errorDetail       `json:"errors,omitempty"`
}

// batchIn is the body of every batch call.
type batchIn struct {
	Properties            []string `json:"properties"`
	PropertiesWithHistory []string `json:"propertiesWithHistory"`
	IDProperty            string   `json:"idProperty"`
	Inputs                []input  `json:"inputs"`
}

// readBatch decodes and bounds a batch: 1 to 100 inputs, 50 with history (hubspot-api 5.2).
func (c *call) readBatch() (batchIn, answer, bool) {
	var in batchIn
	const most, withHistory = 100, 50
	if ans, ok := c.decode(&in); !ok {
		return in, ans, false
	}
	if len(in.Inputs) == 0 {
		return in, c.invalid("Invalid input JSON: inputs must contain at least one element."), false
	}
	if len(in.PropertiesWithHistory) > 0 && len(in.Inputs) > withHistory {
		return in, c.invalid("The maximum number of inputs supported in a batch request for property histories is 50. Please reduce the number of items and try again"), false
	}
	if len(in.Inputs) > most {
		return in, c.invalid(fmt.Sprintf("The maximum number of inputs supported in a batch request for object is %d. This request had %d.", most, len(in.Inputs))), false
	}
	return in, answer{}, true
}

// duplicate names an id that comes twice in one batch.
func duplicate(ins []input) string {
	seen := map[string]bool{}
	for _, in := range ins {
		key := in.IDProperty + "=" + strings.ToLower(string(in.ID))
		if seen[key] {
			return string(in.ID)
		}
		seen[key] = true
	}
	return ""
}

// sameRecord names an input that means the record of an earlier one by another
// name: its id and its key, say.
func (c *call) sameRecord(ins []input) string {
	seen := map[*record]bool{}
	for _, in := range ins {
		r := c.lookup(string(in.ID), in.IDProperty)
		if r != nil && seen[r] {
			return string(in.ID)
		}
		seen[r] = true
	}
	return ""
}

// finish puts results in no order of the inputs, as HubSpot does, and errors after them.
func (c *call) finish(status int, results [][]byte, errs []batchError) answer {
	c.a.rng.Shuffle(len(results), func(i, j int) { results[i], results[j] = results[j], results[i] })
	b := []byte(`{"status":"COMPLETE","results":[`)
	for i, one := range results {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, one...)
	}
	b = append(b, ']')
	if len(errs) > 0 {
		status = http.StatusMultiStatus
		b = append(b, fmt.Sprintf(`,"numErrors":%d,"errors":`, len(errs))...)
		b = append(b, c.json(0, errs).body...)
	}
	b = append(b, fmt.Sprintf(`,"startedAt":"%s","completedAt":"%s"}`, isoMillis(c.m.at.UnixMilli()), isoMillis(c.m.at.UnixMilli()))...)
	return answer{status: status, body: b}
}

func (c *call) missingError(ids []string, traces []string) batchError {
	e := batchError{
		Status: "error", Category: "OBJECT_NOT_FOUND", Context: map[string][]string{"ids": ids},
		Message: "Could not get some " + upper(c.t.singular) + " objects, they may be deleted or not exist. Check that ids are valid.",
	}
	if len(traces) > 0 {
		e.Context["objectWriteTraceId"] = traces
	}
	return e
}

// batchRead reads by id or unique property; unknown ones make it a 207 (hubspot-api 11.2).
func (c *call) batchRead() answer {
	in, ans, ok := c.readBatch()
	if !ok {
		return ans
	}
	if in.IDProperty != "" {
		if p := c.t.props[in.IDProperty]; in.IDProperty != "hs_object_id" && (p == nil || !c.t.uniqueKey(p)) {
			return c.invalid("idProperty " + in.IDProperty + " is not a unique property of " + c.t.name + ".")
		}
	}
	archived := c.r.URL.Query().Get("archived") == "true"
	p := c.t.project(in.Properties)
	var results [][]byte
	var missing []string
	done := map[*record]bool{}
	for _, one := range in.Inputs {
		r := c.lookup(string(one.ID), in.IDProperty).latest()
		if r == nil || r.purged || (r.cur.archived != 0) != archived {
			missing = append(missing, string(one.ID))
			continue
		}
		if !done[r] {
			done[r] = true
			results = append(results, appendRecord(nil, r, r.cur, p, c.withHistory(r, in.PropertiesWithHistory)))
		}
	}
	var errs []batchError
	if len(missing) > 0 {
		errs = append(errs, c.missingError(missing, nil))
	}
	return c.finish(http.StatusOK, results, errs)
}

// settle decides about a planned batch: without a trace id on every input the
// first refusal fails the whole batch; with them the refused ones become errors
// of a 207 (hubspot-api 11.2).
func (c *call) settle(plans []*plan) (ready []*plan, errs []batchError, ans answer, whole bool) {
	traced := allTraced(plans)
	for _, p := range plans {
		if !p.refused() {
			ready = append(ready, p)
			continue
		}
		if !traced {
			return nil, nil, c.fail(p.status, p.err), true
		}
		e := batchError{Status: "error", Category: p.err.Category, Message: p.err.Message, Errors: p.err.Errors, Context: map[string][]string{}}
		maps.Copy(e.Context, p.err.Context)
		e.Context["objectWriteTraceId"] = []string{p.in.TraceID}
		errs = append(errs, e)
	}
	return ready, errs, answer{}, false
}

func allTraced(plans []*plan) bool {
	seen := map[string]bool{}
	for _, p := range plans {
		if p.in.TraceID == "" || seen[p.in.TraceID] {
			return false
		}
		seen[p.in.TraceID] = true
	}
	return true
}

// refuseTwins refuses a unique value that an earlier input of the batch takes.
func (c *call) refuseTwins(plans []*plan) {
	taken := map[string]bool{}
	for _, p := range plans {
		if p.refused() {
			continue
		}
		for _, ch := range p.changes {
			def := c.t.byKey[ch.key]
			if ch.val == "" || !c.t.uniqueKey(def) {
				continue
			}
			key := def.Name + "=" + strings.ToLower(ch.val)
			if taken[key] {
				p.refuse(http.StatusConflict, c.conflictError(def, ch.val, "another input of this batch"))
			}
			taken[key] = true
		}
	}
}

func (c *call) batchCreate() answer {
	in, ans, ok := c.readBatch()
	if !ok {
		return ans
	}
	plans := make([]*plan, len(in.Inputs))
	for i, one := range in.Inputs {
		plans[i] = c.prepareCreate(one)
	}
	c.refuseTwins(plans)
	ready, errs, ans, whole := c.settle(plans)
	if whole {
		return ans
	}
	var results [][]byte
	for _, p := range ready {
		r := c.applyCreate(p)
		results = append(results, appendRecord(nil, r, r.cur, r.projectAll(), withTrace(p.in.TraceID), withWarnings(p.warnings)))
	}
	return c.finish(http.StatusCreated, results, errs)
}

// batchUpdate changes records by id; merged-away ids are silently left out (hubspot-api 11.2).
func (c *call) batchUpdate() answer {
	in, ans, ok := c.readBatch()
	if !ok {
		return ans
	}
	var plans []*plan
	var missing, traces []string
	omit := c.omitted(len(in.Inputs))
	if d := cmp.Or(duplicate(in.Inputs), c.sameRecord(in.Inputs)); d != "" {
		return c.invalid("Duplicate IDs found in batch input: [" + d + "]. IDs must be unique")
	}
	for i, one := range in.Inputs {
		if c.nonUnique(one.IDProperty) {
			return c.invalid("Unable to perform update/upsert by non-unique " + c.t.typeID + " property: " + one.IDProperty)
		}
		r := c.lookup(string(one.ID), one.IDProperty)
		switch {
		case i == omit, r != nil && r.survivor != nil:
		case r == nil || !r.live():
			missing = append(missing, string(one.ID))
			if one.TraceID != "" {
				traces = append(traces, one.TraceID)
			}
		default:
			plans = append(plans, c.prepareUpdate(r, one))
		}
	}
	return c.applyUpdates(plans, missing, traces)
}

// omitted is the input of n that the fault leaves out of the answer, -1 for none.
func (c *call) omitted(n int) int {
	if c.fault.Kind != FaultOmit || n == 0 {
		return -1
	}
	return c.a.rng.IntN(n)
}

// nonUnique: email identifies contacts elsewhere, but not here (hubspot-api 5.2).
func (c *call) nonUnique(idProperty string) bool {
	if idProperty == "" || idProperty == "hs_object_id" {
		return false
	}
	p := c.t.props[idProperty]
	return p == nil || !p.HasUniqueValue
}

func (c *call) applyUpdates(plans []*plan, missing, traces []string) answer {
	c.refuseTwins(plans)
	if bad := slices.IndexFunc(plans, (*plan).refused); bad >= 0 && c.a.opts.UpdateIgnoresTraces {
		return c.fail(plans[bad].status, plans[bad].err)
	}
	ready, errs, ans, whole := c.settle(plans)
	if whole {
		return ans
	}
	if len(missing) > 0 {
		errs = append(errs, c.missingError(missing, traces))
	}
	var results [][]byte
	for _, p := range ready {
		c.applyUpdate(p)
		results = append(results, appendRecord(nil, p.r, p.r.cur, p.r.projectChange(p.changes), withTrace(p.in.TraceID), withWarnings(p.warnings)))
	}
	return c.finish(http.StatusOK, results, errs)
}

// batchUpsert creates or changes by a unique property; by email nothing is
// applied when one input is refused (hubspot-api 5.2).
func (c *call) batchUpsert() answer {
	in, ans, ok := c.readBatch()
	if !ok {
		return ans
	}
	if d := duplicate(in.Inputs); d != "" {
		return c.invalid("Duplicate IDs found in batch input: [" + d + "]. IDs must be unique")
	}
	var plans []*plan
	for _, one := range in.Inputs {
		p := c.t.props[one.IDProperty]
		if p == nil || !c.t.uniqueKey(p) {
			return c.invalid("Unable to perform update/upsert by non-unique " + c.t.typeID + " property: " + one.IDProperty)
		}
		if p.Name == "email" {
			one.TraceID = ""
		}
		if r := c.lookup(string(one.ID), one.IDProperty).latest(); r != nil && r.live() {
			plans = append(plans, c.prepareUpdate(r, one))
			continue
		}
		if one.Properties == nil {
			one.Properties = map[string]text{}
		}
		one.Properties[one.IDProperty] = one.ID
		one.Associations = nil // upsert carries none
		plans = append(plans, c.prepareCreate(one))
	}
	c.refuseTwins(plans)
	ready, errs, ans, whole := c.settle(plans)
	if whole {
		return ans
	}
	var results [][]byte
	for _, p := range ready {
		results = append(results, c.upsertOne(p))
	}
	return c.finish(http.StatusOK, results, errs)
}

func (c *call) upsertOne(p *plan) []byte {
	if p.r != nil {
		c.applyUpdate(p)
		return appendRecord(nil, p.r, p.r.cur, p.r.projectChange(p.changes), withRaw("new", []byte("false")), withTrace(p.in.TraceID), withWarnings(p.warnings))
	}
	r := c.applyCreate(p)
	return appendRecord(nil, r, r.cur, r.projectAll(), withRaw("new", []byte("true")), withTrace(p.in.TraceID), withWarnings(p.warnings))
}

func (c *call) batchArchive() answer {
	in, ans, ok := c.readBatch()
	if !ok {
		return ans
	}
	for _, one := range in.Inputs {
		if r := c.lookup(string(one.ID), ""); r != nil && r.live() {
			c.a.archive(c.m, r)
		}
	}
	return answer{status: http.StatusNoContent}
}
