-- The other end of a link that was found moved: an event about either end announces it. Empty for what is no link.

-- +goose Up
ALTER TABLE unannounced ADD COLUMN other_type TEXT NOT NULL DEFAULT '';
ALTER TABLE unannounced ADD COLUMN other_id TEXT NOT NULL DEFAULT '';
CREATE INDEX unannounced_by_other ON unannounced (portal, other_type, other_id);
