-- What waits of a class is counted before any of it is sent. Scores have no limit and may be many.

-- +goose Up
CREATE INDEX outbox_waiting ON outbox (portal, class) WHERE state = 'ready' AND class <> 'score';
