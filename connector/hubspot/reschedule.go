package hubspot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"leadsync/connector"
)

// rescheduling is one RescheduleTasks call.
type rescheduling struct {
	results []connector.RescheduleResult
	inputs  []int // of the updates, in their order
	updates []connector.Update
}

// RescheduleTasks moves the due times of our tasks by their keys, and answers once per input, in input order.
// Only a task that nobody completed or archived is moved, and its status is never sent. That it moved is taken
// from the answer, property by property, and read back where the answer does not show it.
func (c *Client) RescheduleTasks(ctx context.Context, moves []connector.Reschedule) []connector.RescheduleResult {
	rs := &rescheduling{results: make([]connector.RescheduleResult, len(moves))}
	var refs []connector.KeyRef
	wanted := make([]map[string]string, len(moves))
	for i, m := range moves {
		rs.results[i].Key = m.Key
		if wanted[i], rs.results[i].Err = movedProperties(m); rs.results[i].Err == nil {
			refs = append(refs, connector.KeyRef{Key: m.Key, Contact: m.Contact})
		}
	}
	states, err := c.FindByKey(ctx, connector.TypeTask, refs)
	for i, m := range moves {
		state, found := states[m.Key]
		switch r := &rs.results[i]; {
		case r.Err != nil:
		case err != nil:
			r.Err = err
		case !found || state.Archived:
			r.Outcome = connector.RescheduleGone
		case !state.Open:
			r.Outcome = connector.RescheduleLeft
		default:
			rs.inputs = append(rs.inputs, i)
			rs.updates = append(rs.updates, connector.Update{ID: state.ID, Properties: wanted[i]})
		}
	}
	if len(rs.updates) > 0 {
		rs.settle(ctx, c)
	}
	return rs.results
}

// movedProperties are what a reschedule writes.
func movedProperties(m connector.Reschedule) (map[string]string, error) {
	const op = "reschedule tasks"
	if m.Key == "" || m.DueAt.IsZero() {
		return nil, unfit(op, "a reschedule needs the key of the task and a due time")
	}
	out := map[string]string{"hs_timestamp": m.DueAt.UTC().Format(time.RFC3339)}
	switch m.Priority {
	case "low", "medium", "high":
		out["hs_task_priority"] = strings.ToUpper(m.Priority)
	case "":
	default:
		return nil, unfit(op, fmt.Sprintf("unknown priority %q", m.Priority))
	}
	return out, nil
}

func (rs *rescheduling) settle(ctx context.Context, c *Client) {
	u := c.update(ctx, connector.TypeTask, rs.updates)
	var doubtful []int
	for n, i := range rs.inputs {
		switch err := u.results[n].Err; {
		case errors.Is(err, connector.ErrNotFound):
			rs.results[i].Outcome = connector.RescheduleGone
		case err != nil:
			rs.results[i].Err = err
		case shows(u.answered[n], rs.updates[n].Properties):
			rs.results[i].Outcome = connector.RescheduleMoved
		default:
			doubtful = append(doubtful, n)
		}
	}
	rs.readBack(ctx, c, doubtful)
}

// readBack looks at tasks whose answer does not show the change.
func (rs *rescheduling) readBack(ctx context.Context, c *Client, doubtful []int) {
	if len(doubtful) == 0 {
		return
	}
	ids := make([]connector.ObjectID, len(doubtful))
	for k, n := range doubtful {
		ids[k] = rs.updates[n].ID
	}
	read, err := c.Read(ctx, connector.TypeTask, ids, []string{"hs_timestamp", "hs_task_priority"})
	for _, n := range doubtful {
		r := &rs.results[rs.inputs[n]]
		o, found := read.Found[rs.updates[n].ID]
		there := make(map[string]text, len(o.Properties))
		for name, value := range o.Properties {
			there[name] = text(value)
		}
		switch {
		case err != nil:
			r.Err = &connector.Error{
				Kind: connector.ErrAmbiguous, Op: "reschedule tasks", Message: "not shown by the answer and not readable", Err: err,
			}
		case !found:
			r.Outcome = connector.RescheduleGone
		case shows(there, rs.updates[n].Properties):
			r.Outcome = connector.RescheduleMoved
		default:
			r.Err = &connector.Error{
				Kind: connector.ErrAmbiguous, Op: "reschedule tasks", Message: "HubSpot accepted the change and does not show it",
			}
		}
	}
}

// shows reports whether all of the wanted values are there; times count by the instant.
func shows(there map[string]text, wanted map[string]string) bool {
	for name, value := range wanted {
		got := string(there[name])
		if got != value && (instant(got).IsZero() || !instant(got).Equal(instant(value))) {
			return false
		}
	}
	return true
}
