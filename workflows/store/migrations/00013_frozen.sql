-- What the model does not move, by contact and property, and why: leases of people, rivals, and stages left behind. It
-- follows from the lead states, written with them. Business time; detail is workflows.Frozen as JSON.

-- +goose Up
CREATE TABLE frozen (
    portal TEXT NOT NULL,
    contact TEXT NOT NULL,
    kind TEXT NOT NULL,
    property TEXT NOT NULL,
    since_at BIGINT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (portal, contact, kind, property)
);
CREATE INDEX frozen_by_kind ON frozen (portal, kind, since_at, contact);
