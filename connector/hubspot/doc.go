// Package hubspot speaks to HubSpot's CRM API, version 2026-09, and to nothing else.
//
// client.go is the one path to the wire: every call goes through the retry policy (retry.go), then, once per
// attempt, through the limiter of its bucket (limit.go) and gets the bearer token of that moment. The answer
// is read there whole and bounded; fault.go turns everything that is not an answer into a connector.Error.
// Each resource has a file.
//
// # Rules that hold everywhere
//
// Batches answer per record: what was sent is compared with what came back by id, by trace id or by the
// idempotency key, never by position, and what is in neither list is not done (hubspot-api 11.2). Nor is it
// absent: it is asked once more and then not known, because absence unlinks, purges and creates (silence.go). A
// creation is never sent twice unless HubSpot surely did not see it; whoever gets connector.ErrAmbiguous looks
// with FindByKey first. Paging links are never followed, only paging.next.after is taken (hubspot-api 1.1).
// Waits above five seconds are not slept here; they go back as connector.ErrThrottled with RetryAfter.
//
// No token, property value, request body or query goes into an error or a log line. What people wrote in
// mails, notes, messages, calls and meetings is never requested (bodies.go).
//
// # Limits
//
// Three budgets are followed: general, search, associations. Rates come from the headers less Config.Reserve.
// Association calls whose answers state the general limit pay the general budget too, because nobody measured
// which one HubSpot charges (hubspot-api 4.1). Once HubSpot says that the day is used up, or only the reserve
// of the day is left, nothing but account-info is sent until the reset; every refused call says until when.
//
// # Where the account refuses unique properties
//
// Config.Unkeyed names the kinds; then the key is a marker in the body (marker.go). Nothing prevents doubles
// there and archived records cannot be found; ProbeUnique decides whether it is needed (hubspot-api 7.3).
//
// # What is deliberately not here
//
// By section of hubspot-api, each with its reason:
//
//   - 0.5 and 3.2 an event's change source decides nothing but Event.Own: who wrote a value is read from history.
//   - 1.1 API v1 to v3, and the v4 of objects: unsupported from 2027; a detour that would have to be left again.
//     The v4 of workflows is used, because its dated forms are betas; Config.Versions["automation"] names one.
//   - 1.1 "/crm/{v}/objects": answers, but is not documented.
//   - 1.2 "Missing 'Edit Associations' permission": refusals of user-level tokens, which we never have; like every
//     400 it is permanent and is parked with HubSpot's own words.
//   - 1.2 "PROPERTY_VALUE_NORMALIZED" warnings: values are compared after normalising, so they tell nothing new.
//   - 1.2 and 9.2 GET associations of one record: not in the 2026-09 description; batch read is in all of them.
//   - 1.3 create, change and delete of single records: batches do the same and answer per record.
//   - 1.3 merge and privacy deletion: a person's decisions; leadsync only follows them.
//   - 1.3 and 9.2 association labels and typed creation: the default types are published constants.
//   - 1.3 limits of records and custom properties: CreateProperty gets HubSpot's own refusal.
//   - 1.3 batches of properties, one owner, owners by e-mail address: the listings have all, for one call or two.
//   - 1.3 timeline events, marketing events and other interfaces of v1 to v4 without a dated form: nothing needs them.
//   - 1.3 uninstall: whoever installed it removes it, in HubSpot.
//   - 2.1 kinds of credential are not told apart: all are bearer tokens, and tokens are not parsed.
//   - 2.2 client_credentials: only the journal needs them.
//   - 2.3 the scopes of writes: they cannot be probed without writing; the first refusal names the missing scope.
//   - 2.3 "crm.schemas.tasks.write": not selectable everywhere; whether tasks take a property, ProbeUnique finds out.
//   - 3.1 concurrency and number of subscriptions: settings of the app. Portals mixed in one request are told apart
//     by Event.Portal.
//   - 3.1 de-duplication and the time limit of an answer: the receiver's business; DecodeEvents gives the key.
//   - 3.3 event.completed, conversations, tickets, products, line items: decoded as EventOther; nothing is scored
//     by them.
//   - 3.3 changeFlag, isSensitive, numberOfPropertiesMoved, isPrimaryAssociation: the record is read again, so they
//     would tell nothing new; "REDACTED" is for the same reason never taken for a value.
//   - 3.3 properties without events: the sweeps find them.
//   - 3.4 webhook subscriptions by the API: they need the developer account's key; the app's own file states them.
//   - 3.5 signatures v1 and v2: v1 has no replay protection, v2 belongs to cards and workflow actions.
//   - 3.7 the journal: needs an OAuth app of its own and its beta is young; the sweeps give the same ids.
//   - 4 the "-Secondly" headers: deprecated.
//   - 4 limits by plan and add-on: the plan is not readable, and the headers state the limit that holds.
//   - 4 the share of error answers, at most 5 %: Config.Observe tells the status of every attempt to whoever counts.
//   - 4 calls at once: HubSpot limits rates; its Node client's six at a time are that client's choice.
//   - 5.2 upsert: it would overwrite what a person did since, and cannot carry associations (7.3).
//   - 5.2 reading by e-mail address: an address can move between contacts, an id cannot.
//   - 5.4 offsets, IN filters and search by association: a shifting page hides records, and the answer of the
//     latter does not say which contact matched.
//   - 5.5 restoring archived records: a person's decision.
//   - 6.1 the order of backward stage moves: two updates in sequence, sent by the workflows, which store the
//     intention first; Update keeps the order of one record's updates.
//   - 6.3 the leads object: not every plan has it, and contacts carry the status.
//   - 6.4 HubSpot's scores: "hubspotscore" is dead and the new tool's interface is a beta.
//   - 7.1 task queues and reminders: no interface lists the queues; a reminder is the owner's own choice.
//   - 7.3 "hs_unique_creation_key": read-only for integrators. Task series: beta.
//   - 7.3 the plain property with a search before creation: the index lags; the marker is read from the store.
//   - 8 line items, quotes and currencies: the amount is given in the account's own currency.
//   - 9.4 marketing mail events: no dated interface; the roll-up properties have the same facts.
//   - 9.4 marketing events and types of occurrences: only "e_visited_page" is confirmed, and it is named by the
//     configuration.
//   - 10 changing and archiving properties: PATCH replaces all options, and a property may be in use by others.
//   - 10 "add-and-remove" and "add-from": one direction at a time can be verified and repeated.
//   - 10 membership of computed lists: nobody can write it; it shows as List.Static false.
//   - 11.1 "links" in errors: they point to documentation, not to the cause.
package hubspot
