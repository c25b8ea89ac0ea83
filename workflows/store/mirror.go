package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// emailProperty is what CRMs call a contact's e-mail address; FindContact looks it up.
const emailProperty = "email"

type objectRow struct {
	Type       connector.ObjectType `db:"type"`
	ID         connector.ObjectID   `db:"id"`
	CreatedAt  *int64               `db:"created_at"`
	UpdatedAt  *int64               `db:"updated_at"`
	RemovedAt  *int64               `db:"removed_at"`
	CheckedAt  *int64               `db:"checked_at"`
	Archived   bool                 `db:"archived"`
	Properties string               `db:"properties"`
}

func (r objectRow) object() (connector.Object, error) {
	o := connector.Object{
		Type: r.Type, ID: r.ID, CreatedAt: fromMicros(r.CreatedAt), UpdatedAt: fromMicros(r.UpdatedAt),
		Archived: r.Archived,
	}
	return o, decode(r.Properties, &o.Properties)
}

// mirrored is a record as the mirror has it.
type mirrored struct {
	connector.Object
	removed bool
	checked time.Time // beginning of the repair walk that met it last (business time)
	ageless bool      // an older reading takes its place too (workflows.NewerReading)
}

const objectColumns = `o.type, o.id, o.created_at, o.updated_at, o.removed_at, o.checked_at, o.archived, o.properties`

const findObjects = `SELECT ` + objectColumns + ` FROM {rows} CROSS JOIN objects o
WHERE o.portal = ? AND o.type = j.value->>0 AND o.id = j.value->>1`

// objects gives what the mirror has of the records, removed ones included.
func (in *session) objects(
	ctx context.Context, portal connector.PortalID, refs []connector.Ref,
) (map[connector.Ref]mirrored, error) {
	var found []objectRow
	if err := in.lookup(ctx, &found, findObjects, refRows(refs), portal); err != nil {
		return nil, fmt.Errorf("read mirror: %w", err)
	}
	known := make(map[connector.Ref]mirrored, len(found))
	for _, row := range found {
		object, err := row.object()
		if err != nil {
			return nil, fmt.Errorf("read %s %q: %w", row.Type, row.ID, err)
		}
		known[connector.Ref{Type: row.Type, ID: row.ID}] = mirrored{
			Object: object, removed: row.RemovedAt != nil, checked: fromMicros(row.CheckedAt),
			ageless: in.weak.Without(workflows.NewerReading),
		}
	}
	return known, nil
}

const saveObjects = `INSERT INTO objects (portal, type, id, created_at, updated_at, archived, email, properties)
SELECT ?, j.value->>0, j.value->>1, CAST(j.value->>2 AS BIGINT), CAST(j.value->>3 AS BIGINT),
    CAST(j.value->>4 AS INTEGER), j.value->>5, j.value->>6
FROM {rows} WHERE true
ON CONFLICT (portal, type, id) DO UPDATE SET created_at = excluded.created_at, updated_at = excluded.updated_at,
    removed_at = NULL, archived = excluded.archived, email = excluded.email, properties = excluded.properties`

func (in *session) saveObjects(ctx context.Context, portal connector.PortalID, objects []connector.Object) error {
	var many rows
	for _, o := range objects {
		properties, err := propertyText(o.Properties)
		if err != nil {
			return err
		}
		email := ""
		if o.Type == connector.TypeContact {
			email = strings.ToLower(o.Properties[emailProperty])
		}
		many = append(many, []any{
			string(o.Type), string(o.ID), micros(o.CreatedAt), micros(o.UpdatedAt), flag(o.Archived), email, properties,
		})
	}
	if err := in.bulk(ctx, saveObjects, many, portal); err != nil {
		return fmt.Errorf("store mirror: %w", err)
	}
	return nil
}

// propertyText encodes properties; JSON sorts the names, so equal properties have equal texts.
func propertyText(properties map[string]string) (string, error) {
	if properties == nil {
		return "{}", nil
	}
	return encode(properties)
}

// reading is what a freshly read record means for the mirror.
type reading struct {
	object  connector.Object // with the properties that the mirror should have
	store   bool             // the mirror's row is older or different
	changed bool             // something that leadsync reads is different
}

// compareReading decides what to do with a record that the CRM showed. asked are the properties asked for:
// one that is absent has been cleared, and what was not asked for stays; with all, every property was.
func compareReading(o connector.Object, known mirrored, has, all bool, asked []string) reading {
	if !has {
		return reading{object: o, store: true, changed: true}
	}
	if known.newerThan(o) {
		return reading{object: known.Object} // a search index lags behind: what we have is newer
	}
	next := o
	if !all {
		next.Properties = overlay(known.Properties, o.Properties, asked)
	}
	if next.CreatedAt.IsZero() {
		next.CreatedAt = known.CreatedAt
	}
	if next.UpdatedAt.IsZero() {
		next.UpdatedAt = known.UpdatedAt
	}
	changed := known.removed || o.Archived != known.Archived || !maps.Equal(next.Properties, known.Properties)
	store := changed || !sameMicros(next.UpdatedAt, known.UpdatedAt) || !sameMicros(next.CreatedAt, known.CreatedAt)
	return reading{object: next, store: store, changed: changed}
}

// newerThan reports whether a reading is older than what is known.
func (m mirrored) newerThan(o connector.Object) bool {
	return o.UpdatedAt.Before(m.UpdatedAt) && !o.UpdatedAt.IsZero() && !m.removed && !m.ageless
}

// overlay gives the known properties with what a reading says about those that were asked for.
func overlay(known, read map[string]string, asked []string) map[string]string {
	next := make(map[string]string, len(known)+len(read))
	maps.Copy(next, known)
	for _, name := range asked {
		delete(next, name)
	}
	maps.Copy(next, read)
	return next
}

const removeObjects = `UPDATE objects SET removed_at = ?
WHERE portal = ? AND removed_at IS NULL AND (type, id) IN (SELECT j.value->>0, j.value->>1 FROM {rows})`

// removeObjects marks records as removed in the CRM.
func (in *session) removeObjects(ctx context.Context, portal connector.PortalID, refs []connector.Ref) error {
	if err := in.bulk(ctx, removeObjects, refRows(refs), micros(in.now), portal); err != nil {
		return fmt.Errorf("mark removed: %w", err)
	}
	return nil
}

// canonical turns a link so that each pair has one row: a contact stands on the right, otherwise the types
// are in alphabetical order.
func canonical(l connector.Link) connector.Link {
	turn := l.FromType > l.ToType
	if l.FromType == connector.TypeContact || l.ToType == connector.TypeContact {
		turn = l.FromType == connector.TypeContact
	}
	if !turn {
		return l
	}
	return connector.Link{FromType: l.ToType, FromID: l.ToID, ToType: l.FromType, ToID: l.FromID}
}

type linkRow struct {
	FromType connector.ObjectType `db:"from_type"`
	FromID   connector.ObjectID   `db:"from_id"`
	ToType   connector.ObjectType `db:"to_type"`
	ToID     connector.ObjectID   `db:"to_id"`
}

const linkColumns = `SELECT l.from_type, l.from_id, l.to_type, l.to_id FROM {rows} CROSS JOIN links l
WHERE l.portal = ? AND l.removed_at IS NULL `

const linksFrom = linkColumns + `AND l.from_type = j.value->>0 AND l.from_id = j.value->>1 AND l.to_type = j.value->>2`

const linksTo = linkColumns + `AND l.to_type = j.value->>0 AND l.to_id = j.value->>1 AND l.from_type = j.value->>2`

// links gives the links that are there between the records and records of the types, in canonical form.
func (in *session) links(
	ctx context.Context, portal connector.PortalID, refs []connector.Ref, types []connector.ObjectType,
) (map[connector.Link]bool, error) {
	var left, right rows
	for _, ref := range refs {
		for _, t := range types {
			row := []any{string(ref.Type), string(ref.ID), string(t)}
			if canonical(connector.Link{FromType: ref.Type, ToType: t}).FromType == ref.Type {
				left = append(left, row)
			} else {
				right = append(right, row)
			}
		}
	}
	var found, back []linkRow
	if err := in.lookup(ctx, &found, linksFrom, left, portal); err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	if err := in.lookup(ctx, &back, linksTo, right, portal); err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	known := make(map[connector.Link]bool, len(found)+len(back))
	for _, row := range append(found, back...) {
		known[connector.Link(row)] = true
	}
	return known, nil
}

const saveLinks = `INSERT INTO links (portal, from_type, from_id, to_type, to_id, learned_at, removed_at)
SELECT ?, j.value->>0, j.value->>1, j.value->>2, j.value->>3, CAST(? AS BIGINT), CAST(j.value->>4 AS BIGINT)
FROM {rows} WHERE true
ON CONFLICT (portal, from_type, from_id, to_type, to_id) DO UPDATE SET
    learned_at = CASE WHEN excluded.removed_at IS NULL AND links.removed_at IS NOT NULL
        THEN excluded.learned_at ELSE links.learned_at END,
    removed_at = excluded.removed_at`

// saveLinks stores the difference between the links known and the links that are: both in canonical form.
// It gives the links that came or went.
func (in *session) saveLinks(
	ctx context.Context, portal connector.PortalID, known, there map[connector.Link]bool,
) ([]connector.Link, error) {
	different, err := in.newLinks(ctx, portal, known, there)
	if err != nil {
		return nil, err
	}
	for link := range known {
		if !there[link] {
			different = append(different, link)
		}
	}
	slices.SortFunc(different, compareLinks)
	var many rows
	for _, l := range different {
		removed := any(nil)
		if !there[l] {
			removed = micros(in.now)
		}
		many = append(many, []any{string(l.FromType), string(l.FromID), string(l.ToType), string(l.ToID), removed})
	}
	if err := in.bulk(ctx, saveLinks, many, portal, micros(in.now)); err != nil {
		return nil, fmt.Errorf("store links: %w", err)
	}
	return different, nil
}

// newLinks are the links that came, but for those of records that were erased.
func (in *session) newLinks(
	ctx context.Context, portal connector.PortalID, known, there map[connector.Link]bool,
) ([]connector.Link, error) {
	var refs []connector.Ref
	for link := range there {
		if !known[link] {
			refs = append(refs, connector.Ref{Type: link.FromType, ID: link.FromID}, connector.Ref{Type: link.ToType, ID: link.ToID})
		}
	}
	erased, err := in.tombstones(ctx, portal, refs)
	var found []connector.Link
	for link := range there {
		from, to := connector.Ref{Type: link.FromType, ID: link.FromID}, connector.Ref{Type: link.ToType, ID: link.ToID}
		if !known[link] && !erased[from] && !erased[to] {
			found = append(found, link)
		}
	}
	return found, err
}

func compareLinks(a, b connector.Link) int {
	from := compareRefs(connector.Ref{Type: a.FromType, ID: a.FromID}, connector.Ref{Type: b.FromType, ID: b.FromID})
	if from != 0 {
		return from
	}
	return compareRefs(connector.Ref{Type: a.ToType, ID: a.ToID}, connector.Ref{Type: b.ToType, ID: b.ToID})
}
