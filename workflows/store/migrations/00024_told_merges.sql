-- Which contact a webhook told to have become which other one (operating time). A merge is decided when the survivor is
-- read, and stands in aliases from then on; if the survivor is deleted for good before anybody has read it, this says who
-- else is the same person. It is kept as long as the webhooks that may name them.

-- +goose Up
CREATE TABLE told_merges (
    portal TEXT NOT NULL,
    id TEXT NOT NULL,
    survivor TEXT NOT NULL,
    told_at BIGINT NOT NULL,
    PRIMARY KEY (portal, id)
);
CREATE INDEX told_merges_by_survivor ON told_merges (portal, survivor);
CREATE INDEX told_merges_by_time ON told_merges (portal, told_at);
