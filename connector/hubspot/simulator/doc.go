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
//
// # What it simulates
//
// routes.go has every endpoint on one page. Versions 2026-09 and 2026-03
// answer; so do the older spellings (/crm/v3/objects, /crm/v4/associations, …)
// that HubSpot's official clients still use, without the admins' rules that
// came with 2026-09. Other versions are 404, wrong methods 405, bodies without
// application/json 415.
//
//   - Records of nine types, with batches, merges, archives and privacy
//     deletion; search with every operator, query, the pseudo-properties
//     associations.{type}, and all published bounds.
//   - Associations: default, typed and labelled, one by one and in batches,
//     with pages per input. GET .../associations/{toType} answers up to 2026-03:
//     later descriptions do not have it.
//   - Properties and groups: names, options, at most ten unique properties of a
//     type, or none (Options.RefuseUnique); what lists, workflows and forms use
//     cannot be archived; what was archived comes back under its name, with its
//     type and its values.
//   - Lists: MANUAL, SNAPSHOT and DYNAMIC, the last two with OR of AND of
//     property filters. Members follow merges.
//   - Forms and their submissions, event occurrences (Options.Enterprise),
//     workflows that enrol on a condition or a change and set properties,
//     limits, and uninstalling the app.
//
// # What it does not, and why
//
//   - Custom objects, tickets, leads, line items, custom association labels:
//     leadsync neither reads nor writes them.
//   - The v3 form of associations, lists v1 and everything older: other shapes,
//     on their way out; the official Node client has v4 beside it.
//   - List filters beyond properties (lists of lists, events, associations),
//     delays and branches of workflows, re-enrolment: the shapes are open-ended,
//     and leadsync only asks who acts on a property.
//   - Event occurrences other than page views and forms: their type names could
//     not be confirmed (hubspot-api 9.4). Submissions and occurrences of records
//     that were loaded with ready roll-ups do not exist.
//   - Sensitive data, user-level permissions, the webhook journal: needed only
//     by kinds of apps that leadsync is not.
//   - The words of refusals: statuses, categories, subCategories and contexts
//     are HubSpot's where they are known, most sentences are our own.
//
// What goes wrong is scripted, in words: ParseScript reads lines such as
// "on the 3rd POST tasks/batch/create: apply, then reset". Every fault is drawn
// from the seed, and LostEvents lists exactly which webhook events never arrived.
// What HubSpot does about lifecycle stages by itself is Automation; a request of
// webhooks holds events of one account only.
//
// The definitions of contacts are those of a real account in name, number and
// kind, and its recorded conversations are held with this one word by word;
// tests compare both.
//
// Where nobody could say what the live API does, an option has both answers
// (ArchivedKeepUnique, RefuseUnique), or the answer is the one that is harder on
// a client: a list names only the records whose membership really changed.
//
// HubSpot's official Node client works against it: make node-client runs that,
// and the requests it makes are pinned in a test that needs no network.
package simulator
