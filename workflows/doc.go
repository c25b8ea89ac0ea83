// Package workflows is the story: receive, pull, score, plan, push.
//
// A webhook is a hint, the CRM is the truth, the model is the law, the outbox is the promise.
//
//   - receive.go stores a verified delivery and marks records due, in one transaction, before the answer.
//   - pull.go loads an account once and then sweeps what changed, with a checkpoint after every page.
//   - reconcile.go takes due contacts, reads them in batch, evaluates the model and saves what Plan decided.
//   - plan.go compares what is with what should be; it is pure and names a reason for everything.
//   - push.go sends the outbox in batches and settles, postpones or parks every entry.
//
// # Transactions
//
// Every method of the store that writes is one whole unit of work in one explicit transaction, so no
// transaction ever leaves the package store and none can be nested. (An earlier draft of the design handed a
// Tx to the callers; whole units turned out smaller and cannot deadlock SQLite.) The first statement of each
// is the fence: the lease row of the portal with the caller's epoch. Receivers stand outside the fence and
// only raise revisions.
//
// # The rules of a plan
//
// These rules are the contract of Plan; the auditor of the demo decides by them, not by the code.
//
//  1. Held. A contact that the first load brought is held until something about it changes: a fact of the
//     model, an activity, its stage or its lead status. Time alone and our own properties are no change.
//     A held contact gets scores, nothing else. Once released it is an ordinary contact for ever.
//  2. Stage. The model's stage is the furthest one whose criteria are met. The contact moves there if that
//     is ahead of the stage it has in the CRM and ahead of every stage it has entered before (the high-water
//     mark; for a loaded contact, the stage it was loaded with). Order is the account's own. A side track
//     ("other") is ahead of everything and nothing leaves it by itself. A contact with a stage that the
//     mapping does not know is not moved.
//  3. Status on a stage. Entering a stage that has a status rule sets that status if the contact has none.
//  4. Status by activity. The newest status-bearing activity (by time, then id, not in the future) is news
//     if it is not the one considered last time; every evaluation after release considers it, whatever the
//     stage. News sets its status if the contact is (after rule 2) in a stage that rule 3 names, its present
//     status is not final (a status whose follow-up creates a deal or closes tasks), and it is not older
//     than the last change of status (setting or clearing it; for a contact that was loaded with a status, the
//     load). What was the newest such activity at the load counts as considered. It goes before rule 3. If the contact has that
//     status already, the status is entered once more.
//  5. People first. If the status in the CRM differs from the one remembered and is not empty, somebody
//     entered it: that counts as entering it, and rules 3 and 4 do nothing this time.
//  6. Follow-ups. Entering a status or stage is one episode of each follow-up rule of it. A task rule
//     creates one task per episode and closes the open task of the same rule from the episode before. A deal
//     rule creates one deal unless the contact has an open deal. A closing rule closes every open task of
//     ours. A task belongs to its status: when the status changes, for whatever reason, the open tasks of
//     rules of other statuses are closed, since what they asked for has happened or is moot. A task that a
//     person completed or deleted is left as it is.
//  7. Owner. The contact's owner if active and a person, else the portal's fallback owner, else nobody.
//  8. Scores are written when the contact has none yet, when one of them (in whole points) is at least the
//     model's push_step away from what was written last, or when the set of stages whose criteria are met
//     is not the one of the last writing.
//  9. Shadow. A shadowed action is recorded once and has no consequences. Off leaves no trace.
//
// # Clocks
//
// Operating time (leases, retries, rolling limits) is the store's own: clock_timestamp() on PostgreSQL, an
// injected clock on SQLite; callers hand over durations, never instants. Business time (facts, decay, due
// dates, next change) is handed over by the caller.
package workflows
