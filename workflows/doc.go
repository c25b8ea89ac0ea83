// Package workflows is the story: receive, pull, score, plan, push.
//
// A webhook is a hint, the CRM is the truth, the model is the law, the outbox is the promise.
//
//   - receive.go stores a verified delivery and marks records due, in one transaction, before the answer.
//   - pull.go loads an account once and then sweeps what changed, with a checkpoint after every page (feed.go);
//     repair.go walks everything again, slowly.
//   - sources.go reads optional sources where the portal wants them; sourced.go joins them with the counters.
//   - fate.go deals with contacts that were merged, restored or forgotten.
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
//     model, an activity, its stage or its lead status. Time alone and our own properties are no change, nor is
//     another model or another choice of sources, nor learning more exactly when something happened.
//     Each look at the contact is compared with the one before it, whatever the model was then. Only what both
//     could see counts: a property, counter, kind of activity or attribute of activities that was not asked for at the look
//     before, of this contact and of what belongs to it, is no change when it is seen for the first time, and counts from then on. Nor
//     does what this model does not read.
//     A held contact gets scores, nothing else. Once released it is an ordinary contact for ever.
//  2. Stage. The model's stage is the furthest one whose criteria are met. The contact moves there if that
//     is ahead of the stage it has in the CRM and ahead of every stage it has entered before (the high-water
//     mark; for a loaded contact, the stage it was loaded with, or the furthest one that its history tells). Order is the account's own. A side track
//     ("other") is ahead of everything and nothing leaves it by itself. A contact with a stage that the
//     mapping does not know is not moved.
//  3. Status on a stage. Entering a stage that has a status rule sets that status if the contact has none.
//  4. Status by activity. The newest status-bearing activity (by time, then id, not in the future) is news
//     if it is not the one considered last time; every evaluation after release considers it, whatever the
//     stage. News sets its status if the contact is (after rule 2) in a stage that rule 3 names, its present
//     status is not final (a status whose follow-up creates a deal or closes tasks), and it is not older
//     than the last change of status (setting or clearing it; for a contact that was loaded with a status, the
//     load). What was the newest such activity at the load counts as considered, and while the
//     contact is held what is the newest when another model looks at it first. It goes before rule 3. If the contact has that
//     status already, the status is entered once more.
//  5. People first. If the status in the CRM differs from the one remembered and is not empty, somebody
//     entered it: that counts as entering it, and rules 3 and 4 do nothing this time. Another machine is
//     somebody too; leadsync itself is not (rule 12).
//  6. Follow-ups. Entering a status or stage is one episode of each follow-up rule of it. A task rule
//     creates one task per episode and closes the open task of the same rule from the episode before. A deal
//     rule creates one deal unless the contact has an open deal. A closing rule closes every open task of
//     ours. A task belongs to its status: when the status changes, for whatever reason, the open tasks of
//     rules of other statuses are closed, since what they asked for has happened or is moot. A task that a
//     person completed or deleted is left as it is.
//  7. Owner. The contact's owner if active and a person, else the portal's fallback owner, else nobody.
//  8. Scores are written when the contact has none yet, when one of them (in whole points) is at least the
//     model's push_step away from what was written last, when grade or tier (if the model has them) are not
//     those of the last writing, or when the set of stages whose criteria are met is not. Grade and tier are
//     written with the scores.
//  9. Shadow. A shadowed action is recorded once and has no consequences. Off leaves no trace.
//  10. The way back. A follow-up with back_to moves the contact to that stage if it is mapped and lies, in the
//     account's order, behind the stage that the contact is in after rules 2 to 5. Of several in one plan the
//     first in the file counts. It goes last: then the contact has entered the stage it was moved to, which is
//     one episode of the other follow-ups of that stage, but not of a further way back, and rule 3 does not
//     apply. The way back is remembered: when it was planned, the stage it left, the one it leads to, and the
//     lead status of that moment; of two ways back, one after the other, the stage left is the one further
//     ahead. As long as it is remembered, rule 2 moves the contact forward only if there is an activity that
//     is certainly dated, after the way back and not in the future, and then to a stage that lies ahead of the
//     one it leads to and not ahead of the one it left; to one further ahead only if that lies ahead of every
//     stage ever entered too (the high-water mark). A way back is forgotten when the contact is in the stage
//     it left, in one ahead of that, or on a side track; whoever moved it there. On that entering, and on any
//     other before it, rule 3 sets its status also over the status of the way back. While it is under way,
//     nothing moves the contact forward. If somebody else moves the contact first, it is cancelled; what they
//     did is an entering (rule 5 holds for stages too). If the CRM refuses it, the contact has not left.
//  11. Lists. A follow-up with lists puts the contact on static lists and takes it off others, on each
//     entering. Of two rules about one list in one plan the later one counts.
//  12. Between two looks. The history of a contact's roll-up is read when a look alone cannot date what it sees:
//     its counter went up by more than one, or by one while the last date is empty or stood still. The history
//     of stage and status is read when one of them differs from the mirror, unless that is our own update
//     under way, and when an event named one of them. What the history says of the time since the last look:
//     a status whose newest version is leadsync's own, or one that was considered before, nobody entered; it is
//     remembered, and rules 3 and 4 do nothing this time. A status that was left and is there again, by somebody
//     else than leadsync, is entered once more, one episode however often; rules 3 and 4 do nothing this time,
//     and a held contact is released. Unless it came back within a minute: that was a slip of the hand. Values
//     that were only passed start nothing: what they asked for is moot by now (rule 6). A stage that somebody
//     else passed counts as entered for the high-water mark. The decision names who set the status, and lists
//     the values on the way. A history that does not yet show the contact's present status says nothing.
//  13. Optional sources. Submissions of forms and visits to pages, where the portal reads them, say when and what;
//     the counter of the contact says how often. An occurrence whose date the contact had and an event within a
//     minute of it are the same, the closest first; an occurrence of which only bounds are known is an event
//     between them, give or take a minute, narrow ends first. The occurrence keeps its number and has the time,
//     the name of the form and the page of the event. No event is two occurrences. Occurrences that no event
//     explains stay as they are. An event that explains none counts by itself only if it happened after the
//     source was first read and more than a minute after everything that the counter tells of: it has the next
//     number, which the counter will give it. So neither the order nor the repetition of readings changes
//     anything, and a contact is not released (rule 1) because a source explains its past. A submission belongs to
//     the contact with its address, now or as soon as there is one. Visits are read of contacts whose counter moved.
//  14. Do not profile. A contact whose evaluation says that it must not be profiled is planned nothing for, held or
//     not, but what takes back what was written: if scores or reasons of ours may stand in the CRM, one update of class
//     score empties all properties of scores, the total, grade, tier, reasons, the time of scoring and the last reason;
//     every open task of ours is closed, since its text may give reasons. Both are shadowed or left undone as their
//     classes say (rule 9). Nothing of ours there: nothing is written. What was planned before and not sent yet is
//     cancelled, but for closings. The decision says do_not_profile; one is recorded when it begins. Meanwhile stage,
//     status and the high-water mark are remembered as they are, and nothing is entered. What the contact does is not
//     collected: no readings of its roll-ups, no history, no submissions, no visits, and of its activities only that
//     there are some, not whose. What is stored of it is deleted with the decision: the past, the properties that roll-ups
//     are made of, the texts of tasks, events, and the values in decisions, of which what was done by which rule is left. What facts are made
//     of is read as ever, or it could never end. It ends with the first look at the CRM itself (a look at the mirror
//     asks for one) that finds it allowed, and is noted. Where the contact stands then is where it begins: nothing is
//     entered by that, and no activity counts that happened up to this look, or may have. From then on it is an
//     ordinary contact: the same look may move it by its facts. Of a merge the survivor's word counts.
//  15. Invariants are reported and never repaired. The contact is looked at as it will stand when the plan is carried out
//     (stage and status after rules 2 to 12), held or not, profiled or not. Which invariants it breaks is remembered, each
//     since the look that found it; beginning and ceasing to break one is a record of its own, after the plan's.
//  16. Companies. If the model says so, a contact that enters a stage of the forward order (by rules 2 and 10, or whoever
//     moved it, a way back not counted) moves its primary company forward to that stage, if the stage is ahead of the
//     company's in the account's order of the stages of companies. Order and stages are those of the property of
//     companies, which may lack one: nothing is moved there. A company without a stage is behind all, one on a side track
//     or on a stage that the mapping does not know is not moved. It is done once on each entering: who moves the company
//     back afterwards wins, and a company that becomes the contact's later is not moved for what was entered before. Of
//     several moves of one company that are not done yet the furthest counts. A move waits for the contact's own to be
//     over, is decided once more by where the company stands when it is sent, and is read back. Held contacts and those
//     that must not be profiled move no company. The account may hand the stage of a company on to its contacts; what
//     that moves was moved by another machine (rule 5).
//
// # Completeness
//
// How complete and how late the news are is measured, not assumed, for portals that have webhooks; without
// webhooks there is nothing to compare, and nothing is counted.
//
//   - A webhook event announces a change of every record that it names, at the instant at which it occurred.
//     Echoes of our own writes announce nothing and are not counted.
//   - A change is found when a sweep or the repair walk shows a record that really differs from the mirror: in a
//     property that leadsync reads, in whether it is there, or, for the repair walk above all, in the contacts
//     that it is linked to. The change is the record with its modification time; it is counted once, however
//     often it is shown. What another reading brought before a feed could (a company that was read with a contact)
//     is not found, nor is what is about to be read anyway because the record is due already.
//   - It is unannounced if no event about the record occurred within AnnouncedWithin of the modification time.
//     What has no modification time (a record that is gone, a moved link, a calculated property) is unannounced
//     if no event of a fitting kind occurred since the record was modified, or checked by a walk, last. A moved
//     link is announced by an event about either end. What is left of a contact that was merged is found with
//     its survivor.
//   - If its event arrives after all, it is late. Unannounced changes are those that no event has announced to
//     this day.
//   - A change is known when its event is stored or a feed has found it, whichever comes first. The delay is
//     counted from the modification time or the time at which the event occurred; where nobody says when
//     something happened, from the last time at which it surely had not: an upper bound.
//   - Our own writes and the deals that we made are no gaps.
//
// Two transactions that overlap on PostgreSQL, one with the event and one with the finding, do not see each other:
// such a change counts as unannounced although it was announced at the same moment.
//
// The repair walk leaves to the sweeps what they have not come to yet: what it counts is what no feed showed.
// The counts are kept per portal and hour of business time, written in the transactions that store the events and
// pages themselves.
//
// # What was never read
//
// When more is to be read of a kind of record than before, since another model or other sources want it, every stored
// record of the kind is asked for the difference, through the listing, a hundred a call (fill.go): quietly, without
// anything becoming due, in the background, when nothing else is to do, with a quarter of the calls that the portal may have.
// Only then are the stored contacts evaluated again, and the repair walk goes on; contacts that become due meanwhile are
// read and decided as ever. What a record was not asked for is unknown until then. Whether a record was asked is
// known per kind and property (the table fills), and carried over restarts and further changes of the model. The past
// of counters that are read for the first time begins with that reading, as at a first load without history. A
// kind of activity that is new, or was switched off and is on again, is loaded as by a first load, as quietly.
//
// # Merges, restoring, forgetting
//
// A merge is saved before the survivor is decided, whether an event told of it, the loser's id answered with the
// survivor, or the survivor names its losers. The survivor has the state, the unfinished tasks and deals, the
// links and the history of those it was made of; of two open tasks of one rule one is closed. A contact that is
// restored is decided when the records linked to it were read again. A contact that the CRM does not have, not
// even in its archive, was deleted for good: it is erased, under every id that it ever had, whether or not an event
// said so. One that is in the archive can be restored for 90 days, and what is known of it is kept; afterwards the
// CRM deletes it for good without telling, so it is asked again, and once a week as long as the contact
// is still in the archive. The id of a contact that was merged away is never a reason to erase the survivor, but
// for a privacy deletion that names it.
//
// # Clocks
//
// Operating time (leases, retries, rolling limits) is the store's own: clock_timestamp() on PostgreSQL, an
// injected clock on SQLite; callers hand over durations, never instants. Business time (facts, decay, due
// dates, next change) is handed over by the caller.
package workflows
