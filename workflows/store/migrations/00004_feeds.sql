-- What the feeds showed, and when: announced changes, changes that a feed found without one, and their counts by
-- the hour. received_at, found_at, announced_at and learned_at are operating time. The others are business time,
-- as are the times of the CRM: occurred_at, from_at, to_at, hour, checked_at.

-- +goose Up
-- checked_at is the beginning of the repair walk that met the record last.
ALTER TABLE objects ADD COLUMN checked_at BIGINT;

-- One row per record that a webhook event named. kind is the event's.
CREATE TABLE announcements (
    portal TEXT NOT NULL,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (portal, type, id, kind, occurred_at)
);
CREATE INDEX announcements_by_time ON announcements (portal, received_at);

-- A change that a feed found and no event had announced. An event that occurred between from_at and to_at is
-- its announcement; announced_at is when that came after all. hour and bucket name its row of feed_hours.
CREATE TABLE unannounced (
    portal TEXT NOT NULL,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    class TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    to_at BIGINT NOT NULL,
    found_at BIGINT NOT NULL,
    hour BIGINT NOT NULL,
    source TEXT NOT NULL,
    bucket BIGINT NOT NULL,
    announced_at BIGINT,
    PRIMARY KEY (portal, type, id, class, to_at)
);
CREATE INDEX unannounced_by_time ON unannounced (portal, found_at);

-- bucket is the upper bound of the delay in seconds, 0 for longer than the last one. late counts those of the
-- changes that a feed found first and a webhook announced afterwards.
CREATE TABLE feed_hours (
    portal TEXT NOT NULL,
    hour BIGINT NOT NULL,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    bucket BIGINT NOT NULL,
    changes BIGINT NOT NULL,
    late BIGINT NOT NULL,
    PRIMARY KEY (portal, hour, source, type, bucket)
);

-- Records other than contacts that were merged away; contacts stand in aliases.
CREATE TABLE record_aliases (
    portal TEXT NOT NULL,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    survivor TEXT NOT NULL,
    learned_at BIGINT NOT NULL,
    PRIMARY KEY (portal, type, id)
);

CREATE INDEX outbox_by_remote ON outbox (portal, remote_id) WHERE remote_id <> '';
