package service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"leadsync/connector"
)

// Fill says how far a walk has come that reads of all stored records of a kind what the model reads now and nobody has
// read before. Until it is over, the model takes these properties as unknown where they were not read.
type Fill struct {
	Type       connector.ObjectType `json:"type"`
	Properties []string             `json:"properties"`
	Began      time.Time            `json:"began"`
	Records    int                  `json:"records"`
	Done       int                  `json:"done"`
}

// Text says it in one sentence, for people.
func (f Fill) Text() string {
	return fmt.Sprintf("%d of %d records of type %s read under this model (never read before: %s)",
		f.Done, max(f.Records, f.Done), f.Type, strings.Join(f.Properties, ", "))
}

// fills reads the walks that are under way.
func (r *Runner) fills(ctx context.Context) ([]Fill, error) {
	found, err := r.svc.Store.Fills(ctx, r.cfg.Account)
	if err != nil {
		return nil, fmt.Errorf("read fills: %w", err)
	}
	var shown []Fill
	for _, f := range found {
		if f.UnderWay() {
			shown = append(shown, Fill{Type: f.Type, Properties: f.Properties, Began: f.BeganAt, Records: f.Total, Done: f.Done})
		}
	}
	return shown, nil
}

// firstRate is what HubSpot allows at the least until it says otherwise, in calls per second (hubspot-api 4).
const firstRate = 9

// fillsPerMinute is the budget of fills: a quarter of what the portal may have, since what becomes due needs the rest.
func fillsPerMinute(perSecond float64) float64 {
	if perSecond <= 0 {
		perSecond = firstRate
	}
	return perSecond * 60 / 4
}
