-- Every table carries the portal and has a natural key. Times are microseconds since the epoch in UTC,
-- JSON is text. Operating time unless a comment says business time.

-- +goose Up
CREATE TABLE portals (
    portal TEXT NOT NULL PRIMARY KEY,
    crm TEXT NOT NULL,
    name TEXT NOT NULL,
    go_live_at BIGINT,
    paused_since BIGINT,
    paused_until BIGINT,
    pause_reason TEXT NOT NULL,
    model TEXT NOT NULL
);

CREATE TABLE leases (
    portal TEXT NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL,
    worker TEXT NOT NULL,
    expires_at BIGINT
);

CREATE TABLE models (
    portal TEXT NOT NULL,
    version TEXT NOT NULL,
    canonical TEXT NOT NULL,
    first_used_at BIGINT NOT NULL,
    PRIMARY KEY (portal, version)
);

CREATE TABLE modes (
    portal TEXT NOT NULL,
    class TEXT NOT NULL,
    mode TEXT NOT NULL,
    PRIMARY KEY (portal, class)
);

CREATE TABLE owners (
    portal TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    active INTEGER NOT NULL,
    person INTEGER NOT NULL,
    PRIMARY KEY (portal, id)
);

CREATE TABLE deliveries (
    portal TEXT NOT NULL,
    delivery_key TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (portal, delivery_key)
);
CREATE INDEX deliveries_by_time ON deliveries (portal, received_at);

CREATE TABLE event_keys (
    portal TEXT NOT NULL,
    event_key TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (portal, event_key)
);
CREATE INDEX event_keys_by_time ON event_keys (portal, received_at);

-- revision is raised by every hint; settled is the last revision that was worked on, -1 if none. hinted_at is
-- the oldest hint that is not settled and raised_at the newest hint of all. changes_at is business time.
CREATE TABLE due (
    portal TEXT NOT NULL,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    settled BIGINT NOT NULL,
    hinted_at BIGINT,
    raised_at BIGINT,
    retry_at BIGINT,
    changes_at BIGINT,
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (portal, type, id)
);
CREATE INDEX due_hinted ON due (portal, hinted_at, type, id) WHERE hinted_at IS NOT NULL;
CREATE INDEX due_by_time ON due (portal, changes_at, type, id) WHERE changes_at IS NOT NULL;

CREATE TABLE objects (
    portal TEXT NOT NULL,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    created_at BIGINT,
    updated_at BIGINT,
    removed_at BIGINT,
    archived INTEGER NOT NULL,
    email TEXT NOT NULL,
    properties TEXT NOT NULL,
    PRIMARY KEY (portal, type, id)
);
CREATE INDEX objects_there ON objects (portal, type, id) WHERE removed_at IS NULL;
CREATE INDEX objects_by_email ON objects (portal, email) WHERE email <> '';

-- One row per pair: the contact, if one of the two is one, stands on the right.
CREATE TABLE links (
    portal TEXT NOT NULL,
    from_type TEXT NOT NULL,
    from_id TEXT NOT NULL,
    to_type TEXT NOT NULL,
    to_id TEXT NOT NULL,
    learned_at BIGINT NOT NULL,
    removed_at BIGINT,
    PRIMARY KEY (portal, from_type, from_id, to_type, to_id)
);
CREATE INDEX links_back ON links (portal, to_type, to_id, from_type, from_id);

CREATE TABLE aliases (
    portal TEXT NOT NULL,
    id TEXT NOT NULL,
    survivor TEXT NOT NULL,
    learned_at BIGINT NOT NULL,
    PRIMARY KEY (portal, id)
);
CREATE INDEX aliases_back ON aliases (portal, survivor);

CREATE TABLE tombstones (
    portal TEXT NOT NULL,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    erased_at BIGINT NOT NULL,
    PRIMARY KEY (portal, type, id)
);

-- observed_at is business time, first_at and last_at are facts of the CRM.
CREATE TABLE observations (
    portal TEXT NOT NULL,
    contact TEXT NOT NULL,
    kind TEXT NOT NULL,
    observed_at BIGINT NOT NULL,
    count BIGINT NOT NULL,
    first_at BIGINT,
    last_at BIGINT,
    name TEXT NOT NULL,
    PRIMARY KEY (portal, contact, kind, observed_at)
);

CREATE TABLE leads (
    portal TEXT NOT NULL,
    id TEXT NOT NULL,
    root TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (portal, id)
);

-- decided_at is business time.
CREATE TABLE decisions (
    portal TEXT NOT NULL,
    contact TEXT NOT NULL,
    number INTEGER NOT NULL,
    decided_at BIGINT,
    model TEXT NOT NULL,
    reason TEXT NOT NULL,
    actions TEXT NOT NULL,
    PRIMARY KEY (portal, contact, number)
);

-- generation counts the payloads of an entry, sent_generation and sent_payload are those of the last sending
-- whose outcome is not recorded. planned_at is business time. waits_for is the key of another entry that must
-- be final first. state_at is when the entry came into its state.
CREATE TABLE outbox (
    portal TEXT NOT NULL,
    entry_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    class TEXT NOT NULL,
    contact TEXT NOT NULL,
    state TEXT NOT NULL,
    state_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    attempt INTEGER NOT NULL,
    generation BIGINT NOT NULL,
    sent_generation BIGINT NOT NULL,
    planned_at BIGINT,
    sent_at BIGINT,
    settled_at BIGINT,
    released_at BIGINT,
    waits_for TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    error TEXT NOT NULL,
    reason TEXT NOT NULL,
    payload TEXT NOT NULL,
    sent_payload TEXT NOT NULL,
    PRIMARY KEY (portal, entry_key)
);
CREATE INDEX outbox_unfinished ON outbox (portal, kind, next_at, entry_key) WHERE state IN ('ready', 'sending');
CREATE INDEX outbox_parked ON outbox (portal, state) WHERE state = 'parked';
CREATE INDEX outbox_by_contact ON outbox (portal, contact, kind);
CREATE INDEX outbox_by_state ON outbox (portal, state, state_at, class);

-- The ledger of the rolling limits: the first sending of every generation of every entry.
CREATE TABLE sendings (
    portal TEXT NOT NULL,
    entry_key TEXT NOT NULL,
    generation BIGINT NOT NULL,
    class TEXT NOT NULL,
    first_sent_at BIGINT NOT NULL,
    counted INTEGER NOT NULL,
    PRIMARY KEY (portal, entry_key, generation)
);
CREATE INDEX sendings_by_class ON sendings (portal, class, first_sent_at, counted);
CREATE INDEX sendings_by_time ON sendings (portal, first_sent_at);

-- The last value that we wrote, per property: what an echo of our own write looks like.
CREATE TABLE pushes (
    portal TEXT NOT NULL,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    property TEXT NOT NULL,
    value TEXT NOT NULL,
    pushed_at BIGINT NOT NULL,
    PRIMARY KEY (portal, type, id, property)
);

CREATE TABLE effect_pauses (
    portal TEXT NOT NULL,
    class TEXT NOT NULL,
    paused_since BIGINT NOT NULL,
    PRIMARY KEY (portal, class)
);

-- since_at and seen_at are times of the CRM.
CREATE TABLE feeds (
    portal TEXT NOT NULL,
    feed TEXT NOT NULL,
    position TEXT NOT NULL,
    since_at BIGINT,
    seen_at BIGINT,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    complete INTEGER NOT NULL,
    PRIMARY KEY (portal, feed)
);
