package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"leadsync/connector"
)

// Credential is what a portal's account has granted, encrypted by the caller. The store never sees it in clear.
type Credential struct {
	Sealed []byte
	// KeyID names the key that Sealed was encrypted with.
	KeyID string
	// Version is raised with every change and is never used twice, also not after a deletion.
	Version int64
	// ChangedAt is when this version was stored, DisconnectedAt when the CRM refused it for good; zero: never.
	ChangedAt, DisconnectedAt time.Time
}

type credentialRow struct {
	Version        int64  `db:"version"`
	KeyID          string `db:"key_id"`
	Sealed         string `db:"sealed"`
	ChangedAt      *int64 `db:"changed_at"`
	DisconnectedAt *int64 `db:"disconnected_at"`
}

const credentialColumns = `SELECT version, key_id, sealed, changed_at, disconnected_at FROM credentials WHERE portal = ?`

// Credential gives the portal's credential, or ErrNoRecord.
func (s *Store) Credential(ctx context.Context, portal connector.PortalID) (Credential, error) {
	var row credentialRow
	err := s.read(ctx, "read credential", func(in *session) error {
		return noRecord(in.get(ctx, &row, credentialColumns, portal), "credential of portal", string(portal))
	})
	if err != nil {
		return Credential{}, err
	}
	sealed, err := base64.StdEncoding.DecodeString(row.Sealed)
	if err != nil {
		return Credential{}, fmt.Errorf("read credential: decode that of portal %q: %w", portal, err)
	}
	return Credential{
		Sealed: sealed, KeyID: row.KeyID, Version: row.Version,
		ChangedAt: fromMicros(row.ChangedAt), DisconnectedAt: fromMicros(row.DisconnectedAt),
	}, nil
}

const putCredential = `INSERT INTO credentials (portal, version, key_id, sealed, changed_at, claim_holder)
VALUES (?, ?, ?, ?, ?, '')
ON CONFLICT (portal) DO UPDATE SET version = excluded.version, key_id = excluded.key_id, sealed = excluded.sealed,
changed_at = excluded.changed_at, disconnected_at = NULL, claim_holder = '', claim_until = NULL`

// PutCredential stores what a person has just granted, whatever was there before, and gives its version. A
// refresh under way is thereby overtaken: its ReplaceCredential changes nothing. It needs no lease, and the
// portal need not be known yet.
func (s *Store) PutCredential(ctx context.Context, portal connector.PortalID, sealed []byte, keyID string) (int64, error) {
	var version int64
	err := s.timed(ctx, "put credential", func(in *session) error {
		err := in.get(ctx, &version, `SELECT version FROM credentials WHERE portal = ? {update}`, portal)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read version: %w", err)
		}
		// Times make a version that was not used before a deletion.
		version = max(version+1, in.now.UnixMicro())
		_, err = in.exec(ctx, putCredential, portal, version, keyID, base64.StdEncoding.EncodeToString(sealed), micros(in.now))
		return err
	})
	return version, err
}

//nolint:gosec // a statement, no credential
const claimCredential = `UPDATE credentials SET claim_holder = ?, claim_until = ?
WHERE portal = ? AND version = ? AND disconnected_at IS NULL AND (claim_holder = '' OR claim_holder = ? OR claim_until <= ?)`

// ClaimCredential gives the holder the sole right to refresh a version for a while, and reports false if
// somebody else has it or the version is not the stored one. Nothing stays locked: the call to the CRM
// happens outside of any transaction.
func (s *Store) ClaimCredential(
	ctx context.Context, portal connector.PortalID, version int64, holder string, d time.Duration,
) (bool, error) {
	n := 0
	err := s.timed(ctx, "claim credential", func(in *session) (err error) {
		n, err = in.exec(ctx, claimCredential, holder, micros(in.now.Add(d)), portal, version, holder, micros(in.now))
		return err
	})
	return n > 0, err
}

//nolint:gosec // a statement, no credential
const replaceCredential = `UPDATE credentials SET version = ?, key_id = ?, sealed = ?, changed_at = ?,
disconnected_at = NULL, claim_holder = '', claim_until = NULL WHERE portal = ? AND version = ?`

// ReplaceCredential puts a refreshed credential in the place of the named version and ends the claim. It
// reports false, and changes nothing, if another version is stored by now.
func (s *Store) ReplaceCredential(
	ctx context.Context, portal connector.PortalID, version int64, sealed []byte, keyID string,
) (bool, error) {
	n := 0
	err := s.timed(ctx, "replace credential", func(in *session) (err error) {
		next := max(version+1, in.now.UnixMicro())
		n, err = in.exec(ctx, replaceCredential, next, keyID, base64.StdEncoding.EncodeToString(sealed), micros(in.now), portal, version)
		return err
	})
	return n > 0, err
}

// ReleaseCredential ends the holder's claim on a version. With refused it also records that the CRM will
// never honour this version again. It reports false if another version is stored by now, which it leaves alone.
func (s *Store) ReleaseCredential(
	ctx context.Context, portal connector.PortalID, version int64, holder string, refused bool,
) (bool, error) {
	n := 0
	err := s.timed(ctx, "release credential", func(in *session) (err error) {
		if refused {
			n, err = in.exec(ctx, `UPDATE credentials SET claim_holder = '', claim_until = NULL, disconnected_at = ?
				WHERE portal = ? AND version = ?`, micros(in.now), portal, version)
			return err
		}
		if _, err = in.exec(ctx, `UPDATE credentials SET claim_holder = '', claim_until = NULL
			WHERE portal = ? AND version = ? AND claim_holder = ?`, portal, version, holder); err != nil {
			return err
		}
		var stored int64
		err = in.get(ctx, &stored, `SELECT version FROM credentials WHERE portal = ?`, portal)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if stored == version {
			n = 1
		}
		return err
	})
	return n > 0, err
}

// DeleteCredential removes a portal's credential and reports whether there was one.
func (s *Store) DeleteCredential(ctx context.Context, portal connector.PortalID) (bool, error) {
	n := 0
	err := s.write(ctx, "delete credential", func(in *session) (err error) {
		n, err = in.exec(ctx, `DELETE FROM credentials WHERE portal = ?`, portal)
		return err
	})
	return n > 0, err
}
