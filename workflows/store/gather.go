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

const releaseRun = `UPDATE outbox SET run = '', next_at = ? WHERE portal = ? AND run <> ''`

// releaseRun lets what a run has gathered be sent, since it is over. The limits see all of it first.
func (in *session) releaseRun(ctx context.Context, portal connector.PortalID) error {
	if _, err := in.exec(ctx, releaseRun, micros(in.now), portal); err != nil {
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

// gather notes what of the pending updates of a contact a run has gathered.
func gather(record *workflows.LeadRecord, row pendingRow, properties map[string]string) {
	if row.Run == "" {
		return
	}
	g := &record.Gathered
	g.Keys = append(g.Keys, row.Key)
	if g.Properties == nil {
		g.Properties = map[string]string{}
	}
	maps.Copy(g.Properties, properties)
}
