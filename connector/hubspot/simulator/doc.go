// Package simulator is a stateful HubSpot account in memory, served over real
// HTTP: the CRM API of hubspot-api section 1.3 with its batch semantics, its
// forward-only lifecycle stage, its lagging search index, its rate limits and
// its signed, unordered webhooks, and faults on demand.
//
// It is a wire-level fake. It imports nothing of leadsync, so that a mistake in
// the client cannot be repeated here by sharing code with it.
//
// Two clocks run in it. World time (Options.Now) stamps what happens to
// records: createdate, lastmodifieddate, occurredAt. Operating time
// (Options.Wall) drives what belongs to machines: rate windows, the lag of the
// search index, webhook retries, the Date header and signature timestamps.
//
// What people do comes in through the Account's methods and is journaled with
// the actor; what the client does comes in through Handler and is journaled
// with the call. An auditor needs only the journal.
package simulator
