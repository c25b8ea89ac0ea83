// Package connector says what leadsync asks of any CRM: the nouns that cross the border and the errors
// that come back. It names no protocol and no vendor; each vendor has a package below this one.
//
// # Nouns
//
// A Portal is one account of one CRM. An Object is one record of it (a contact, a company, a deal, a call,
// a meeting, a task) with the properties that were asked for. A property that the CRM does not have, or has
// empty, is absent from Object.Properties: unknown is not zero, and it is not the empty string either.
// An Event is a verified hint that something changed; nothing is ever computed from it. A Cursor is an
// opaque position in a change feed. Task and Deal are things we create, each under its idempotency Key.
//
// # Errors
//
// errors.go is the whole taxonomy. A connector turns every failure of the wire into one of its kinds and
// keeps the CRM's own words; the workflows decide from the kind alone whether to settle, postpone or park.
// A call that sends many records answers per record: no record may be assumed done because the call
// succeeded (HubSpot answers 200 and leaves ids out silently).
package connector
