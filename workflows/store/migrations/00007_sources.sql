-- What optional sources tell besides the counters of contacts: submissions of forms and visited pages. Nothing that
-- people typed is kept but the mail address of a submission that no contact is known for yet. at, began_at, high_at,
-- newest_at and since_at are times of the CRM or business time, kept_at is operating time.

-- +goose Up
-- A form and how far its submissions were read. What is newer than high_at less the overlap is still to be read;
-- position and newest_at belong to the walk under way. Submissions from began_at on are news.
CREATE TABLE forms (
    portal TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    high_at BIGINT,
    position TEXT NOT NULL,
    newest_at BIGINT,
    PRIMARY KEY (portal, id)
);

-- Either contact or email is empty: the address goes when the contact is known.
CREATE TABLE submissions (
    portal TEXT NOT NULL,
    id TEXT NOT NULL,
    form TEXT NOT NULL,
    at BIGINT NOT NULL,
    page TEXT NOT NULL,
    email TEXT NOT NULL,
    contact TEXT NOT NULL,
    fresh INTEGER NOT NULL,
    kept_at BIGINT NOT NULL,
    PRIMARY KEY (portal, id)
);
CREATE INDEX submissions_by_contact ON submissions (portal, contact);
CREATE INDEX submissions_by_email ON submissions (portal, email) WHERE email <> '';

CREATE TABLE visits (
    portal TEXT NOT NULL,
    id TEXT NOT NULL,
    contact TEXT NOT NULL,
    at BIGINT NOT NULL,
    page TEXT NOT NULL,
    kept_at BIGINT NOT NULL,
    PRIMARY KEY (portal, id)
);
CREATE INDEX visits_by_contact ON visits (portal, contact);

-- Contacts whose visits are to be read, since when, and the place in the listing.
CREATE TABLE visits_wanted (
    portal TEXT NOT NULL,
    contact TEXT NOT NULL,
    since_at BIGINT NOT NULL,
    position TEXT NOT NULL,
    PRIMARY KEY (portal, contact)
);
