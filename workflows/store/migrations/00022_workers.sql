-- The processes that share the portals, for as long as they say that they are alive (operating time). fellowship is who
-- works the same portals: a digest of their accounts. It is no table of a portal; dead rows are removed by the living.

-- +goose Up
CREATE TABLE workers (
    worker TEXT NOT NULL PRIMARY KEY,
    fellowship TEXT NOT NULL,
    joined_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
