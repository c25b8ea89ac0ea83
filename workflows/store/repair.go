package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

const checkObjects = `UPDATE objects SET checked_at = ?
WHERE portal = ? AND (type, id) IN (SELECT j.value->>0, j.value->>1 FROM {rows})`

// check remembers which records a repair walk met.
func (p *pageSaver) check(ctx context.Context) error {
	refs := make([]connector.Ref, 0, len(p.page.Met))
	for _, id := range p.page.Met {
		refs = append(refs, connector.Ref{Type: p.page.Type, ID: id})
	}
	slices.SortFunc(refs, compareRefs)
	if err := p.bulk(ctx, checkObjects, refRows(refs), micros(p.page.Walk), p.portal); err != nil {
		return fmt.Errorf("remember what the walk met: %w", err)
	}
	return nil
}

const findUnmet = `SELECT id FROM objects WHERE portal = ? AND type = ? AND removed_at IS NULL
    AND (checked_at IS NULL OR checked_at < ?) AND (created_at IS NULL OR created_at < ?) ORDER BY id LIMIT ?`

// Unmet gives records of the mirror that were there when a repair walk began (business time) and that it has
// not met, up to limit.
func (s *Store) Unmet(
	ctx context.Context, portal connector.PortalID, t connector.ObjectType, walk time.Time, limit int,
) ([]connector.ObjectID, error) {
	var ids []connector.ObjectID
	err := s.read(ctx, "find records not met", func(in *session) error {
		return in.list(ctx, &ids, findUnmet, portal, t, walk.UnixMicro(), walk.UnixMicro(), limit)
	})
	return ids, err
}

const saveRecordAliases = `INSERT INTO record_aliases (portal, type, id, survivor, learned_at)
SELECT ?, j.value->>0, j.value->>1, j.value->>2, CAST(? AS BIGINT) FROM {rows} WHERE true
ON CONFLICT (portal, type, id) DO UPDATE SET survivor = excluded.survivor`

const shortenRecordAliases = `UPDATE record_aliases SET survivor = m.survivor
FROM (SELECT j.value->>0 AS merged_type, j.value->>1 AS merged_id, j.value->>2 AS survivor, j.value->>3 AS merged_portal
    FROM {rows}) AS m
WHERE portal = m.merged_portal AND type = m.merged_type AND record_aliases.survivor = m.merged_id`

const followRemote = `UPDATE outbox SET remote_id = m.survivor
FROM (SELECT j.value->>0 AS merged_type, j.value->>1 AS merged_id, j.value->>2 AS survivor, j.value->>3 AS merged_portal
    FROM {rows}) AS m
WHERE portal = m.merged_portal AND kind = m.merged_type AND remote_id = m.merged_id AND remote_id <> ''`

// mergeRecords lets survivors that are no contacts take the place of what was merged into them: alias, links,
// the ids that entries of the outbox remember. The losers are removed and their contacts become due.
func (p *pageSaver) mergeRecords(ctx context.Context) error {
	if len(p.page.Merged) == 0 {
		return nil
	}
	var losers []connector.Ref
	var many rows
	for _, id := range slices.Sorted(maps.Keys(p.page.Merged)) {
		losers = append(losers, connector.Ref{Type: p.page.Type, ID: id})
		many = append(many, []any{string(p.page.Type), string(id), string(p.page.Merged[id]), string(p.portal)})
	}
	if err := p.bulk(ctx, saveRecordAliases, many, p.portal, micros(p.now)); err != nil {
		return fmt.Errorf("store aliases: %w", err)
	}
	for _, query := range []string{shortenRecordAliases, followRemote} {
		if err := p.bulk(ctx, query, many); err != nil {
			return fmt.Errorf("follow merged records: %w", err)
		}
	}
	if err := p.removeObjects(ctx, p.portal, losers); err != nil {
		return err
	}
	if err := p.moveRecordLinks(ctx, losers); err != nil {
		return err
	}
	if p.page.Type == connector.TypeCompany {
		return p.readdressCompanies(ctx)
	}
	return nil
}

// moveRecordLinks hands the links of the losers over to their survivors. What the page itself says about a
// survivor's links is newer and stands.
func (p *pageSaver) moveRecordLinks(ctx context.Context, losers []connector.Ref) error {
	old, err := p.links(ctx, p.portal, losers, workflows.ReadTypes())
	if err != nil {
		return err
	}
	gone, err := p.saveLinks(ctx, p.portal, old, nil)
	if err != nil {
		return err
	}
	told := map[connector.Ref]bool{} // whose contacts the page names completely
	if slices.Contains(p.page.LinkTypes, connector.TypeContact) {
		for _, o := range p.page.Objects {
			told[connector.Ref{Type: p.page.Type, ID: o.ID}] = true
		}
	}
	there := map[connector.Link]bool{}
	for _, l := range gone {
		p.raiseContact(l)
		next := l
		if to, merged := p.page.Merged[l.FromID]; merged && l.FromType == p.page.Type {
			next.FromID = to
		}
		if to, merged := p.page.Merged[l.ToID]; merged && l.ToType == p.page.Type {
			next.ToID = to
		}
		if !told[connector.Ref{Type: next.FromType, ID: next.FromID}] {
			there[next] = true
		}
	}
	_, err = p.saveLinks(ctx, p.portal, nil, there)
	return err
}

const unfinishedThings = selectEntries + `FROM outbox o
WHERE o.portal = ? AND o.state IN ('ready', 'sending') AND o.kind IN ('task', 'amend', 'deal') ORDER BY o.entry_key`

// readdressCompanies lets unfinished tasks and deals name the company that is left.
func (p *pageSaver) readdressCompanies(ctx context.Context) error {
	var found []entryColumns
	if err := p.list(ctx, &found, unfinishedThings, p.portal); err != nil {
		return fmt.Errorf("read entries: %w", err)
	}
	var many rows
	for _, row := range found {
		payload, changed, err := withCompany(row, p.page.Merged)
		if err != nil {
			return fmt.Errorf("readdress entry %q: %w", row.Key, err)
		}
		if changed {
			many = append(many, []any{string(p.portal), row.Key, payload})
		}
	}
	if err := p.bulk(ctx, readdressEntries, many); err != nil {
		return fmt.Errorf("readdress entries: %w", err)
	}
	return nil
}

const readdressEntries = `UPDATE outbox SET payload = m.payload
FROM (SELECT j.value->>0 AS portal, j.value->>1 AS entry_key, j.value->>2 AS payload FROM {rows}) AS m
WHERE outbox.portal = m.portal AND outbox.entry_key = m.entry_key`

// withCompany gives the payload of a task, an amendment or a deal with the survivor of its company.
func withCompany(row entryColumns, merged map[connector.ObjectID]connector.ObjectID) (string, bool, error) {
	var task connector.Task
	var amend workflows.AmendPayload
	var deal workflows.DealPayload
	payload, company := any(&deal), &deal.Company
	switch row.Kind { //nolint:exhaustive // no others are read
	case workflows.KindTask:
		payload, company = &task, &task.Company
	case workflows.KindAmend:
		payload, company = &amend, &amend.Task.Company
	}
	if err := json.Unmarshal([]byte(row.Payload), payload); err != nil {
		return "", false, err
	}
	to, has := merged[*company]
	if *company = to; !has {
		return "", false, nil
	}
	text, err := encode(payload)
	return text, true, err
}
