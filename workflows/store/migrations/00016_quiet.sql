-- What a run has gathered waits in the outbox until the run is over: run names it, empty if the entry is sent by itself.
-- backfills are the follow-ups that an operator has ordered, until the plan of their contact carries them out.
-- arrivals counts the new contacts that other programs made, by minute of business time.

-- +goose Up
ALTER TABLE outbox ADD COLUMN run TEXT NOT NULL DEFAULT '';
CREATE INDEX outbox_by_run ON outbox (portal, class) WHERE run <> '';
CREATE TABLE backfills (
    portal TEXT NOT NULL,
    contact TEXT NOT NULL,
    rule TEXT NOT NULL,
    ordered_at BIGINT NOT NULL,
    PRIMARY KEY (portal, contact, rule)
);
CREATE TABLE arrivals (
    portal TEXT NOT NULL,
    minute BIGINT NOT NULL,
    contacts INTEGER NOT NULL,
    PRIMARY KEY (portal, minute)
);
