package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"leadsync/connector"
	"leadsync/workflows"
)

// companyUpdate is what an entry of KindCompany writes, and on which company.
func companyUpdate(key, text string) (connector.Ref, workflows.UpdatePayload, error) {
	var move workflows.CompanyPayload
	if err := decode(text, &move); err != nil {
		return connector.Ref{}, workflows.UpdatePayload{}, fmt.Errorf("read entry %q: %w", key, err)
	}
	return connector.Ref{Type: connector.TypeCompany, ID: move.Company}, workflows.UpdatePayload{Properties: map[string]string{move.Property: move.To}}, nil
}

// pushed is what an entry writes on which record, so that its echo is known; nothing for what is no plain update.
func pushed(row entryColumns) (connector.Ref, workflows.UpdatePayload, error) {
	if row.Kind == workflows.KindCompany {
		return companyUpdate(row.Key, row.Payload)
	}
	var payload workflows.UpdatePayload
	ref := connector.Ref{Type: connector.TypeContact, ID: row.Contact}
	if row.Kind != workflows.KindUpdate {
		return ref, payload, nil
	}
	if err := decode(row.Payload, &payload); err != nil {
		return ref, payload, fmt.Errorf("read entry %q: %w", row.Key, err)
	}
	return ref, payload, nil
}

// The columns of a row of outboxValues.
const (
	rowKey     = 0
	rowKind    = 1
	rowState   = 4
	rowPayload = 8
)

// furthestMoves leaves out moves of companies that are behind another one of the same company, in the batch or not
// done yet: whichever contact is decided last, the company goes to the furthest stage.
func (d *decisionSaver) furthestMoves(ctx context.Context, again rows) (rows, error) {
	furthest, keys, err := plannedMoves(again)
	if err != nil {
		return nil, err
	}
	var found []entryColumns
	if err := d.lookup(ctx, &found, findEntries, keys, d.portal); err != nil {
		return nil, fmt.Errorf("read moves of companies: %w", err)
	}
	for _, row := range found {
		if row.State != workflows.StateReady && row.State != workflows.StateSending {
			continue
		}
		rank, err := rankOf(row.Key, row.Payload)
		if err != nil {
			return nil, err
		}
		furthest[row.Key] = max(furthest[row.Key], rank)
	}
	return slices.DeleteFunc(again, func(row []any) bool {
		most, company := furthest[fmt.Sprint(row[rowKey])]
		if !company {
			return false
		}
		rank, err := rankOf("", fmt.Sprint(row[rowPayload])) // read before
		return err == nil && rank < most
	}), nil
}

// plannedMoves gives the furthest move of each company that rows plan, by key, and the keys.
func plannedMoves(again rows) (furthest map[string]int, keys rows, err error) {
	furthest = map[string]int{}
	for _, row := range again {
		if row[rowKind] != string(workflows.KindCompany) || row[rowState] != string(workflows.StateReady) {
			continue
		}
		key, text := fmt.Sprint(row[rowKey]), fmt.Sprint(row[rowPayload])
		rank, err := rankOf(key, text)
		if err != nil {
			return nil, nil, err
		}
		if _, known := furthest[key]; !known {
			keys = append(keys, []any{key})
		}
		furthest[key] = max(furthest[key], rank)
	}
	return furthest, keys, nil
}

func rankOf(key, text string) (int, error) {
	var move workflows.CompanyPayload
	if err := decode(text, &move); err != nil {
		return 0, fmt.Errorf("read entry %q: %w", key, err)
	}
	return move.Rank, nil
}

const unfinishedMoves = `SELECT o.contact, o.kind, o.state, o.payload FROM {rows} CROSS JOIN outbox o
WHERE o.portal = ? AND o.entry_key = j.value->>0 AND o.state IN ('ready', 'sending') ORDER BY o.entry_key`

// fillMoving adds what updates under way will make of the stages of the contacts' companies.
func (in *session) fillMoving(ctx context.Context, portal connector.PortalID, at map[connector.ObjectID]*workflows.LeadRecord) error {
	of := map[connector.ObjectID][]*workflows.LeadRecord{}
	for _, record := range at {
		for _, company := range record.Companies {
			of[company.ID] = append(of[company.ID], record)
		}
	}
	var keys rows
	for _, id := range slices.Sorted(maps.Keys(of)) {
		keys = append(keys, []any{workflows.CompanyKey(id)})
	}
	var found []pendingRow
	if err := in.lookup(ctx, &found, unfinishedMoves, keys, portal); err != nil {
		return fmt.Errorf("read pending moves of companies: %w", err)
	}
	for _, row := range found {
		var move workflows.CompanyPayload
		if err := decode(row.Payload, &move); err != nil {
			return fmt.Errorf("read pending move of a company: %w", err)
		}
		for _, record := range of[move.Company] {
			if record.CompaniesMoving == nil {
				record.CompaniesMoving = map[connector.ObjectID]string{}
			}
			record.CompaniesMoving[move.Company] = move.To
		}
	}
	return nil
}
