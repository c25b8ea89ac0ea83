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
// or meeting that is archived later is taken to have no contact. Of holidays only those of all Germany are known, and
// the days given as closed. Whether "total" rounds each score or their sum is not looked at.
package audit
