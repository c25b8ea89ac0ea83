package store

import (
	"context"
	"fmt"
	"maps"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// waitingForRun is when an entry that a run gathers would be sent if the run never ended: far behind everything, so
// that nobody who looks for what is to be sent passes it.
func waitingForRun() int64 { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() }

// running reports whether the walk that evaluates contacts again is under way.
func (in *session) running(ctx context.Context, portal connector.PortalID) (bool, error) {
	walk, known, err := in.reevaluation(ctx, portal)
	return known && walk.UnderWay(), err
}

// A task that was not sent when the run ends is not sent any more if the run has gathered its closing: as long as the
// run may be dropped, it is to be made. Nobody else closes a task without cancelling what makes it.
const cancelShut = `UPDATE outbox SET state = 'cancelled', state_at = ?, settled_at = ?
WHERE portal = ? AND kind = 'task' AND state = 'ready' AND entry_key IN (SELECT c.waits_for FROM outbox c
    WHERE c.portal = outbox.portal AND c.kind = 'close' AND c.state = 'ready' AND c.run <> '')`

// The closing of a task that was never sent has nothing to close, and does not count for the limit.
const cancelMoot = `UPDATE outbox SET state = 'cancelled', state_at = ?, settled_at = ?
WHERE portal = ? AND kind = 'close' AND state = 'ready' AND run <> '' AND waits_for IN (SELECT t.entry_key FROM outbox t
    WHERE t.portal = outbox.portal AND t.kind = 'task' AND t.state = 'cancelled' AND t.attempt = 0 AND t.sent_at IS NULL)`

const releaseRun = `UPDATE outbox SET run = '', next_at = ? WHERE portal = ? AND run <> ''`

// releaseRun lets what a run has gathered be sent, since it is over. The limits see all of it first.
func (in *session) releaseRun(ctx context.Context, portal connector.PortalID) error {
	now := micros(in.now)
	for _, query := range []string{cancelShut, cancelMoot} {
		if _, err := in.exec(ctx, query, now, now, portal); err != nil {
			return fmt.Errorf("cancel tasks that end with the run: %w", err)
		}
	}
	if _, err := in.exec(ctx, releaseRun, now, portal); err != nil {
		return fmt.Errorf("release what was gathered: %w", err)
	}
	return nil
}

const countGathered = `SELECT class, COUNT(*) AS n FROM outbox WHERE portal = ? AND run <> '' AND state = 'ready' GROUP BY class ORDER BY class`

// gathered counts by class what waits until a run is over.
func (in *session) gathered(ctx context.Context, portal connector.PortalID) (map[workflows.Class]int, error) {
	var found []classCount
	if err := in.list(ctx, &found, countGathered, portal); err != nil {
		return nil, fmt.Errorf("count what was gathered: %w", err)
	}
	counts := map[workflows.Class]int{}
	for _, row := range found {
		counts[row.Class] = row.Count
	}
	return counts, nil
}

// unsent notes what waits for a contact and belongs to no run.
func unsent(g *workflows.Gathered, row pendingRow, properties map[string]string) {
	if row.Kind == workflows.KindList {
		g.Own = append(g.Own, row.Key)
	}
	if row.State != workflows.StateReady || row.Attempt > 0 || row.ReleasedAt != nil {
		return
	}
	if g.Unsent == nil {
		g.Unsent = map[string]map[string]string{}
	}
	g.Unsent[row.Key] = properties
}

// gather notes what of the pending updates of a contact a run has gathered.
func gather(record *workflows.LeadRecord, row pendingRow, properties map[string]string) {
	g := &record.Gathered
	if row.Run == "" {
		unsent(g, row, properties)
		return
	}
	g.Keys = append(g.Keys, row.Key)
	if g.Properties == nil && properties != nil {
		g.Properties = map[string]string{}
	}
	maps.Copy(g.Properties, properties)
}

// shut is what a closing makes unnecessary that is not gathered after all: the task, if it was not sent yet.
func shut(e workflows.OutboxEntry) rows {
	if e.Kind != workflows.KindClose {
		return nil
	}
	return rows{{e.Key[len(workflows.ClosingPrefix):]}}
}
