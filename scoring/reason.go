package scoring

// ReasonCode is a constant that names why; the same word stands in the database, the metrics, explain and
// the documentation. Sentences are rendered late, in English or German.
type ReasonCode string

// Reason is a code with its parameters.
type Reason struct {
	Code   ReasonCode        `json:"code"`
	Params map[string]string `json:"params,omitempty"`
}

// Reasons of the evaluation.
const (
	ReasonFactMatched     ReasonCode = "fact_matched"      // rule
	ReasonActivityCounted ReasonCode = "activity_counted"  // rule, kind
	ReasonDecayed         ReasonCode = "activity_decayed"  // rule, kind, age_hours, half_life_hours
	ReasonCapped          ReasonCode = "rule_capped"       // rule, cap
	ReasonCeiling         ReasonCode = "score_ceiling"     // score, maximum
	ReasonFloor           ReasonCode = "score_floor"       // score, minimum
	ReasonCriteriaMet     ReasonCode = "criteria_met"      // stage
	ReasonDirect          ReasonCode = "direct_way"        // stage, condition
	ReasonSideTrack       ReasonCode = "side_track"        // stage, condition
	ReasonNoStage         ReasonCode = "no_stage_criteria" // nothing reached

	ReasonLinear       ReasonCode = "activity_linear"  // rule, kind, age_hours, loses, every_hours
	ReasonStepped      ReasonCode = "activity_stepped" // rule, kind, age_hours, percent
	ReasonSilent       ReasonCode = "silent"           // rule, kind, age_hours, times
	ReasonOutside      ReasonCode = "outside_window"   // rule, times, window_hours
	ReasonTooMany      ReasonCode = "over_at_most"     // rule, times, at_most, per (day, week or month; missing if at_most is for all time)
	ReasonTooFew       ReasonCode = "below_at_least"   // rule, times, at_least
	ReasonMachine      ReasonCode = "machine"          // rule, times
	ReasonUnsupported  ReasonCode = "unsupported"      // rule
	ReasonGroupCeiling ReasonCode = "group_ceiling"    // group, maximum
	ReasonGroupFloor   ReasonCode = "group_floor"      // group, minimum
	ReasonAssigned     ReasonCode = "assigned"         // assignment, entry, condition, person, among, skipped
	ReasonUnassigned   ReasonCode = "unassigned"       // assignment, skipped
	ReasonUnprofiled   ReasonCode = "do_not_profile"   // condition; Evaluation.StageReason of an unprofiled lead
)
