package hubspot

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"leadsync/connector"
)

// Association type ids defined by HubSpot (hubspot-api 7.2 and 8).
const (
	taskToContact = 204
	taskToCompany = 192
	dealToContact = 3
	dealToCompany = 341
)

// Properties of tasks (hubspot-api 7.1). That one queue's id is enough to put a task into the queue is [uncertain]: the
// property is documented, what it takes is not, and there is no API for queues.
const (
	ownerProperty    = "hubspot_owner_id"
	queueProperty    = "hs_queue_membership_ids"
	reminderProperty = "hs_task_reminders"

	taskCreated = "NOT_STARTED" // the status with which we create a task; no amendment sends one
)

type association struct {
	To    idInput           `json:"to"`
	Types []associationType `json:"types"`
}

type associationType struct {
	Category string `json:"associationCategory"`
	TypeID   int    `json:"associationTypeId"`
}

// creation is one record to be created under its key; err is set when it cannot be sent.
type creation struct {
	key          string
	properties   map[string]string
	associations []association
	err          error
}

// creating is one CreateTasks or CreateDeals call.
type creating struct {
	client  *Client
	name    string
	inputs  []creation
	results []connector.CreateResult
}

// CreateTasks creates tasks under their keys with their associations, 100 a call, and answers once per
// input, in input order (hubspot-api 7). It never sends a task twice unless HubSpot surely did not see it:
// a lost answer is ErrAmbiguous, a key that exists is ErrConflict; FindByKey tells what is there. For kinds of
// Config.Unkeyed HubSpot knows no key: there is no ErrConflict, and whoever got ErrAmbiguous waits out a quiet
// period, longer than timeout and index lag, before FindByKey.
func (c *Client) CreateTasks(ctx context.Context, tasks []connector.Task) []connector.CreateResult {
	inputs := make([]creation, len(tasks))
	for i, t := range tasks {
		inputs[i] = c.taskCreation(t)
	}
	return c.create(ctx, "tasks", inputs)
}

// CreateDeals creates deals under their keys, with the same promises as CreateTasks (hubspot-api 8).
func (c *Client) CreateDeals(ctx context.Context, deals []connector.Deal) []connector.CreateResult {
	inputs := make([]creation, len(deals))
	for i, d := range deals {
		inputs[i] = c.dealCreation(d)
	}
	return c.create(ctx, "deals", inputs)
}

func (c *Client) taskCreation(t connector.Task) creation {
	in := creation{key: t.Key, properties: map[string]string{
		"hs_task_subject": t.Subject, "hs_task_status": taskCreated,
	}}
	switch t.Kind {
	case connector.TaskToDo, connector.TaskCall, connector.TaskEmail:
		in.properties["hs_task_type"] = strings.ToUpper(string(t.Kind))
	default:
		in.err = unfit("create tasks", fmt.Sprintf("unknown kind of task %q", t.Kind))
	}
	switch t.Priority {
	case "low", "medium", "high":
		in.properties["hs_task_priority"] = strings.ToUpper(t.Priority)
	case "":
	default:
		in.err = unfit("create tasks", fmt.Sprintf("unknown priority %q", t.Priority))
	}
	if t.DueAt.IsZero() {
		in.err = unfit("create tasks", "a task needs a due time")
	}
	in.properties["hs_timestamp"] = t.DueAt.UTC().Format(time.RFC3339)
	setIf(in.properties, taskBody, t.BodyHTML)
	setIf(in.properties, ownerProperty, t.OwnerID)
	setIf(in.properties, queueProperty, t.Queue)
	if !t.RemindAt.IsZero() { // milliseconds, unlike every other time (hubspot-api 7.1)
		in.properties[reminderProperty] = strconv.FormatInt(t.RemindAt.UnixMilli(), 10)
	}
	c.identify(connector.TypeTask, &in)
	in.associate(t.Contact, taskToContact)
	in.associate(t.Company, taskToCompany)
	return in
}

func (c *Client) dealCreation(d connector.Deal) creation {
	in := creation{key: d.Key, properties: make(map[string]string, len(d.Extra)+8)}
	maps.Copy(in.properties, d.Extra)
	in.properties["dealname"], in.properties["pipeline"], in.properties["dealstage"] = d.Name, d.Pipeline, d.Stage
	if d.Pipeline == "" || d.Stage == "" {
		in.err = unfit("create deals", "a deal needs pipeline and stage")
	}
	if !d.CloseAt.IsZero() {
		in.properties["closedate"] = d.CloseAt.UTC().Format(time.RFC3339)
	}
	setIf(in.properties, "amount", d.Amount)
	setIf(in.properties, ownerProperty, d.OwnerID)
	c.identify(connector.TypeDeal, &in)
	in.associate(d.Contact, dealToContact)
	in.associate(d.Company, dealToCompany)
	return in
}

func setIf(m map[string]string, name, value string) {
	if value != "" {
		m[name] = value
	}
}

func unfit(op, message string) error {
	return &connector.Error{Kind: connector.ErrInvalid, Op: op, Message: message}
}

func (in *creation) associate(id connector.ObjectID, typeID int) {
	if id != "" {
		in.associations = append(in.associations, association{
			To: idInput{ID: string(id)}, Types: []associationType{{Category: "HUBSPOT_DEFINED", TypeID: typeID}},
		})
	}
}

func (c *Client) create(ctx context.Context, name string, inputs []creation) []connector.CreateResult {
	cr := &creating{client: c, name: name, inputs: inputs, results: make([]connector.CreateResult, len(inputs))}
	var fit []int
	for i, in := range inputs {
		cr.results[i].Key = in.key
		if in.key == "" {
			in.err = unfit(cr.op(), "the idempotency key is empty")
		}
		if in.err == nil {
			in.err = tooLong(cr.op(), in.properties)
		}
		cr.results[i].Err = in.err
		if in.err == nil {
			fit = append(fit, i)
		}
	}
	p := perInput{send: cr.send, culprits: cr.culprits, settle: func(i int, err error) { cr.results[i].Err = err }}
	p.runAll(ctx, waves(fit, func(i int) string { return inputs[i].key }))
	return cr.results
}

func (cr *creating) op() string { return "create " + cr.name }

func (cr *creating) send(ctx context.Context, wave []int) (answer, error) {
	body := batchBody{}
	byTrace, byKey := make(map[string]int, len(wave)), make(map[string]int, len(wave))
	for _, i := range wave {
		in := cr.inputs[i]
		body.Inputs = append(body.Inputs, batchInput{
			Properties: in.properties, Associations: append([]association{}, in.associations...), TraceID: trace(i),
		})
		byTrace[trace(i)], byKey[in.key] = i, i
	}
	var out recordsAnswer
	r := request{op: cr.op(), endpoint: epBatchCreate, args: []string{cr.name}, body: body, effect: creates}
	ans, err := cr.client.do(ctx, r, &out)
	if err != nil {
		return ans, err
	}
	for _, i := range wave {
		if !cr.client.weak.Uncompared {
			cr.results[i].Err = &connector.Error{Kind: connector.ErrAmbiguous, Op: cr.op(), Message: "left out of the answer"}
		}
	}
	for _, f := range out.Errors {
		for _, i := range f.named(byTrace, nil) {
			cr.results[i].Err = f.entryError(cr.op())
		}
	}
	for _, rec := range out.Results {
		i, ok := byTrace[string(rec.TraceID)]
		if !ok {
			i, ok = cr.byKey(rec, byKey)
		}
		if ok && rec.ID != "" {
			cr.results[i] = connector.CreateResult{Key: cr.inputs[i].key, ID: connector.ObjectID(rec.ID)}
		}
	}
	return ans, nil
}

// byKey finds the input of a result without trace id, by the key that it bears.
func (cr *creating) byKey(rec record, byKey map[string]int) (int, bool) {
	typ := connector.TypeTask
	if cr.name == "deals" {
		typ = connector.TypeDeal
	}
	for _, key := range append([]string{string(rec.Properties[cr.client.keyProperty])}, cr.client.keysIn(typ, rec)...) {
		if i, ok := byKey[key]; ok {
			return i, true
		}
	}
	return 0, false
}

// culprits are inputs named by trace id, by a property that is not there, or, in a conflict, by the key in
// HubSpot's message.
func (cr *creating) culprits(f fault, err error, wave []int) map[int]error {
	byTrace := make(map[string]int, len(wave))
	for _, i := range wave {
		byTrace[trace(i)] = i
	}
	out := make(map[int]error)
	for _, e := range append([]fault{f}, f.Errors.value...) {
		for _, i := range e.named(byTrace, nil) {
			out[i] = err
		}
		for _, i := range wave {
			if e.isConflict() && holdsWord(string(e.Message), cr.inputs[i].key) {
				out[i] = err
			}
		}
	}
	for _, i := range f.definitional(wave, func(i int) map[string]string { return cr.inputs[i].properties }) {
		out[i] = err
	}
	return out
}

// holdsWord reports whether key stands in the message as a whole word, so that key "a-1" is not found in
// "a-10".
func holdsWord(message, key string) bool {
	for from := 0; ; {
		at := strings.Index(message[from:], key)
		if at < 0 {
			return false
		}
		begin, end := from+at, from+at+len(key)
		if (begin == 0 || !wordByte(message[begin-1])) && (end == len(message) || !wordByte(message[end])) {
			return true
		}
		from = begin + 1
	}
}

func wordByte(b byte) bool {
	return b == '-' || b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
