package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// mergedProperty is the property in which a contact names those that were merged into it (hubspot-api 5.4).
const mergedProperty = "hs_merged_object_ids"

// Who orders that a contact is erased.
const (
	byCRM      = "crm"      // the CRM deleted it for good, or said so
	byOperator = "operator" // `leadsync privacy erase`
)

const findErasureKey = `SELECT secret FROM erasure_keys WHERE portal = ?`

// erasureKey gives the portal's key, or nil if nothing was ever erased in it.
func (in *session) erasureKey(ctx context.Context, portal connector.PortalID) ([]byte, error) {
	var text string
	err := in.get(ctx, &text, findErasureKey, portal)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read key of erasures: %w", err)
	}
	key, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("read key of erasures: %w", err)
	}
	return key, nil
}

const makeErasureKey = `INSERT INTO erasure_keys (portal, secret, made_at) VALUES (?, ?, ?) ON CONFLICT (portal) DO NOTHING`

// needErasureKey makes the key with the first erasure. Its caller holds the portal alone.
func (in *session) needErasureKey(ctx context.Context, portal connector.PortalID) ([]byte, error) {
	fresh := make([]byte, sha256.Size)
	if _, err := rand.Read(fresh); err != nil {
		return nil, fmt.Errorf("make key of erasures: %w", err)
	}
	if _, err := in.exec(ctx, makeErasureKey, portal, hex.EncodeToString(fresh), micros(in.now)); err != nil {
		return nil, fmt.Errorf("store key of erasures: %w", err)
	}
	return in.erasureKey(ctx, portal)
}

// markOf is what is left of a record that was erased.
func markOf(key []byte, ref connector.Ref) string {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(string(ref.Type) + "\x00" + string(ref.ID))) // a hash takes everything
	return hex.EncodeToString(mac.Sum(nil))
}

const bury = `INSERT INTO erasures (portal, mark, erased_at, ordered_by)
SELECT ?, j.value->>0, CAST(? AS BIGINT), CAST(? AS TEXT) FROM {rows} WHERE true
ON CONFLICT (portal, mark) DO NOTHING`

// bury notes that records were erased, without their ids.
func (in *session) bury(ctx context.Context, portal connector.PortalID, refs []connector.Ref, by string) error {
	key, err := in.needErasureKey(ctx, portal)
	if err != nil {
		return err
	}
	many := make(rows, 0, len(refs))
	for _, ref := range refs {
		many = append(many, []any{markOf(key, ref)})
	}
	if err := in.bulk(ctx, bury, many, portal, micros(in.now), by); err != nil {
		return fmt.Errorf("bury: %w", err)
	}
	return nil
}

const findErased = `SELECT j.value->>0 AS type, j.value->>1 AS id FROM {rows}
WHERE EXISTS (SELECT 1 FROM erasures e WHERE e.portal = ? AND e.mark = j.value->>2)
    OR EXISTS (SELECT 1 FROM tombstones t WHERE t.portal = ? AND t.type = j.value->>0 AND t.id = j.value->>1)`

type refRow struct {
	Type connector.ObjectType `db:"type"`
	ID   connector.ObjectID   `db:"id"`
}

// tombstones gives those of the records that were erased.
func (in *session) tombstones(
	ctx context.Context, portal connector.PortalID, refs []connector.Ref,
) (map[connector.Ref]bool, error) {
	erased := map[connector.Ref]bool{}
	if len(refs) == 0 || in.weak.Without(workflows.Tombstone) {
		return erased, nil
	}
	key, err := in.erasureKey(ctx, portal)
	if err != nil {
		return nil, err
	}
	many := make(rows, 0, len(refs))
	for _, ref := range refs {
		mark := ""
		if key != nil {
			mark = markOf(key, ref)
		}
		many = append(many, []any{string(ref.Type), string(ref.ID), mark})
	}
	var found []refRow
	if err := in.lookup(ctx, &found, findErased, many, portal, portal); err != nil {
		return nil, fmt.Errorf("look for erased records: %w", err)
	}
	for _, row := range found {
		erased[connector.Ref(row)] = true
	}
	return erased, nil
}

const findErasedBy = `SELECT ordered_by FROM erasures WHERE portal = ? AND mark = ?`

// erasedBy says who ordered that a record was erased. What a process of the release before has erased has no mark yet: that
// was the CRM, or is not known.
func (in *session) erasedBy(ctx context.Context, portal connector.PortalID, ref connector.Ref) (string, error) {
	key, err := in.erasureKey(ctx, portal)
	if err != nil || key == nil {
		return byCRM, err
	}
	var by []string
	if err := in.list(ctx, &by, findErasedBy, portal, markOf(key, ref)); err != nil {
		return "", fmt.Errorf("look for who ordered an erasure: %w", err)
	}
	return append(by, byCRM)[0], nil
}

// withoutErasedMerges leaves the ids of erased contacts out of what others name as merged into them.
func (in *session) withoutErasedMerges(
	ctx context.Context, portal connector.PortalID, objects []connector.Object,
) ([]connector.Object, error) {
	var refs []connector.Ref
	for _, o := range objects {
		for _, id := range mergedIDs(o) {
			refs = append(refs, connector.Ref{Type: connector.TypeContact, ID: id})
		}
	}
	erased, err := in.tombstones(ctx, portal, refs)
	if err != nil || len(erased) == 0 {
		return objects, err
	}
	out := make([]connector.Object, 0, len(objects))
	for _, o := range objects {
		var kept []string
		for _, id := range mergedIDs(o) {
			if !erased[connector.Ref{Type: connector.TypeContact, ID: id}] {
				kept = append(kept, string(id))
			}
		}
		out = append(out, with(o, mergedProperty, strings.Join(kept, ";")))
	}
	return out, nil
}

// mergedIDs are the contacts that a contact names as merged into it.
func mergedIDs(o connector.Object) []connector.ObjectID {
	if o.Type != connector.TypeContact || o.Properties[mergedProperty] == "" {
		return nil
	}
	var ids []connector.ObjectID
	for id := range strings.SplitSeq(o.Properties[mergedProperty], ";") {
		if id = strings.TrimSpace(id); id != "" {
			ids = append(ids, connector.ObjectID(id))
		}
	}
	return ids
}

// with gives a copy of a record in which a property that it has is another value; nothing is left of an empty one.
func with(o connector.Object, property, value string) connector.Object {
	if _, has := o.Properties[property]; !has {
		return o
	}
	properties := make(map[string]string, len(o.Properties))
	for name, old := range o.Properties {
		switch {
		case name != property:
			properties[name] = old
		case value != "":
			properties[name] = value
		}
	}
	o.Properties = properties
	return o
}

// digStep is how many tombstones one step turns into hashes.
const digStep = 200

const findOldTombstones = `SELECT type, id FROM tombstones WHERE portal = ? ORDER BY type, id LIMIT ?`

const dropTombstones = `DELETE FROM tombstones WHERE portal = ? AND (type, id)` + byRef

// pruneBuried finishes what others began: a process of the release before, which runs beside this one while it is
// being replaced, erases contacts from the tables that it knows and keeps the ids. They are erased from all, and
// their ids become hashes. It gives the number of tombstones that it found. Then it lets the file forget what an
// erasure could not, because somebody was reading.
func (s *Store) pruneBuried(ctx context.Context, portal connector.PortalID) (int, error) {
	total := 0
	for n := digStep; n == digStep; total += n {
		var found []refRow
		err := s.read(ctx, "read tombstones", func(in *session) error {
			return in.list(ctx, &found, findOldTombstones, portal, digStep)
		})
		if err != nil {
			return total, err
		}
		if n = len(found); n == 0 {
			break
		}
		refs := make([]connector.Ref, 0, n)
		for _, row := range found {
			refs = append(refs, connector.Ref(row))
		}
		if err := s.dig(ctx, portal, refs); err != nil {
			return total, err
		}
	}
	return total, s.forgetBytes(ctx)
}

func (s *Store) dig(ctx context.Context, portal connector.PortalID, refs []connector.Ref) error {
	return s.alone(ctx, "prune what is erased", portal, func(in *session) error {
		e := erasing{session: in, portal: portal, by: byCRM}
		for _, ref := range refs {
			if ref.Type == connector.TypeContact {
				e.contacts = append(e.contacts, []any{string(ref.ID)})
			}
		}
		e.refs = refs
		if err := e.erase(ctx); err != nil {
			return err
		}
		return in.bulk(ctx, dropTombstones, refRows(refs), portal)
	})
}

// readersMayTake is how long the file waits for those who read it, before it is cleaned at another time.
const readersMayTake = 300 * time.Millisecond

// forgetBytes lets SQLite's file forget what was deleted: deleted bytes are overwritten in the database
// (secure_delete), but the write-ahead log has the pages as they were until it is written back and cut. If somebody
// reads meanwhile this is left to the next time; who closes the database last does it too. PostgreSQL does so by
// vacuum, and its log is the administrator's.
func (s *Store) forgetBytes(ctx context.Context) (err error) {
	if s.dialect.clock != "" {
		return nil
	}
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return fmt.Errorf("clean the log: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	for _, statement := range []string{
		fmt.Sprintf("PRAGMA busy_timeout(%d)", readersMayTake.Milliseconds()), "PRAGMA wal_checkpoint(TRUNCATE)",
		fmt.Sprintf("PRAGMA busy_timeout(%d)", busyTimeout.Milliseconds()),
	} {
		_, failed := conn.ExecContext(context.WithoutCancel(ctx), statement)
		if failed != nil && !isBusy(failed) {
			err = errors.Join(err, fmt.Errorf("clean the log: %w", failed))
		}
	}
	return err
}

// Erasure is one record of the log of erasures; it names nobody.
type Erasure struct {
	At time.Time `json:"erased_at"`
	// By is who ordered it: crm (it deleted the contact for good) or operator.
	By string `json:"ordered_by"`
	// Records are how many records went: the contact under each of its ids, and activities of its alone.
	Records int `json:"records"`
}

type erasureRow struct {
	At      int64  `db:"erased_at"`
	By      string `db:"ordered_by"`
	Records int    `db:"n"`
}

const findErasures = `SELECT erased_at, ordered_by, COUNT(*) AS n FROM erasures WHERE portal = ?
GROUP BY erased_at, ordered_by ORDER BY erased_at DESC, ordered_by LIMIT ?`

// Erasures gives the last erasures, newest first.
func (s *Store) Erasures(ctx context.Context, portal connector.PortalID, limit int) ([]Erasure, error) {
	var found []erasureRow
	err := s.read(ctx, "read erasures", func(in *session) error {
		return in.list(ctx, &found, findErasures, portal, limit)
	})
	out := make([]Erasure, 0, len(found))
	for _, row := range found {
		out = append(out, Erasure{At: fromMicros(&row.At), By: row.By, Records: row.Records})
	}
	return out, err
}

const dropErasure = `DELETE FROM erasures WHERE portal = ? AND mark = ?`

// Readmit lets a contact that was erased here be stored again, and asks for it to be read. It reports false if it
// was not erased. ErrNoRecord: the portal is unknown.
func (s *Store) Readmit(ctx context.Context, portal connector.PortalID, id connector.ObjectID) (bool, error) {
	ref, was := connector.Ref{Type: connector.TypeContact, ID: id}, false
	err := s.alone(ctx, "readmit contact", portal, func(in *session) error {
		erased, err := in.tombstones(ctx, portal, []connector.Ref{ref})
		if was = erased[ref]; err != nil || !was {
			return err
		}
		key, err := in.needErasureKey(ctx, portal)
		if err != nil {
			return err
		}
		if _, err := in.exec(ctx, dropErasure, portal, markOf(key, ref)); err != nil {
			return fmt.Errorf("drop mark: %w", err)
		}
		if err := in.bulk(ctx, dropTombstones, refRows([]connector.Ref{ref}), portal); err != nil {
			return fmt.Errorf("drop tombstone: %w", err)
		}
		marks := dueMarks{}
		marks.raise(ref)
		return in.markDue(ctx, portal, marks)
	})
	return was, err
}

// Erased reports whether a contact was erased.
func (s *Store) Erased(ctx context.Context, portal connector.PortalID, id connector.ObjectID) (bool, error) {
	ref := connector.Ref{Type: connector.TypeContact, ID: id}
	var erased map[connector.Ref]bool
	err := s.read(ctx, "look for erasure", func(in *session) (err error) {
		erased, err = in.tombstones(ctx, portal, []connector.Ref{ref})
		return err
	})
	return erased[ref], err
}
