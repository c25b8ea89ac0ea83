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
// idempotency key, never by position, and what is in neither list is not done (hubspot-api 11.2). A creation
// is never sent twice unless HubSpot surely did not see it; whoever gets connector.ErrAmbiguous looks with
// FindByKey first. Paging links are never followed, only paging.next.after is taken (hubspot-api 1.1). Waits
// above five seconds are not slept here; they go back as connector.ErrThrottled with RetryAfter.
//
// No token, property value, request body or query goes into an error or a log line.
package hubspot
