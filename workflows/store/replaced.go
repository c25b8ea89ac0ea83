package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"leadsync/connector"
	"leadsync/workflows"
)

// ErrReplaced says that a task is not to be made any more: another one has taken its place, or it was closed.
var ErrReplaced = errors.New("a newer task has taken its place, or it is not wanted any more")

// wantedStill refuses with ErrReplaced to make a task that the contact's state remembers as a former one, or that is not
// the one it has of its kind: sent again, it would be a second one beside that.
func (in *session) wantedStill(ctx context.Context, portal connector.PortalID, row entryColumns) error {
	var task connector.Task
	switch row.Kind { //nolint:exhaustive // the others make no task
	case workflows.KindTask:
		if err := json.Unmarshal([]byte(row.Payload), &task); err != nil {
			return fmt.Errorf("read task: %w", err)
		}
	case workflows.KindAmend:
		var amend workflows.AmendPayload
		if err := json.Unmarshal([]byte(row.Payload), &amend); err != nil {
			return fmt.Errorf("read amendment: %w", err)
		}
		task = amend.Task
	default:
		return nil
	}
	var found []leadRow
	if err := in.lookup(ctx, &found, findLeads, rows{{string(row.Contact)}}, portal); err != nil {
		return fmt.Errorf("read lead state: %w", err)
	}
	for _, lead := range found {
		var state workflows.LeadState
		if err := decode(lead.State, &state); err != nil {
			return fmt.Errorf("read state of contact %q: %w", lead.ID, err)
		}
		now := state.Tasks[string(task.Kind)].Key
		if slices.ContainsFunc(state.Made, func(t workflows.OwnTask) bool { return t.Key == row.Key }) || now != "" && now != row.Key {
			return ErrReplaced
		}
	}
	return nil
}
