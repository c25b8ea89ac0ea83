package workflows

import "leadsync/scoring"

// Reasons of plans and of the loops around them. The same constant is in the decision record, the metric
// label, `explain` and the documentation.
const (
	ReasonUnchanged       scoring.ReasonCode = "unchanged"            // nothing to do
	ReasonHeld            scoring.ReasonCode = "baseline_held"        // there before go-live and unchanged since
	ReasonPlanned         scoring.ReasonCode = "planned"              // the plan has actions
	ReasonScoreStep       scoring.ReasonCode = "score_changed"        // scores a step apart or a threshold crossed
	ReasonStageForward    scoring.ReasonCode = "stage_forward"        // from, to
	ReasonEnteredStage    scoring.ReasonCode = "entered_stage"        // stage
	ReasonActivityStatus  scoring.ReasonCode = "activity_sets_status" // activity, status
	ReasonFollowUp        scoring.ReasonCode = "follow_up"            // rule, status or stage, episode
	ReasonSuperseded      scoring.ReasonCode = "superseded"           // rule, episode
	ReasonObsolete        scoring.ReasonCode = "no_longer_needed"     // rule, status
	ReasonDealExists      scoring.ReasonCode = "open_deal_exists"     // rule
	ReasonStageBack       scoring.ReasonCode = "stage_back"           // rule, from, to
	ReasonMoved           scoring.ReasonCode = "moved_meanwhile"      // somebody else moved the stage first
	ReasonStageRefused    scoring.ReasonCode = "stage_refused"        // answered as done, yet the stage stayed
	ReasonListAdd         scoring.ReasonCode = "list_add"             // rule, list
	ReasonListRemove      scoring.ReasonCode = "list_remove"          // rule, list
	ReasonCopyArchived    scoring.ReasonCode = "copy_archived"        // key, copies
	ReasonRetried         scoring.ReasonCode = "operator_retried"     // key
	ReasonDropped         scoring.ReasonCode = "operator_dropped"     // key
	ReasonProfiledAgain   scoring.ReasonCode = "profiling_allowed"    // it must not be profiled until now
	ReasonInvariantBroken scoring.ReasonCode = "invariant_broken"     // invariant
	ReasonInvariantHeld   scoring.ReasonCode = "invariant_held"       // invariant
	ReasonCompanyForward  scoring.ReasonCode = "company_forward"      // company, stage
	ReasonCompanyGone     scoring.ReasonCode = "company_gone"         // the CRM does not have it any more
	ReasonCompanyMerged   scoring.ReasonCode = "company_merged"       // merged into another before it was moved
	ReasonGone            scoring.ReasonCode = "contact_gone"         // deleted, archived or merged away
)
