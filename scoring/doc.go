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
// A calendar day, week (from Monday) or month is that of the model's time_zone (an IANA name, UTC unless given). The
// day of a moment is the date that a clock there shows.
//
// # Facts
//
//	country:    {from: [company.country, contact.country], vocabulary: country}
//	authority:  {from: [contact.hs_buying_role], options: {decision_maker: [DECISION_MAKER, Entscheider], user: [END_USER]}, otherwise: other}
//
// A fact is the first of its properties that has a value, as a text, number, yes/no or time. A text with options or
// with a vocabulary is worded: what conditions see is not the CRM's text but one of the model's words, or those of
// the vocabulary (package vocabulary says which: job_level, department, country, company_size, industry). Options
// are compared without case (Unicode case folding of the composed form), without space around them and with runs of
// space as one space; the word itself is one of its own labels; a label belongs to one word. A text that is none of
// them, or has no word in the vocabulary, is the word of otherwise, or unknown if there is none; so known(x) asks
// whether there is a word. A text of space alone is unknown even then. The word of otherwise may be one of the
// others. Only texts are worded.
//
//	open_deals:   {count: open_deals}
//	lost_because: {deals: lost_reason, options: {no_budget: [Kein Budget]}, otherwise: another_reason}
//
// A fact can be told by the deals that the CRM has with the contact, archived ones apart. A deal is won, or it is closed
// without being won and so lost, or open. count: open_deals, won_deals and lost_deals are how many there are. deals names the
// others: last_won_at and last_lost_at, the latest close date among the won or lost ones that have one; lost_reason, the text of
// the lost one with the latest close date (without one counts as the earliest; of several the one with the highest id),
// unknown if that one has none; won_amount and open_amount, the sum of the amounts of won or open ones, each
// rounded to thousandths, in the account's own currency where the CRM converts it (an amount above 10^12 counts as
// none): 0 without such deals, unknown if none of them has an amount; newest_pipeline and newest_stage, where the deal
// is that was created last (of several the one with the highest id), in the names of the portal's mapping, else unknown.
// lost_reason, newest_pipeline and newest_stage can have options and otherwise.
//
// Everything in a condition sees the word: ==, !=, in, contains, startsWith, endsWith, matches and has_word. What no
// word can pass is a mistake of the model: a comparison with a text that is none of the words (case makes no
// difference), a list that has such a text, a part, pattern or word that is in none of them, an equality of two
// worded facts without a word in common. Explanations show the word and the CRM's text. Everything that people read
// besides, such as {fact.NAME} in tasks, has the CRM's own text.
//
//	words:
//	  competitors: [competitor.example, rival.example]
//
// A list of words has a name, which is no fact's, and stands to the right of in, and in domain_in; the words of a
// list are different even without case. There is one that needs no declaration: free_mail, domains where anybody has
// an address (words_lists.go has them). A list of that name in the model replaces it.
//
// # Activities
//
// Activities with the same ID are one activity; of differing copies the latest counts (then the one with the
// smaller kind, then the certain one, then the one with the smaller attributes, as a sorted list of name, NUL and
// value, then with the earlier NotBefore, then NotAfter, none being the earliest). Which one that is, is decided in whole
// microseconds of At; of what is alike but for less than that the latest is shown. Their order in the lead is irrelevant. An activity whose kind the model does not declare, or makes of others, is ignored.
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
// the identity. Besides, a kind can be made of others, which stand above it in the file:
//
//	{of: form, where: 'has_word(name, "whitepaper")'}   those of another kind that meet a condition
//	{any_of: [form, email_click, meeting]}              those of several kinds, each activity once
//
// An activity is of a made kind if it is of the kind named by of and where is true of it (not unknown), or of one of the
// kinds of any_of, of which there are two at least. A kind with of has a where, attributes of its own, which its where
// sees too, or both. A made kind has the attributes of what it is made of (any_of: of all of them; what an activity does not have is
// unknown; an attribute that means different things in two of them is a mistake) and stands wherever a kind can stand.
// Its activities keep the kind of their source: the lines of a score show that one. An attribute can be made too:
// {product: {of: name, options: {crane: ["kran*", "crane*"], lift: ["*stapler"]}}} is the first word, in the order of
// the file, one of whose patterns has_word finds in the attribute name; unknown if none is found, or if there is no attribute name. The word is no
// pattern of itself. It is made of an attribute that is read. Only conditions see it, which hold it against its words
// like a worded fact.
// Of a made kind it is made of every activity, whatever kind of source that has.
//
// Machines open and click mails, in bursts (C3). machine: {times: 4, within: 1m} on a kind with a source of its own says
// how to know them. A certain activity happened at At. An uncertain one happened somewhere from At, or NotBefore if
// that is given and earlier, until At, or NotAfter if that is later. It is dated well enough if NotAfter is given and
// this is at most within; any other uncertain one is never a machine's and does not help to find one. An activity is a
// machine's if a span of time as long as within (both ends belong to it) holds all the time in which it can have
// happened, and likewise at least times activities of the kind, itself among them. What lies after now is looked at
// too, so time alone makes nobody a machine. What a machine did counts nowhere: in no rule and no condition, under no
// made kind either, and no status follows from it. The lines say how many there were: those of
// them that have begun (At <= now), are of the rule's kind and for which its where is true.
//
// A burst on a roll-up is seen when its dates say so: if the history has each value of the last date or of the counter
// by itself, or if first and last date enclose it. A counter that jumps by ten between two looks, or in one version of
// the history, does not tell when nine of the ten happened, and they count as they are dated. How often and how
// long a machine takes is for the model to say, because it is a guess: times 4 or more leaves people alone.
//
// How the caller dates occurrences stands at workflows.Occurrences; an activity whose date is
// not the CRM's own is uncertain and says between which moments it happened. Scores take At.
//
// # Scores
//
// A rule over facts gives its points if its condition is true; false and unknown give nothing.
//
// A rule over activities gives points for every activity of its kind whose where is true and that is no machine's.
// What then counts is decided in this order:
//
//  1. at_most: {times: n, per: day} (or week, or month): of the activities of one calendar day only the n earliest
//     (by time, then ID), whether or not they count for another reason.
//  2. Those that have begun and, with a window, whose age is below it.
//  3. at_least: n gives nothing at all if fewer than n are left.
//  4. at_most: n leaves the n latest (by time, then the smaller ID first).
//
// Each of them gives the rule's points, less what its age takes away. There are three ways to age, of which a rule
// has one at most (p = |points| in thousandths, a = age in steps, div and mod in integers; the sign comes back at the end):
//
//	half_life: H                       shift  = 32 + a div H
//	                                   factor = T[(a mod H) * 1024 div H]        T[i] = round(2^32 * 2^(-i/1024)), half up
//	                                   result = (p * factor + 2^(shift-1)) div 2^shift, and 0 from a shift of 63 on
//	loses: {points: q, every: N}       result = max(0, p - q * (a div N))        q in thousandths
//	steps: {30d: 50, 90d: 10}          result = (p * c + 50) div 100             c: the percent of the last of the ages
//	                                                                             that a has reached, 100 before the first
//
// The percents of steps are whole, from 0 to 99, and fall; the ages rise. A cap bounds the magnitude of the rule's sum.
//
// A rule over silence punishes inactivity: {name: silent, silence: interaction, after: 30d, every: 7d, points: -5,
// cap: 20}. If the latest activity of the kind (no machine's, begun, of whatever age) is a steps old and a >= after,
// the rule gives its points 1 + (a - after) div every times, once if there is no every, and the cap bounds the
// magnitude. Without any such activity it gives nothing: nobody fell silent who never spoke. Its points are negative.
//
// A rule with supporting: true (over facts or activities) is evidence that is worth nothing alone, such as a
// prize draw or a trade fair (S3, S35): a positive sum of it counts only if another rule of the same score, neither
// supporting nor over silence, has a positive sum, each sum after its cap and before the limits of groups. Its points
// are positive, and one rule of the score that is neither has positive points too.
//
// Rules can stand in a group: {group: website, maximum: 15, minimum: 0, rules: [...]} (at least one limit; groups do
// not nest). The sum of its rules, after caps and after supporting, is kept between the limits. Minimum and maximum
// of the score bound the sum of all.
//
// What a cap, a limit or missing evidence cuts is a line of its own, so the lines of a score sum to its points
// exactly. They stand in the order of the rules in the file. Of each rule come what it gives (one line for each
// activity, the latest first, then the smaller ID; none for an activity of which age has left nothing), what its cap
// cuts, what missing evidence cuts, and then lines of 0 points: how many of the activities of a rule over activities
// that have begun count for nothing at all, each because of the first of the steps above that leaves it out. These
// are outside_window (step 2), over_at_most (1 and 4), below_at_least (3) and machine, in this order, each only if
// there are any. After the last rule of a group comes what its limits cut, at the end what the limits of the score
// cut. Whole points round half away from zero.
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
// that only people set is never reached. A stage that the account's order leaves out is not there at all: it is never
// reached; of side tracks the order says nothing. A lead without an order has that of the file. Stage is the last
// reached one in the order; a reached side track wins over all, of several the first in the file.
//
// A gate has one of three forms: requires: a condition, which is its truth; forbids: a condition, whose negation is
// its truth (unknown stays unknown and holds back); complete: [budget, authority], true if all of these facts are
// known, else false, and then each that is not known is missing (C24). With confirmation: true its truth is for a
// person to establish (S12): it works like any other gate and is told apart in the explanation.
//
// A check that is unknown lists the facts (and days_since_last of which kind) that would have to be known: of and and
// or those of the unknown sides, of everything else all unknown facts in it. A check that is false lists the facts
// that make it so, with their values: of an and that is false those of its false sides, of an or that is false those
// of both sides; of a not those that make its inside true, of a true or those of its true sides, of a true and those
// of both; of everything else all facts in it. A gate that asks for completeness lists what is not known, and nothing
// that fails. Whatever it is, a check shows the facts of its condition, and what it asks of activities, with their values.
//
// # Variants
//
//	variants:
//	  - {name: enterprise, when: 'size in ["large", "enterprise"]', scores: {...}, lifecycle: [...]}
//
// Several models side by side: the first variant whose condition is true decides; if none is, what stands at the
// top of the file does. A variant replaces whole topics: scores, grades, tiers, gates, lifecycle; what it does not name
// stays. It has the same names of scores, in the same order, and the same stages with their side tracks, in the same
// order; it has grades and tiers if and only if the top has. Facts, activities, statuses and follow-ups are common to
// all. The condition sees facts only, no activities and no time, so that time alone never changes the variant. A topic
// that stays is read with what the variant has in the place of others: a stage at the top of the file that names a gate
// means the variant's gate of that name. Who answers for a stage is said at the top of the file only.
//
// # Profiling
//
// do_not_profile is a condition like that of a variant. If it is true the evaluation says so and nothing else: no
// score, no grade, no stage, no next change. Only violations of invariants are still reported.
//
// # Invariants
//
// invariants: [{name: customer without a deal, never: 'stage == "customer" and won_deals == 0'}] name what should not
// be (S17). The condition sees facts and, as texts, stage and status: those that the lead has in the CRM, in the
// model's words, unknown if it has none; so no fact can be called stage or status in a model with invariants. It sees
// no activities and no time. One that is true is a violation; violations change nothing else.
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
//	x in [a, b]        literals, numbers with a minus too; unknown if x is
//	x in competitors   one of a list of words; unknown if x is
//	domain_in(x, competitors, free_mail)   the part of the text after its last @, or all of it, without space around
//	                   it and without case, is in a list or is a subdomain of an entry (ends in a dot and the entry);
//	                   the lists hold domains only, and x is not worded; unknown if x is
//	contains startsWith endsWith   text; unknown if either side is
//	x matches "re"     RE2 on the text as written (use (?i) to ignore case); unknown if x is
//	+ - *              numbers, in double precision, each step rounded; unknown if either side is or if the result
//	                   is not finite
//	known(x)           true or false, never unknown
//	has_word(x, "w", …)   whether a word is in the text; unknown if x is
//	days_since(x)      whole days since a time: (E - B) div steps per day; for a time not after now
//	                   at least 0, for a later one rounded down and negative; unknown if x is
//	days_since_last("kind")   the same for the latest activity that counts; unknown if there is none
//	count("kind", condition, days)   activities that count, meet the condition (true, not unknown) and whose
//	                   age is below days; "" is no condition, no days is for ever; never unknown
//	days_with("kind", condition, days)   on how many calendar days there were such activities (S33); as count, so
//	                   condition and days can be left out
//	count_after("kind", "first", days)   activities of the kind that count, lie strictly after the earliest activity
//	                   of the kind first (of whatever age, no machine's), and whose age is below days, if given;
//	                   0 if there is none of first (S34); never unknown
//
// All comparisons of text but matches ignore case (Unicode case folding of the composed form). has_word
// compares whole words: runs of letters, marks and digits, case folded, accents U+0300 to U+036F dropped,
// with umlauts both dropped and written out, so that Geschäftsführer, Geschaeftsfuehrer and geschaftsfuhrer
// find each other (in one text all umlauts are dropped or all written out). Several words are found next to each other
// ("head of"). A star at the beginning or end of what is looked for stands for the rest of a longer word ("*leiter");
// elsewhere it is a mark between words.
//
// Conditions of activities (where, and inside count) see the attributes of the activity, as text; an
// attribute that it does not have is unknown, one that is an empty text is known.
//
// # Follow-ups
//
// A follow-up names what follows from entering a lead status or a stage, or from an activity (on_activity: a kind,
// perhaps with where): a task, a deal, the closing of open tasks, a move back to an earlier stage (back_to), or static lists to join and leave (lists). Package
// workflows says when; here they are only read and checked. A CRM that moves stages forward only (HubSpot)
// makes back_to two requests, the first of which clears the stage: that may reset the dates that the CRM keeps
// of entering stages, and automations on the stage may run twice. So of the sample models only deals.yaml uses it.
//
//	name: call again
//	on_activity: {kind: call, where: outcome == "no_answer"}
//	after: 4wh                              # waits so long after the cause (h, d; wh, wd: working time)
//	while: not known(call_back_on)          # looked at when it would happen; any condition
//	obsolete_when: count("meeting") >= 1    # of tasks: a condition that time alone does not change
//	task:
//	  {kind: call, for: owner, due: 2d, subject: "Call again, no. {attempt}", queue: calls, remind: 30m,
//	   ladder: [{due: 2d}, {due: 4d, priority: high}], then: {status: unqualified}}
//
// Time alone changes days_since and days_since_last, and count, days_with and count_after with a number of days: these are
// mistakes in obsolete_when. An activity causes a follow-up if it is of the kind (a made one too), no machine's, and where is true of
// it. The steps of a ladder replace due, priority, subject and body of the task; {attempt} is the number of the episode in a
// row, from 1, and stands in texts of tasks with a ladder only. then has a status, another one than the rule's own, or back_to.
//
//	deal:
//	  name: "{company}: {fact.interest}"
//	  pipeline: [{when: interest == "crane", pipeline: machines, stage: first_talk}, {pipeline: sales}]
//	  amount: budget
//	  close_in: 20wd
//	  unless_open: company
//	  properties: {dealtype: newbusiness, description: "{reasons}"}
//
// A deal has one pipeline (pipeline: sales, perhaps with stage:), or several of which all but the last have a condition over
// facts alone. The amount is a fact that is a number, by its name or as {fact.budget}. Rule 23 of package workflows
// says the rest.
//
// # Assignments
//
//	assignments:
//	  inside sales: {sets_owner: true, entries: [{when: 'country == "AT"', people: [maria]}, {people: {jonas: 2, ada: 1}}]}
//
// An assignment says who does the work that names it in for: the people of the first entry that applies, by turns with
// weights. Conditions see facts only. Who the people are in the CRM, who is absent and who has left, is for the portal to
// know; package workflows says how one is chosen (rule 18).
//
// # Response clocks and misjudged leads
//
// response has clocks: {name, stage, first, within, remind, escalate_to, reminder, escalation, team, source}. within and
// remind are working time (wh, wd), remind is less than within if both have the same unit; first is any kind of activity; team and
// source are text facts. misjudged has the stages that leads are measured by, a text fact source, and ends: each a status or a
// back_to, an outcome (mark, recycle, delete), wants (a text fact with words), ask and due of the task that asks for it, and a
// cool_down of calendar time. {count: recycled} is how often the lead was recycled, as package workflows counts it. Package
// workflows says what follows (rules 19 and 24); here they are only read.
//
// # Handover and overrides
//
//	handover:
//	  confirm: answer                 # a text fact that sales sets
//	  accepted: [accepted]            # its values that mean yes, and no; compared as by ==
//	  rejected: [rejected]
//	  reason: reason                  # text facts that say why, and what is wrong with the lead
//	  problem: problem
//	  back_to: mql                    # where a rejected lead goes; without it the lead stays
//	  escalate_after: 8wh             # working time (wh, wd) of silence until
//	  escalate_to: head_of_sales      # somebody of the portal's people is asked, with the subject and body of ask
//	  strict: true                    # a stage that a person sets without its gates does not hold
//	  missing: true                   # the record shows which gates are missing
//
// Without confirm only strict and missing mean anything, and one of the three has to be there. A value means one answer; of
// a worded fact it is one of the words. A stage has an owner, marketing or sales: the one that it names, else that of the
// stage before it in the file, the first one's is marketing. The next stage of a lead is the first in the account's order
// after the further of Stage and the one that it has in the CRM.
//
//	overrides: {keep: 30d, until: facts_change, notice: 3d, rounds: 3}
//
// What a person sets against the model holds for keep (calendar time: h, d of 24 hours, w), until: facts_change until a fact
// of the model changes, with both until the first of the two; without either for ever. notice is shorter than keep and needs
// it. rounds, from 1 to 20 and 3 without the key, is how often another machine may take back what was written.
//
// None of this changes a score or what Evaluation says. Package workflows says what follows (rules 20 and 21).
//
// # Audiences and rank
//
//	audiences:
//	  nurture: {when: count("form", "", 90) >= 1, stages: [mql], tiers: [hot, warm]}
//	advertising: {consent: consent == "given", never: bounced == true}
//	rank: {stages: [mql, sql], tiers: {hot: 90, warm: 50}, otherwise: 10}
//
// An audience is a static list of the account that follows the model: when is any condition, stages and tiers are names;
// one of the three is given at least, and what is not given is met by everybody. consent and never see facts only; a
// model with audiences has consent. No follow-up names the list of an audience. rank gives leads in its stages a
// priority, a whole number from 0 to 100, by tier or by grade (one of both); otherwise is that of tiers and grades that
// the table does not name, and of leads without, 0 if it is left out. Neither changes a score or a stage. Package
// workflows says what follows (rule 22). A condition of an audience that time changes does so at an exact step, as
// NextChange is found.
//
// # Companies
//
// companies: {lifecycle: furthest} gives companies stages too (S9): a company is moved forward to the furthest stage of
// the forward order that one of its contacts entered, never backward, never onto a side track. Without the key, and by
// default, no company is moved. It changes no score and no stage of a contact. Package workflows says how (rule 16);
// here it is only read.
//
// # Push and next change
//
// Scores are worth writing if they never were, if one differs by at least push_step whole points from what
// was written, if grade or tier are others than then, or if another set of stages is reached than then.
// NextChange is the first step after E, at most 365 days later, at which the same lead would be pushed, or reach
// other stages, if what is to be pushed now had been written.
//
// # Bounds
//
// The work of one evaluation is bounded whatever the model says. A file has at most 1 MiB, a ruleset (the top of the
// file, or a variant with what it takes over) 1,000 rules and 100 stages, a file 50 variants. No text or key has control
// characters (but line ends and tabs) or others that turn the direction of writing: a diff shows what there is. A condition has at most
// 4 KiB and 500 nodes, and regular expressions take linear time. At a moment each rule and each function of a
// condition looks at each activity a few times. The look ahead bounds at most twice as many spans as the horizon
// has steps (8,760 at a grid of one hour, 35,040 at the finest), and no more after it has looked 100,000,000 times at an
// activity for a rule or function, at a rule, or at a character of a condition that time can change. Then NextChange is
// the first step that it has not ruled out: never later than the change, but perhaps earlier, and there is no Change.
// A usual model of 50 rules spends less than a hundredth of that on a lead with 200 activities.
package scoring
