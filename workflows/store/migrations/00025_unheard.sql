-- unheard_at is when it was last noticed that of a sending of an entry nobody heard (operating time; null: never). The CRM
-- may still carry it out, so that an entry which says something else by now waits for a while from there.

-- +goose Up
ALTER TABLE outbox ADD COLUMN unheard_at BIGINT;
