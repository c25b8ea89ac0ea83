package service

import (
	"context"
	"fmt"
	"time"
)

// Reevaluation says how far the walk has come that evaluates the stored contacts again after a change of the model,
// the mapping or the switches.
type Reevaluation struct {
	Began    time.Time `json:"began"`
	Ended    time.Time `json:"ended,omitzero"`
	Contacts int       `json:"contacts"`
	Done     int       `json:"done"`
	// Planned is for how many of them something was to do.
	Planned  int  `json:"planned"`
	Complete bool `json:"complete"`
}

// Text says it in one sentence, for people.
func (r Reevaluation) Text() string {
	if r.Complete {
		return fmt.Sprintf("%d contacts were evaluated again, for %d of them something was to do", r.Done, r.Planned)
	}
	return fmt.Sprintf("model, mapping or switches changed %s: %d of %d contacts evaluated again, for %d of them something was to do",
		r.Began.UTC().Format("2006-01-02 15:04 MST"), r.Done, max(r.Contacts, r.Done), r.Planned)
}

// reevaluation reads how far the walk has come; nil if there never was one, or nothing to walk through.
func (r *Runner) reevaluation(ctx context.Context) (*Reevaluation, error) {
	walk, err := r.svc.Store.Reevaluation(ctx, r.cfg.Account)
	if err != nil {
		return nil, fmt.Errorf("read re-evaluation: %w", err)
	}
	if walk.Total == 0 {
		return nil, nil //nolint:nilnil // there is none
	}
	return &Reevaluation{
		Began: walk.BeganAt, Ended: walk.EndedAt, Contacts: walk.Total, Done: walk.Done, Planned: walk.Planned, Complete: !walk.UnderWay(),
	}, nil
}
