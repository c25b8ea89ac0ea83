-- first_run_at is when the first process began to work a real account (operating time): until a process that was started
-- after it has the portal, every effect stays in shadow. Null: there is no such restriction.

-- +goose Up
ALTER TABLE portals ADD COLUMN first_run_at BIGINT;
