-- The walk that evaluates every stored contact again after what decides evaluations has changed: another model,
-- another mapping, an effect switched on. There is one row per portal, of the latest walk. basis names what the
-- contacts are evaluated with; position is the last contact that was done, empty when the walk has ended, so that no
-- contact stands here longer than the walk lasts. Times are operating time.

-- +goose Up
CREATE TABLE reevaluations (
    portal TEXT NOT NULL,
    basis TEXT NOT NULL,
    position TEXT NOT NULL,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL,
    planned BIGINT NOT NULL,
    began_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (portal)
);

-- What may be sent while a class is paused, found without a walk past everything that waits behind the pause.
CREATE INDEX outbox_unfinished_by_class ON outbox (portal, kind, class, next_at, entry_key) WHERE state IN ('ready', 'sending');
CREATE INDEX outbox_released ON outbox (portal, kind, next_at, entry_key)
    WHERE state IN ('ready', 'sending') AND released_at IS NOT NULL;
