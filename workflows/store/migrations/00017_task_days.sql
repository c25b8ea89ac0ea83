-- On which day of which owner the tasks of ours are due, since they were handed out for sending: what the budgets of
-- the owners are counted by. day is a date in the owner's zone. Times are business time: due_at is when the task is due,
-- asked_at when it would have been without a budget. replaces is the key of the task that it amends, if any.

-- +goose Up
CREATE TABLE task_days (
    portal TEXT NOT NULL,
    entry_key TEXT NOT NULL,
    contact TEXT NOT NULL,
    owner TEXT NOT NULL,
    day TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    replaces TEXT NOT NULL,
    over INTEGER NOT NULL,
    PRIMARY KEY (portal, entry_key)
);
CREATE INDEX task_days_by_owner ON task_days (portal, owner, day);
CREATE INDEX task_days_by_contact ON task_days (portal, contact);
CREATE INDEX task_days_replaced ON task_days (portal, replaces) WHERE replaces <> '';
CREATE INDEX task_days_over ON task_days (portal, day) WHERE over = 1;
