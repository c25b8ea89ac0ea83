-- What the records of the mirror were asked for, by kind: asked are the properties that every one was asked for,
-- filling those that the walk under way asks for, both as JSON. When more is to be read than before, a walk fills it in. off says
-- that the kind is not read at present. Times are operating time.

-- +goose Up
CREATE TABLE fills (
    portal TEXT NOT NULL,
    type TEXT NOT NULL,
    asked TEXT NOT NULL,
    filling TEXT NOT NULL,
    off INTEGER NOT NULL,
    position TEXT NOT NULL,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL,
    began_at BIGINT,
    ended_at BIGINT,
    PRIMARY KEY (portal, type)
);
