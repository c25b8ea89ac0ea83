package workflows

import (
	"context"
	"fmt"

	"leadsync/connector"
)

// closings archives tasks of ours that are not needed any more and that nobody completed or edited.
func (p *Pusher) closings(ctx context.Context, entries []OutboxEntry) ([]Settlement, error) {
	wanted, err := payloads[ClosePayload](entries)
	if err != nil {
		return nil, err
	}
	tasks := make([]EarlierTask, len(entries))
	for i := range wanted {
		tasks[i] = EarlierTask{Key: wanted[i].TaskKey, Was: wanted[i].Was}
	}
	if err := p.placed(ctx, entries, tasks); err != nil {
		return p.unmoved(entries, fmt.Errorf("look for tasks to close: %w", err))
	}
	byKey := map[string]OutboxEntry{}
	for i, t := range tasks {
		byKey[t.Key] = entries[i]
	}
	var settlements []Settlement
	var first error
	for _, r := range p.CRM.CloseTasks(ctx, closesOf(entries, tasks)) {
		s, err := p.outcome(byKey[r.Key], "", r.Err)
		if s.State == StateSending {
			s.State = StateReady // archiving again is harmless
		}
		if r.Err == nil {
			s.Error = string(r.Outcome)
		}
		settlements = append(settlements, s)
		if first == nil {
			first = err
		}
	}
	return settlements, first
}

// closesOf asks for the tasks of entries to be put away.
func closesOf(entries []OutboxEntry, tasks []EarlierTask) []connector.Close {
	closes := make([]connector.Close, len(tasks))
	for i, t := range tasks {
		closes[i] = connector.Close{Key: t.Key, Contact: entries[i].Contact, ID: entries[i].Task, Was: t.Was}
	}
	return closes
}

// placed replaces keys of tasks by the one under which the task stands, where there are several that it can be: an
// amendment in between may not have happened.
func (p *Pusher) placed(ctx context.Context, entries []OutboxEntry, tasks []EarlierTask) error {
	var refs []connector.KeyRef
	for i, e := range entries {
		if len(e.Earlier) > 0 {
			refs = append(refs, connector.KeyRef{Key: tasks[i].Key, Contact: e.Contact, ID: e.Task})
		}
		for _, t := range e.Earlier {
			refs = append(refs, connector.KeyRef{Key: t.Key, Contact: e.Contact, ID: e.Task})
		}
	}
	if len(refs) == 0 {
		return nil
	}
	found, err := p.Look.FindByKey(connector.For(ctx, connector.PurposeVerify), connector.TypeTask, refs)
	if err != nil {
		return fmt.Errorf("find %d keys: %w", len(refs), err)
	}
	for i, e := range entries {
		for _, t := range append([]EarlierTask{tasks[i]}, e.Earlier...) {
			if state, has := found[t.Key]; has && !state.Archived {
				tasks[i] = t
				break
			}
		}
	}
	return nil
}
