package workflows

import "leadsync/scoring"

// Reasons of plans and of the loops around them. The same constant is in the decision record, the metric
// label, `explain` and the documentation.
const (
	ReasonUnchanged        scoring.ReasonCode = "unchanged"            // nothing to do
	ReasonHeld             scoring.ReasonCode = "baseline_held"        // there before go-live and unchanged since
	ReasonPlanned          scoring.ReasonCode = "planned"              // the plan has actions
	ReasonScoreStep        scoring.ReasonCode = "score_changed"        // scores a step apart or a threshold crossed
	ReasonStageForward     scoring.ReasonCode = "stage_forward"        // from, to
	ReasonEnteredStage     scoring.ReasonCode = "entered_stage"        // stage
	ReasonActivityStatus   scoring.ReasonCode = "activity_sets_status" // activity, status
	ReasonFollowUp         scoring.ReasonCode = "follow_up"            // rule, status or stage, episode
	ReasonSuperseded       scoring.ReasonCode = "superseded"           // rule, episode
	ReasonFollowActivity   scoring.ReasonCode = "follow_up_activity"   // rule, activity, episode
	ReasonAmended          scoring.ReasonCode = "amended"              // rule, before, status, stage or activity, episode
	ReasonIncluded         scoring.ReasonCode = "included_in_other"    // rule, before: the rule whose task does for both
	ReasonSatisfied        scoring.ReasonCode = "satisfied"            // rule, by (task, edited, meeting or sequence), id
	ReasonNotNeeded        scoring.ReasonCode = "not_needed"           // rule, condition
	ReasonWhile            scoring.ReasonCode = "condition_not_met"    // rule, condition
	ReasonLadder           scoring.ReasonCode = "ladder_used_up"       // rule, attempts
	ReasonObsolete         scoring.ReasonCode = "no_longer_needed"     // rule, status
	ReasonDealExists       scoring.ReasonCode = "open_deal_exists"     // rule, deal
	ReasonNoPipeline       scoring.ReasonCode = "no_pipeline"          // rule
	ReasonPipelineUnmapped scoring.ReasonCode = "pipeline_unmapped"    // rule, pipeline, begins
	ReasonAmountUnknown    scoring.ReasonCode = "amount_unknown"       // rule, fact
	ReasonAmountNegative   scoring.ReasonCode = "amount_negative"      // rule, fact
	ReasonStageBack        scoring.ReasonCode = "stage_back"           // rule, from, to
	ReasonMoved            scoring.ReasonCode = "moved_meanwhile"      // somebody else moved the stage first
	ReasonStageRefused     scoring.ReasonCode = "stage_refused"        // answered as done, yet the stage stayed
	ReasonListAdd          scoring.ReasonCode = "list_add"             // rule, list
	ReasonListRemove       scoring.ReasonCode = "list_remove"          // rule, list
	ReasonCopyArchived     scoring.ReasonCode = "copy_archived"        // key, copies
	ReasonRetried          scoring.ReasonCode = "operator_retried"     // key, by, because, note
	ReasonDropped          scoring.ReasonCode = "operator_dropped"     // key, by, because, note
	ReasonProfiledAgain    scoring.ReasonCode = "profiling_allowed"    // it must not be profiled until now
	ReasonInvariantBroken  scoring.ReasonCode = "invariant_broken"     // invariant
	ReasonInvariantHeld    scoring.ReasonCode = "invariant_held"       // invariant
	ReasonCompanyForward   scoring.ReasonCode = "company_forward"      // company, stage
	ReasonCompanyGone      scoring.ReasonCode = "company_gone"         // the CRM does not have it any more
	ReasonCompanyMerged    scoring.ReasonCode = "company_merged"       // merged into another before it was moved
	ReasonOwnerAssigned    scoring.ReasonCode = "owner_assigned"       // assignment, person
	ReasonOwnerRefused     scoring.ReasonCode = "owner_refused"        // answered as done, yet the owner is another
	ReasonOvertaken        scoring.ReasonCode = "overtaken"            // somebody else changed the property first
	ReasonFallback         scoring.ReasonCode = "fallback_owner"       // owner, fallback
	ReasonNobody           scoring.ReasonCode = "no_owner"             // owner
	ReasonDeputy           scoring.ReasonCode = "deputy"               // person, deputy
	ReasonPassedOn         scoring.ReasonCode = "passed_on"            // owner
	ReasonAwaited          scoring.ReasonCode = "awaited"              // person
	ReasonGone             scoring.ReasonCode = "contact_gone"         // deleted, archived or merged away

	ReasonClockStarted   scoring.ReasonCode = "response_due"       // rule, due, episode
	ReasonClockMet       scoring.ReasonCode = "response_met"       // rule, due, episode
	ReasonClockMissed    scoring.ReasonCode = "response_missed"    // rule, due, episode
	ReasonClockEnded     scoring.ReasonCode = "response_ended"     // rule, due, episode
	ReasonClockReminded  scoring.ReasonCode = "response_reminder"  // rule
	ReasonClockEscalated scoring.ReasonCode = "response_escalated" // rule
	ReasonAnswered       scoring.ReasonCode = "answered"           // rule
	ReasonMisjudged      scoring.ReasonCode = "misjudged"          // rule, outcome
	ReasonJudgedAgain    scoring.ReasonCode = "judged_again"       // rule, outcome
	ReasonReasonWanted   scoring.ReasonCode = "reason_wanted"      // rule
	ReasonCoolingDown    scoring.ReasonCode = "cooling_down"       // rule, stage, until
	ReasonCarriedOver    scoring.ReasonCode = "carried_over"       // most, from, to
	ReasonOverBudget     scoring.ReasonCode = "over_budget"        // most, from, to

	ReasonQuiet           scoring.ReasonCode = "quiet"            // rule: those that were left out
	ReasonBackfilled      scoring.ReasonCode = "backfilled"       // rule
	ReasonBackfillDropped scoring.ReasonCode = "backfill_dropped" // rule, why: moved, episode, deal or rule
	ReasonDeletion        scoring.ReasonCode = "deletion"         // rule, why
)
