-- When owners work, as far as the CRM says: the IANA name of the zone, and the hours of a week as text. left_at is when
-- it was seen first that an owner cannot be given work any more (operating time); NULL if that was never seen.

-- +goose Up
ALTER TABLE owners ADD COLUMN zone TEXT NOT NULL DEFAULT '';
ALTER TABLE owners ADD COLUMN hours TEXT NOT NULL DEFAULT '';
ALTER TABLE owners ADD COLUMN left_at BIGINT;
