package store

import (
	"context"

	"leadsync/connector"
	"leadsync/workflows"
)

type modelRow struct {
	Version   string `db:"version"`
	Canonical string `db:"canonical"`
	FirstUsed int64  `db:"first_used_at"`
}

const findModels = `SELECT version, canonical, first_used_at FROM models WHERE portal = ? ORDER BY first_used_at, version`

// Models gives every version of the model that the portal has used, in the order in which it first did.
func (s *Store) Models(ctx context.Context, portal connector.PortalID) ([]workflows.StoredModel, error) {
	var models []workflows.StoredModel
	err := s.read(ctx, "read models", func(in *session) error {
		var found []modelRow
		if err := in.list(ctx, &found, findModels, portal); err != nil {
			return err
		}
		for _, row := range found {
			models = append(models, workflows.StoredModel{
				Version: row.Version, Canonical: []byte(row.Canonical), FirstUsed: fromMicros(&row.FirstUsed),
			})
		}
		return nil
	})
	return models, err
}
