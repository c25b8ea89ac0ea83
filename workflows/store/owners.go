package store

import (
	"context"
	"fmt"
	"slices"

	"leadsync/connector"
	"leadsync/workflows"
)

type ownerRow struct {
	ID     string `db:"id"`
	Name   string `db:"name"`
	Email  string `db:"email"`
	Active bool   `db:"active"`
	Person bool   `db:"person"`
	Zone   string `db:"zone"`
	Hours  string `db:"hours"`
	LeftAt *int64 `db:"left_at"`
}

// here reports whether the owner can be given work.
func (r ownerRow) here() bool { return r.Active && r.Person }

const saveOwners = `INSERT INTO owners (portal, id, name, email, active, person, zone, hours, left_at)
SELECT ?, j.value->>0, j.value->>1, j.value->>2, CAST(j.value->>3 AS INTEGER), CAST(j.value->>4 AS INTEGER), j.value->>5, j.value->>6,
    CAST(j.value->>7 AS BIGINT)
FROM {rows} WHERE true`

const findOwners = `SELECT id, name, email, active, person, zone, hours, left_at FROM owners WHERE portal = ? ORDER BY id`

// SaveOwners replaces the list of owners. Contacts with an open task of ours that belongs to somebody who has left since
// become due in the same transaction, so that the task goes to somebody who is there.
func (s *Store) SaveOwners(ctx context.Context, fence workflows.Fence, owners []connector.Owner) error {
	return s.fenced(ctx, "save owners", fence, func(in *session) error {
		var before []ownerRow
		if err := in.list(ctx, &before, findOwners, fence.Portal); err != nil {
			return err
		}
		if _, err := in.exec(ctx, `DELETE FROM owners WHERE portal = ?`, fence.Portal); err != nil {
			return err
		}
		var many rows
		for _, o := range owners {
			left := in.leftAt(before, o)
			many = append(many, []any{o.ID, o.Name, o.Email, flag(o.Active), flag(o.Person), o.Zone, o.Hours, left})
		}
		if err := in.bulk(ctx, saveOwners, many, fence.Portal); err != nil {
			return err
		}
		return in.orphan(ctx, fence.Portal, departed(before, owners))
	})
}

// leftAt is when an owner was seen first to have left: now, or earlier.
func (in *session) leftAt(before []ownerRow, o connector.Owner) any {
	i := slices.IndexFunc(before, func(row ownerRow) bool { return row.ID == o.ID })
	switch {
	case i < 0 || o.Active && o.Person:
		return nil
	case before[i].here():
		return micros(in.now)
	case before[i].LeftAt != nil:
		return *before[i].LeftAt
	}
	return nil
}

// departed are those who could be given work before and cannot now.
func departed(before []ownerRow, now []connector.Owner) []string {
	here := map[string]bool{}
	for _, o := range now {
		here[o.ID] = o.Active && o.Person
	}
	var gone []string
	for _, row := range before {
		if row.here() && !here[row.ID] {
			gone = append(gone, row.ID)
		}
	}
	return gone
}

// findTasksOf finds more than it should, since what it looks for may stand elsewhere in a state; HasTaskOf decides.
const findTasksOf = `SELECT id, root, state FROM leads WHERE portal = ? AND state LIKE ?`

// orphan makes the contacts due whose open tasks of ours belong to somebody.
func (in *session) orphan(ctx context.Context, portal connector.PortalID, gone []string) error {
	marks := dueMarks{}
	for _, id := range gone {
		var found []leadRow
		if err := in.list(ctx, &found, findTasksOf, portal, `%"owner":"`+id+`"%`); err != nil {
			return fmt.Errorf("find open tasks of owner %q: %w", id, err)
		}
		for _, row := range found {
			var state workflows.LeadState
			if err := decode(row.State, &state); err != nil {
				return fmt.Errorf("read state of contact %q: %w", row.ID, err)
			}
			if state.HasTaskOf(id) {
				marks.raise(connector.Ref{Type: connector.TypeContact, ID: row.ID})
			}
		}
	}
	if len(marks) == 0 {
		return nil
	}
	return in.markDue(ctx, portal, marks)
}

// Owners gives the owners by id.
func (s *Store) Owners(ctx context.Context, portal connector.PortalID) ([]connector.Owner, error) {
	var found []ownerRow
	err := s.read(ctx, "read owners", func(in *session) error { return in.list(ctx, &found, findOwners, portal) })
	return ownersOf(found), err
}

type contactRow struct {
	ID         connector.ObjectID `db:"id"`
	Properties string             `db:"properties"`
	State      *string            `db:"state"`
}

// findStaged finds more than it should, since what it looks for may stand elsewhere; the stage itself decides.
const findStaged = `SELECT o.id, o.properties, l.state FROM objects o LEFT JOIN leads l ON l.portal = o.portal AND l.id = o.id
WHERE o.portal = ? AND o.type = 'contact' AND o.removed_at IS NULL AND o.archived = 0 AND o.properties LIKE ? AND o.id > ? ORDER BY o.id LIMIT `

// stagedPage is how many contacts are in memory at once, however many the account has.
const stagedPage = 500

// Orphans lists the contacts in some stages that nobody works on, since their owner has left or is not known, or since
// they have none and their stage needs one. The longest first, then by id.
func (s *Store) Orphans(ctx context.Context, portal connector.PortalID, q workflows.OrphanQuery) ([]workflows.Orphan, error) {
	var orphans []workflows.Orphan
	err := s.eachOrphan(ctx, portal, q, func(one workflows.Orphan) { orphans = append(orphans, one) })
	slices.SortFunc(orphans, workflows.Orphan.Compare)
	return orphans, err
}

// OrphanCounts counts them by the reason, those with none left out, without having them all in memory.
func (s *Store) OrphanCounts(ctx context.Context, portal connector.PortalID, q workflows.OrphanQuery) ([]workflows.OrphanCount, error) {
	found := map[workflows.OrphanWhy]int{}
	err := s.eachOrphan(ctx, portal, q, func(one workflows.Orphan) { found[one.Why]++ })
	var counts []workflows.OrphanCount
	for _, why := range workflows.OrphanWhys() {
		if found[why] > 0 {
			counts = append(counts, workflows.OrphanCount{Why: why, Contacts: found[why]})
		}
	}
	return counts, err
}

// eachOrphan walks them stage by stage, each by id.
func (s *Store) eachOrphan(ctx context.Context, portal connector.PortalID, q workflows.OrphanQuery, do func(workflows.Orphan)) error {
	return s.read(ctx, "list orphaned leads", func(in *session) error {
		var found []ownerRow
		if err := in.list(ctx, &found, findOwners, portal); err != nil {
			return err
		}
		owners := map[string]ownerRow{}
		for _, row := range found {
			owners[row.ID] = row
		}
		for _, stage := range q.Stages {
			if err := in.orphansIn(ctx, portal, staged{q, stage, owners}, do); err != nil {
				return err
			}
		}
		return nil
	})
}

// staged is where to look for orphans: one stage.
type staged struct {
	query  workflows.OrphanQuery
	stage  workflows.OrphanStage
	owners map[string]ownerRow
}

func (in *session) orphansIn(ctx context.Context, portal connector.PortalID, at staged, do func(workflows.Orphan)) error {
	pattern, after := `%"`+at.query.StageProperty+`":"`+at.stage.Value+`"%`, connector.ObjectID("")
	for {
		var page []contactRow
		if err := in.list(ctx, &page, findStaged+fmt.Sprint(stagedPage), portal, pattern, after); err != nil {
			return err
		}
		for _, row := range page {
			one, is, err := row.orphan(at.query, at.stage, at.owners)
			if err != nil {
				return err
			}
			if is {
				do(one)
			}
		}
		if len(page) < stagedPage {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

// orphan says whether nobody works on a contact, and since when.
func (r contactRow) orphan(q workflows.OrphanQuery, stage workflows.OrphanStage, owners map[string]ownerRow) (workflows.Orphan, bool, error) {
	var properties map[string]string
	var state workflows.LeadState
	if err := decode(r.Properties, &properties); err != nil {
		return workflows.Orphan{}, false, fmt.Errorf("read contact %q: %w", r.ID, err)
	}
	if r.State != nil {
		if err := decode(*r.State, &state); err != nil {
			return workflows.Orphan{}, false, fmt.Errorf("read state of contact %q: %w", r.ID, err)
		}
	}
	if properties[q.StageProperty] != stage.Value {
		return workflows.Orphan{}, false, nil
	}
	one := workflows.Orphan{Contact: r.ID, Owner: properties[q.OwnerProperty], Since: state.StageSince}
	owner, known := owners[one.Owner]
	switch {
	case one.Owner == "" && !stage.Needs, known && owner.here():
		return one, false, nil
	case one.Owner == "":
		one.Why = workflows.OrphanNone
	case known:
		one.Why, one.LeftAt = workflows.OrphanLeft, fromMicros(owner.LeftAt)
	default:
		one.Why = workflows.OrphanUnknown
	}
	return one, true, nil
}
