-- What an account's administrator has granted, one row per portal. sealed is encrypted by the caller and
-- base64; key_id names the key. version is raised with every change of sealed and never used twice.
-- disconnected_at is when the CRM refused this version for good. A claim is the sole right to refresh this
-- version until claim_until; nobody holds it if claim_holder is empty.

-- +goose Up
CREATE TABLE credentials (
    portal TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    key_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    disconnected_at BIGINT,
    claim_holder TEXT NOT NULL,
    claim_until BIGINT
);
