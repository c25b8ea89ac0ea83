-- What the CRM answered to each sending of a stage, status, task, deal, list or company: append-only, one row for each
-- attempt. decided_at is the business time of the plan, NULL if another plan replaced it while it was being sent;
-- sent_at and answered_at are operating time. Decisions say which worker made them.

-- +goose Up
CREATE TABLE answers (
    portal TEXT NOT NULL,
    contact TEXT NOT NULL,
    entry_key TEXT NOT NULL,
    generation BIGINT NOT NULL,
    attempt INTEGER NOT NULL,
    class TEXT NOT NULL,
    kind TEXT NOT NULL,
    worker TEXT NOT NULL,
    decided_at BIGINT,
    sent_at BIGINT,
    answered_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (portal, entry_key, generation, attempt, answered_at)
);
CREATE INDEX answers_by_contact ON answers (portal, contact);
ALTER TABLE decisions ADD COLUMN worker TEXT NOT NULL DEFAULT '';
