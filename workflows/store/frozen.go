package store

import (
	"context"
	"fmt"

	"leadsync/connector"
	"leadsync/workflows"
)

const saveFrozen = `INSERT INTO frozen (portal, contact, kind, property, since_at, detail)
SELECT ?, j.value->>0, j.value->>1, j.value->>2, CAST(j.value->>3 AS BIGINT), j.value->>4 FROM {rows} WHERE true
ON CONFLICT (portal, contact, kind, property) DO UPDATE SET since_at = excluded.since_at, detail = excluded.detail`

// putFrozen brings the list of what the model does not move in line with lead states.
func (in *session) putFrozen(
	ctx context.Context, portal connector.PortalID, ids []connector.ObjectID, states map[connector.ObjectID]workflows.LeadState,
) error {
	var all, frozen rows
	for _, id := range ids {
		state := states[id]
		all = append(all, []any{string(id)})
		for _, f := range state.Frozen(id) {
			detail, err := encode(f)
			if err != nil {
				return err
			}
			frozen = append(frozen, []any{string(id), string(f.Kind), string(f.Property), micros(f.Since), detail})
		}
	}
	if err := in.bulk(ctx, `DELETE FROM frozen WHERE portal = ? AND contact`+byContact, all, portal); err != nil {
		return fmt.Errorf("forget what was frozen: %w", err)
	}
	if err := in.bulk(ctx, saveFrozen, frozen, portal); err != nil {
		return fmt.Errorf("store what is frozen: %w", err)
	}
	return nil
}

const countFrozen = `SELECT kind, property, COUNT(*) AS n FROM frozen WHERE portal = ? GROUP BY kind, property ORDER BY kind, property`

type frozenCount struct {
	Kind     workflows.FrozenKind `db:"kind"`
	Property workflows.Chosen     `db:"property"`
	Count    int                  `db:"n"`
}

// FrozenCounts counts the contacts that the model does not move, by kind and property.
func (s *Store) FrozenCounts(ctx context.Context, portal connector.PortalID) ([]workflows.FrozenCount, error) {
	var found []frozenCount
	err := s.read(ctx, "count what is frozen", func(in *session) error {
		return in.list(ctx, &found, countFrozen, portal)
	})
	counts := make([]workflows.FrozenCount, 0, len(found))
	for _, row := range found {
		counts = append(counts, workflows.FrozenCount{Kind: row.Kind, Property: row.Property, Contacts: row.Count})
	}
	return counts, err
}

const findFrozen = `SELECT detail FROM frozen WHERE portal = ? AND (kind = ? OR ? = '') ORDER BY kind, since_at, contact, property LIMIT ?`

// Frozen lists up to limit properties that the model does not move, of one kind or of all, the longest first.
func (s *Store) Frozen(
	ctx context.Context, portal connector.PortalID, kind workflows.FrozenKind, limit int,
) ([]workflows.Frozen, error) {
	list := []workflows.Frozen{}
	err := s.read(ctx, "list what is frozen", func(in *session) error {
		var found []string
		if err := in.list(ctx, &found, findFrozen, portal, kind, kind, limit); err != nil {
			return err
		}
		for _, detail := range found {
			var f workflows.Frozen
			if err := decode(detail, &f); err != nil {
				return err
			}
			list = append(list, f)
		}
		return nil
	})
	return list, err
}
