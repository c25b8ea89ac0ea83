// Package scoring is the model: facts, activities and a time go in; scores, stage, status and the reasons
// come out. It is pure. It reads no clock, no file and no network, and the same input gives the same output
// bit for bit on every machine, because all arithmetic with points is in integers (thousandths of a point).
//
// What follows is the whole meaning of a model. A second evaluator can be written from it alone.
//
// # Time
//
// Time passes in steps of the grid (one hour unless the model says otherwise), counted from the Unix epoch in
// UTC. A moment belongs to step floor(moment / grid). Moments are taken in whole microseconds. An evaluation
// at now happens at step E = floor(now / grid); Evaluation.At is the beginning of that step.
//
// Something that happened at t was born at step B = ceil(t / grid). Its age at step E is max(0, E - B). It
// counts at now if t <= now; what lies after now does not count yet. So an activity counts at once, with age
// 0, and begins to age at the next full step.
//
// # Activities
//
// Activities with the same ID are one activity; of differing copies the latest counts (then the one with the
// smaller kind, then the certain one, then the one with the smaller attributes). Their order in the lead is
// irrelevant. A kind that the model does not declare is ignored.
//
// A kind has one of these sources:
//
//	{object: call, attributes: {outcome: hs_call_disposition}}
//	                   records of the CRM (call, meeting, email, note, task, communication), each with its time
//	{counter: contact.P, last: contact.Q, first: contact.R, attributes: {name: contact.S}}
//	                   a roll-up of the contact: how often (P), when last (Q), when first (R, optional), and
//	                   what the latest was (S, optional)
//	{counter: contact.P}   a counter without dates: dated by when its values were written, uncertain
//	{last: contact.Q}      a last date without a counter: each date it was seen to have is one occurrence
//
// Any property of the contact can be declared so: time on site, webinars, campaigns and social interactions
// are kept in properties of the tools that know them (S63, S70, S71, S72). Of a counter the n-th occurrence is
// the identity. How the caller dates occurrences stands at workflows.Occurrences; an activity whose date is
// not the CRM's own is uncertain and says between which moments it happened. Scores take At.
//
// # Scores
//
// A rule over facts gives its points if its condition is true; false and unknown give nothing. A rule over
// activities gives points for every activity of its kind whose where is true and whose age is below the
// window (if there is one), decayed by the half-life (if there is one):
//
//	shift  = 32 + age div H                     H: half-life in steps
//	factor = T[(age mod H) * 1024 div H]        T[i] = round(2^32 * 2^(-i/1024)), half up
//	result = (|points| * factor + 2^(shift-1)) div 2^shift, with the sign of points
//
// points in thousandths, div and mod in integers; from a shift of 63 on the result is 0. A cap bounds the
// magnitude of the rule's sum, minimum and maximum bound the score's sum. What a bound cuts is a line of its
// own, so the lines of a score sum to its points exactly. Whole points round half away from zero.
//
// # Grades and tiers
//
//	grades:
//	  letter: {score: fit, A: 75, B: 50, C: 25}
//	  number: {score: engagement, 1: 60, 2: 30, 3: 10}
//	tiers: {hot: [A1, A2, B1], warm: [A3, B2, C1]}      or, over sums: {hot: 120, warm: 60}
//
// A letter (A to E, the number 1 to 5) begins at so many points of its score, in whole points as they are written:
// the first bound that they reach counts, below the last one the mark is the next one, here D and 4. The grade is
// letter and number together, or the letter alone. A tier has grades, of which each belongs to one tier at most,
// or it begins at so many points of the sum of all scores, each in whole points: of the bounds that the sum reaches
// the highest counts. A lead with a grade of no tier, or below all bounds, has no tier.
//
// # Stages
//
// A stage is reached if its direct way is true, or if it has scores, gates or a condition and all of them are
// true. A score meets a threshold with at least that many points, in thousandths. Unknown holds back. A stage
// that only people set is never reached. Stage is the last reached one in the account's order; a reached side
// track wins over all.
//
// # Conditions
//
// The syntax is that of expr-lang/expr, the meaning is ours. A condition is true, false or unknown. A fact
// that the lead does not have is unknown, which is neither zero nor empty; so is a number that is not finite
// and a value of another type than declared.
//
//	and or not         Kleene: false and x is false, true or x is true, otherwise unknown stays unknown
//	== !=              text, numbers or yes/no; unknown if either side is
//	< <= > >=          numbers; unknown if either side is
//	x in [a, b]        literals; unknown if x is
//	contains startsWith endsWith   text; unknown if either side is
//	x matches "re"     RE2 on the text as written (use (?i) to ignore case); unknown if x is
//	+ - *              numbers, in double precision, each step rounded; unknown if either side is
//	known(x)           true or false, never unknown
//	has_word(x, "w", …)   whether a word is in the text; unknown if x is
//	days_since(x)      whole days since a time: (E - B) div steps per day; for a time not after now
//	                   at least 0, for a later one rounded down and negative; unknown if x is
//	days_since_last("kind")   the same for the latest activity that counts; unknown if there is none
//	count("kind", condition, days)   activities that count, meet the condition (true, not unknown) and whose
//	                   age is below days; "" is no condition, no days is for ever; never unknown
//
// All comparisons of text but matches ignore case (Unicode case folding of the composed form). has_word
// compares whole words: runs of letters, marks and digits, case folded, accents U+0300 to U+036F dropped,
// with umlauts both dropped and written out, so that Geschäftsführer, Geschaeftsfuehrer and geschaftsfuhrer
// find each other. Several words are found next to each other ("head of"). A star at the beginning or end of
// a word stands for the rest of a longer one ("*leiter").
//
// Conditions of activities (where, and inside count) see the attributes of the activity, as text; an
// attribute that it does not have is unknown.
//
// # Follow-ups
//
// A follow-up names what follows from entering a lead status or a stage: a task, a deal, the closing of open
// tasks, a move back to an earlier stage (back_to), or static lists to join and leave (lists). Package
// workflows says when; here they are only read and checked. A CRM that moves stages forward only (HubSpot)
// makes back_to two requests, the first of which clears the stage: that may reset the dates that the CRM keeps
// of entering stages, and automations on the stage may run twice. So no sample model uses it.
//
// # Push and next change
//
// Scores are worth writing if they never were, if one differs by at least push_step whole points from what
// was written, if grade or tier are others than then, or if another set of stages is reached than then.
// NextChange is the first step after E, at most 365 days later, at which the same lead would be pushed, or reach
// other stages, if what is to be pushed now had been written.
//
// The work of one evaluation is bounded whatever the model says: a condition has at most 4 KiB and 500 nodes,
// regular expressions take linear time, and the look ahead bounds at most twice as many spans as the horizon
// has steps (8,760 at a grid of one hour, 35,040 at the finest).
package scoring
