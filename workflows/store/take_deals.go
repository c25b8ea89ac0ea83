package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

const findUnknownDeals = selectEntries + `FROM outbox o
WHERE o.portal = ? AND o.kind = 'deal' AND o.state = 'sending' ORDER BY o.entry_key`

// apart leaves out deals beside which there is another one under way whose outcome is unknown, and that would stand in their
// way: the CRM does not show it yet, and may make it after all. They wait until somebody looks for that one.
func (t *taker) apart(ctx context.Context, found []entryColumns) ([]entryColumns, error) {
	if t.take.Kind != workflows.KindDeal || t.take.Quiet == 0 || len(found) == 0 {
		return found, nil
	}
	var unknown []entryColumns
	if err := t.list(ctx, &unknown, findUnknownDeals, t.portal); err != nil {
		return nil, fmt.Errorf("find deals under way: %w", err)
	}
	until := map[connector.Ref]int64{} // when whose deal is looked for
	for _, row := range unknown {
		d, err := dealOf(row)
		if err != nil {
			return nil, err
		}
		for _, ref := range []connector.Ref{{Type: connector.TypeContact, ID: d.Contact}, {Type: connector.TypeCompany, ID: d.Company}} {
			until[ref] = max(until[ref], row.NextAt, t.now.UnixMicro())
		}
	}
	waiting, err := besides(found, until)
	if err != nil {
		return nil, err
	}
	if err := t.putOff(ctx, waiting); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(row entryColumns) bool { _, waits := waiting[row.Key]; return waits }), nil
}

// besides are the deals in whose way one would stand that is looked for at an instant, by whose it is.
func besides(found []entryColumns, until map[connector.Ref]int64) (waits, error) {
	waiting := waits{}
	for _, row := range found {
		d, err := dealOf(row)
		if err != nil {
			return nil, err
		}
		at := until[connector.Ref{Type: connector.TypeContact, ID: d.Contact}]
		if d.UnlessOpen == scoring.OpenCompany && d.Company != "" {
			at = max(at, until[connector.Ref{Type: connector.TypeCompany, ID: d.Company}])
		}
		if row.State == workflows.StateReady && at > 0 {
			waiting[row.Key] = at
		}
	}
	return waiting, nil
}

func dealOf(row entryColumns) (workflows.DealPayload, error) {
	var d workflows.DealPayload
	if err := json.Unmarshal([]byte(row.Payload), &d); err != nil {
		return d, fmt.Errorf("read entry %q: %w", row.Key, err)
	}
	return d, nil
}
