-- Contacts that must not be profiled, and contacts that break an invariant of the model: both follow from the lead
-- states, written with them. Business time.

-- +goose Up
CREATE TABLE unprofiled (
    portal TEXT NOT NULL,
    contact TEXT NOT NULL,
    since_at BIGINT NOT NULL,
    PRIMARY KEY (portal, contact)
);

CREATE TABLE violations (
    portal TEXT NOT NULL,
    contact TEXT NOT NULL,
    invariant TEXT NOT NULL,
    since_at BIGINT NOT NULL,
    PRIMARY KEY (portal, contact, invariant)
);
CREATE INDEX violations_by_invariant ON violations (portal, invariant, since_at, contact);
