-- What was erased, as a hash with a key of the portal's own (HMAC-SHA256 over kind and id, in hex): enough to recognise an
-- id that comes again, not to read one. ordered_by is who ordered it (crm, operator). Operating time. A process of
-- the release before still writes ids into tombstones; the next erasure or prune turns these into hashes.

-- +goose Up
CREATE TABLE erasure_keys (
    portal TEXT NOT NULL PRIMARY KEY,
    secret TEXT NOT NULL,
    made_at BIGINT NOT NULL
);

CREATE TABLE erasures (
    portal TEXT NOT NULL,
    mark TEXT NOT NULL,
    erased_at BIGINT NOT NULL,
    ordered_by TEXT NOT NULL,
    PRIMARY KEY (portal, mark)
);
