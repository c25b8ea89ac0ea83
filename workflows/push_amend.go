package workflows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"leadsync/connector"
)

// AmendPayload is the payload of KindAmend: the complete new task, whose key is the entry's, the key of the open task of
// ours that becomes it, and what was written there last.
type AmendPayload struct {
	Task connector.Task      `json:"task"`
	Old  string              `json:"old"`
	Was  connector.TaskPrint `json:"was"`
	// Only says that the cause is not new: what a person completed or deleted in the meantime is left, and nothing is created.
	Only bool `json:"only,omitempty"`
}

// EarlierTask is one key under which a task of ours may stand, and what was written there last.
type EarlierTask struct {
	Key string              `json:"key"`
	Was connector.TaskPrint `json:"was,omitzero"`
}

// ReasonWithheld says that a task whose outcome was unknown turned out not to exist and is not made any more, since
// the contact must not be profiled and its text is gone.
const ReasonWithheld = "withheld"

// amending is one batch of amendments. The new key moves with the task, so an attempt whose outcome is unknown is found
// by it, whether the task was amended or created; only what is not there is looked for under the old key.
type amending struct {
	pusher      *Pusher
	only        map[string]bool // keys of those for which nothing is created
	create      []OutboxEntry
	conflicts   []OutboxEntry
	settlements []Settlement
	wide        error // concerns the portal as a whole
}

// amends carries out amendments (rule 17): the open task becomes the new one, where it was completed or deleted the
// new one is created if its cause is new, and what a person edited is left.
func (p *Pusher) amends(ctx context.Context, entries []OutboxEntry) ([]Settlement, error) {
	am := &amending{pusher: p, only: map[string]bool{}}
	am.settlements, entries = p.tooFresh(connector.TypeTask, entries)
	wanted, err := payloads[AmendPayload](entries)
	if err != nil {
		return nil, err
	}
	amends := make(map[string]connector.Amend, len(entries))
	var unknown []OutboxEntry
	var known []OutboxEntry
	for i, e := range entries {
		if e.Payload, err = json.Marshal(wanted[i].Task); err != nil {
			return nil, fmt.Errorf("encode task of %q: %w", e.Key, err)
		}
		am.only[e.Key] = wanted[i].Only
		amends[e.Key] = connector.Amend{Old: wanted[i].Old, Was: wanted[i].Was, Task: wanted[i].Task}
		if e.Unknown && !p.Weak.Without(ReadBack) {
			unknown = append(unknown, e)
		} else {
			known = append(known, e)
		}
	}
	adopted, missing, err := p.adopt(ctx, connector.TypeTask, unknown)
	am.putAway(ctx, unknown, amends, adopted)
	if err != nil { // nothing was sent for the others: they go back as they were
		for _, e := range known {
			am.settlements = append(am.settlements, Settlement{Key: e.Key, Attempt: e.Attempt, State: StateReady, Wait: lookAgain, Free: true})
		}
		return am.settlements, err
	}
	missing, gone := p.withheld(missing)
	am.settlements = append(am.settlements, gone...)
	am.rewrite(ctx, append(known, missing...), amends)
	am.finish(ctx, amends)
	return am.settlements, am.wide
}

// withheld settles those of the tasks that are not there whose text was taken away in the meantime: nobody wants them
// any more, once it is sure that they do not come late.
func (p *Pusher) withheld(missing []OutboxEntry) (rest []OutboxEntry, settled []Settlement) {
	for _, e := range missing {
		var text struct{ Kind, Subject, BodyHTML string }
		if e.Class == ClassTask && json.Unmarshal(e.Payload, &text) == nil && text.Kind != "" && text.Subject == "" && text.BodyHTML == "" {
			settled = append(settled, p.givenUp(e, Settlement{State: StateCancelled, Error: ReasonWithheld}))
			continue
		}
		rest = append(rest, e)
	}
	return rest, settled
}

// rewrite amends the tasks under their old keys and sorts what became of them.
func (am *amending) rewrite(ctx context.Context, entries []OutboxEntry, amends map[string]connector.Amend) {
	if len(entries) == 0 {
		return
	}
	tasks := make([]EarlierTask, len(entries))
	for i, e := range entries {
		tasks[i] = EarlierTask{Key: amends[e.Key].Old, Was: amends[e.Key].Was}
	}
	if err := am.pusher.placed(ctx, entries, tasks); err != nil {
		for _, e := range entries {
			am.postpone(e, fmt.Errorf("look for tasks to amend: %w", err))
		}
		return
	}
	batch := make([]connector.Amend, len(entries))
	for i, e := range entries {
		batch[i] = connector.Amend{Old: tasks[i].Key, ID: e.Task, Was: tasks[i].Was, Task: amends[e.Key].Task}
	}
	results := map[string]connector.AmendResult{}
	for _, r := range am.pusher.CRM.AmendTasks(ctx, batch) {
		results[r.Key] = r
	}
	for _, e := range entries {
		r, answered := results[e.Key]
		if !answered {
			r.Err = fmt.Errorf("amend task %q: no answer for this key: %w", e.Key, connector.ErrAmbiguous)
		}
		am.sort(e, r)
	}
}

func (am *amending) sort(e OutboxEntry, r connector.AmendResult) {
	switch {
	case errors.Is(r.Err, connector.ErrConflict): // the new key is there already
		am.conflicts = append(am.conflicts, e)
	case r.Err != nil:
		am.postpone(e, r.Err)
	case !am.only[e.Key] && (r.Outcome == connector.AmendLeft || r.Outcome == connector.AmendGone): // the cause is new, so the task is
		am.create = append(am.create, e)
	default:
		s := Settlement{Key: e.Key, Attempt: e.Attempt, State: StateSettled, RemoteID: r.ID, Error: string(r.Outcome)}
		if r.Outcome != connector.AmendDone {
			s.State = StateCancelled
		}
		am.settlements = append(am.settlements, s)
	}
}

// postpone leaves an amendment as being sent whatever the error was, unless it is refused for good: the next attempt
// looks for the new key first. A call that was refused in the end may have been carried out at an attempt before.
func (am *amending) postpone(e OutboxEntry, err error) {
	am.settlements = append(am.settlements, am.pusher.unknown([]OutboxEntry{e}, err)...)
	if am.wide == nil {
		am.wide = onlyPortalWide(err)
	}
}

// putAway settles amendments whose new key was there before this attempt. Mostly that is the task itself, as it was
// amended; but if another one has the key, the task that was to become it is still open: it is archived, unless a
// person edited or completed it, and the answer says what became of it.
func (am *amending) putAway(ctx context.Context, entries []OutboxEntry, amends map[string]connector.Amend, adopted []Settlement) {
	var there []OutboxEntry
	var tasks []EarlierTask
	settled := map[string]Settlement{}
	for _, s := range adopted {
		i := slices.IndexFunc(entries, func(e OutboxEntry) bool { return e.Key == s.Key })
		if i < 0 || s.State != StateSettled {
			am.settlements = append(am.settlements, s)
			continue
		}
		there, settled[s.Key] = append(there, entries[i]), s
		tasks = append(tasks, EarlierTask{Key: amends[s.Key].Old, Was: amends[s.Key].Was})
	}
	if len(there) == 0 {
		return
	}
	results, err := am.closed(ctx, there, tasks)
	for i, e := range there {
		r, answered := results[tasks[i].Key]
		switch {
		case err != nil:
			r.Err = err
		case !answered:
			r.Err = fmt.Errorf("no answer for this key: %w", connector.ErrUnavailable)
		}
		if r.Err != nil {
			am.postpone(e, fmt.Errorf("put the task before %q away: %w", e.Key, r.Err))
			continue
		}
		s := settled[e.Key]
		if r.Outcome == connector.CloseArchived || r.Outcome == connector.CloseEdited {
			s.Error = "the task before: " + string(r.Outcome)
		}
		am.settlements = append(am.settlements, s)
	}
}

// closed closes tasks under the keys under which they stand, which it puts into tasks, and gives what became of each by key.
func (am *amending) closed(ctx context.Context, entries []OutboxEntry, tasks []EarlierTask) (map[string]connector.CloseResult, error) {
	if err := am.pusher.placed(ctx, entries, tasks); err != nil {
		return nil, err
	}
	results := map[string]connector.CloseResult{}
	for _, r := range am.pusher.CRM.CloseTasks(ctx, closesOf(entries, tasks)) {
		results[r.Key] = r
	}
	return results, nil
}

// finish creates the tasks that there is nothing to amend for, and adopts those whose key exists already.
func (am *amending) finish(ctx context.Context, amends map[string]connector.Amend) {
	created, err := am.pusher.create(ctx, connector.TypeTask, am.create)
	am.settlements = append(am.settlements, created...)
	adopted, lost, more := am.pusher.adopt(ctx, connector.TypeTask, am.conflicts)
	am.putAway(ctx, am.conflicts, amends, adopted)
	for _, e := range lost { // the CRM says that the key exists and does not show it
		am.postpone(e, fmt.Errorf("amend task %q: the key exists but cannot be read: %w", e.Key, connector.ErrAmbiguous))
	}
	for _, err := range []error{err, more} {
		if am.wide == nil {
			am.wide = err
		}
	}
}
