-- What is known of the past of contacts: a property, a value, when, and how the time is known. at is a time
-- of the CRM (known = 'history') or business time (known = 'reading').

-- +goose Up
CREATE TABLE versions (
    portal TEXT NOT NULL,
    contact TEXT NOT NULL,
    property TEXT NOT NULL,
    at BIGINT NOT NULL,
    value TEXT NOT NULL,
    known TEXT NOT NULL,
    origin TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (portal, contact, property, at, value)
);

-- Until now readings were kept by kind of activity. Only the model knows the properties of a kind, so what there
-- is moves under the name of the kind: workflows.Occurrences takes both.
INSERT INTO versions (portal, contact, property, at, value, known, origin, source)
SELECT portal, contact, '@' || kind || '.count', observed_at, CAST(count AS TEXT), 'reading', '', '' FROM observations;
INSERT INTO versions (portal, contact, property, at, value, known, origin, source)
SELECT portal, contact, '@' || kind || '.last', observed_at, CAST(last_at / 1000 AS TEXT), 'reading', '', ''
FROM observations WHERE last_at IS NOT NULL;
INSERT INTO versions (portal, contact, property, at, value, known, origin, source)
SELECT portal, contact, '@' || kind || '.first', observed_at, CAST(first_at / 1000 AS TEXT), 'reading', '', ''
FROM observations WHERE first_at IS NOT NULL;
INSERT INTO versions (portal, contact, property, at, value, known, origin, source)
SELECT portal, contact, '@' || kind || '.name', observed_at, name, 'reading', '', ''
FROM observations WHERE name <> '';

-- 1 if an event since the last settled work named a property of which every value matters.
ALTER TABLE due ADD COLUMN watched INTEGER NOT NULL DEFAULT 0;
