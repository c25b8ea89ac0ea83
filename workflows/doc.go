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
//     model (or which of its sources it comes from), an activity, its stage or its lead status. Time alone and our own properties are no change, nor is
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
//     somebody too; leadsync itself is not (rule 12). An update of stage or status, or a way back, that was not sent yet is cancelled
//     if the history tells that a person, or nobody knows who, has set the property since: they were later.
//  6. Follow-ups. A follow-up rule has a cause and a consequence. The causes are entering a status or a stage, and an
//     activity (on_activity): the newest one of a person that meets it (by time, then id, not in the future) is news if it
//     lies after the one that the rule considered last. What happened up to the load, or, for a rule that no look
//     knew before or whose kind of activity was not tracked, up to the look before, is never news. Each cause is one
//     episode of the rule. With after, the cause starts a wait, and another cause of the rule starts it anew; leaving the
//     status or stage ends it without consequence; what follows happens at the first look at or after its end. It is counted from the
//     look that found the cause: h and d are hours and days of 24 hours, wh and wd end when work of the contact's owner would be
//     due after them (rule 18). Rules come in the order of the file, of each its cause before the end of its wait. With while, it happens only if the condition is true then (unknown is not), of a rule without after at
//     once; if not, that is recorded. A closing rule archives every open task of ours that nothing amends in the
//     same plan. Whether a status is final (rule 4) is said by rules without after and while. Rules of tasks: see 17; of deals: 23.
//  7. Owner. See 18.
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
//     it left, in one ahead of that, or on a side track; whoever moved it there (before rule 2, unless that does it). On that entering, and on any
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
//     and a held contact is released. Unless it came back within a minute: that was a slip of the hand, and
//     no activity before it sets a status any more (rule 4), at whatever look it is seen. So it is with whatever
//     status a person sets, also one that leadsync was about to write. Values that were only passed start nothing: what they asked for is moot by now (rule 6). A stage that somebody
//     else passed counts as entered for the high-water mark, before what rule 20 says of rivals lowers that. The
//     decision names who set the status, and lists the values on the way. A history that does not yet show the contact's present status says nothing.
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
//     every open task of ours that nobody edited is archived, since its text may give reasons. Both are shadowed or left undone as their
//     classes say (rule 9). Nothing of ours there: nothing is written. What was planned before and not sent yet is
//     cancelled, but for closings. The decision says do_not_profile; one is recorded when it begins. Meanwhile stage,
//     status and the high-water mark are remembered as they are, and nothing is entered. What the contact does is not
//     collected: no readings of its roll-ups, no history, no submissions, no visits, and of its activities only that
//     there are some, not whose. What is stored of it is deleted with the decision: the past, the properties that roll-ups
//     are made of, the texts of tasks, events, and the values in decisions, of which what was done by which rule is left. What facts are made
//     of is read as ever, or it could never end. It ends with the first look at the CRM itself (a look at the mirror
//     asks for one) that finds it allowed, and is noted. Where the contact stands then is where it begins: nothing is
//     entered by that, and no activity counts that happened up to this look, or may have. Of a task or meeting that was there already nobody knows
//     whose it is until it changes or the walk comes by it: it satisfies nothing (rule 17). From then on it is an
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
//  17. Tasks. A contact has at most one open task of ours of each kind (call, email, todo), whatever the rule (C13). When a
//     task rule asks for a task, the first of these that fits decides:
//     it is not needed if obsolete_when is true;
//     it is satisfied if the contact has an open task of the kind that is not ours, or one of ours that a person
//     edited, or a meeting that lies ahead, or is in an active sequence, whoever made it: nothing is made;
//     the open task of ours of the kind, if there is one, is amended: it gets the subject, body, due time, owner and queue
//     of the new cause, the higher of the two priorities, and the new cause's key. If a person completed or deleted it
//     in the meantime, a new one is created under that key, since the cause is new; if a person edited it, it is left,
//     which satisfies the rule;
//     otherwise a task is created. The tasks that rules 19 to 23 ask for are satisfied by nothing.
//     What a plan asks for is settled at its end, kind by kind: of several tasks of one kind the last one asked for counts, with
//     the highest priority of them, and that the others are in it is recorded, as is what was not needed or satisfied, and by
//     what. Of a task whose closing is not over, or that the mirror still shows as open and unedited although it was to be archived, the
//     new one is made as an amendment, after what is under way to that task but for its closing: what is gone by then is created, what a person edited is left. If a task has the new
//     key already, that is the new one, and the old one is archived unless a person edited or completed it. An operator cannot
//     send a task again that a newer one has taken the place of.
//     What open tasks satisfied is owed for a quarter of an hour from the look that asked for it: the first look up to then that finds
//     all of these tasks completed or deleted, whoever did it, asks for it once more, before the causes of that look, with the key
//     of its own cause. So a rep who logs a call and then completes the task for it is asked to call again, whichever was seen first. It is due as if it had
//     been made when it was asked for first, or if that is over by now, as if it were asked for now. If other open tasks satisfy it by
//     then, it is owed for the rest of the time. Nothing is owed any more when an open task of the rule would be obsolete, and when another task
//     of the kind is asked for later, made or owed.
//     Subjects are one line; of a value at most 100 characters come into a subject (250 in all), 1,000 into a body (10,000); controls,
//     and marks that turn the direction of writing, are left out; a body is escaped.
//     Open is a task that is neither completed nor archived. A person edited one of ours if its subject (white space apart),
//     due time (to the second), owner, priority or kind is not what was written last, or if it was begun (has another
//     status than a new task); body, queue and reminder do not count. The mirror has no texts of tasks, so a
//     subject is compared when the task is amended or archived; of one that an earlier release made, the history tells then
//     whether a person changed it, and it is archived as it is. A meeting lies ahead if its time has not come and it was not
//     called off. Types that the portal switched off satisfy nothing.
//     A task of ours belongs to the rule that asked for it last. It is archived, if nobody edited or completed it, when it
//     is obsolete and nothing amends it in the same plan: the status (of a rule on a status) is left, a closing rule
//     applies, obsolete_when becomes true, its ladder is used up, or the contact must not be profiled. Completing would count as a rep's activity,
//     so it is never done. What a person completed, edited or deleted is left as it is and never made again for the same
//     cause. Of a rule with a ladder the n-th episode in a row uses the n-th step (due, subject, body, priority, each from the
//     rule if the step has none), whether or not the ones before made a task; the row begins anew when the contact
//     leaves the status or stage of the rule, of a rule on an activity when the lead status changes. One
//     more episode than there are steps makes no task if there is a then (without one the last step goes on): what it
//     says happens instead, a status (written and entered as by rule 3, with its follow-ups, whatever status there
//     is) or a way back (rule 10). One plan carries out one then at most, the first; what it leads to starts none.
//  18. Who and when. The owner of the work is what the rule's for says: owner (the contact's, the default), deal_owner
//     (of the newest open deal by the time it was created, then id; without one, or if that owner has left, as owner), a name
//     of the portal's people, or an assignment. It has to be active and a person; if not, the fallback of the portal unless
//     that has left too, else nobody. Who is absent when the work would be due is stood in for
//     by the deputy (whom the absence names, else the person's), or the deputy's deputy and so on, the first who is active and
//     there; then it is due in that one's calendar. If nobody is, the work stays and moves behind the absence. An assignment
//     takes the first of its entries that has no condition, or a true one, and of whose people not all have left. It chooses
//     among those who are there when the work would be due for them, or if nobody is, among the absent: each holds as many
//     tickets as weight; ticket n (from 0) is the first 8 bytes, big-endian, of the SHA-256 of root id, assignment, person and n
//     in decimal, with NUL between them, and the highest wins. So a lead goes to the same person as long as the list is the
//     same, and who comes or leaves moves only their own leads. An assignment that sets the owner leaves the work to the contact's owner if
//     that one is active and a person; if not, the contact goes to whom it has chosen (whoever stands in): an update of class
//     owner, planned with the work that is made or amended for it, in shadow if that is, recorded in shadow once, sent only if
//     the owner is still the one of the decision, and read back; so a person who changes the owner wins. An open task of ours whose owner
//     has left, which nobody edited, is passed on, whoever asked for it and whatever would satisfy it, unless the plan makes
//     or archives one of the kind anyway: it is amended (rule 17) as its rule asks for it today, in the same step of a ladder,
//     under a key of its own, for who does the work now, due at the first moment of their working time when it was, or now if that is over. The cause is not new: what a
//     person completed, deleted or edited is left, and none is made; what an amendment or closing has left as edited is the person's, also if
//     they take the edit back. Who is found to have left makes these contacts due.
//     Due times are those of the owner's calendar: hours and zone are what the configuration says of the
//     person, else the CRM of its user, else the portal's (Monday to Friday from 09:00 to 17:00 if nothing is said);
//     holidays and closing days are free. Nothing is ever due outside of working time (C8), which is each stretch of hours from
//     its first instant until before its last. Of a span d counts days of the calendar from today, wd days with
//     working time: the work is due at the time of day due_at of the day reached, or of the first day after it that is
//     worked and whose due_at is not over; if that is no working time, at the next moment that is. h is the next moment of
//     working time after so many hours, wh the first such moment at which so much working time has passed: what
//     ends with a working day ends when the next one begins. A due_fact that is
//     known and ahead replaces the span: its date as it is written (UTC), at due_at of it or of the next working day; if that is over,
//     the next moment of working time from the fact's own on. All this is found as if nobody were ever absent. Behind
//     an absence is the first moment of working time, that is of hours of no absence, after it.
//  19. Response clock. Entering a stage that has a clock (response) starts it, once per entering, a way back among them; it
//     takes the place of an earlier run of the same clock, which stays as it was measured. The start is the time of
//     the newest version of the stage in the history, if that was read with this look, is the present stage and is newer
//     than the look before; else this look. The limit is so much working time after it (as in rule 18, but working days end at the
//     time of day of the start) in the calendar of the contact's owner, or of the portal's fallback if that is nobody active. The first
//     contact is the earliest activity by a person of the clock's kind (first), not in the future and not after the clock ended, that happened
//     at or after the start, or before it with no more than one working hour between: the call that made the lead an SQL is
//     the answer (S79). That hour, too, is one of the owner's at the start, and not looked for further back than a year: a new owner changes
//     no verdict. The first contact is remembered, and an earlier one that is learned of later takes its place. The clock ends when the contact is
//     in another stage or has a final status (rule 4) or a misjudged one (rule 24) after the plan. It is met if the first contact is not
//     after the limit; missed if it is, or if there is none and the limit has come before the end; ended (no verdict) if it
//     ended before the limit without a contact; else due. So an activity that is told late makes a missed clock met. What it
//     took is the working time from the start to the first contact. Every change of state is a record of its own. While the clock
//     is due, from the last second from which remind ends at the limit or before (not before the start), a reminder is asked for: a todo of high priority
//     for the owner, due after remind; once it is missed without a contact and has not ended, an escalation for escalate_to, due at the
//     next working time; each once per run, by rule 17, but satisfied by nothing. They are obsolete as soon as there is a contact, the
//     clock ended or was started anew, the reminder also when the escalation is asked for. With tasks off neither is asked
//     for, and not remembered as asked. Held contacts have no clocks; of those that must not be profiled every measurement of this rule and
//     of rule 24 is deleted. Of a run only team (the fact, else that of the owner's entry among the people) and source are
//     measured, nobody's name or id. Of a merge the survivor's run of a clock goes before the other's, which ends if it was due.
//  20. Overrides. With keep or until under overrides in the model, a person who sets stage or status against the
//     model holds a lease on it. The history tells who it was (rule 12): its newest version is news if it is the value
//     that the contact has and newer than those considered before; a person's, or nobody knows whose. A stage is
//     against the model if it lies behind the one that the model chooses or behind the high-water mark; a status, if
//     it is mapped, not final, in a stage that rule 3 names, and not the one of the newest status-bearing activity, or
//     without one that of rule 3. A stage that the mapping does not know, and a side track, is never against it. The lease runs from when the
//     value was set. While it holds, rules 2 and 3, and 4 unless it enters the same status once more, leave the
//     property alone, scores go on, and ways back (rule 10), which a newer deed asks for, happen all the same. It ends
//     when the property has another value, whoever set it (a further choice of a person against the model begins a new
//     lease, also of the same value); with until: facts_change when a fact of the model is another than at its
//     beginning (of facts made of several properties, as rule 1 compares; deals counted, too); after keep; or when the
//     model has no leases any more. Unless the property has another value, the high-water mark is then the stage that
//     the person left the contact in, and a status-bearing activity that was passed over is news again. So long before
//     the end as notice says, the owner of the contact is asked by a task (todo, due in a working day, satisfied by
//     nothing, archived when the lease ends or begins anew), once for each lease. Beginning and end are records of
//     their own. Held contacts have no leases; one that the choice itself releases (rule 1) has. Without keep and until a person's choice holds for ever (rules 2 and
//     5).
//     Rivals. leadsync remembers the last value that it planned for stage and for status, and the one before. If the
//     newest version of the property is another machine's and later, and is the value from before, or any stage behind
//     the one written, that is one round; each writing makes one at most. After rounds (3 unless the model says
//     otherwise) of them within 24 hours, by the times of the versions, leadsync writes that property of the contact
//     no more for 24 hours; then it begins again, and the next round begins a pause twice as long as the one before,
//     up to 32 days. The record names property, both values, the machine by the CRM's word for it, and the end of the
//     pause. A rival is forgotten when what leadsync wrote has stood for 24 hours, or when its rounds are older than
//     that and there was no pause. This holds whatever the model says. With overrides in the model, moreover, a round
//     is no entering of anything, and the high-water mark falls to the stage that was set: rule 2 moves the contact
//     forward again, which is no entering either if it happens in the same plan. The same goes, but is no round, while a
//     rival is remembered and the newest version, which no look has considered, is a machine's and the stage that the rival set
//     last: whoever had moved the contact meanwhile, and whether leadsync looked in between (rule 12) or not. Without overrides, what
//     the machine did is an entering, and the high-water mark holds (rules 2 and 5), as it does where a machine undoes what a
//     person did and leadsync knows of no rival. A status is set again only by the next activity.
//     With overrides in the model, a contact that stands behind the stage that the model chooses without lease, pause
//     or move under way is remembered too, with the reason: held, a stage that the mapping does not know, a way back,
//     or moved back.
//  21. Handover. With handover in the model, confirm is a fact that sales sets: accepted or rejected by its values
//     (as conditions compare them), anything else is silence. An answer that differs from the one at the last look is
//     news; what stood there at the load, or when a model with this fact looks first, counts as considered. Rejected:
//     the reason and the problem that the facts give are recorded, and if the contact, after rules 2 to 5, is ahead of
//     back_to, it goes back there (rule 10, before the follow-ups). Accepted after a way back is reason enough to move
//     forward again, as an activity is.
//     A contact is up for confirmation while sales is silent and all that is missing for its next stage (the first one after the
//     further of the model's and its own) is gates with confirmation; of what is missing the direct way does not count. Silence from the look that found it until
//     escalate_after of the working time of the owner (rule 18) has passed asks the person escalate_to by a task
//     (todo, high priority, due in a working day, satisfied by nothing), once for each waiting. It is archived when
//     the waiting ends: an answer, another next stage, or more missing.
//     Hand-set stages. If somebody other than leadsync or, as far as the history tells, another machine enters a stage
//     of the forward order, ahead of the one before, and a gate of that stage does not hold, the gates are recorded.
//     Gates with confirmation do not count, since setting the stage confirms it, nor do points (S81); a stage that is
//     reached lacks nothing. With missing, the property that the portal has for it shows the stage and each of these
//     gates, in the portal's language, until they hold or another stage is entered. With strict, the contact goes back
//     at once (rule 10) to the furthest stage behind that it was in before or whose criteria are met, if there is one;
//     neither the stage that was set nor the one it goes back to is entered by that, and nothing new has to happen
//     before rule 2 moves it forward again. Strict wins over a lease on the stage that it guards. A contact that is
//     seen for the first time is not taken back.
//     Responsible. If the portal has a property for it, the side (marketing or sales) that owns the stage in which the
//     contact is after the plan is written whenever it is another than was written last; without a stage it is
//     marketing (S23), and in one that is none of the model's it stays. Both properties are of class stage and have an
//     entry of their own. Held contacts have neither.
//  22. Audiences. A contact belongs on a static list that the model has under audiences if it may be addressed, the condition
//     (when) is true, unknown is not, and its stage after the plan and its tier are among those that the audience names, if it
//     names any. It may be addressed if consent is true and never is not; unknown is neither consent nor a ban. Who belongs
//     there and was not added by leadsync is added; who does not any more is removed, if leadsync had added them. Nothing else
//     is known of who is on a list: whom people add or remove is left alone. A condition that time alone changes is looked
//     at when it does. If the mapping of an audience is another list, the contact leaves the old one for the new.
//     A contact that could be addressed at the look before, or when it was loaded, and cannot now is removed from every
//     audience of the model that the portal maps, whoever added it, and from those that the model has lost since, if leadsync
//     had added it: before everything else in the plan. One that must not be profiled is removed from those that leadsync had
//     added it to. No limit of the class, and no pause because of one, holds these two up, but for the first in a quiet look
//     (rule 26); they are also sent of a contact that must not be profiled (rule 14). Who can be addressed again before it
//     was removed stays. Of a merge the survivor has the places of both. Held contacts are added to none;
//     whether they may be addressed is noted. In shadow each change is recorded once; who was added in shadow is added when
//     the class is on, and who left or lost consent in shadow leaves then. While the class is off nothing is noted, so
//     that a loss of consent counts when it is not off any more. An audience and a follow-up (rule 11) have no list in common.
//     Rank. With rank in the model and a property for it in the portal, a contact in one of its stages (after the plan) has
//     the priority that the table gives its tier or grade, or that of otherwise; any other contact has none, an empty property.
//     It is written, as an update of its own of class score, when it is another than was written last, of held contacts
//     too, and is one of the properties that rule 14 empties. It depends on the contact alone: nobody else's changes with it.
//  23. Deals. A deal rule makes one deal per episode. Of several pipelines the first counts whose condition over facts is
//     true (unknown is not); the deal begins in the stage that is named with it, else in the one of the portal's mapping.
//     An open deal is used instead, and named: one of the contact; with unless_open: same_pipeline one of these that is in the
//     pipeline chosen; with unless_open: company one of the contact, or else one that belongs to its primary company, whoever
//     else it belongs to. The mirror is asked when it is planned, the account when it is sent: then, of several planned for one
//     contact, or for one company that counts, one is made and the next are looked at when it is there. Without a
//     pipeline, or with one that the portal does not map, there is no deal and no episode: the record says so, and as long as
//     the contact stays in the status or stage that asked for it and has no open deal, that shows with the broken
//     invariants as "no pipeline: " and the rule. The deal belongs to the contact and its primary company, and to whom for
//     says (rule 18; nobody stands in for who is absent). It has the name; the amount, if its fact is known and
//     not negative, and otherwise none, which is recorded; the close date, so many dates later at the same time of day in
//     the portal's zone, or as work that is due in so many working days (rule 18) but for absences; and the properties of
//     the rule, which go before those of the portal, but for those of whose text nothing is left. Texts are text: without control characters and marks of
//     direction, the name on one line of at most 250 characters, values in it of at most 100, others 10,000 and 1,000.
//     What a contact's deals say besides, such as why the last one was lost, are facts (package scoring).
//  24. Misjudged leads. With misjudged in the model: entering one of its stages forward (whoever moved the contact, held contacts and
//     ways back not counted) is measured with what carried it: by hand, if the contact was in the stage already; the direct way, if the
//     stage reached was reached by it or is a side track; else the rule with the largest sum of lines above 0, the first
//     of equals, or none. Entering the status of an end, or coming to its back_to from a stage ahead of it, says that the lead was
//     misjudged, which is a record of its own and holds for the last entering of each of the stages. Of several ends in one plan
//     the first in the file counts. A contact of whose end the fact in wants has no word is asked for it by a task (todo, medium,
//     for the owner, satisfied by nothing), once until another end is entered; the task is obsolete when the word is there, the
//     judgement is taken back or the contact enters one of the stages forward. The outcomes: mark does nothing more;
//     recycle is counted in recycled, once between two enterings of the stages; delete proposes the contact
//     for deletion, and nothing is deleted by that. An operator orders the deletion of a counted batch, class delete; the next plan of
//     each takes the order, once: it is dropped with a reason if the model does not propose it any more, the contact stands elsewhere in
//     the CRM than in this plan, or it has an open deal. Otherwise every open task of ours is archived and the contact deleted, if it
//     has that stage and status still when it is sent and was not merged. A status that is left in the stage in which it was entered, without the stage having changed in the same
//     plan, was a mistake: the judgement, its count and the cool-down are taken back, with a record. For
//     cool_down after an end was entered (of several the longest), also in the plan that enters the status because it
//     stands there (what rules 3, 4 and 17 set in a plan is entered after rule 2 has moved the contact), rule 2 takes
//     in the place of the model's stage the furthest one that asks for no points: reached by its direct way, or without a score among its criteria.
//     It looks again at the end, and at once if it is taken back. A plan that does nothing but for that says cooling_down.
//  25. Budget. With tasks_per_day, of the calendar or of a person (who goes first; 0 is any number), at most so many tasks of
//     ours are due for one owner on one day, whatever rule asked for them; the day is the date of the due time in the
//     owner's zone (rule 18). Plan knows nothing of it. Days are given when a task or amendment is handed out for sending for
//     the first time, and never changed: all that may be sent then (of each kind the 1,000 that wait longest) choose in the order of
//     priority, then the time at which they were planned, then key, but only what is handed out is given its day. What finds no
//     room on the day on which it is due is due on the next working day of its owner with room, absences not counted, at the same time of day
//     or the next moment of working time after that; after ten working days it stays on the last of them, over the budget, and is counted
//     (metric, health, leadsync effects). The reminder moves along. That it was carried over, from when to when, is a record of its own.
//     A task takes its place from then until it is cancelled, or its closing is settled, or an amendment of it is, or
//     the mirror has it as completed, archived or deleted; also while its outcome is unknown, and if the CRM refused it. An amendment that is due on
//     the day of the task that it amends, for the same owner, keeps that place. What was written last (rule 17) is the due time as it was sent.
//     The reminder and the escalation of a clock (rule 19), and what amends them for that cause, keep their day and choose first, whether
//     there is room or not: on any other day they would come too late.
//     Tasks without owner or due time, those that are not ours, and what was handed out before there was
//     a ledger are not counted. A task that people move keeps the place that it was given; one that they open again takes it again.
//  26. Quiet. A look at a contact that is not held is quiet if another model, mapping or switch decides than at the look before,
//     and nothing about the contact has changed since (compared as in rule 1, whatever made the look). A quiet look writes scores,
//     stages and statuses and archives tasks as ever, but entering, by the move or because the mapping reads a value
//     otherwise, counts as handled: it is no episode and starts no follow-up, no clock, no company move; rule 21 takes
//     nothing back, and an answer that means something else now is no news; nobody is asked anything (rules 19 to 21 and 24). What
//     a moment since the look before gives rise to (a wait that is over, an activity whose time has come, the time of a
//     reminder, of an escalation or of a question) happens all the same. The decision says quiet and names what was left
//     out, which is not made up for. Afterwards looks are ordinary, but no waiting for a confirmation (rule 21) begins
//     before something about the contact changes. What leadsync itself moves is no such change.
//     Runs. While the stored contacts are being evaluated again, the moves, statuses, closings of tasks and changes of
//     audiences that quiet looks plan are gathered, but for removals for lack of consent:
//     they are sent when all are evaluated, so that a limit sees all of them before the first; a status waits for the move
//     that it was planned with. A task that was not sent by then and is to be closed is not sent any more. A new cause
//     that asks for a task of the kind before it is closed amends it, and it is not closed. If another basis decides
//     meanwhile, or as long as a limit holds it up and nobody has released it, what was gathered for a contact is dropped
//     and stage, status, tasks, waits, rows and places on lists count as they were before it, unless something about the
//     contact has changed in between.
//     Imports. A contact that an import made (where imports are held, the default), or another program, if more than so many
//     new contacts of other programs were seen in the hour before or wait to be seen, is held from its first look on. Within
//     a quarter of an hour of that what its companies say is no change.
//     Backfill. An operator may order a follow-up with a task, a deal or lists on a status or stage for contacts. The next plan
//     of each, held or not, takes the order, once: if the contact is (after the plan) in that status or stage and the rule neither
//     had an episode nor waits, it is caused as by entering; otherwise the order is dropped with a reason. A held contact
//     stays held; of its follow-ups only what was ordered goes on.
//
// # Merges, restoring, forgetting
//
// A merge is saved before the survivor is decided, whether an event told of it, the loser's id answered with the
// survivor, or the survivor names its losers. The survivor has the state, the unfinished tasks and deals, the
// links and the history of those it was made of; of two open tasks of one rule one is closed. A contact that is
// restored is decided when the records linked to it were read again. A contact that the CRM does not have, not
// even in its archive, was deleted for good: it is erased, under every id that it ever had, whether or not an event
// said so. Before that the CRM is asked once more, since whoever is restored between the two questions is in neither place
// when it is asked for. One that nobody ever read is erased if an event says so, or says that it became one that was erased,
// whichever comes first; without an event nobody can tell it from one that cannot be found yet, and what webhooks
// said of it goes with their time (retention). One that is in the archive can be restored for 90 days, and what is known of it is kept; afterwards the
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
