package store

import (
	"context"
	"errors"
	"fmt"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// ErrWrongState says that an operator's command does not fit the state that an entry is in.
var ErrWrongState = errors.New("the entry is in the wrong state")

// dropped stands in the entry that an operator dropped.
const dropped = "dropped by an operator"

const operateEntry = `UPDATE outbox SET state = ?, state_at = ?, next_at = ?, attempt = ?, settled_at = ?, error = ?, sent_payload = ''
WHERE portal = ? AND entry_key = ?`

// RetryEntry lets a parked entry be sent again, once what made the CRM refuse it has been mended, and gives it
// as it was. What creates something is looked up by its key first, since nobody can be sure that it was never
// made. The order stands in the contact's decisions. ErrNoRecord if there is no such entry, ErrWrongState
// if it is not parked, ErrReplaced if it is about a task that another one has taken the place of.
func (s *Store) RetryEntry(ctx context.Context, portal connector.PortalID, key string, o workflows.Order) (workflows.OutboxEntry, error) {
	return s.operate(ctx, portal, scoring.Reason{Code: workflows.ReasonRetried, Params: o.Params(key)}, func(in *session, row entryColumns) (workflows.EntryState, error) {
		if row.State != workflows.StateParked {
			return "", fmt.Errorf("%w: it is %s, and only a parked one can be sent again", ErrWrongState, row.State)
		}
		switch err := in.wantedStill(ctx, portal, row); {
		case err != nil:
			return "", err
		case row.Kind == workflows.KindTask, row.Kind == workflows.KindDeal, row.Kind == workflows.KindAmend:
			return workflows.StateSending, nil
		}
		return workflows.StateReady, nil
	})
}

// DropEntry cancels an entry that is parked or waits to be sent, and gives it as it was. Its contact becomes
// due, so that a plan made for what will not happen now is made anew. The order stands in the contact's
// decisions. ErrNoRecord if there is no such entry, ErrWrongState if it is in another state.
func (s *Store) DropEntry(ctx context.Context, portal connector.PortalID, key string, o workflows.Order) (workflows.OutboxEntry, error) {
	return s.operate(ctx, portal, scoring.Reason{Code: workflows.ReasonDropped, Params: o.Params(key)}, func(_ *session, row entryColumns) (workflows.EntryState, error) {
		switch row.State {
		case workflows.StateParked, workflows.StateReady:
			return workflows.StateCancelled, nil
		case workflows.StateSending:
			return "", fmt.Errorf("%w: it is being sent and may have happened already; wait until its outcome is known", ErrWrongState)
		case workflows.StateShadow, workflows.StateSettled, workflows.StateCancelled:
		}
		return "", fmt.Errorf("%w: it is %s, and there is nothing to drop", ErrWrongState, row.State)
	})
}

func (s *Store) operate(
	ctx context.Context, portal connector.PortalID, reason scoring.Reason,
	next func(*session, entryColumns) (workflows.EntryState, error),
) (workflows.OutboxEntry, error) {
	var entry workflows.OutboxEntry
	key := reason.Params["key"]
	err := s.alone(ctx, "operate on outbox", portal, func(in *session) error {
		var found []entryColumns
		if err := in.lookup(ctx, &found, findEntries, rows{{key}}, portal); err != nil {
			return fmt.Errorf("read entry: %w", err)
		}
		if len(found) == 0 {
			return fmt.Errorf("entry %q: %w", key, workflows.ErrNoRecord)
		}
		row := found[0]
		state, err := next(in, row)
		if err != nil {
			return fmt.Errorf("entry %q: %w", key, err)
		}
		if entry, err = row.entry(); err != nil {
			return err
		}
		marks, settledAt, failure := dueMarks{}, any(nil), ""
		if state == workflows.StateCancelled {
			marks.raise(connector.Ref{Type: connector.TypeContact, ID: row.Contact})
			settledAt, failure = micros(in.now), dropped
		}
		_, err = in.exec(ctx, operateEntry, string(state), micros(in.now), micros(in.now), 0, settledAt, failure, portal, key)
		if err != nil {
			return fmt.Errorf("store entry %q: %w", key, err)
		}
		if err := in.saveNotes(ctx, portal, []note{{contact: row.Contact, reason: reason, action: actionOf(row)}}); err != nil {
			return err
		}
		return in.markDue(ctx, portal, marks)
	})
	return entry, err
}

// Entry gives one entry of the outbox; ErrNoRecord if there is none under the key.
func (s *Store) Entry(ctx context.Context, portal connector.PortalID, key string) (workflows.OutboxEntry, error) {
	var entry workflows.OutboxEntry
	err := s.read(ctx, "read entry", func(in *session) error {
		var found []entryColumns
		if err := in.lookup(ctx, &found, findEntries, rows{{key}}, portal); err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("entry %q: %w", key, workflows.ErrNoRecord)
		}
		var err error
		entry, err = found[0].entry()
		return err
	})
	return entry, err
}
