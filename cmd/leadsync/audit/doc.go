// Package audit decides, for demo and simulations, whether every contact of a simulated account is as it
// should be. It reads the account's own journal, the model's text and the portal's mapping, and nothing of
// what leadsync thinks or remembers.
//
// It is the second opinion: written from the documentation of the packages scoring ("what follows is the
// whole meaning of a model", evaluated by the package naive) and workflows ("The rules of a plan") alone, importing
// neither, and made to be read rather than to be fast. Where both agree, a mistake has to be in the documentation.
//
// # How it works
//
// The account is rolled back through the journal to its beginning and read forward again, step by step. A
// step is one standstill of the world: people's deeds at that time are applied, the rules are asked what
// should follow, leadsync's own writes at that time are applied, and both are compared. Because a write is
// a change too, the rules are asked again until they have nothing to say. Facts come from the journal; what
// the rules need to remember of a contact is remembered here.
//
// Of tasks the auditor remembers, per contact and kind, the open one of ours and the rule that asked for it last, the waits,
// what is owed, and how many episodes of a rule there were in a row. A step has the causes and the waits that are over in the order
// of the file, then what a ladder leads to, then the way back; of several that ask for a task of a kind the last one says what is in it.
//
// Of rules 19 to 24 the auditor remembers the runs of clocks, leases, rivals, what sales answered and since when it is silent,
// what a stage set by hand lacks, and which end a lead came to. What they ask for by tasks goes the way of all tasks, but for
// what satisfies one. Only what can be seen in the account is looked at: no measurements, no records.
//
// Beside what the rules ask for there is what holds after every call of leadsync's (watch.go), whatever the model says and
// for contacts found wrong before too: no two open tasks of ours of a kind for a contact, none due outside working time or
// for an owner who has left, none written to after a person edited, completed or deleted it, and no key used twice.
//
// Of imports and floods of contacts (rule 26) it knows from the journal who made a contact and when; that there is one
// model, so that no look is quiet for another reason.
//
// Of audiences (rule 22) the auditor remembers on which of them leadsync has put a contact, and whether it could be addressed.
// Where a list ends in a step is compared, not the way there. The priority is compared with what stands in its property.
//
// The first step at which a contact is wrong is reported with everything that is wrong with it then. Its
// later steps are not audited, for they would only repeat the mistake.
//
// # What is assumed
//
// The world stands still while leadsync works, and a contact does at most one thing in a step. So what a
// status had between two looks, and came back to, happened in one instant, which is a slip of the hand and
// means nothing (rule 12). Stages are passed in one instant by the account's own automation only, which moves
// forward, so that the last one is the furthest, and the high-water mark needs no others. Optional sources are
// switched off (rule 13); what the account remembers of roll-ups is taken from the journal. An owner who
// leaves is known to have left from the next step on: in the step itself, what leadsync makes may still go
// to them, because it reads owners and is not told of them. Merges and privacy deletions are not followed; a
// contact that has one fails. All classes of effects are on, but for moves of companies (rule 16), which may be in
// shadow or off: then none is moved. A company with a contact that is not audited is not audited either. Whatever stands
// in a property of ours when a contact must no longer be profiled (rule 14) is taken for ours, and a task of ours that
// people opened again for an open one. Invariants (rule 15) leave nothing in the account to look at. A loaded deal, call
// or meeting that is archived later is taken to have no contact. Of the holidays of
// Switzerland only those of the whole country are known. Whether "total" rounds each score or their sum is not looked at.
//
// # Where two things are right
//
// Only within one step, but for what was deleted:
//
//   - A task or meeting that is not ours and was made, changed or deleted in the very step in which a rule asks for a task
//     of the kind may have been seen in time or not: the task is made or amended, or it counts as satisfied and the open one of
//     ours is treated as if nobody had asked. Half of either is a mistake. Of a task that was completed then there is one
//     answer: what it satisfied was owed, and is made.
//   - An owner left or came back in this step: the work may go to either, and open tasks may be passed on now. From the next
//     step on there is one answer.
//   - The open task became obsolete in an earlier plan of the step, or by a rule before in the file, and is asked for again:
//     it may have been amended or archived and another made, but never both be open.
//   - A task or meeting that is not ours and was deleted while it was open or ahead may count as if it were there for 31 days: no
//     feed tells that it is gone, only the walk through the account.
//   - So may a task of ours that a person edited before, and deleted: it counts as somebody else's.
//   - A task or meeting that is not ours and was there when its contact could be profiled again (rule 14) may not be known to be
//     the contact's for 31 days: only a change of it tells, or the walk.
//   - A person completed or deleted the open task in the very step in which it is asked for again: the new one has the
//     priority of its own cause, or the higher of both.
//   - What was asked for and became obsolete in the same step may never have been made.
//
// A task of ours counts as edited if due time, owner, priority, type or subject are not those that leadsync wrote last;
// who sets them back has not edited it. What people do to the body is not seen. A task that was completed or deleted and
// opened again by a person is theirs. An edited task may stay or go when its contact must no longer be profiled. Of an
// assignment by turns whoever is chosen first has to stay chosen as long as the same people are there. Of several tasks of a kind that rules 19 to 24 ask for in one step the
// last one counts, in the order of clocks, silence, judgements and leases.
package audit
