package workflows

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"leadsync/connector"
)

// stageOf is the property that holds the stage of a kind of record.
type stageOf struct {
	kind connector.ObjectType
	name string
}

// stagesMoved is moved for contacts.
func (p *Pusher) stagesMoved(ctx context.Context, updates []connector.Update, results []connector.UpdateResult) []connector.UpdateResult {
	return p.moved(ctx, stageOf{connector.TypeContact, p.Portal.Names.Stage}, updates, results)
}

// moved reads back the stages of those updates whose answer does not prove them: the CRM answers as if it
// had moved a stage backward, and leaves it (hubspot-api 6.1). One that stayed becomes an error that parks
// the entry; one that cannot be read back stays open.
func (p *Pusher) moved(
	ctx context.Context, stage stageOf, updates []connector.Update, results []connector.UpdateResult,
) []connector.UpdateResult {
	name := stage.name
	want := map[connector.ObjectID]string{}
	for _, u := range updates {
		if value := u.Properties[name]; value != "" {
			want[u.ID] = value
		}
	}
	unproven := map[connector.ObjectID]bool{}
	for _, r := range results {
		if value := want[r.ID]; value != "" && r.Err == nil && r.Properties[name] != value {
			unproven[r.ID] = true
		}
	}
	if len(unproven) == 0 {
		return results
	}
	ids := slices.Sorted(maps.Keys(unproven))
	read, err := p.Look.Read(connector.For(ctx, connector.PurposeVerify), stage.kind, ids, []string{name})
	for i, r := range results {
		if unproven[r.ID] {
			results[i].Err = stageProof(read.Found[r.ID].Properties[name] == want[r.ID], stage, err)
		}
	}
	return results
}

// stageProof is the error of a stage that was read back, nil if it is what was written.
func stageProof(moved bool, stage stageOf, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("read stage back: %w", err)
	case moved:
		return nil
	}
	return &connector.Error{
		Kind: connector.ErrInvalid, Op: "update " + string(stage.kind), Properties: []string{stage.name},
		Message: string(ReasonStageRefused) + ": the CRM answered as if it had moved the stage, and left it; somebody moved the " + string(stage.kind) +
			" further, or the stage lies behind",
	}
}
