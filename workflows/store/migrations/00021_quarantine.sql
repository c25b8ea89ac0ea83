-- Records that are left alone until they change or somebody releases them, and why. kind says what failed: evaluation,
-- read or store. times counts how often the record was put here.
--
-- probes are rows that come and go: whoever asks whether the database takes writes writes one.

-- +goose Up
CREATE TABLE quarantine (
    portal TEXT NOT NULL,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    rule TEXT NOT NULL,
    reason TEXT NOT NULL,
    times INTEGER NOT NULL,
    since_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (portal, type, id)
);
CREATE INDEX quarantine_by_time ON quarantine (portal, kind, last_at);

CREATE TABLE probes (
    worker TEXT NOT NULL PRIMARY KEY,
    written_at BIGINT NOT NULL,
    filler TEXT NOT NULL
);
