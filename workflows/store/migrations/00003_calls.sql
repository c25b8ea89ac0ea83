-- What the CRM was asked, by day (UTC, days since the epoch), so that the daily cost of the integration can be
-- told. Operating time.

-- +goose Up
CREATE TABLE calls (
    portal TEXT NOT NULL,
    day BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    bucket TEXT NOT NULL,
    calls BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    PRIMARY KEY (portal, day, purpose, endpoint, bucket)
);
