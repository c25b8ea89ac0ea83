-- How sales answered and how leads turned out (package workflows, rules 19 and 24). No person stands here:
-- of those who answer only the team. Times are business time; took is working time in microseconds.

-- +goose Up
CREATE TABLE clocks (
    portal TEXT NOT NULL,
    contact TEXT NOT NULL,
    rule TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    met_at BIGINT,
    took BIGINT,
    team TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (portal, contact, rule, started_at)
);
CREATE INDEX clocks_by_start ON clocks (portal, started_at);

CREATE TABLE qualifications (
    portal TEXT NOT NULL,
    contact TEXT NOT NULL,
    stage TEXT NOT NULL,
    entered_at BIGINT NOT NULL,
    carrier TEXT NOT NULL,
    source TEXT NOT NULL,
    judged_at BIGINT,
    ending TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (portal, contact, stage, entered_at)
);
CREATE INDEX qualifications_by_time ON qualifications (portal, entered_at);

CREATE TABLE judgements (
    portal TEXT NOT NULL,
    contact TEXT NOT NULL,
    ending TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    judged_at BIGINT NOT NULL,
    PRIMARY KEY (portal, contact)
);
CREATE INDEX judgements_by_outcome ON judgements (portal, outcome, judged_at);
